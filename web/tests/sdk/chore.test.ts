/** What goes on in the background: once at a time, again when it was asked for, patiently. */

import { expect, test } from 'vitest';

import { LocalError, OperatorError } from '../../src/base/errors.ts';
import { againAfterMs, Chore, FAULT_PAUSE_MS, LONGEST_PAUSE_MS } from '../../src/sdk/chore.ts';
import { ServerRefused, Unreachable } from '../../src/sdk/errors.ts';

/** A core that runs steps, and notes what went wrong in them. */
class Background {
  readonly failures: unknown[] = [];
  running: Promise<void> = Promise.resolve();

  spawn(step: () => Promise<void>): void {
    this.running = step().catch((error: unknown) => {
      this.failures.push(error);
    });
  }

  async patiently(step: () => Promise<void>): Promise<void> {
    await step();
  }
}

test('it runs once at a time, and once more for whoever kicks it meanwhile', async () => {
  const background = new Background();
  const begun: (() => void)[] = [];
  const chore = new Chore(
    background,
    () =>
      new Promise((resolve) => {
        begun.push(resolve);
      }),
  );
  for (let time = 0; time < 3; time += 1) {
    chore.kick();
  }
  expect(begun).toHaveLength(1);
  begun[0]!();
  await background.running;
  expect(begun).toHaveLength(2);
  begun[1]!();
  await background.running;
  expect(begun).toHaveLength(2);
  chore.kick();
  expect(begun).toHaveLength(3);
});

test('what goes wrong is told, and it can be begun again', async () => {
  const background = new Background();
  let count = 0;
  const chore = new Chore(background, () => {
    count += 1;
    return Promise.reject(new LocalError('No.'));
  });
  chore.kick();
  await background.running;
  chore.kick();
  await background.running;
  expect([count, background.failures.length]).toEqual([2, 2]);
});

test('what passes is waited for, and not for ever', () => {
  const refused = (retryAfterMs: number, fault: 'remote' | 'operator' = 'remote'): ServerRefused =>
    new ServerRefused('No.', { code: 'rate_limited', fault, retryAfterMs });
  expect(againAfterMs(refused(5_000))).toBe(5_000);
  expect(againAfterMs(refused(Number.MAX_SAFE_INTEGER))).toBe(LONGEST_PAUSE_MS);
  expect(againAfterMs(refused(0, 'operator'))).toBe(FAULT_PAUSE_MS);
  expect(againAfterMs(new OperatorError('A full disk.'))).toBe(FAULT_PAUSE_MS);
  expect(againAfterMs(refused(0))).toBeUndefined();
  expect(againAfterMs(new LocalError('A mistake.'))).toBeUndefined();
  expect(againAfterMs(new Unreachable('Nobody is there.'))).toBeUndefined();
});
