/** What is said is in history and outbox at once, or not at all. */

import { beforeEach, expect, test } from 'vitest';

import { titleMessage } from '../../src/content/conversation.ts';
import { markOf } from '../../src/content/fork.ts';
import { MessageId } from '../../src/base/ids.ts';
import { decode } from '../../src/content/mimi.ts';
import { Status, statusMessage } from '../../src/content/status.ts';
import { edit, textMessage } from '../../src/content/text.ts';
import { checkText, compose, newSalt, sendable } from '../../src/sdk/composing.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let id: string;
let delivery: Delivery;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const send = (player: Player, content: Parameters<typeof compose>[3]) =>
  compose(player.core, player.outbox, player.live(id), content);
const text = (words: string) => textMessage(words, { salt: newSalt() });

test('a text is anything but nothing', () => {
  expect(checkText(' x ')).toBe(' x ');
  for (const empty of ['', ' ', '\n\t', '\u00a0']) {
    expect(() => checkText(empty)).toThrow('empty');
  }
});

test('salts do not repeat, and what content refuses is for the caller to change', async () => {
  const salts = new Set(Array.from({ length: 50 }, () => newSalt().join()));
  expect(salts.size).toBe(50);
  const tooLong = (): Promise<unknown> =>
    Promise.resolve(sendable(() => titleMessage('x'.repeat(10_000), { salt: newSalt() })));
  expect(await codeOf((async () => tooLong())())).not.toBe('');
});

test('the same words twice are two messages', async () => {
  await anna.say(id, 'same');
  await anna.say(id, 'same');
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'same', 'same']);
});

test('what is too large leaves no trace', async () => {
  expect(await codeOf(send(anna, text('x'.repeat(300_000))))).not.toBe('');
  expect(await anna.core.debts.of(anna.live(id).id)).toEqual([]);
  expect(await anna.texts(id)).toEqual(['hello']);
});

test('a message is what both tables say, and its mark is of the epoch it was written in', async () => {
  anna.line.cut();
  const { messageId, idempotencyId } = await send(anna, text('kept'));
  const debt = await anna.core.debts.get(idempotencyId);
  const row = await anna.core.messages.get(messageId);
  expect(debt?.intent).toEqual(row?.content);
  expect(debt?.messageId?.hex).toBe(messageId.hex);
  const group = await anna.core.group(anna.live(id));
  expect(markOf(decode(row!.content))).toEqual(anna.core.mark(group));
});

test('a message that cannot be written was never said', async () => {
  anna.line.cut();
  for (const at of [0, 1, 2]) {
    failPut(at);
    expect(await codeOf(send(anna, text('never')))).toBe('storage_full');
  }
  expect(await anna.texts(id)).toEqual(['hello']);
  expect(await anna.core.debts.of(anna.live(id).id)).toEqual([]);
});

test('a message that is written was said, also when the disk takes nothing behind it', async () => {
  anna.line.cut();
  failPut(3);
  await send(anna, text('just so'));
  expect(await anna.texts(id)).toEqual(['hello', 'just so']);
  expect(await anna.core.debts.of(anna.live(id).id)).toHaveLength(1);
  expect(anna.rooms.conversation({ conversation: id }).last?.text).toBe('just so');
});

test('a report is sent and not shown, and makes nobody known', async () => {
  const hello = MessageId.fromHex((await ben.said(id))[0]!.id);
  expect(ben.core.trust.account(anna.core.address)?.isKnown).toBe(false);
  await send(ben, statusMessage([[hello, Status.DELIVERED]], { salt: newSalt() }));
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello']);
  expect(ben.core.trust.account(anna.core.address)?.isKnown).toBe(false);
  expect(ben.rooms.conversation({ conversation: id }).isRequest).toBe(true);
});

test('whom one answers is known, and it is no request any more', async () => {
  await ben.rooms.change({ conversation: id, isArchived: true });
  await ben.say(id, 'hi');
  expect(ben.core.trust.account(anna.core.address)?.isKnown).toBe(true);
  expect(ben.rooms.conversation({ conversation: id })).toMatchObject({
    isRequest: false,
    isArchived: false,
  });
});

test('nothing is said where nobody can hear it', async () => {
  await anna.rooms.leave({ conversation: id });
  await quiet(anna, ben);
  expect(await codeOf(send(anna, text('no')))).toBe('not_participant');
});

test("one's own words expire from when they were written", async () => {
  const nowMs = anna.clock.nowMs();
  const relative = textMessage('x', { salt: newSalt(), expires: { relative: true, timeS: 5 } });
  const fixed = textMessage('y', { salt: newSalt(), expires: { relative: false, timeS: 9 } });
  const rows = [];
  for (const content of [relative, fixed]) {
    rows.push(await anna.core.messages.get((await send(anna, content)).messageId));
  }
  expect(rows.map((row) => row?.expiresAtMs)).toEqual([nowMs + 5_000, 9_000]);
});

test('a title counts from when it is written', async () => {
  anna.line.cut();
  await anna.rooms.rename({ conversation: id, title: 'Team' });
  expect(anna.rooms.conversation({ conversation: id }).title).toBe('Team');
});

test('a change of a change is about the first version', async () => {
  const { id: first } = await anna.say(id, 'one');
  const changed = await send(anna, edit('two', MessageId.fromHex(first), { salt: newSalt() }));
  await send(anna, edit('three', changed.messageId, { salt: newSalt() }));
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'three']);
  expect(await anna.texts(id)).toEqual(['hello', 'three']);
});

test('what many say at once goes out in the order of the history', async () => {
  await Promise.all(Array.from({ length: 12 }, (_, at) => anna.say(id, `${at}`)));
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(await anna.texts(id));
});
