/** Numbers in little-endian bytes. */

import { expect, test } from 'vitest';

import { littleEndian32, readLittleEndian } from '../../src/mls/little_endian.ts';
import { forAll } from './random.ts';

test('the first byte is the lowest', () => {
  expect(readLittleEndian(Uint8Array.of(0x34, 0x12, 0, 0, 0, 0, 0, 0))).toBe(0x1234n);
  expect(readLittleEndian(new Uint8Array(64).fill(1, 63))).toBe(2n ** 504n);
  expect(littleEndian32(0x1234n)).toEqual(Uint8Array.of(0x34, 0x12, ...new Uint8Array(30)));
  expect(littleEndian32(0n)).toEqual(new Uint8Array(32));
});

test('32 bytes come back as they were', () => {
  forAll(100, (chance) => {
    const raw = chance.bytes(32, 32);
    expect(littleEndian32(readLittleEndian(raw))).toEqual(raw);
  });
  expect(littleEndian32(2n ** 256n - 1n)).toEqual(new Uint8Array(32).fill(0xff));
});

test('a part of a buffer is read for itself', () => {
  const buffer = new Uint8Array(40).fill(0xff);
  buffer.fill(0, 3, 35);
  buffer[3] = 9;
  expect(readLittleEndian(buffer.subarray(3, 35))).toBe(9n);
});

test('of a larger number the lowest 256 bits are written', () => {
  expect(littleEndian32(2n ** 256n + 7n)).toEqual(littleEndian32(7n));
});
