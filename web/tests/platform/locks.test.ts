import { expect, test } from 'vitest';

import { HeldLock } from '../../src/platform/locks.ts';
import { freshName } from '../vault/vault_players.ts';

async function taken(name: string, wait = false): Promise<HeldLock> {
  const lock = await HeldLock.take(navigator.locks, name, wait);
  if (lock === undefined) {
    throw new Error('somebody holds it');
  }
  return lock;
}

test('the second one is told so, and may have it afterwards', async () => {
  const name = freshName();
  const lock = await taken(name);
  expect(await HeldLock.take(navigator.locks, name, false)).toBeUndefined();
  await lock.release();
  await (await taken(name)).release();
});

test('whoever waits gets it when the first one lets go', async () => {
  const name = freshName();
  const lock = await taken(name);
  const order: string[] = [];
  const next = taken(name, true).then((one) => {
    order.push('taken');
    return one;
  });
  order.push('released');
  await lock.release();
  await (await next).release();
  expect(order).toEqual(['released', 'taken']);
});

test('whoever waits can give up, and leaves the lock to others', async () => {
  const name = freshName();
  const lock = await taken(name);
  const giveUp = new AbortController();
  const waiting = HeldLock.take(navigator.locks, name, true, giveUp.signal);
  giveUp.abort();
  expect(await waiting).toBeUndefined();
  expect(await HeldLock.take(navigator.locks, name, true, giveUp.signal)).toBeUndefined();
  await lock.release();
  await (await taken(name)).release();
});

test('giving up takes nothing away from who has it', async () => {
  const giveUp = new AbortController();
  const lock = await HeldLock.take(navigator.locks, freshName(), true, giveUp.signal);
  giveUp.abort();
  expect(lock?.isHeld).toBe(true);
  await lock?.release();
});

test('other names are other locks', async () => {
  const [one, other] = [await taken(freshName()), await taken(freshName())];
  expect([one.isHeld, other.isHeld]).toEqual([true, true]);
  await Promise.all([one.release(), other.release()]);
  expect([one.isHeld, other.isHeld]).toEqual([false, false]);
});

test('a lock that was taken by force is not held any more', async () => {
  const name = freshName();
  const lock = await taken(name);
  await navigator.locks.request(name, { steal: true }, () => undefined);
  await lock.release();
  expect(lock.isHeld).toBe(false);
});
