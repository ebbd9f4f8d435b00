/** One value, one encoding; everything else is refused. */

import { decode as decodeByLibrary } from 'cborg';
import { describe, expect, test } from 'vitest';

import { equalBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import * as cbor from '../../src/content/cbor.ts';
import { Float, Simple, Tag, type Value } from '../../src/content/cbor.ts';
import { ContentError } from '../../src/content/errors.ts';
import { forAll } from '../mls/random.ts';
import { anyInteger, anyText, anyValue, damaged } from './chance.ts';
import { codeOf } from './samples.ts';

/** RFC 8949 appendix A, as far as the encodings are deterministic and without bignums. */
const EXAMPLES: readonly (readonly [Value, string])[] = [
  [0, '00'],
  [10, '0a'],
  [23, '17'],
  [24, '1818'],
  [100, '1864'],
  [1000, '1903e8'],
  [1_000_000, '1a000f4240'],
  [1_000_000_000_000, '1b000000e8d4a51000'],
  [18_446_744_073_709_551_615n, '1bffffffffffffffff'],
  [-18_446_744_073_709_551_616n, '3bffffffffffffffff'],
  [-1, '20'],
  [-10, '29'],
  [-100, '3863'],
  [-1000, '3903e7'],
  [new Float(0), 'f90000'],
  [new Float(-0), 'f98000'],
  [new Float(1), 'f93c00'],
  [new Float(1.1), 'fb3ff199999999999a'],
  [new Float(1.5), 'f93e00'],
  [new Float(65_504), 'f97bff'],
  [new Float(100_000), 'fa47c35000'],
  [new Float(3.4028234663852886e38), 'fa7f7fffff'],
  [new Float(1e300), 'fb7e37e43c8800759c'],
  [new Float(5.960464477539063e-8), 'f90001'],
  [new Float(0.00006103515625), 'f90400'],
  [new Float(-4), 'f9c400'],
  [new Float(-4.1), 'fbc010666666666666'],
  [new Float(Infinity), 'f97c00'],
  [new Float(NaN), 'f97e00'],
  [new Float(-Infinity), 'f9fc00'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [new Simple(23), 'f7'],
  [new Simple(16), 'f0'],
  [new Simple(255), 'f8ff'],
  [new Tag(1, 1_363_896_240), 'c11a514b67b0'],
  [new Tag(32, 'http://www.example.com'), 'd82076687474703a2f2f7777772e6578616d706c652e636f6d'],
  [new Uint8Array(0), '40'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
  ['', '60'],
  ['IETF', '6449455446'],
  ['ü', '62c3bc'],
  ['𐅑', '64f0908591'],
  [[], '80'],
  [[1, 2, 3], '83010203'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [new Map(), 'a0'],
  [
    new Map([
      [1, 2],
      [3, 4],
    ]),
    'a201020304',
  ],
  [
    new Map<string, Value>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
    'a26161016162820203',
  ],
];

test.each(EXAMPLES.map(([value, raw]) => [raw, value] as const))(
  'RFC 8949 has %s',
  (raw, value) => {
    expect(toHex(cbor.encode(value))).toBe(raw);
    expect(cbor.decode(fromHex(raw))).toStrictEqual(value);
  },
);

test('map keys are in bytewise order, not the shortest first', () => {
  const keys = [-1, 100, 'z', 10, 'aa', new Uint8Array(0)];
  const raw = cbor.encode(new Map(keys.map((key, at) => [key, at])));
  expect(toHex(raw)).toBe('a6' + '0a03' + '186401' + '2000' + '4005' + '617a02' + '62616104');
  expect([...cbor.expectMap(cbor.decode(raw), 'it').values()]).toEqual([3, 1, 0, 5, 2, 4]);
});

test('the edges of each length of an integer', () => {
  for (const bits of [8n, 16n, 32n, 53n, 63n]) {
    for (const offset of [-2n, -1n, 0n, 1n, 2n]) {
      for (const integer of [(1n << bits) + offset, -(1n << bits) + offset]) {
        const decoded = cbor.expect(cbor.decode(cbor.encode(integer)), 'integer', 'it');
        expect(BigInt(decoded)).toBe(integer);
        expect(typeof decoded).toBe(Number.isSafeInteger(Number(integer)) ? 'number' : 'bigint');
      }
    }
  }
});

test('an integer has one encoding, whatever its type', () => {
  expect(cbor.encode(7n)).toEqual(cbor.encode(7));
  expect(cbor.encode(-0)).toEqual(cbor.encode(0));
  expect(cbor.encode(new Float(7))).not.toEqual(cbor.encode(7));
});

const REFUSED: Readonly<Record<string, string>> = {
  nothing: '',
  'trailing bytes': '0000',
  'integer of 1 byte too long': '1817',
  'integer of 2 bytes too long': '1900ff',
  'integer of 4 bytes too long': '1a0000ffff',
  'integer of 8 bytes too long': '1b00000000ffffffff',
  'length too long': '580161',
  'indefinite bytes': '5f4101ff',
  'indefinite text': '7f6161ff',
  'indefinite array': '9f01ff',
  'indefinite map': 'bf0102ff',
  break: 'ff',
  'reserved 28': '1c',
  'reserved float 28': 'fc',
  'truncated head': '19',
  'truncated float': 'f97e',
  'truncated simple': 'f8',
  'truncated bytes': '4201',
  'truncated array': '8201',
  'truncated map': 'a101',
  'huge array': '9bffffffffffffffff',
  'huge map': 'bb7fffffffffffffff00',
  'huge bytes': '5bffffffffffffffff',
  'huge text': '7b0020000000000000',
  'array longer than what follows': '9a0000ffff00',
  'map longer than what follows': 'a3010203',
  'invalid UTF-8': '61ff',
  'overlong UTF-8': '62c080',
  'surrogate in UTF-8': '63eda080',
  'keys out of order': 'a202010100',
  'key twice': 'a201010101',
  'bytes as key twice': 'a2410101410101',
  'shorter key first': 'a22001186402',
  'array as key': 'a18001',
  'map as key': 'a1a001',
  'tag as key': 'a1c10101',
  'bool as key': 'a1f401',
  'null as key': 'a1f601',
  'float as key': 'a1f93c0001',
  'simple as key': 'a1f001',
  'key beyond 2^53': 'a11b002000000000000001',
  'negative key beyond 2^53': 'a13b001fffffffffffff01',
  'float that fits 2 bytes': 'fa3f800000',
  'float that fits 4 bytes': 'fb3ff0000000000000',
  'zero in 4 bytes': 'fa00000000',
  'infinity in 8 bytes': 'fb7ff0000000000000',
  'signalling NaN': 'f97e01',
  'negative NaN': 'f9fe00',
  'wide NaN': 'fa7fc00000',
  'widest NaN': 'fb7ff8000000000000',
  'simple too long': 'f817',
  bignum: 'c249010000000000000000',
  'negative bignum': 'c349010000000000000000',
  'nested too deep': '81'.repeat(17) + '00',
  'tagged too deep': 'c1'.repeat(17) + '00',
  'maps too deep': 'a100'.repeat(17) + '00',
  'nested absurdly deep': '81'.repeat(50_000),
  'tagged absurdly deep': 'c1'.repeat(50_000),
};

test.each(Object.entries(REFUSED))('%s is refused', (_, raw) => {
  expect(codeOf(() => cbor.decode(fromHex(raw)))).toBe('bad_cbor');
});

test('the depth is counted exactly', () => {
  expect(cbor.decode(fromHex('818100'), 2)).toEqual([[0]]);
  for (const deeper of ['81818100', '8181a0', '8181c100']) {
    expect(() => cbor.decode(fromHex(deeper), 2)).toThrow(ContentError);
  }
  expect(cbor.decode(fromHex('00'), 0)).toBe(0);
});

const UNSAYABLE: readonly (readonly [string, unknown])[] = [
  ['2^64', 1n << 64n],
  ['-2^64-1', -(1n << 64n) - 1n],
  ['a fraction', 1.5],
  ['NaN that is no Float', NaN],
  ['an unsafe number', 2 ** 53],
  ['undefined', undefined],
  ['a function', () => 1],
  ['a plain object', { a: 1 }],
  ['a date', new Date(0)],
  ['a set', new Set([1])],
  ['bool as key', new Map([[true, 1]])],
  ['null as key', new Map([[null, 1]])],
  ['array as key', new Map([[[], 1]])],
  ['fraction as key', new Map([[0.5, 1]])],
  ['key of 2^53', new Map([[1n << 53n, 1]])],
  ['number and bigint as one key', new Map<unknown, unknown>([[1, 1], [1n, 2]])], // prettier-ignore
  ['equal bytes as keys', new Map([[Uint8Array.of(1), 1], [Uint8Array.of(1), 2]])], // prettier-ignore
  ['half a surrogate pair', '\ud800'],
  ['half a surrogate pair as key', new Map([['\udc00', 1]])],
  ['simple 20', new Simple(20)],
  ['simple 24', new Simple(24)],
  ['simple 256', new Simple(256)],
  ['simple 1.5', new Simple(1.5)],
  ['simple -1', new Simple(-1)],
  ['a bignum', new Tag(2, Uint8Array.of(1))],
  ['a negative bignum', new Tag(3n, Uint8Array.of(1))],
  ['tag -1', new Tag(-1, 0)],
  ['tag 1.5', new Tag(1.5, 0)],
  ['tag 2^64', new Tag(1n << 64n, 0)],
];

test.each(UNSAYABLE)('%s is not written', (_, value) => {
  expect(codeOf(() => cbor.encode(value as Value))).toBe('bad_cbor');
});

test('too deep a value is not written, nor one that contains itself', () => {
  let value: Value = [];
  for (let depth = 1; depth < cbor.MAX_DEPTH; depth += 1) {
    value = [value];
  }
  expect(cbor.decode(cbor.encode(value))).toEqual(value);
  expect(() => cbor.encode([value])).toThrow(ContentError);
  const snake: Value[] = [];
  snake.push(snake);
  expect(() => cbor.encode(snake)).toThrow(ContentError);
});

test('expectations name what is wrong', () => {
  expect(cbor.expect(1, 'integer', 'x')).toBe(1);
  expect(cbor.expect(1n << 60n, 'integer', 'x')).toBe(1n << 60n);
  expect(cbor.expect('1', 'text', 'x')).toBe('1');
  expect(cbor.expect(Uint8Array.of(1), 'bytes', 'x')).toEqual(Uint8Array.of(1));
  for (const [value, kind] of [
    [true, 'integer'],
    [new Float(1), 'integer'],
    [null, 'integer'],
    [1, 'text'],
    [new Uint8Array(0), 'text'],
    ['1', 'bytes'],
    [[], 'bytes'],
  ] as const) {
    expect(() => cbor.expect(value, kind, 'seats')).toThrow('seats must be');
  }
  expect(() => cbor.expectArray(new Map(), 'parts')).toThrow('parts must be an array');
  expect(() => cbor.expectMap([], 'card')).toThrow('card must be a map');
});

test('what was decoded does not change with the bytes it came from', () => {
  const raw = cbor.encode(Uint8Array.of(1, 2));
  const decoded = cbor.decode(raw);
  raw.fill(9);
  expect(decoded).toEqual(Uint8Array.of(1, 2));
});

test('bytes in the middle of a larger buffer are read', () => {
  const around = Uint8Array.of(0xff, 0x82, 0xf9, 0x3c, 0x00, 0x41, 0x07, 0xff);
  expect(cbor.decode(around.subarray(1, 7))).toEqual([new Float(1), Uint8Array.of(7)]);
});

describe('at random', () => {
  test('every value comes back', () => {
    forAll(400, (chance) => {
      const value = anyValue(chance, 4);
      const raw = cbor.encode(value);
      expect(cbor.decode(raw)).toEqual(value);
      expect(cbor.encode(cbor.decode(raw))).toEqual(raw);
    });
  });

  test('an independent decoder agrees about what it knows', () => {
    forAll(300, (chance) => {
      const value = [anyInteger(chance), anyText(chance, 300), chance.bytes(300), null, true];
      const keyed = new Map([[anyText(chance, 30), value]]);
      const read: unknown = decodeByLibrary(cbor.encode(keyed), { useMaps: true, strict: true });
      expect(read).toEqual(keyed);
    });
  });

  test('random bytes give nothing but a value or the error of this room', () => {
    forAll(3000, (chance) => {
      const raw = chance.bytes(24, 1);
      if (codeOf(() => cbor.decode(raw)) === 'none') {
        expect(cbor.encode(cbor.decode(raw))).toEqual(raw);
      }
    });
  });

  test('a damaged encoding is refused or another value that is encoded so', () => {
    forAll(2000, (chance) => {
      const raw = damaged(chance, cbor.encode(anyValue(chance, 3)));
      const code = codeOf(() => cbor.decode(raw));
      expect(['none', 'bad_cbor']).toContain(code);
      if (code === 'none') {
        expect(equalBytes(cbor.encode(cbor.decode(raw)), raw)).toBe(true);
      }
    });
  });
});

test('a text may begin with the mark that decoders like to drop', () => {
  expect(cbor.decode(cbor.encode('\ufeffa'))).toBe('\ufeffa');
  expect(cbor.encode('\ufeffa')).toEqual(Uint8Array.of(0x64, ...utf8('\ufeffa')));
});
