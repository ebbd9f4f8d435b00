/** Kinds of fields: what they say of themselves, and how a text is measured. */

import { describe, expect, expectTypeOf, test } from 'vitest';

import {
  BYTES,
  bytes,
  CONVERSATION_BYTES,
  COUNT,
  expectation,
  FLAG,
  fitsText,
  int,
  type Kind,
  list,
  MAX_INTEGER,
  optionalInt,
  pair,
  record,
  text,
  URI,
  type Value,
  WORD,
} from '../../src/wire/frame.ts';

const POINT = record('Point', { x: COUNT, y: COUNT });

describe('what a field has to be, in words', () => {
  test.each<[Kind, string]>([
    [int(1, 500), 'a whole number from 1 to 500'],
    [optionalInt(int(-1, 9), -1), 'a whole number from -1 to 9'],
    [text(64), 'a text of at most 64 characters'],
    [CONVERSATION_BYTES, '16 bytes'],
    [bytes(0, 16), '0 to 16 bytes'],
    [BYTES, 'bytes'],
    [FLAG, 'true or false'],
    [list(WORD), 'a list'],
    [list(WORD, 64), 'a list of at most 64'],
    [pair(URI, BYTES), 'a list of 2'],
    [POINT, 'a list of 2'],
  ])('%o', (kind, words) => {
    expect(expectation(kind)).toBe(words);
  });
});

describe('a text is as long as it has characters, whatever each takes', () => {
  test.each(['x', 'é', '\u{1f600}', '\ufeff'])('of %o', (character) => {
    expect(fitsText('', 0)).toBe(true);
    for (const most of [1, 2, 63, 64]) {
      expect(fitsText(character.repeat(most), most)).toBe(true);
      expect(fitsText(character.repeat(most + 1), most)).toBe(false);
      expect(fitsText(character.repeat(3 * most), most)).toBe(false);
    }
  });

  test('mixed ones too', () => {
    expect(fitsText('a\u{1f600}b\u{1f600}', 4)).toBe(true);
    expect(fitsText('a\u{1f600}b\u{1f600}c', 4)).toBe(false);
  });
});

test('the largest number is what every language holds', () => {
  expect(MAX_INTEGER).toBe(2 ** 53 - 1);
});

test('types follow from kinds', () => {
  expectTypeOf<Value<typeof COUNT>>().toEqualTypeOf<number>();
  expectTypeOf<Value<typeof WORD>>().toEqualTypeOf<string>();
  expectTypeOf<Value<typeof BYTES>>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Value<typeof FLAG>>().toEqualTypeOf<boolean>();
  const pairs = list(pair(URI, BYTES));
  expect(pairs.item.first).toBe(URI);
  expectTypeOf<Value<typeof pairs>>().toEqualTypeOf<readonly (readonly [string, Uint8Array])[]>();
  expectTypeOf<Value<typeof POINT>>().toEqualTypeOf<{ readonly x: number; readonly y: number }>();
});
