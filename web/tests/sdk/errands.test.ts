import { expect, test } from 'vitest';

import { Errands, ERRANDS_AT_ONCE } from '../../src/sdk/errands.ts';
import { settle } from '../platform/manual_timers.ts';

class Held {
  readonly begun: string[] = [];
  readonly #ends: (() => void)[] = [];
  readonly errands = new Errands((step) => {
    void step().catch(() => undefined);
  });

  run(name: string, fails = false): boolean {
    return this.errands.run(name, async () => {
      this.begun.push(name);
      await new Promise<void>((resolve) => this.#ends.push(resolve));
      if (fails) {
        throw new Error('No.');
      }
    });
  }

  async end(): Promise<void> {
    this.#ends.shift()?.();
    await settle();
  }
}

test('a thousand who ask for the same are served twice: now, and once more', async () => {
  const held = new Held();
  for (let asked = 0; asked < 1000; asked += 1) {
    expect(held.run('mail')).toBe(true);
  }
  expect(held.begun).toEqual(['mail']);
  await held.end();
  expect(held.begun).toEqual(['mail', 'mail']);
  await held.end();
  expect(held.begun).toHaveLength(2);
});

test('different things go side by side, up to a bound', () => {
  const held = new Held();
  for (let number = 0; number < ERRANDS_AT_ONCE; number += 1) {
    expect(held.run(`${number}`)).toBe(true);
  }
  expect(held.run('one more')).toBe(false);
  expect(held.run('0')).toBe(true);
  expect(held.begun).toHaveLength(ERRANDS_AT_ONCE);
});

test('what fails can be asked for again', async () => {
  const held = new Held();
  held.run('mail', true);
  await held.end();
  held.run('mail');
  expect(held.begun).toEqual(['mail', 'mail']);
});
