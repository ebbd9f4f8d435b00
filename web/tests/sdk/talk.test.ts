/** What a person does with messages. */

import { beforeEach, expect, test } from 'vitest';

import { HISTORY_LIMIT } from '../../src/sdk/talk.ts';
import { codeOf } from '../vault/vault_players.ts';
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

async function said(text: string): Promise<string> {
  const { id: message } = await anna.say(id, text);
  await quiet(anna, ben);
  return message;
}

const one = async (player: Player, message: string) =>
  (await player.said(id)).find((view) => view.id === message)!;

test('both see the same history', async () => {
  await said('one');
  await ben.say(id, 'two', (await ben.said(id))[1]!.id);
  await quiet(anna, ben);
  const [hers, his] = [await anna.said(id), await ben.said(id)];
  expect(hers.map((view) => view.id)).toEqual(his.map((view) => view.id));
  expect(hers.map(({ place }) => place.slice(0, 2))).toEqual(
    his.map(({ place }) => place.slice(0, 2)),
  );
  expect(hers[2]!.answers).toMatchObject({ text: 'one', sender: anna.address });
});

test('a history is read in pieces from either side, and they make the whole', async () => {
  for (let number = 0; number < 9; number += 1) {
    await anna.say(id, `${number}`);
  }
  await quiet(anna, ben);
  const all = (await ben.history(id)).map((view) => view.id);
  const pieces: string[] = [];
  let piece = await ben.talk.messages({ conversation: id, stretch: { from: 'end' }, limit: 4 });
  expect(piece.hasLater).toBe(false);
  for (;;) {
    pieces.unshift(...piece.messages.map((view) => view.id));
    if (!piece.hasEarlier) {
      break;
    }
    const before = piece.messages[0]!.place;
    piece = await ben.talk.messages({ conversation: id, stretch: { before }, limit: 4 });
    expect(piece.hasLater).toBe(true);
  }
  expect(pieces).toEqual(all);
  const after = piece.messages[0]!.place;
  const later = await ben.talk.messages({ conversation: id, stretch: { after }, limit: 3 });
  expect(later.messages.map((view) => view.id)).toEqual(all.slice(1, 4));
});

test('around a message and from the first unread one', async () => {
  await ben.talk.markRead({ conversation: id });
  const middle = await said('middle');
  await said('after');
  const around = await ben.talk.messages({
    conversation: id,
    stretch: { around: middle },
    limit: 2,
  });
  expect(around.messages.map(({ text }) => text)).toEqual(['hello', 'middle', 'after']);
  const unread = await ben.talk.messages({
    conversation: id,
    stretch: { from: 'unread' },
    limit: 2,
  });
  expect(unread.messages.map(({ text }) => text)).toEqual(['hello', 'middle', 'after']);
  const elsewhere = await groupOf('other', anna, ben);
  await anna.say(elsewhere, 'there');
  await quiet(anna, ben);
  const foreign = (await ben.said(elsewhere))[0]!.id;
  const asked = await ben.talk.messages({
    conversation: id,
    stretch: { around: foreign },
    limit: 9,
  });
  expect(asked.messages.map(({ text }) => text)).not.toContain('there');
});

test.each([0, -1, 1.5, HISTORY_LIMIT + 1, Number.NaN])(
  'a piece of %d messages is none',
  async (limit) => {
    const asked = { conversation: id, stretch: { from: 'end' }, limit } as const;
    expect(await codeOf(ben.talk.messages(asked))).toBe('sdk');
  },
);

test('what is asked for again is said once, with the same answer', async () => {
  const asked = { conversation: id, idempotencyId: '1f'.repeat(16), text: 'Bis gleich!' };
  const first = await anna.talk.sendText(asked);
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: 60 });
  await anna.restart();
  const second = await anna.talk.sendText({ ...asked, isAgain: true });
  expect(second.id).toBe(first.id);
  await quiet(anna, ben);
  expect((await anna.talk.sendText({ ...asked, isAgain: true })).id).toBe(first.id);
  const never = { ...asked, idempotencyId: '2f'.repeat(16), isAgain: true };
  const other = await anna.talk.sendText(never);
  expect(other.id).not.toBe(first.id);
  await quiet(anna, ben);
  const texts = (await ben.history(id)).map(({ text }) => text);
  expect(texts).toEqual(['hello', 'Bis gleich!', 'Bis gleich!']);
});

test('a card is answered once, and the salt of somebody else is no id of ours', async () => {
  const answer = { kind: 'cancel_request', uid: 'u1' } as const;
  const idempotencyId = '3f'.repeat(16);
  const asked = {
    conversation: id,
    idempotencyId,
    answer,
    text: 'Bitte stornieren.',
    language: 'de',
  };
  await ben.talk.answerCard(asked);
  await quiet(anna, ben);
  const first = await anna.talk.answerCard({ ...asked, isAgain: true });
  const second = await anna.talk.answerCard({ ...asked, isAgain: true });
  expect([first.isOutgoing, second.id]).toEqual([true, first.id]);
  await quiet(anna, ben);
  expect((await anna.history(id)).map(({ text }) => text)).toEqual([
    'hello',
    'Bitte stornieren.',
    'Bitte stornieren.',
  ]);
});

test('edit, delete and reactions', async () => {
  const message = await said('typo');
  await anna.talk.edit({ conversation: id, message, text: 'right' });
  await ben.talk.react({ conversation: id, message, sign: '👍' });
  await anna.talk.react({ conversation: id, message, sign: '👍' });
  await quiet(anna, ben);
  for (const player of [anna, ben]) {
    const seen = await one(player, message);
    expect([seen.text, seen.isEdited]).toEqual(['right', true]);
    expect(seen.reactions).toEqual([{ sign: '👍', by: [ben.address, anna.address] }]);
  }
  await ben.talk.unreact({ conversation: id, message, sign: '👍' });
  await quiet(anna, ben);
  expect((await one(anna, message)).reactions).toEqual([{ sign: '👍', by: [anna.address] }]);
  await anna.talk.remove({ conversation: id, message });
  await quiet(anna, ben);
  expect(await one(ben, message)).toMatchObject({ isDeleted: true, text: '', reactions: [] });
});

test('a reaction that is taken back is told as its message, on both sides', async () => {
  const message = await said('nice');
  await ben.talk.react({ conversation: id, message, sign: '👍' });
  await quiet(anna, ben);
  for (const player of [anna, ben]) {
    player.events.length = 0;
  }
  await ben.talk.unreact({ conversation: id, message, sign: '👍' });
  await quiet(anna, ben);
  for (const player of [anna, ben]) {
    const told = player.events.flatMap((event) =>
      event.what === 'message' ? [event.message] : [],
    );
    const views = await Promise.all(told.map((changed) => player.talk.view(changed)));
    expect(views.map((view) => [view?.id, view?.reactions])).toContainEqual([message, []]);
  }
});

test('only what is there and what is ours can be changed', async () => {
  const message = await said('mine');
  const theirs = { conversation: id, message, text: 'x' };
  expect(await codeOf(ben.talk.edit(theirs))).toBe('not_ours');
  expect(await codeOf(ben.talk.remove(theirs))).toBe('not_ours');
  const unknown = { ...theirs, message: 'f'.repeat(64) };
  for (const operation of ['edit', 'hide', 'retry'] as const) {
    expect(await codeOf(anna.talk[operation](unknown))).toBe('unknown_message');
  }
  expect(await codeOf(anna.talk.edit({ ...theirs, text: '  ' }))).toBe('empty');
  const line = (await anna.history(id)).find(({ kind }) => kind === 'event');
  if (line !== undefined) {
    expect(await codeOf(anna.talk.edit({ ...theirs, message: line.id }))).toBe('not_ours');
  }
});

test('what is hidden stays hidden, whatever is said about it', async () => {
  const message = await said('secret');
  await ben.talk.hide({ conversation: id, message });
  ben.events.length = 0;
  await anna.talk.edit({ conversation: id, message, text: 'changed' });
  await anna.talk.react({ conversation: id, message, sign: '👍' });
  await anna.say(id, 'answer', message);
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'answer']);
  for (const event of ben.events) {
    if (event.what === 'message') {
      expect((await ben.talk.view(event.message))?.id).not.toBe(message);
    }
  }
  expect((await ben.said(id))[1]!.answers).toEqual({ id: message });
  await ben.restart();
  expect(await ben.texts(id)).toEqual(['hello', 'answer']);
});

test('a forwarded message is a new one with the same words', async () => {
  const message = await said('news');
  const cem = await Player.join(delivery, 'cem');
  const other = await groupOf('others', anna, cem);
  await anna.talk.forward({ conversation: id, message, to: [other, id] });
  await quiet(anna, ben, cem);
  expect(await cem.texts(other)).toEqual(['news']);
  expect(await ben.texts(id)).toEqual(['hello', 'news', 'news']);
  await anna.talk.remove({ conversation: id, message });
  const deleted = anna.talk.forward({ conversation: id, message, to: [id] });
  expect(await codeOf(deleted)).toBe('message_deleted');
});

test('what has failed is said again as a new message', async () => {
  anna.line.refuse('append', 'too_large');
  const message = await said('refused');
  expect((await one(anna, message)).state).toBe('failed');
  await anna.talk.retry({ conversation: id, message });
  await quiet(anna, ben);
  expect(await anna.texts(id)).toEqual(['hello', 'refused']);
  expect(await ben.texts(id)).toEqual(['hello', 'refused']);
  await anna.talk.retry({ conversation: id, message: (await anna.said(id))[1]!.id });
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'refused']);
});

test('people are mentioned by their names', async () => {
  const asked = { conversation: id, text: 'ask @ben, not @nobody', mentions: [ben.address] };
  await anna.talk.sendText(asked);
  await quiet(anna, ben);
  const seen = (await ben.said(id))[1]!;
  expect([seen.mentions, seen.isMarkdown]).toEqual([[ben.address], true]);
  expect(seen.text).toContain('@nobody');
});

test('a card is answered by a card', async () => {
  const message = (await anna.said(id))[0]!.id;
  await ben.talk.answerCard({
    ...{ conversation: id, text: 'Two at eight', language: 'en', answers: message },
    answer: { kind: 'booking_request', party: 2, day: '2027-01-01', at: '20:00', underName: 'Ben' },
  });
  await quiet(anna, ben);
  const seen = (await anna.said(id))[1]!;
  expect(seen).toMatchObject({ kind: 'card', text: 'Two at eight' });
  expect(seen.card).toMatchObject({ kind: 'booking_request', party: 2, underName: 'Ben' });
  expect(seen.answers?.id).toBe(message);
});

test('what another conversation says of a message is not heard here', async () => {
  const message = await said('mine');
  const other = await groupOf('other', anna, ben);
  await anna.talk.react({ conversation: other, message, sign: '👎' });
  await anna.say(other, 'quoting', message);
  await quiet(anna, ben);
  expect((await one(ben, message)).reactions).toEqual([]);
  expect((await ben.said(other))[0]!.answers).toEqual({ id: message });
});
