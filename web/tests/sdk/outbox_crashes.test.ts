/** A device that dies at every write, before it or just after: nothing lost, nothing twice. */

import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { parsePrivateMessage } from '../../src/mls/framing.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, logOf, Player, quiet } from './players.ts';

const PLACES = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((count) =>
  [true, false].map((isWritten) => [count, isWritten] as const),
);

/** No two ciphertexts of one sender in one epoch may have used the same key. */
function expectNoKeyTwice(delivery: Delivery, id: string): void {
  const seen = new Map<string, string>();
  for (const { kind, message, sender } of logOf(delivery, id).envelopes) {
    if (kind === 1) {
      const { encryptedSender, ciphertext } = parsePrivateMessage(message);
      const name = `${sender} ${toHex(encryptedSender)}`;
      expect(seen.get(name) ?? toHex(ciphertext)).toBe(toHex(ciphertext));
      seen.set(name, toHex(ciphertext));
    }
  }
}

test.each(PLACES)('sending, at write %i, written: %s', async (count, isWritten) => {
  const delivery = new Delivery();
  const [anna, ben, id] = await annaAndBen(delivery);
  const hasDied = anna.dieAtWrite(count, isWritten);
  const said: string[] = [];
  for (const text of ['one', 'two']) {
    const saying = anna.say(id, text).then(() => said.push(text));
    await Promise.race([saying, until(hasDied)]);
  }
  await quiet(ben);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await anna.restart();
  await anna.say(id, 'three');
  await quiet(anna, ben);
  const read = (await ben.texts(id)).slice(1);
  expect(read.filter((text, at) => read.indexOf(text) !== at)).toEqual([]);
  expect(said.filter((text) => !read.includes(text))).toEqual([]);
  expect(read).toEqual((await anna.texts(id)).slice(1));
  expect(read.at(-1)).toBe('three');
  expectNoKeyTwice(delivery, id);
  expect(ben.problems()).toEqual([]);
});

test.each(PLACES)('receiving, at write %i, written: %s', async (count, isWritten) => {
  const delivery = new Delivery();
  const [anna, ben, id] = await annaAndBen(delivery);
  ben.dieAtWrite(count, isWritten);
  for (const text of ['one', 'two', 'three', 'four']) {
    await anna.say(id, text);
    await quiet(anna);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ben.restart();
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'one', 'two', 'three', 'four']);
  expect(ben.rooms.conversation({ conversation: id }).unread).toBe(5);
  expect(ben.problems()).toEqual([]);
});

test.each(PLACES)('beginning, at write %i, written: %s', async (count, isWritten) => {
  const delivery = new Delivery();
  const anna = await Player.join(delivery, 'anna');
  const ben = await Player.join(delivery, 'ben');
  const hasDied = anna.dieAtWrite(count, isWritten);
  const begun = (async () => anna.say(await anna.with(ben), 'hello'))();
  await Promise.race([begun.then(() => quiet(anna, ben)), until(hasDied)]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await anna.restart();
  const id = await anna.with(ben);
  await anna.say(id, 'again');
  await quiet(anna, ben);
  expect(anna.rooms.conversations()).toHaveLength(1);
  expect((await ben.texts(ben.only().id)).at(-1)).toBe('again');
  expect(await ben.texts(ben.only().id)).toEqual(await anna.texts(id));
  expect(ben.problems()).toEqual([]);
});

test.each(PLACES)('joining, at write %i, written: %s', async (count, isWritten) => {
  const delivery = new Delivery();
  const anna = await Player.join(delivery, 'anna');
  const ben = await Player.join(delivery, 'ben');
  ben.dieAtWrite(count, isWritten);
  const id = await anna.with(ben);
  await anna.say(id, 'hello');
  await quiet(anna);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ben.restart();
  await quiet(anna, ben);
  expect(await ben.texts(ben.only().id)).toEqual(['hello']);
  expect(ben.only().unread).toBe(1);
  await ben.say(id, 'hello back');
  await quiet(anna, ben);
  expect(await anna.texts(id)).toEqual(['hello', 'hello back']);
  expect([...anna.problems(), ...ben.problems()]).toEqual([]);
});

test.each(PLACES)('changing who is in it, at write %i, written: %s', async (count, isWritten) => {
  const delivery = new Delivery();
  const [anna, ben, id] = await annaAndBen(delivery);
  const cem = await Player.join(delivery, 'cem');
  const hasDied = anna.dieAtWrite(count, isWritten);
  const added = anna.rooms.add({ conversation: id, address: 'cem' });
  await Promise.race([added.catch(() => undefined), until(hasDied)]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await anna.restart();
  await anna.rooms.add({ conversation: id, address: 'cem' });
  await anna.say(id, 'welcome');
  await quiet(anna, ben, cem);
  expect(await cem.texts(cem.only().id)).toEqual(['welcome']);
  expect((await ben.texts(id)).at(-1)).toBe('welcome');
  expect(cem.only().participants).toEqual(['anna@localhost', 'ben@localhost', 'cem@localhost']);
  expect(ben.problems()).toEqual([]);
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
