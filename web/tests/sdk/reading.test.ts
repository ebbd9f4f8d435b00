/** What was read and is told, what waits to be read, and what is gone after its time. */

import { beforeEach, expect, test } from 'vitest';

import { MessageId } from '../../src/base/ids.ts';
import { textMessage } from '../../src/content/text.ts';
import { expire } from '../../src/sdk/reading.ts';
import { failPut } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, logOf, Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let id: string;
let delivery: Delivery;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
  await ben.rooms.accept({ conversation: id });
});

const unread = (player = ben): number => player.rooms.conversation({ conversation: id }).unread;
const states = async (): Promise<string[]> => (await anna.said(id)).map(({ state }) => state);
const read = (upTo?: string): Promise<undefined> =>
  ben.talk.markRead(upTo === undefined ? { conversation: id } : { conversation: id, upTo });

async function say(...texts: string[]): Promise<void> {
  for (const text of texts) {
    await anna.say(id, text);
  }
  await quiet(anna, ben);
}

test('reading is told for what was read and no further', async () => {
  await say('two', 'three');
  expect(unread()).toBe(3);
  await read((await ben.said(id))[1]!.id);
  await quiet(anna, ben);
  expect(unread()).toBe(1);
  expect(await states()).toEqual(['read', 'read', 'delivered']);
  await read();
  await quiet(anna, ben);
  expect([unread(), await states()]).toEqual([0, ['read', 'read', 'read']]);
});

test('reading never goes back and is told once', async () => {
  await say('two');
  await Promise.all([read(), read(), read()]);
  await quiet(anna, ben);
  const { head } = logOf(delivery, id);
  await read((await ben.said(id))[0]!.id);
  await read();
  await quiet(anna, ben);
  expect(logOf(delivery, id).head).toBe(head);
  expect(
    logOf(delivery, id).envelopes.filter(({ sender }) => sender === ben.core.device.uri),
  ).toHaveLength(1);
  expect(unread()).toBe(0);
});

test('what arrives while it is marked stays unread', async () => {
  const marking = read((await ben.said(id))[0]!.id);
  await anna.say(id, 'meanwhile');
  await marking;
  await quiet(anna, ben);
  expect(unread()).toBe(1);
  await say('more');
  expect(unread()).toBe(2);
  await ben.restart();
  expect(unread()).toBe(2);
});

test('a message of ours that waits, and one of another conversation, mark nothing', async () => {
  ben.line.cut();
  const { id: waiting } = await ben.say(id, 'waits');
  await read(waiting);
  await read('0'.repeat(64));
  expect(unread()).toBe(1);
});

test('a stranger learns nothing and what was read is noted', async () => {
  const cem = await Player.join(delivery, 'cem');
  const other = await cem.with(ben);
  await cem.say(other, 'psst');
  await quiet(cem, ben);
  await ben.talk.markRead({ conversation: other });
  await quiet(cem, ben);
  expect((await cem.said(other))[0]!.state).toBe('delivered');
  expect(ben.rooms.conversation({ conversation: other })).toMatchObject({
    unread: 0,
    isRequest: true,
  });
});

test('who is blocked learns nothing', async () => {
  await say('two');
  await ben.rooms.block({ address: 'anna', isBlocked: true });
  await read();
  await quiet(anna, ben);
  expect(await states()).toEqual(['delivered', 'delivered']);
  expect(unread()).toBe(0);
});

test('after leaving reading is noted and not told', async () => {
  await ben.rooms.leave({ conversation: id });
  await read();
  await quiet(anna, ben);
  expect(unread()).toBe(0);
  expect(await states()).not.toContain('read');
});

test('reading that is not written is not told', async () => {
  failPut();
  await expect(read()).rejects.toThrow();
  await quiet(anna, ben);
  expect([unread(), await states()]).toEqual([1, ['delivered']]);
});

test('many are told in one report', async () => {
  await say(...Array.from({ length: 30 }, (_, at) => `${at}`));
  await read();
  await quiet(anna, ben);
  expect(new Set(await states())).toEqual(new Set(['read']));
  expect(
    logOf(delivery, id).envelopes.filter(({ sender }) => sender === ben.core.device.uri),
  ).toHaveLength(1);
});

test('what expires after reading expires from the first reading, everywhere', async () => {
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: 10 });
  await say('burns');
  expect(ben.rooms.conversation({ conversation: id }).expiresAfterS).toBe(10);
  ben.clock.atMs += 60_000;
  expect(await ben.texts(id)).toEqual(['hello', 'burns']);
  await read();
  ben.clock.atMs += 9_999;
  await read();
  expect(await ben.texts(id)).toEqual(['hello', 'burns']);
  ben.clock.atMs += 1;
  expect(await ben.texts(id)).toEqual(['hello']);
  anna.clock.atMs += 10_000;
  expect(await anna.texts(id)).toEqual(['hello']);
  expect(anna.rooms.conversation({ conversation: id }).last?.text).toBe('hello');
});

test('what is gone is not found, not counted and not left behind by its edits', async () => {
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: 10 });
  await say('burns');
  const message = (await anna.said(id))[1]!.id;
  await anna.talk.edit({ conversation: id, message, text: 'burns anyway' });
  await anna.talk.react({ conversation: id, message, sign: '🔥' });
  await quiet(anna, ben);
  await read();
  for (const player of [anna, ben]) {
    player.clock.atMs += 20_000;
    player.events.length = 0;
    expect(await player.parts.search.find('burns')).toEqual([]);
    const gone = player.events.filter(({ what }) => what === 'hidden');
    expect(gone).toHaveLength(1);
    const id32 = MessageId.fromHex(message);
    expect(await player.core.messages.about([player.live(id).id], [id32])).toEqual([]);
    expect(await player.core.messages.get(id32)).toBeUndefined();
  }
});

test('an unread message with a fixed end is not unread for ever', async () => {
  const nowS = Math.floor(ben.clock.nowMs() / 1000);
  const content = textMessage('soon gone', {
    salt: crypto.getRandomValues(new Uint8Array(16)),
    expires: { relative: false, timeS: nowS + 5 },
  });
  await anna.sayRaw(id, content.encode());
  await quiet(anna, ben);
  expect(unread()).toBe(2);
  ben.clock.atMs += 6_000;
  await expire(ben.core);
  expect([unread(), await ben.texts(id)]).toEqual([1, ['hello']]);
});

test('a message that was mentioned in, forwarded or is a file expires too', async () => {
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: 10 });
  await anna.talk.sendText({ conversation: id, text: '@ben look', mentions: [ben.address] });
  await anna.talk.forward({ conversation: id, message: (await anna.said(id))[0]!.id, to: [id] });
  const file = new Blob(['x']);
  const asked = { conversation: id, file, name: 'x.txt', mediaType: 'text/plain', transfer: 't' };
  await anna.parts.files.send(anna.live(id), asked);
  await quiet(anna, ben);
  expect(ben.rooms.conversation({ conversation: id }).expiresAfterS).toBe(10);
  anna.clock.atMs += 11_000;
  expect(await anna.texts(id)).toEqual(['hello']);
});
