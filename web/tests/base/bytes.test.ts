/** Byte strings and randomness. */

import { expect, test } from 'vitest';

import {
  EMPTY,
  concat,
  concatAll,
  concatErasing,
  equalBytes,
  equalBytesConstantTime,
  fromHex,
  lenientTextFrom,
  textFrom,
  toHex,
  utf8,
} from '../../src/base/bytes.ts';
import { randomBytes } from '../../src/base/random.ts';
import { forAll } from '../mls/random.ts';

test('parts are joined in a buffer of their own', () => {
  const part = Uint8Array.of(1, 2);
  const joined = concat(part, new Uint8Array(0), Uint8Array.of(3));
  expect(joined).toEqual(Uint8Array.of(1, 2, 3));
  part.fill(9);
  expect(joined).toEqual(Uint8Array.of(1, 2, 3));
  expect(concat()).toEqual(new Uint8Array(0));
});

test('a list of any length is joined', () => {
  const parts = Array.from({ length: 300_000 }, () => Uint8Array.of(7));
  expect(concatAll(parts).length).toBe(300_000);
});

test('parts that held secrets are joined and overwritten', () => {
  const parts = [Uint8Array.of(1, 2), EMPTY, Uint8Array.of(3)];
  expect(concatErasing(...parts)).toEqual(Uint8Array.of(1, 2, 3));
  expect(concatAll(parts)).toEqual(new Uint8Array(3));
  expect(concatErasing()).toEqual(EMPTY);
});

test('both comparisons agree about equality', () => {
  const pairs: [string, string, boolean][] = [
    ['', '', true],
    ['00ff', '00ff', true],
    ['00ff', '00fe', false],
    ['80ff', '00ff', false],
    ['00ff', '00', false],
    ['', '00', false],
  ];
  for (const [one, other, same] of pairs) {
    expect(equalBytes(fromHex(one), fromHex(other))).toBe(same);
    expect(equalBytesConstantTime(fromHex(one), fromHex(other))).toBe(same);
  }
});

test('hexadecimal digits round trip', () => {
  forAll(100, (chance) => {
    const raw = chance.bytes(80);
    expect(toHex(raw)).toBe(Buffer.from(raw).toString('hex'));
    expect(fromHex(toHex(raw).toUpperCase())).toEqual(raw);
  });
});

test.each(['0', 'xy', '0g', ' 00', '0x00'])('%j is not hexadecimal', (text) => {
  expect(() => fromHex(text)).toThrow(RangeError);
});

test('text becomes UTF-8', () => {
  expect(toHex(utf8('aé'))).toBe('61c3a9');
});

test('text comes back from UTF-8, a byte order mark and all', () => {
  for (const text of ['', 'aé', '\u{feff}a', '😀']) {
    expect(textFrom(utf8(text))).toBe(text);
    expect(lenientTextFrom(utf8(text))).toBe(text);
  }
  const broken = Uint8Array.of(0x61, 0xff);
  expect(() => textFrom(broken)).toThrow(TypeError);
  expect(lenientTextFrom(broken)).toBe('a\u{fffd}');
});

test('random bytes have their length and differ', () => {
  expect(randomBytes(0).length).toBe(0);
  expect(toHex(randomBytes(32))).not.toBe(toHex(randomBytes(32)));
  const long = randomBytes(200_000);
  expect(long.length).toBe(200_000);
  expect(long.subarray(-32).some((byte) => byte !== 0)).toBe(true);
});
