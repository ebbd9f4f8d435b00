/** The mailbox: who is removed and added again while away is in, and nobody is by a Welcome alone. */

import { beforeEach, expect, test } from 'vitest';

import { Group } from '../../src/mls/group.ts';
import { MLS_256_XWING } from '../../src/mls/suite.ts';
import type { Envelope, MailboxItem } from '../../src/sdk/server.ts';
import { Delivery, offline } from './delivery.ts';
import { groupOf, logOf, Player, quiet } from './players.ts';

interface Answer {
  readonly head: number;
  readonly envelopes: readonly Envelope[];
}

let delivery: Delivery;
let anna: Player;
let ben: Player;
let cem: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  anna = await Player.join(delivery, 'anna');
  ben = await Player.join(delivery, 'ben');
  cem = await Player.join(delivery, 'cem');
  id = await groupOf('Club', anna, ben, cem);
  await say('hello');
  await ben.rooms.accept({ conversation: id });
  await quiet(anna, ben, cem);
  ben.line.cut();
});

async function say(text: string): Promise<void> {
  await anna.say(id, text);
  await quiet(anna, cem);
}

/** Ben is removed and added again; there is a line that he may not read. */
async function again(text: string): Promise<void> {
  await anna.rooms.expel({ conversation: id, address: 'ben' });
  await say('without ben');
  await anna.rooms.add({ conversation: id, address: 'ben' });
  await say(text);
}

const mail = (): MailboxItem[] => delivery.device(ben.core.device.uri).mail;

/** Ben has these lines, writes, and is read. */
async function isIn(...texts: string[]): Promise<void> {
  expect(await ben.texts(id)).toEqual(['hello', ...texts]);
  expect(ben.rooms.conversation({ conversation: id }).state).toBe('open');
  await ben.say(id, 'I am back');
  await quiet(anna, ben, cem);
  expect((await anna.texts(id)).at(-1)).toBe('I am back');
}

test('who is removed and added again while away is in', async () => {
  await say('before');
  await again('welcome back');
  await ben.restart();
  await isIn('before', 'welcome back');
  expect([ben.problems(), mail()]).toEqual([[], []]);
});

test('who is so twice reads what lies between', async () => {
  await again('for the first time');
  await again('and for the second');
  await ben.restart();
  await isIn('for the first time', 'and for the second');
  expect(ben.problems()).toEqual([]);
});

test('what waited to be sent goes out in the new stay', async () => {
  await ben.say(id, 'said offline');
  await again('welcome back');
  await ben.connect();
  await quiet(anna, ben, cem);
  expect((await anna.texts(id)).at(-1)).toBe('said offline');
  expect(ben.problems()).toEqual([]);
});

test('news of a Welcome that overtake the removal hide nothing', async () => {
  await ben.connect();
  ben.line.onPush = (push) => (push.push === 'mail' ? [push] : []);
  await anna.rooms.expel({ conversation: id, address: 'ben' });
  await anna.rooms.add({ conversation: id, address: 'ben' });
  await quiet(anna, ben, cem);
  ben.line.onPush = (push) => [push];
  await say('welcome back');
  await quiet(anna, ben, cem);
  await isIn('welcome back');
  expect(ben.problems()).toEqual([]);
});

test.each([
  [1, false],
  [1, true],
  [2, false],
  [2, true],
])('a crash at write %i loses nothing, written: %s', async (count, isWritten) => {
  await again('welcome back');
  const isDead = ben.dieAtWrite(count, isWritten);
  ben.connect().catch(() => undefined);
  await expect.poll(isDead, { timeout: 20_000 }).toBe(true);
  await ben.restart();
  await isIn('welcome back');
  expect(ben.problems()).toEqual([]);
});

test('a log that is not given out keeps its Welcome, and no other', async () => {
  await again('welcome back');
  const other = await groupOf('others', anna, ben);
  await anna.say(other, 'hi');
  await quiet(anna);
  ben.line.refuse('read', 'internal', { fault: 'operator' });
  await ben.connect();
  expect(await ben.texts(other)).toEqual(['hi']);
  expect(ben.problems()).toContain('internal');
  expect(mail()).toHaveLength(2);
  await ben.restart();
  await isIn('welcome back');
  expect(mail()).toEqual([]);
});

test('a log that breaks off keeps its Welcome', async () => {
  await again('welcome back');
  ben.line.before = (word) => {
    if (word === 'read') {
      throw offline();
    }
  };
  await expect(ben.connect()).rejects.toMatchObject({ code: 'unreachable' });
  expect(mail()).toHaveLength(1);
  ben.line.before = () => undefined;
  await ben.connect();
  await isIn('welcome back');
  expect(ben.problems()).toEqual([]);
});

test('who was away until the log forgot the removal is in', async () => {
  await again('welcome back');
  const [{ seq }] = mail() as [MailboxItem];
  ben.line.answer(
    'read',
    ({ head, envelopes }: Answer) => ({
      head,
      envelopes: envelopes.filter((one) => one.seq > seq),
    }),
    10,
  );
  await ben.connect();
  await isIn('welcome back');
  expect(ben.problems()).toEqual([]);
});

/** The server says that Ben is in only after 99, and hands him this Welcome. */
async function handed(welcome: Uint8Array, seq: number): Promise<void> {
  const { bytes } = ben.live(id).id;
  const { epoch, members } = ben.live(id).kept;
  ben.line.answer('read', () => ({ head: 99, envelopes: [] }), 1);
  delivery.mail(ben.core.device.uri, bytes, { seq, acceptedAtMs: 1 }, welcome);
  await quiet(ben);
  expect(ben.live(id).kept).toMatchObject({ epoch, members });
}

test.each([
  [1, 'welcome_repeated'],
  [100, 'welcome_repeated'],
  [99, 'welcome_outdated'],
])('a Welcome that comes again as one for %i changes nothing', async (seq, code) => {
  delivery.device(ben.core.device.uri).packages.length = 0;
  await again('welcome back');
  const [{ welcome }] = mail() as [MailboxItem];
  await ben.connect();
  await handed(welcome, seq);
  expect(ben.problems()).toEqual([code]);
  ben.line.after = (_, answer) => answer;
  await isIn('welcome back');
});

test('the server cannot hand a conversation to a stranger', async () => {
  await ben.connect();
  const mallory = await Player.join(delivery, 'mallory');
  await handed(await forged(mallory, ben.live(id).kept.epoch + 3n), 99);
  expect(ben.problems()).toEqual(['welcome_stranger']);
  await isIn();
});

/** Mallory makes a group of the same id, in a later epoch. */
async function forged(mallory: Player, epoch: bigint): Promise<Uint8Array> {
  const { core } = mallory;
  await core.lookUp(ben.core.address);
  const lookedUp = new Set([ben.core.address.uri]);
  const signer = core.own.deviceKey.toBytes();
  const { bytes } = ben.live(id).id;
  const judge = core.trust.judge(lookedUp);
  const group = Group.create(MLS_256_XWING, bytes, core.credential, signer, judge, core.nowS);
  const [added] = delivery.device(ben.core.device.uri).packages;
  for (;;) {
    const adds = group.epoch < epoch ? [] : [added!];
    const pending = await group.commit(judge, core.nowS, { adds }).settle(core.verifier);
    if (adds.length > 0) {
      return pending.welcome;
    }
    pending.accept();
  }
}

test.each([0, 2])('what was read before is not called left out, but %i are', async (lost) => {
  await say('one');
  await say('two');
  await ben.connect();
  const read = ben.live(id).kept.cursor;
  ben.line.cut();
  logOf(delivery, id).cursors.set(ben.core.device.uri, 2);
  for (const text of ['three', 'four', 'five']) {
    await say(text);
  }
  ben.line.answer('read', ({ head, envelopes }: Answer) => ({
    head,
    envelopes: envelopes.filter(({ seq }) => seq > read + lost),
  }));
  await ben.connect();
  const rest = ['three', 'four', 'five'].slice(lost);
  expect(await ben.texts(id)).toEqual(['hello', 'one', 'two', ...rest]);
  const named = (await ben.core.problems.all()).map(({ sentence }) => sentence);
  expect(named).toEqual(
    lost === 0 ? [] : [expect.stringContaining(`${read + 1} to ${read + lost} of`)],
  );
});
