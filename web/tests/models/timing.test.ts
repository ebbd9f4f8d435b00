import { expect, test } from 'vitest';

import { Later } from '../../src/models/timing.ts';
import { Clock } from './clock.ts';

function counted(restarts: boolean): { clock: Clock; later: Later; count: () => number } {
  const clock = new Clock();
  let count = 0;
  const later = new Later(clock, 100, restarts, () => {
    count += 1;
  });
  return { clock, later, count: () => count };
}

test('many causes are one action, after the first', async () => {
  const { clock, later, count } = counted(false);
  later.cause();
  await clock.pass(60);
  later.cause();
  expect(count()).toBe(0);
  await clock.pass(40);
  expect(count()).toBe(1);
  await clock.pass(1000);
  expect(count()).toBe(1);
});

test('or after the last, if each begins the time anew', async () => {
  const { clock, later, count } = counted(true);
  later.cause();
  await clock.pass(60);
  later.cause();
  await clock.pass(60);
  expect(count()).toBe(0);
  await clock.pass(40);
  expect(count()).toBe(1);
});

test('it can be made to act at once, once', async () => {
  const { clock, later, count } = counted(true);
  later.flush();
  expect(count()).toBe(0);
  later.cause();
  later.flush();
  expect(count()).toBe(1);
  await clock.pass(1000);
  expect(count()).toBe(1);
});

test('and to forget', async () => {
  const { clock, later, count } = counted(false);
  later.cause();
  later.cancel();
  later.cancel();
  await clock.pass(1000);
  expect(count()).toBe(0);
});
