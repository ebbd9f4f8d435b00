/** How far others have received: told once, believed only of those it concerns. */

import { beforeEach, expect, test } from 'vitest';

import { learnMarks, takeCursor } from '../../src/sdk/reached.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, groupOf, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const states = async (conversation = id): Promise<string[]> =>
  (await anna.said(conversation)).filter((one) => one.isOutgoing).map(({ state }) => state);
const asks = (): number => anna.line.asked.filter((word) => word === 'cursors').length;

test('delivered is told for what was reached and once', async () => {
  ben.line.cut();
  await anna.say(id, 'two');
  await anna.say(id, 'three');
  await quiet(anna);
  expect(await states()).toEqual(['delivered', 'sent', 'sent']);
  anna.events.length = 0;
  await ben.connect();
  await quiet(anna, ben);
  expect(await states()).toEqual(['delivered', 'delivered', 'delivered']);
  const told = anna.events.filter(({ what }) => what === 'message').length;
  expect(told).toBe(2);
  const { uri } = ben.core.device;
  await takeCursor(anna.core, anna.live(id).id.bytes, uri, 99);
  expect(anna.events.filter(({ what }) => what === 'message')).toHaveLength(told);
});

test('a mark says nothing of what is still to be said', async () => {
  await takeCursor(anna.core, anna.live(id).id.bytes, ben.core.device.uri, 2 ** 50);
  ben.line.cut();
  await anna.say(id, 'later');
  await quiet(anna);
  expect((await states()).at(-1)).toBe('sent');
});

test('marks of strangers, of ourselves, of nobody and of elsewhere are passed over', async () => {
  ben.line.cut();
  await anna.say(id, 'two');
  await quiet(anna);
  const { bytes } = anna.live(id).id;
  for (const device of ['mimi://localhost/d/cem/1', anna.core.device.uri, 'nonsense', '']) {
    await takeCursor(anna.core, bytes, device, 99);
  }
  await takeCursor(anna.core, new Uint8Array(16), ben.core.device.uri, 99);
  expect((await states()).at(-1)).toBe('sent');
});

test('delivered holds when all others have it', async () => {
  const cem = await Player.join(delivery, 'cem');
  const group = await groupOf('Team', anna, ben, cem);
  cem.line.cut();
  await anna.say(group, 'all');
  await quiet(anna, ben);
  expect(await states(group)).toEqual(['sent']);
  await cem.connect();
  await quiet(anna, ben, cem);
  expect(await states(group)).toEqual(['delivered']);
});

test('delivered is known after being away, though others have written since', async () => {
  ben.line.cut();
  await anna.say(id, 'two');
  await quiet(anna);
  anna.line.cut();
  await ben.connect();
  await ben.say(id, 'answer');
  await quiet(ben);
  await anna.connect();
  await quiet(anna, ben);
  expect(await states()).toEqual(['delivered', 'delivered']);
});

test('marks are asked for only where they are not known', async () => {
  await learnMarks(anna.core);
  expect(asks()).toBe(0);
  ben.line.cut();
  await anna.say(id, 'two');
  await quiet(anna);
  await learnMarks(anna.core);
  expect(asks()).toBe(1);
  anna.live(id).kept.state = 'left';
  await learnMarks(anna.core);
  expect(asks()).toBe(1);
});

test('two who have it at the same moment are told of', async () => {
  const cem = await Player.join(delivery, 'cem');
  const group = await groupOf('Team', anna, ben, cem);
  ben.line.cut();
  cem.line.cut();
  await anna.say(group, 'for all');
  await quiet(anna);
  expect((await states(group)).at(-1)).toBe('sent');
  const { id: live, kept } = anna.live(group);
  anna.events.length = 0;
  await Promise.all(
    [ben, cem].map(({ core }) => takeCursor(anna.core, live.bytes, core.device.uri, kept.cursor)),
  );
  expect((await states(group)).at(-1)).toBe('delivered');
  expect(anna.events.filter(({ what }) => what === 'message').length).toBeGreaterThan(0);
  expect(anna.rooms.conversation({ conversation: group }).last?.state).toBe('delivered');
});
