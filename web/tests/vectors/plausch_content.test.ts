/** spec/vectors/content.json, made by Python, is what this language writes, reads and refuses. */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { messageId } from '../../src/content/message_id.ts';
import { decode } from '../../src/content/mimi.ts';
import { purposeOf } from '../../src/content/purpose.ts';
import { readableText } from '../../src/content/text.ts';
import { ANNA, codeOf, hexOf } from '../content/samples.ts';
import { messages, ROOM_URI } from './plausch_messages.ts';
import { specVectors } from './spec.ts';

interface Cases {
  readonly sender: string;
  readonly room: string;
  readonly messages: readonly {
    readonly name: string;
    readonly purpose: string;
    readonly text: string;
    readonly text_in_english: string;
    readonly content: string;
    readonly message_id: string;
  }[];
  readonly refused: readonly { readonly name: string; readonly content: string }[];
}

const CASES = specVectors('content') as Cases;
const MADE = messages();

test('no message is left out on either side', () => {
  expect(Object.keys(MADE).sort()).toEqual(CASES.messages.map(({ name }) => name).sort());
  expect([CASES.sender, CASES.room]).toEqual([ANNA.uri, ROOM_URI]);
});

test.each(CASES.messages)('both languages write $name with the same bytes', (message) => {
  expect(hexOf(MADE[message.name]!)).toBe(message.content);
});

test.each(CASES.messages)('both languages read $name alike', (message) => {
  const raw = fromHex(message.content);
  const content = decode(raw);
  expect(content).toEqual(MADE[message.name]);
  expect(toHex(content.encode())).toBe(message.content);
  expect(readableText(content)).toBe(message.text);
  expect(readableText(content, ['en'])).toBe(message.text_in_english);
  expect(purposeOf(content)).toBe(message.purpose);
  expect(messageId(raw, CASES.sender, CASES.room).hex).toBe(message.message_id);
});

test.each(CASES.refused)('both languages refuse: $name', ({ content }) => {
  expect(codeOf(() => decode(fromHex(content)))).not.toBe('none');
});
