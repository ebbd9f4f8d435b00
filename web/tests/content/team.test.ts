/** Facts of a team: they come back, the last one holds, and hostile ones are refused. */

import { expect, test } from 'vitest';

import { ConversationId } from '../../src/base/ids.ts';
import * as cbor from '../../src/content/cbor.ts';
import { decode } from '../../src/content/mimi.ts';
import { purposeOf } from '../../src/content/purpose.ts';
import {
  decodeFact,
  type Fact,
  factOf,
  foldFacts,
  isEmptyFact,
  keyOf,
  MAX_TEAM_BYTES,
  teamMessage,
  TeamRefused,
} from '../../src/content/team.ts';
import { textMessage } from '../../src/content/text.ts';

const salt = Uint8Array.from({ length: 16 }, (_, at) => at);
const conversation = ConversationId.of(salt);
const device = 'mimi://example.org/d/linde/0123456789abcdef';
const [noteId, atS] = [new Uint8Array(16), 1_800_000_000];

const FACTS: readonly (readonly [fact: Fact, empty: Fact])[] = [
  [
    { fact: 'assignment', conversation, device },
    { fact: 'assignment', conversation, device: '' },
  ],
  [
    { fact: 'label', conversation, label: 'Stammgast', isOn: true },
    { fact: 'label', conversation, label: 'Stammgast', isOn: false },
  ],
  [
    { fact: 'note', conversation, noteId, text: 'Nuts!\nWindow. 🙂', device, atS },
    { fact: 'note', conversation, noteId, text: '', device, atS },
  ],
  [
    { fact: 'quick_reply', replyId: noteId, title: 'Parking', text: 'Behind the house.' },
    { fact: 'quick_reply', replyId: noteId, title: 'Parking', text: '' },
  ],
  [
    { fact: 'answering', conversation, device, untilS: atS },
    { fact: 'answering', conversation, device, untilS: 0 },
  ],
  [
    { fact: 'staff_name', device, name: 'Kim', role: 'staff' },
    { fact: 'staff_name', device, name: '', role: 'staff' },
  ],
];

test.each(FACTS)('a fact comes back, and an empty one takes it back', (fact, empty) => {
  for (const one of [fact, empty]) {
    const content = decode(teamMessage(one, { salt }).encode());
    expect(factOf(content)).toEqual(one);
    expect(purposeOf(content)).toBe('team');
  }
  expect(keyOf(empty)).toBe(keyOf(fact));
  expect([isEmptyFact(fact), isEmptyFact(empty)]).toEqual([false, true]);
  expect([...foldFacts([fact]).values()]).toEqual([fact]);
  expect(foldFacts([fact, empty]).size).toBe(0);
  expect([...foldFacts([empty, fact]).values()]).toEqual([fact]);
});

test('facts of different keys stand beside each other', () => {
  const all = FACTS.map(([fact]) => fact);
  const vip: Fact = { fact: 'label', conversation, label: 'VIP', isOn: true };
  expect([...foldFacts([...all, vip]).values()]).toEqual([...all, vip]);
});

test('other messages are none', () => {
  expect(factOf(textMessage('hello', { salt }))).toBeUndefined();
});

test('what is beyond the limits is not said', () => {
  const label: Fact = { fact: 'label', conversation, label: 'x'.repeat(41), isOn: true };
  expect(() => teamMessage(label, { salt })).toThrow(TeamRefused);
  const note: Fact = { fact: 'note', conversation, noteId: salt.slice(1), text: '', device, atS };
  expect(() => teamMessage(note, { salt })).toThrow(TeamRefused);
});

test('no fact is too large for a reader', () => {
  expect(() => decodeFact(new Uint8Array(MAX_TEAM_BYTES + 1))).toThrow(TeamRefused);
});

test.each([
  { fact: 'answering', conversation: salt, device, until_s: -1 },
  { fact: 'answering', conversation: salt, device, until_s: 2 ** 41 },
  { fact: 'answering', conversation: salt, device: '', until_s: 1 },
  { fact: 'answering', conversation: salt, device: 7, until_s: 1 },
  { fact: 'quick_reply', reply_id: salt, title: 'x', text: 'x'.repeat(4_001) },
  { fact: 'quick_reply', reply_id: salt, title: 'x'.repeat(81), text: 'x' },
  { fact: 'toString' },
])('what is no fact is refused', (fields) => {
  const written = new Map<cbor.Key, cbor.Value>([['v', 1], ...Object.entries(fields)]);
  expect(() => decodeFact(cbor.encode(written))).toThrow(TeamRefused);
});
