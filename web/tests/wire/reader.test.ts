/** One value after another, each as what it has to be. */

import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';

import { fromHex } from '../../src/base/bytes.ts';
import {
  BYTES,
  bytes,
  FLAG,
  int,
  type Kind,
  KNOWN,
  list,
  MAX_INTEGER,
  optionalInt,
  pair,
  record,
  text,
} from '../../src/wire/frame.ts';
import { Reader, Unreadable } from '../../src/wire/reader.ts';

function read(kind: Kind, raw: Uint8Array): unknown {
  const reader = new Reader(raw);
  const value = reader.value(kind);
  reader.finish();
  return value;
}

describe('whole numbers', () => {
  const ANY = int(-(2 ** 40), MAX_INTEGER);

  test.each<[string, number]>([
    ['00', 0],
    ['7f', 127],
    ['ff', -1],
    ['e0', -32],
    ['ccff', 255],
    ['cdffff', 65_535],
    ['ceffffffff', 2 ** 32 - 1],
    ['cf001fffffffffffff', MAX_INTEGER],
    ['d080', -128],
    ['d18000', -32_768],
    ['d280000000', -(2 ** 31)],
    ['d3ffffff0000000000', -(2 ** 40)],
    ['d37f', NaN],
    ['d30000000000000001', 1],
    ['cc00', 0],
  ])('%s', (digits, value) => {
    if (Number.isNaN(value)) {
      expect(() => read(ANY, fromHex(digits))).toThrow('it ends too early');
    } else {
      expect(read(ANY, fromHex(digits))).toBe(value);
    }
  });

  test.each(['cf0020000000000000', 'cfffffffffffffffff', 'd3fffffeffffffffff', 'ca3f800000'])(
    '%s is out of range or none',
    (digits) => {
      expect(() => read(ANY, fromHex(digits))).toThrow(Unreadable);
    },
  );

  test('-1 stands where something may be unknown', () => {
    expect(read(KNOWN, fromHex('ff'))).toBe(-1);
    expect(() => read(KNOWN, fromHex('fe'))).toThrow('is not a whole number from -1');
  });
});

describe('texts', () => {
  test.each(['', 'é', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(256), 'é'.repeat(40_000)])(
    'of any length of head: %#',
    (value) => {
      expect(read(text(100_000), encode(value))).toBe(value);
    },
  );

  test('a byte order mark is a character like others, also in a long text', () => {
    for (const value of ['\ufeff', `\ufeff${'x'.repeat(300)}`]) {
      expect(read(text(400), encode(value))).toBe(value);
    }
  });

  test.each(['a1ff', 'a2c0af', 'a3eda080', 'a2e282', 'a4f4908080', 'a1c3'])('%s is none', (raw) => {
    expect(() => read(text(64), fromHex(raw))).toThrow('its tag is not UTF-8');
  });

  test('a long head is no longer text', () => {
    expect(read(text(64), fromHex('db0000000161'))).toBe('a');
    expect(() => read(text(64), fromHex('dbffffffff61'))).toThrow('it ends too early');
  });

  test('bytes are none', () => {
    expect(() => read(text(64), encode(new Uint8Array(3)))).toThrow('a text of at most 64');
  });
});

describe('bytes', () => {
  test.each([0, 1, 255, 256, 65_535, 65_536])('%i of them', (length) => {
    const value = new Uint8Array(length).fill(5);
    expect(read(BYTES, encode(value))).toEqual(value);
    expect(() => read(bytes(length + 1, length + 2), encode(value))).toThrow(Unreadable);
  });

  test('a text is none, nor is an extension', () => {
    expect(() => read(BYTES, encode('abc'))).toThrow('is not bytes');
    expect(() => read(BYTES, fromHex('c70301616263'))).toThrow('is not bytes');
  });
});

describe('true and false', () => {
  test('are themselves', () => {
    expect([read(FLAG, fromHex('c2')), read(FLAG, fromHex('c3'))]).toEqual([false, true]);
  });

  test.each(['00', '01', 'c0', 'a0'])('%s is neither', (digits) => {
    expect(() => read(FLAG, fromHex(digits))).toThrow('is not true or false');
  });
});

describe('lists', () => {
  const NUMBERS = list(int(0, 9), 20_000);

  test.each([0, 1, 15, 16, 20_000])('of %i', (length) => {
    const value = Array.from({ length }, (_, place) => place % 10);
    expect(read(NUMBERS, encode(value))).toEqual(value);
  });

  test('of too many', () => {
    expect(() => read(list(FLAG, 1), encode([true, true]))).toThrow('a list of at most 1');
  });

  test('of more than there are bytes are refused before the first is read', () => {
    expect(() => read(list(FLAG), fromHex('ddffffffffc3'))).toThrow('it ends too early');
    expect(() => read(list(FLAG), fromHex('dcffffc3'))).toThrow('it ends too early');
    expect(() => read(list(FLAG), fromHex('92c3'))).toThrow('it ends too early');
  });

  test('of pairs', () => {
    const pairs = list(pair(text(8), int(0, 9)));
    const value = [
      ['a', 1],
      ['b', 2],
    ];
    expect(read(pairs, encode(value))).toEqual(value);
    for (const wrong of [[['a']], [['a', 1, 2]], [[1, 'a']], ['ab'], [{ a: 1 }]]) {
      expect(() => read(pairs, encode(wrong))).toThrow(Unreadable);
    }
  });
});

describe('records', () => {
  const POINT = record('Point', { x: int(0, 9), y: optionalInt(int(0, 9), 7) });

  test('have their fields by name; what may be left out has its value', () => {
    expect(read(POINT, encode([1, 2]))).toEqual({ x: 1, y: 2 });
    expect(read(POINT, encode([1]))).toEqual({ x: 1, y: 7 });
  });

  test('with fields too few or too many are none', () => {
    expect(() => read(POINT, encode([]))).toThrow('x is missing');
    expect(() => read(POINT, encode([1, 2, 3]))).toThrow('3 fields, and at most 2 are expected');
    expect(() => read(POINT, encode({ x: 1 }))).toThrow('is not a list');
  });

  test('name the field that is wrong', () => {
    expect(() => read(POINT, encode([1, 'two']))).toThrow('y is not a whole number from 0 to 9');
  });
});

test('nothing may follow', () => {
  expect(() => read(FLAG, fromHex('c3c3c3'))).toThrow('2 bytes follow its end');
});

test('every beginning of a value ends too early', () => {
  const kind = record('All', { a: list(pair(text(9), BYTES)), b: int(0, MAX_INTEGER), c: FLAG });
  const raw = encode([[['text', new Uint8Array(9)]], MAX_INTEGER, true]);
  for (let length = 0; length < raw.length; length += 1) {
    expect(() => read(kind, raw.subarray(0, length))).toThrow('it ends too early');
  }
});
