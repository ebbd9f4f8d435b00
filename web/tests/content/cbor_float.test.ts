/** Every number of 16 bits, and its neighbours. */

import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { floatBytes, floatValue } from '../../src/content/cbor_float.ts';
import { forAll } from '../mls/random.ts';

function halfBytes(bits: number): Uint8Array {
  return Uint8Array.of(bits >> 8, bits & 0xff);
}

test('every number of half width comes back in half width', () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 0x1_0000; bits += 1) {
    const value = floatValue(halfBytes(bits));
    const raw = floatBytes(value);
    if (raw.length !== 3 || (!Number.isNaN(value) && ((raw[1]! << 8) | raw[2]!) !== bits)) {
      wrong.push(bits);
    }
  }
  expect(wrong).toEqual([]);
});

test('what lies between two numbers of half width is wider', () => {
  for (let bits = 0; bits < 0x7c00; bits += 31) {
    const value = floatValue(halfBytes(bits));
    const next = floatValue(halfBytes(bits + 1));
    const between = next === Infinity ? value + 1 : (value + next) / 2;
    expect(floatBytes(between)).toHaveLength(5);
    expect(floatBytes(-between)).toHaveLength(5);
  }
});

test.each([
  [1e-8, 9],
  [2 ** -25, 5],
  [2 ** -24, 3],
  [2 ** -149, 5],
  [2 ** -150, 9],
  [65_504, 3],
  [65_520, 5],
  [65_536, 5],
  [2 ** 127, 5],
  [2 ** 128, 9],
  [Number.MAX_VALUE, 9],
  [5e-324, 9],
  [NaN, 3],
])('%d takes %i bytes', (value, length) => {
  expect(floatBytes(value)).toHaveLength(length);
});

test('there is one NaN', () => {
  expect(toHex(floatBytes(NaN))).toBe('f97e00');
  expect(floatValue(Uint8Array.of(0x7e, 0x00))).toBeNaN();
  expect(floatValue(Uint8Array.of(0xfd, 0x01))).toBeNaN();
});

test('the sign of zero and of infinity is kept', () => {
  expect(floatValue(floatBytes(-0).subarray(1))).toBe(-0);
  expect(floatValue(floatBytes(0).subarray(1))).toBe(0);
  expect(floatValue(floatBytes(-Infinity).subarray(1))).toBe(-Infinity);
});

test('every number comes back', () => {
  forAll(3000, (chance) => {
    const raw = chance.bytes(8, 8);
    const value = floatValue(chance.integer(0, 1) === 0 ? raw : raw.subarray(0, 4));
    expect(floatValue(floatBytes(value).subarray(1))).toBe(value);
  });
});
