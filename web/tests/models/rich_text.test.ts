import { expect, test } from 'vitest';

import {
  beginning,
  blocksFor,
  endsInWords,
  FOLDED_CHARACTERS,
  isEmojiOnly,
  isOnlyMediaType,
} from '../../src/models/rich_text.ts';

test('plain words are words, Markdown is a tree', () => {
  expect(blocksFor('**a**', false)).toEqual([
    { kind: 'paragraph', inner: [{ kind: 'text', text: '**a**' }] },
  ]);
  expect(blocksFor('**a**', true)).toEqual([
    { kind: 'paragraph', inner: [{ kind: 'strong', inner: [{ kind: 'text', text: 'a' }] }] },
  ]);
});

test('a short text is not folded', () => {
  expect(beginning('short')).toBeUndefined();
  expect(beginning('x'.repeat(FOLDED_CHARACTERS))).toBeUndefined();
});

test('a long one is folded at the end of a word', () => {
  const short = beginning('word '.repeat(1000)) ?? '';
  expect(short.length).toBeLessThanOrEqual(FOLDED_CHARACTERS + 1);
  expect(short).toMatch(/word…$/);
});

test('one without spaces too, and no character is cut in two', () => {
  const short = beginning('😀'.repeat(5000)) ?? '';
  expect(short.isWellFormed()).toBe(true);
  expect(beginning(`a${'😀'.repeat(5000)}`)?.isWellFormed()).toBe(true);
});

test('so is one of many lines', () => {
  expect(beginning('a\n'.repeat(100))?.split('\n')).toHaveLength(16);
});

test.each([
  ['😀', true],
  ['👍🏽', true],
  ['👩‍👧‍👦 ❤️', true],
  ['😀😀😀', true],
  ['😀😀😀😀', false],
  ['a😀', false],
  ['12', false],
  ['', false],
  [' ', false],
])('%j is large emoji: %j', (text, isLarge) => {
  expect(isEmojiOnly(text)).toBe(isLarge);
});

test.each([
  ['Hello', false, true],
  ['Hello\n\nWorld', true, true],
  ['- one\n- two', true, false],
  ['- one\n- two', false, true],
  ['```\ncode\n```', true, false],
  ['😀', false, false],
  ['', false, false],
  ['שלום', false, false],
  ['123 مرحبا', false, false],
  ['x '.repeat(2000), false, false],
])('the time fits behind %j (Markdown: %j): %j', (text, isMarkdown, fits) => {
  expect(endsInWords(text, isMarkdown)).toBe(fits);
});

test.each([
  ['[application/x-of-the-future]', true],
  ['[image/svg+xml]', true],
  ['[text/html] and words', false],
  ['[a link](https://example.org)', false],
  ['', false],
])('%s is only a media type: %s', (text, is) => {
  expect(isOnlyMediaType(text)).toBe(is);
});
