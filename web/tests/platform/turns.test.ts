import { expect, test } from 'vitest';

import { Turns } from '../../src/platform/turns.ts';

test('turns are taken one after another, also after a failure', async () => {
  const turns = new Turns();
  const order: number[] = [];
  const step = (number: number, fails = false) =>
    turns.run(async () => {
      order.push(number);
      await Promise.resolve();
      order.push(number);
      if (fails) {
        throw new RangeError('no');
      }
      return number;
    });
  const [one, two, three] = await Promise.allSettled([step(1), step(2, true), step(3)]);
  expect(order).toEqual([1, 1, 2, 2, 3, 3]);
  expect([one.status, two.status, three.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
