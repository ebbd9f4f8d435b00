/** The TLS presentation language: round trips, limits, hostile bytes. */

import { expect, test } from 'vitest';

import { concat, fromHex } from '../../src/base/bytes.ts';
import * as codec from '../../src/mls/codec.ts';
import { CodecError, ITEMS_LIMIT, Reader } from '../../src/mls/codec.ts';
import { forAll } from './random.ts';

const bytes = (...numbers: number[]): Uint8Array => Uint8Array.from(numbers);

function checkVarint(length: number): void {
  const raw = codec.encodeVarint(length);
  const reader = new Reader(raw);
  expect(reader.varint()).toBe(length);
  reader.finish();
  expect(raw.length).toBe(length < 64 ? 1 : length < 16384 ? 2 : 4);
}

test('length headers round trip', () => {
  for (const length of [0, 63, 64, 16383, 16384, 2 ** 29, codec.MAX_VARINT]) {
    checkVarint(length);
  }
  forAll(300, (chance) => {
    checkVarint(chance.integer(0, codec.MAX_VARINT) >>> chance.integer(0, 29));
  });
});

test.each(['4000', '403f', '80000000', '80003fff', '8000003f'])(
  'the length %s must be in its shortest form',
  (raw) => {
    expect(() => new Reader(fromHex(raw)).varint()).toThrow(/shortest/);
  },
);

test.each([0xc0, 0xff])('lengths of eight bytes (%i) are refused', (first) => {
  expect(() => new Reader(concat(bytes(first), new Uint8Array(7))).varint()).toThrow(/0b11/);
});

test.each([
  ['80', 'Byte 1: 3 more bytes are needed, 0 are left.'],
  ['800040', 'Byte 1: 3 more bytes are needed, 2 are left.'],
  ['40', 'Byte 1: 1 more bytes are needed, 0 are left.'],
])('the length %s that breaks off is told as Python tells it', (raw, sentence) => {
  expect(() => new Reader(fromHex(raw)).varint()).toThrow(sentence);
});

test('a longer length than MLS carries is not written', () => {
  expect(() => codec.encodeVarint(codec.MAX_VARINT + 1)).toThrow(/longer than MLS/);
});

test('numbers round trip', () => {
  const check = (one: number, two: number, four: number, eight: bigint): void => {
    const raw = concat(codec.u8(one), codec.u16(two), codec.u32(four), codec.u64(eight));
    const reader = new Reader(raw);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([
      one,
      two,
      four,
      eight,
    ]);
    expect(reader.remaining).toBe(0);
  };
  check(0, 0, 0, 0n);
  check(255, 65535, 2 ** 32 - 1, 2n ** 64n - 1n);
  forAll(200, (chance) => {
    const half = (): number => chance.integer(0, 2 ** 32 - 1);
    const eight = (BigInt(half()) << 32n) | BigInt(half());
    check(chance.integer(0, 255), chance.integer(0, 65535), half(), eight);
  });
});

test('numbers that do not fit are not written', () => {
  const wrong = [
    () => codec.u8(256),
    () => codec.u8(-1),
    () => codec.u16(65536),
    () => codec.u16(1.5),
    () => codec.u32(2 ** 32),
    () => codec.u32(NaN),
    () => codec.u64(2n ** 64n),
    () => codec.u64(-1n),
  ];
  for (const write of wrong) {
    expect(write).toThrow(RangeError);
  }
});

test('opaque fields round trip', () => {
  for (const length of [0, 1, 63, 64, 16383, 16384, 20000]) {
    const content = new Uint8Array(length).fill(7);
    const reader = new Reader(codec.opaque(content));
    expect(reader.opaque()).toEqual(content);
    reader.finish();
  }
});

test('vectors round trip', () => {
  forAll(100, (chance) => {
    const items = chance.list(300, () => chance.bytes(100));
    const reader = new Reader(codec.vector(items.map(codec.opaque)));
    expect(reader.vector((item) => item.opaque())).toEqual(items);
    reader.finish();
  });
});

test('lists of 32-bit numbers round trip', () => {
  forAll(100, (chance) => {
    const numbers = chance.list(300, () => chance.integer(0, 2 ** 32 - 1));
    const raw = codec.u32Vector(numbers);
    expect(raw).toEqual(codec.vector(numbers.map(codec.u32)));
    expect(new Reader(raw).u32Vector(raw.length)).toEqual(numbers);
  });
  expect(() => new Reader(codec.u32Vector([1, 2])).u32Vector(7)).toThrow(/at most 7/);
});

test('lists of 16-bit numbers round trip', () => {
  forAll(100, (chance) => {
    const numbers = chance.list(300, () => chance.integer(0, 65535));
    const raw = codec.u16Vector(numbers);
    expect(raw).toEqual(codec.vector(numbers.map(codec.u16)));
    const reader = new Reader(concat(raw, bytes(9)));
    expect(reader.u16Vector()).toEqual(numbers);
    expect(reader.u8()).toBe(9);
  });
});

test('optional fields round trip', () => {
  const read = (reader: Reader): Uint8Array | undefined => reader.optional((item) => item.opaque());
  for (const content of [undefined, bytes(), bytes(1, 2, 3), new Uint8Array(70)]) {
    const raw = codec.optional(content && codec.opaque(content));
    expect(codec.parseWhole(read, raw)).toEqual(content);
  }
});

test('presence is zero or one', () => {
  expect(() => new Reader(bytes(2, 0)).optional((item) => item.u8())).toThrow(/presence/);
});

test('an item may not leave its vector', () => {
  const raw = concat(bytes(2, 5), new Uint8Array(6));
  expect(() => new Reader(raw).vector((item) => item.opaque())).toThrow(CodecError);
});

test('reading goes on behind a vector', () => {
  const reader = new Reader(bytes(2, 0, 1, 0, 2));
  expect(reader.vector((item) => item.u16())).toEqual([1]);
  expect(reader.u16()).toBe(2);
});

test('items without bytes cannot loop for ever', () => {
  expect(() => new Reader(bytes(1, 0)).vector(() => 0)).toThrow(/zero length/);
});

test('limits are kept before anything is copied', () => {
  const raw = codec.opaque(new Uint8Array(8));
  expect(new Reader(raw).opaque(8)).toEqual(new Uint8Array(8));
  expect(() => new Reader(raw).opaque(7)).toThrow(/at most 7/);
  expect(() => new Reader(raw).vector((item) => item.u8(), 7)).toThrow(/at most 7/);
  expect(() => new Reader(raw).u16Vector(6)).toThrow(/at most 6/);
});

test.each(['bfffffff', '3f', '7fff', '01'])('announced but absent bytes: %s', (raw) => {
  expect(() => new Reader(fromHex(raw)).opaque()).toThrow(CodecError);
  expect(() => new Reader(fromHex(raw)).vector((item) => item.u8())).toThrow(CodecError);
});

const READS: Readonly<Record<string, (reader: Reader) => unknown>> = {
  u8: (reader) => reader.u8(),
  u16: (reader) => reader.u16(),
  u32: (reader) => reader.u32(),
  u64: (reader) => reader.u64(),
  fixed: (reader) => reader.fixed(3),
  varint: (reader) => reader.varint(),
  opaque: (reader) => reader.opaque(),
  u16Vector: (reader) => reader.u16Vector(),
  u32Vector: (reader) => reader.u32Vector(1_000),
  vector: (reader) => reader.vector((item) => item.opaque()),
  optional: (reader) => reader.optional((item) => item.u32()),
};

test.each(Object.keys(READS))('nothing is left for %s', (name) => {
  expect(() => READS[name]?.(new Reader(bytes()))).toThrow(/needed|left/);
});

test('lists of numbers hold whole numbers', () => {
  expect(() => new Reader(bytes(3, 0, 1, 0)).u16Vector()).toThrow(/16-bit .* no multiple of 2/);
  expect(() => new Reader(bytes(2, 0, 1)).u32Vector(8)).toThrow(/32-bit .* no multiple of 4/);
});

test('one reader meets so many items and no more, however they are nested', () => {
  const flat = (count: number): Uint8Array => codec.opaque(new Uint8Array(count));
  const item = (reader: Reader): number => reader.u8();
  expect(new Reader(flat(ITEMS_LIMIT)).vector(item).length).toBe(ITEMS_LIMIT);
  expect(() => new Reader(flat(ITEMS_LIMIT + 1)).vector(item)).toThrow(/more items than anybody/);
  const half = flat(ITEMS_LIMIT / 2);
  const inner = (reader: Reader): number[] => reader.vector(item);
  expect(new Reader(codec.vector([half, flat(0)])).vector(inner).length).toBe(2);
  expect(() => new Reader(codec.vector([half, half])).vector(inner)).toThrow(CodecError);
  const reader = new Reader(concat(half, half, flat(1)));
  expect([inner(reader).length, inner(reader).length]).toEqual([half.length - 4, half.length - 4]);
  expect(() => inner(reader)).toThrow(CodecError);
});

test('what this device has written itself may have more items', () => {
  const raw = codec.opaque(new Uint8Array(ITEMS_LIMIT + 1));
  const reader = new Reader(raw, codec.MAX_VARINT);
  expect(reader.vector((item) => item.u8()).length).toBe(ITEMS_LIMIT + 1);
});

test('items that held secrets are joined and overwritten', () => {
  const items = [bytes(1, 2), bytes(3)];
  expect(codec.vectorErasing(items)).toEqual(bytes(3, 1, 2, 3));
  expect(items).toEqual([bytes(0, 0), bytes(0)]);
});

test('bytes behind a structure are refused', () => {
  expect(() => codec.parseWhole((reader) => reader.u8(), bytes(0, 0))).toThrow(/1 bytes follow/);
});

test('since gives the exact bytes', () => {
  const reader = new Reader(bytes(0, 1, 2, 3));
  reader.u8();
  const start = reader.position;
  reader.u16();
  expect(reader.since(start)).toEqual(bytes(1, 2));
  expect(reader.remaining).toBe(1);
});

test('no field shares memory with what was read, in whatever array it came', () => {
  const whole = Buffer.from([9, 2, 5, 6, 7, 9]);
  const reader = new Reader(whole.subarray(1, 5));
  const fields = [reader.opaque(), reader.fixed(1), reader.since(0)];
  whole.fill(0);
  expect(fields).toEqual([bytes(5, 6), bytes(7), bytes(2, 5, 6, 7)]);
});

test('random bytes throw nothing but codec errors', () => {
  forAll(2000, (chance) => {
    const reader = new Reader(chance.bytes(200));
    while (reader.remaining > 0) {
      const before = reader.position;
      try {
        chance.pick(Object.values(READS))(reader);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
        expect((error as Error).message).toMatch(/\.$/);
        return;
      }
      expect(reader.position).toBeGreaterThan(before);
    }
  });
});
