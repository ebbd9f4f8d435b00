/** What one device of an account has read, its others count no longer. */

import { beforeEach, expect, test, vi } from 'vitest';

import { MessageId } from '../../src/base/ids.ts';
import { Status, statusMessage } from '../../src/content/status.ts';
import { newSalt } from '../../src/sdk/composing.ts';
import { firstUnread } from '../../src/sdk/unread.ts';
import { MESSAGE } from '../../src/vault/schema.ts';
import { taken, written } from './archive.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, logOf, Player, quiet } from './players.ts';

let anna: Player;
let phone: Player;
let laptop: Player;
let id: string;
let delivery: Delivery;

/** Anna's first message, `hello`, is read on both of Ben's devices. */
beforeEach(async () => {
  delivery = new Delivery();
  [anna, phone, id] = await annaAndBen(delivery);
  await phone.rooms.accept({ conversation: id });
  laptop = await phone.secondDevice();
  await quiet(anna, phone, laptop);
  await phone.talk.markRead({ conversation: id });
  await say();
});

async function say(...texts: string[]): Promise<void> {
  for (const text of texts) {
    await anna.say(id, text);
  }
  await quiet(anna, phone, laptop);
}

const unread = (player: Player): number => player.rooms.conversation({ conversation: id }).unread;

async function idOf(text: string): Promise<string> {
  return (await anna.said(id)).find((message) => message.text === text)!.id;
}

/** The phone says that it has read these alone, as an agent does of what it has answered. */
async function settle(...texts: string[]): Promise<void> {
  const ids = await Promise.all(texts.map(idOf));
  const statuses = ids.map((hex) => [MessageId.fromHex(hex), Status.READ] as const);
  await phone.sayRaw(id, statusMessage(statuses, { salt: newSalt() }).encode());
  await quiet(anna, phone, laptop);
}

/** How many messages a device opens while something is done. */
async function opened(player: Player, step: () => Promise<void>): Promise<number> {
  const { seal } = player.parts.vault;
  const spy = vi.spyOn(seal, 'open');
  await step();
  const count = spy.mock.calls.filter(([store]) => store === MESSAGE).length;
  spy.mockRestore();
  return count;
}

async function waiting(player: Player): Promise<string | undefined> {
  const row = await firstUnread(player.core, player.live(id));
  return row && (await player.said(id)).find(({ id: one }) => one === row.messageId.hex)?.text;
}

test('what is read on the telephone is read on the laptop, and stays so', async () => {
  await say('one', 'two');
  expect([unread(phone), unread(laptop)]).toEqual([2, 2]);
  await phone.talk.markRead({ conversation: id, upTo: await idOf('one') });
  await say();
  expect([unread(phone), unread(laptop), await waiting(laptop)]).toEqual([1, 1, 'two']);
  laptop.told.length = 0;
  await phone.talk.markRead({ conversation: id });
  await say();
  expect(unread(laptop)).toBe(0);
  expect(laptop.events.at(-1)).toMatchObject({ what: 'conversation' });
  await laptop.restart();
  expect([unread(laptop), await waiting(laptop)]).toEqual([0, undefined]);
});

test('a device that was away finds the message and that it was read at once', async () => {
  laptop.line.cut();
  await say('one', 'two');
  await phone.talk.markRead({ conversation: id, upTo: await idOf('one') });
  await say();
  await laptop.connect();
  expect([unread(laptop), await waiting(laptop)]).toEqual([1, 'two']);
});

test('what was answered in between counts no longer; what was left does', async () => {
  await say('a person, please', 'a table for two');
  await settle('a table for two');
  expect([unread(laptop), await waiting(laptop)]).toEqual([1, 'a person, please']);
  const isUnread = async (message: string): Promise<boolean> =>
    laptop.talk.isUnread({ conversation: id, message });
  expect(await isUnread(await idOf('a person, please'))).toBe(true);
  expect(await isUnread(await idOf('a table for two'))).toBe(false);
  expect(await isUnread(await idOf('hello'))).toBe(false);
  expect(await isUnread((await laptop.say(id, 'mine')).id)).toBe(false);
  await say('and a cake');
  expect(unread(laptop)).toBe(2);
  await settle('and a cake');
  await settle('and a cake');
  expect(unread(laptop)).toBe(1);
  await settle('a person, please');
  expect([unread(laptop), await waiting(laptop)]).toEqual([0, undefined]);
  await say('thanks');
  expect([unread(laptop), await waiting(laptop)]).toEqual([1, 'thanks']);
});

test('reading what was left says nothing again of what was answered', async () => {
  await say('a person, please', 'a table for two');
  await settle('a table for two');
  const before = logOf(delivery, id).head;
  await laptop.talk.markRead({ conversation: id });
  await say();
  expect([unread(laptop), unread(phone)]).toEqual([0, 1]);
  expect(logOf(delivery, id).head).toBe(before + 1);
  await laptop.talk.markRead({ conversation: id });
  await say('one', 'two');
  await settle('one', 'two');
  await laptop.talk.markRead({ conversation: id });
  await say();
  expect(logOf(delivery, id).head).toBe(before + 4);
});

test('of many that wait, only some are opened to find the first', async () => {
  const many = Array.from({ length: 150 }, (_, at) => `${at}`);
  await say(...many);
  const [first, last] = [await idOf('0'), await idOf('149')];
  const read = async (): Promise<void> => {
    await laptop.talk.markRead({ conversation: id, upTo: first });
  };
  expect(await opened(laptop, read)).toBeLessThan(80);
  expect([unread(laptop), await waiting(laptop)]).toEqual([149, '1']);
  const settled = (): Promise<void> => settle('149');
  expect(await opened(laptop, settled)).toBeLessThan(80);
  expect([unread(laptop), await waiting(laptop)]).toEqual([148, '1']);
  await laptop.talk.markRead({ conversation: id, upTo: last });
  expect([unread(laptop), await waiting(laptop)]).toEqual([0, undefined]);
});

test('of those who were blocked meanwhile, none hides what waits, and none waits', async () => {
  const cem = await Player.join(delivery, 'cem');
  const group = await phone.rooms.createGroup({ title: 'Three', addresses: ['anna', 'cem'] });
  await quiet(anna, cem, phone, laptop);
  const count = (): number => laptop.rooms.conversation({ conversation: group.id }).unread;
  const read = async (player: Player, text: string): Promise<void> => {
    const message = (await player.said(group.id)).find((one) => one.text === text)!.id;
    await player.talk.markRead({ conversation: group.id, upTo: message });
    await quiet(anna, cem, phone, laptop);
  };
  await laptop.rooms.block({ address: 'cem', isBlocked: true });
  await cem.say(group.id, 'quiet');
  await quiet(anna, cem, phone, laptop);
  await laptop.rooms.block({ address: 'cem', isBlocked: false });
  await anna.say(group.id, 'waits');
  await quiet(anna, cem, phone, laptop);
  expect(count()).toBe(1);
  await read(phone, 'quiet');
  expect(count()).toBe(1);
  await cem.say(group.id, 'loud');
  await quiet(anna, cem, phone, laptop);
  await laptop.rooms.block({ address: 'cem', isBlocked: true });
  await read(phone, 'waits');
  expect(count()).toBe(0);
});

test('a device that is linked later learns what was answered', async () => {
  await say('a person, please', 'a table for two');
  await settle('a table for two');
  const ref = await written(laptop);
  const tablet = await phone.secondDevice('f'.repeat(16));
  await taken(tablet, laptop, ref).then((reading) => reading.finish());
  expect(tablet.rooms.conversation({ conversation: id }).unread).toBe(1);
});

test('of others, and of what is elsewhere or ours, nothing is believed', async () => {
  await say('one');
  await laptop.say(id, 'mine');
  const mine = (await laptop.said(id)).find(({ text }) => text === 'mine')!.id;
  const told = [await idOf('one'), mine, '00'.repeat(32)].map(
    (hex) => [MessageId.fromHex(hex), Status.READ] as const,
  );
  await anna.sayRaw(id, statusMessage(told, { salt: newSalt() }).encode());
  await say();
  expect([unread(phone), unread(laptop)]).toEqual([1, 1]);
  const other = told.map(([one]) => [one, Status.DELIVERED] as const);
  await phone.sayRaw(id, statusMessage(other, { salt: newSalt() }).encode());
  await say();
  expect(unread(laptop)).toBe(1);
});

test('a message that expires after reading expires from the first reading', async () => {
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: 10 });
  await say('burns');
  await phone.talk.markRead({ conversation: id });
  await say();
  laptop.clock.atMs += 9_000;
  expect(await laptop.texts(id)).toContain('burns');
  laptop.clock.atMs += 2_000;
  expect(await laptop.texts(id)).not.toContain('burns');
});
