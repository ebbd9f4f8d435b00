import { expect, test } from 'vitest';

import { momentOf } from '../../src/models/local_time.ts';
import { Waiting } from '../../src/models/waiting.svelte.ts';
import { house, TODAY, ZONE } from './house.ts';

async function open() {
  const home = house();
  const waiting = new Waiting(home.side);
  await waiting.load(TODAY);
  return { ...home, waiting };
}

test('who waits is in order: by day, then by who asked first', async () => {
  const { waiting, device } = await open();
  expect(waiting.open.map(({ underName }) => underName)).toEqual([
    ...['Leyla Kaya', 'Anton Keller', 'Greta Brandt'],
  ]);
  device.agent.waiting = device.agent.waiting.map((one) =>
    one.underName === 'Anton Keller' ? { ...one, addedAtS: 1 } : one,
  );
  await waiting.changed();
  expect(waiting.open[0]?.underName).toBe('Anton Keller');
});

test('whoever has a place, or waited in vain, is not shown', async () => {
  const { waiting, device } = await open();
  device.agent.waiting = device.agent.waiting.map((one, at) => ({
    ...one,
    state: (['taken', 'expired', 'offered'] as const)[at] ?? 'waiting',
  }));
  await waiting.changed();
  expect(waiting.open.map(({ state }) => state)).toEqual(['offered']);
});

test('those at the door are by number, until they sit', async () => {
  const { waiting } = await open();
  expect(waiting.atDoor.map(({ number }) => number)).toEqual([11, 12, 13]);
  expect(await waiting.serve('q2', 'call')).toBe(true);
  expect(waiting.atDoor[1]?.state).toBe('called');
  await waiting.serve('q1', 'seat');
  await waiting.serve('q3', 'remove');
  expect(waiting.atDoor.map(({ number }) => number)).toEqual([12]);
});

test('somebody comes in and is given a number', async () => {
  const { waiting } = await open();
  expect(await waiting.queueUp(4, 'Theo')).toBe(true);
  expect(waiting.atDoor.at(-1)).toMatchObject({ number: 14, party: 4, underName: 'Theo' });
});

test('a wish is put on the list in the time of the house', async () => {
  const { waiting, device } = await open();
  const wish = { date: '2026-11-28', party: 3, fromMinute: 1080, toMinute: 1200 };
  expect(await waiting.add({ ...wish, underName: 'Nora' })).toBe(true);
  const asked = device.agent.asked.find(({ operation }) => operation === 'waiting.add');
  expect(asked?.params).toEqual({
    date: '2026-11-28',
    party: 3,
    fromS: momentOf('2026-11-28', 1080, ZONE),
    untilS: momentOf('2026-11-28', 1200, ZONE),
    underName: 'Nora',
  });
  const nora = waiting.open.find(({ underName }) => underName === 'Nora');
  await waiting.remove(nora!.id);
  expect(waiting.open.some(({ underName }) => underName === 'Nora')).toBe(false);
});

test('a refusal changes nothing, and is said', async () => {
  const { waiting, device, refused } = await open();
  device.agent.refusing.set('queue.add', 'bad_request');
  expect(await waiting.queueUp(0, '')).toBe(false);
  expect(refused).toEqual(['bad_request']);
  expect(waiting.atDoor).toHaveLength(3);
});

test('without the agent what was known stays', async () => {
  const { waiting, device } = await open();
  device.agent.isThere = false;
  await waiting.changed();
  expect([waiting.open.length, waiting.atDoor.length]).toEqual([3, 3]);
});

test('a page that was never opened asks for nothing', async () => {
  const { side, operations } = house();
  const waiting = new Waiting(side);
  await waiting.changed();
  expect(operations()).toEqual([]);
  expect([waiting.list, waiting.open, waiting.atDoor]).toEqual([undefined, [], []]);
});
