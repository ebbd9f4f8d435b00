import { decode, encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';

import { concat, fromHex, utf8 } from '../../src/base/bytes.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import {
  type Fields,
  MAX_SECONDS,
  MAX_SIGNED_BYTES,
  pack,
  unpack,
  VERSION,
} from '../../src/identity/signed.ts';
import { forAll } from '../mls/random.ts';
import { refusedCode } from './identity_players.ts';

const KEY = SigningKey.fromBytes(Uint8Array.from({ length: 32 }, (_, at) => at));
const SIGNATURE = new Uint8Array(64);

const readNote = (fields: Fields) => ({ text: fields.text(), number: fields.natural() });
const refused = (raw: Uint8Array): string => refusedCode(() => unpack(raw, 'note', readNote));
const enveloped = (payload: unknown, signature: unknown = SIGNATURE): Uint8Array =>
  encode([payload, signature]);
const payloadOf = (...fields: unknown[]): Uint8Array => encode(fields);
const raw = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', ''));

test('what was packed comes back with the signed bytes', () => {
  const packed = pack(KEY, 'note', [VERSION, 'guten Tag', 7]);
  const [unpacked, payload, signature] = unpack(packed, 'note', readNote);
  expect(unpacked).toEqual({ text: 'guten Tag', number: 7 });
  expect(payload).toEqual(payloadOf(1, 'guten Tag', 7));
  expect(signature).toEqual(KEY.sign('note', payload));
});

test('what comes back shares no memory with what came in', () => {
  const packed = encode([encode([VERSION, utf8('abc')]), SIGNATURE]);
  const [read, payload] = unpack(packed, 'note', (fields) => fields.bytes());
  packed.fill(0);
  expect(read).toEqual(utf8('abc'));
  expect(payload).toEqual(encode([VERSION, utf8('abc')]));
});

test('unknown versions are named as such whatever their fields', () => {
  expect(refused(enveloped(payloadOf(2, 'a', 7)))).toBe('unknown_version');
  expect(refused(enveloped(payloadOf(2, { other: [] })))).toBe('unknown_version');
  expect(refused(enveloped(payloadOf(0)))).toBe('unknown_version');
  expect(refused(enveloped(payloadOf(-1)))).toBe('unknown_version');
});

test.each<[string, Uint8Array]>([
  ['nothing', utf8('')],
  ['a reserved byte', raw('c1')],
  ['no fields', enveloped(payloadOf())],
  ['a version that is a text', enveloped(payloadOf('1', 'a', 7))],
  ['a version alone', enveloped(payloadOf(1))],
  ['a field too few', enveloped(payloadOf(1, 'a'))],
  ['a field too many', enveloped(payloadOf(1, 'a', 7, 8))],
  ['bytes for a text', enveloped(payloadOf(1, utf8('a'), 7))],
  ['a text for a number', enveloped(payloadOf(1, 'a', '7'))],
  ['a negative number', enveloped(payloadOf(1, 'a', -7))],
  ['a fraction', enveloped(payloadOf(1, 'a', 7.5))],
  ['no number', enveloped(payloadOf(1, 'a', null))],
  ['a payload of nothing', enveloped(utf8(''))],
  ['a text that is not UTF-8', enveloped(raw('93 01 a1 ff 07'))],
  ['a lone surrogate', enveloped(raw('93 01 a3 eda080 07'))],
  ['a payload that is a text', enveloped('text')],
  ['a short signature', enveloped(payloadOf(1, 'a', 7), new Uint8Array(63))],
  ['a long signature', enveloped(payloadOf(1, 'a', 7), new Uint8Array(65))],
  ['a signature that is a text', enveloped(payloadOf(1, 'a', 7), 's'.repeat(64))],
  ['no signature', encode([payloadOf(1, 'a', 7)])],
  ['an element more', encode([payloadOf(1, 'a', 7), SIGNATURE, utf8('more')])],
  ['a map', encode({ payload: utf8(''), signature: SIGNATURE })],
  ['a byte after the object', concat(enveloped(payloadOf(1, 'a', 7)), raw('00'))],
  ['a byte after the payload', enveloped(concat(payloadOf(1, 'a', 7), raw('00')))],
  ['a map as payload', enveloped(encode({ version: 1 }))],
])('%s is malformed', (_, object) => {
  expect(refused(object)).toBe('malformed');
});

test.each([
  ['an integer', '93 cc01 a161 07', [1, 'a', 7]],
  ['a float for an integer', '93 01 a161 cb401c000000000000', [1, 'a', 7]],
  ['a text', '93 01 d90161 07', [1, 'a', 7]],
  ['an array', 'dc0003 01 a161 07', [1, 'a', 7]],
])('a longer encoding of %s is malformed', (_, hex, value) => {
  expect(decode(raw(hex))).toEqual(value);
  expect(refused(enveloped(raw(hex)))).toBe('malformed');
});

test('a longer encoding of the object itself is malformed', () => {
  const short = enveloped(payloadOf(1, 'a', 7));
  const array16 = concat(raw('dc0002'), short.subarray(1));
  expect(decode(array16)).toEqual([payloadOf(1, 'a', 7), SIGNATURE]);
  expect(refused(array16)).toBe('malformed');
});

test('numbers go as far as JavaScript counts exactly', () => {
  const [note] = unpack(enveloped(payloadOf(1, 'a', MAX_SECONDS)), 'note', readNote);
  expect(note.number).toBe(2 ** 53 - 1);
  const more = raw('93 01 a161 cf0020000000000000');
  expect(decode(more)).toEqual([1, 'a', 2 ** 53]);
  expect(refused(enveloped(more))).toBe('malformed');
  expect(refused(enveloped(raw('93 01 a161 cfffffffffffffffff')))).toBe('malformed');
});

test('too large an object is not even decoded', () => {
  expect(refused(enveloped(payloadOf(1, 'a'.repeat(MAX_SIGNED_BYTES), 7)))).toBe('malformed');
});

test('lengths that promise more than there is end at once', () => {
  expect(refused(raw('dd ffffffff'))).toBe('malformed');
  expect(refused(enveloped(raw('dd ffffffff 01')))).toBe('malformed');
  expect(refused(raw('c6 ffffffff'))).toBe('malformed');
});

test('deep nesting is malformed, not a crash', () => {
  expect(refused(new Uint8Array(16_000).fill(0x91))).toBe('malformed');
  expect(refused(enveloped(new Uint8Array(15_000).fill(0x91)))).toBe('malformed');
});

test('elements of a list are arrays of their own, and nothing is left in them', () => {
  const readPairs = (fields: Fields) => fields.list((pair) => [pair.text(), pair.natural()]);
  const pairs = (value: unknown) => () => unpack(enveloped(payloadOf(1, value)), 'note', readPairs);
  expect(
    pairs([
      ['a', 1],
      ['b', 2],
    ])()[0],
  ).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  for (const wrong of [5, 'ab', ['a', 1], [['a']], [['a', 1, 2]], [[1, 'a']], { a: 1 }]) {
    expect(refusedCode(pairs(wrong))).toBe('malformed');
  }
});

test('random bytes and random payloads raise nothing but the room’s error', () => {
  forAll(1_000, (chance) => {
    expect(refused(chance.bytes(200))).not.toBe('');
    expect(refused(enveloped(chance.bytes(100)))).not.toBe('');
  });
});
