import { expect, test } from 'vitest';

import { FIRST_SLOT } from '../../src/base/account_slots.ts';
import {
  GENERAL_TAG,
  isBookingNews,
  isCounted,
  isFresh,
  isWanted,
  nothingNotice,
  noticeOf,
  type Reader,
  unreadNotice,
  unreadTagOf,
} from '../../src/models/notices.ts';
import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { ANNA, BEN, bookingCard, conversation, message, NOON_MS } from './writing.ts';

const READER: Reader = {
  own: ANNA,
  nowMs: NOON_MS,
  words: en,
  showsText: true,
  slot: FIRST_SLOT,
  isOneOfTwo: false,
};
const ALONE = conversation({ id: 'aa', unread: 1 });
const GROUP = conversation({ id: 'gg', kind: 'group', title: 'Chess', unread: 1 });

test('what somebody else has newly written is fresh', () => {
  expect(isFresh(message({ id: 'm' }))).toBe(true);
});

test.each([
  { sender: ANNA },
  { isEdited: true },
  { isDeleted: true },
  { kind: 'event' as const },
  { reactions: [{ sign: '👍', by: [ANNA] }] },
])('this is not: %o', (fields) => {
  expect(isFresh(message({ id: 'm', ...fields }))).toBe(false);
});

test('a message is wanted unless its conversation is muted, for as long as it is', () => {
  const muted = conversation({ id: 'aa', mutedUntilMs: NOON_MS + 1 });
  expect(isWanted(message({ id: 'm' }), ALONE, READER, false)).toBe(true);
  expect(isWanted(message({ id: 'm' }), muted, READER, false)).toBe(false);
  expect(isWanted(message({ id: 'm' }), muted, { ...READER, nowMs: NOON_MS + 1 }, false)).toBe(
    true,
  );
});

test('nobody is told of whom they have blocked', () => {
  const blocked = conversation({ id: 'aa', isBlocked: true });
  expect(isWanted(message({ id: 'm' }), blocked, READER, false)).toBe(false);
  expect(isWanted(message({ id: 'm' }), GROUP, READER, true)).toBe(false);
});

test('where only mentions count, an answer counts too', () => {
  const quiet = conversation({ id: 'gg', kind: 'group', isMentionsOnly: true });
  expect(isWanted(message({ id: 'm' }), quiet, READER, false)).toBe(false);
  expect(isWanted(message({ id: 'm', mentions: [BEN] }), quiet, READER, false)).toBe(false);
  expect(isWanted(message({ id: 'm', mentions: [BEN, ANNA] }), quiet, READER, false)).toBe(true);
  const answer = message({ id: 'm', answers: { id: 'n', sender: ANNA, text: 'Hello' } });
  expect(isWanted(answer, quiet, READER, false)).toBe(true);
  expect(isWanted(message({ id: 'm', answers: { id: 'n' } }), quiet, READER, false)).toBe(false);
});

test('a person is named, and their words are plain', () => {
  const notice = noticeOf(
    message({ id: 'm', text: '**Soup** is [here](https://x)' }),
    ALONE,
    READER,
  );
  expect(notice).toEqual({
    slot: 'device',
    tag: 'aa',
    conversation: 'aa',
    message: 'm',
    isSilent: false,
    title: 'ben',
    body: 'Soup is here',
  });
});

test('of a group the title and who wrote', () => {
  const notice = noticeOf(message({ id: 'm', text: 'Soup' }), GROUP, READER);
  expect([notice.title, notice.body]).toEqual(['Chess', 'ben: Soup']);
});

test.each([
  [{}, en.message.file],
  [{ attachment: { name: 'x', mediaType: 'image/png', sizeBytes: 9 } }, en.message.picture],
  [
    { attachment: { name: 'x', mediaType: 'audio/ogg', sizeBytes: 9, durationMs: 5 } },
    en.message.voice,
  ],
])('a file without words has a word: %j', (fields, word) => {
  const notice = noticeOf(message({ id: 'm', kind: 'file', text: '', ...fields }), ALONE, READER);
  expect(notice.body).toBe(word);
});

test('of a stranger only that there is one', () => {
  const request = conversation({ id: 'aa', isRequest: true });
  const notice = noticeOf(message({ id: 'm', text: 'Buy gold' }), request, READER);
  expect(notice.body).toBe(en.notices.request);
});

test('a business by what it calls itself', () => {
  const linde = conversation({ id: 'aa', peer: 'linde@example.org', businessName: 'Zur Linde' });
  const notice = noticeOf(message({ id: 'm', text: 'Your table' }), linde, READER);
  expect(notice).toMatchObject({ title: 'Zur Linde', body: 'Your table' });
});

test('without sender and text neither is said', () => {
  const notice = noticeOf(message({ id: 'm', text: 'Secret' }), GROUP, {
    ...READER,
    words: de,
    showsText: false,
  });
  expect(JSON.stringify([notice.title, notice.body])).not.toMatch(/Secret|Chess|ben/);
  expect(notice.body).toBe(de.notices.newMessage);
});

test('of two accounts it says of which, and stands beside that of the other one', () => {
  const linde: Reader = { ...READER, own: 'linde@example.org', slot: 'device-2', isOneOfTwo: true };
  const notice = noticeOf(message({ id: 'm', text: 'Hello' }), ALONE, linde);
  expect(notice).toMatchObject({ slot: 'device-2', title: 'ben · to linde', conversation: 'aa' });
  const { tag } = noticeOf(message({ id: 'm' }), ALONE, READER);
  expect([tag, notice.tag]).toEqual(['aa', 'aa device-2']);
  const german = noticeOf(message({ id: 'm' }), ALONE, { ...linde, words: de, showsText: false });
  expect(german.title).toBe('Plausch · an linde');
});

test('what is about no conversation has a tag of its own', () => {
  const [mine, others] = [unreadNotice(en, FIRST_SLOT), unreadNotice(en, 'device-2')];
  expect([mine.tag, others.tag]).toEqual(['plausch unread', 'plausch unread device-2']);
  expect([unreadTagOf(FIRST_SLOT), mine.isSilent]).toEqual([mine.tag, false]);
  expect(nothingNotice(en, FIRST_SLOT)).toMatchObject({ tag: GENERAL_TAG, isSilent: true });
  expect(unreadNotice(en, FIRST_SLOT).body).not.toBe(nothingNotice(en, FIRST_SLOT).body);
});

test('the badge counts conversations that want attention', () => {
  expect(isCounted(ALONE, NOON_MS)).toBe(true);
  for (const fields of [
    { unread: 0 },
    { isArchived: true },
    { isBlocked: true },
    { mutedUntilMs: NOON_MS + 1 },
  ]) {
    expect(isCounted({ ...ALONE, ...fields }, NOON_MS)).toBe(false);
  }
});

test('of a booking it is told who, or with discretion that there is something', () => {
  const card = bookingCard('cancelled');
  const told = message({ id: 'm', sender: ANNA, kind: 'card', text: 'Cancelled.', card });
  expect(isBookingNews(told)).toBe(true);
  expect(isBookingNews({ ...told, isDeleted: true })).toBe(false);
  expect(isBookingNews({ ...told, isOutgoing: false })).toBe(false); // a guest's words
  expect(noticeOf(told, ALONE, READER)).toMatchObject({ title: 'ben', body: 'Cancelled.' });
  const discreet = { ...READER, showsText: false };
  expect(noticeOf(told, ALONE, discreet)).toMatchObject({ body: en.notices.booking });
  expect(noticeOf(told, ALONE, { ...discreet, words: de }).body).toBe(de.notices.booking);
});
