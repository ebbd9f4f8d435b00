/** Extensions: order and bytes are kept, no type twice. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { CodecError, parseWhole, Reader, vector } from '../../src/mls/codec.ts';
import { Credential } from '../../src/mls/credential.ts';
import * as extension from '../../src/mls/extension.ts';
import {
  encodeExtensions,
  Extension,
  externalSenders,
  ExternalSender,
  findExtension,
  isGrease,
  readExtensions,
  RequiredCapabilities,
  requiredCapabilities,
} from '../../src/mls/extension.ts';
import { forAll } from './random.ts';

test('lists come back', () => {
  forAll(200, (chance) => {
    const types = new Set(chance.list(8, () => chance.integer(0, 65535)));
    const items = [...types].map((type) => new Extension(type, chance.bytes(50)));
    const raw = encodeExtensions(items);
    expect(parseWhole(readExtensions, raw)).toEqual(items);
    expect(raw).toEqual(vector(items.map((item) => item.toBytes())));
    for (const item of items) {
      expect(findExtension(items, item.type)).toEqual(item.body);
      expect(Extension.fromBytes(item.toBytes()).equals(item)).toBe(true);
    }
  });
});

test('an absent extension is not found', () => {
  expect(findExtension([new Extension(9, utf8('x'))], 8)).toBeUndefined();
});

test('a type may stand once', () => {
  const raw = encodeExtensions([new Extension(9, utf8('x')), new Extension(9, utf8('y'))]);
  expect(() => parseWhole(readExtensions, raw)).toThrow(/twice/);
});

test('a list has a limit', () => {
  const raw = encodeExtensions([new Extension(9, utf8('xyz'))]);
  expect(() => parseWhole((reader) => readExtensions(reader, 5), raw)).toThrow(/at most 5/);
});

test('required capabilities come back', () => {
  forAll(100, (chance) => {
    const list = (): number[] => chance.list(20, () => chance.integer(0, 65535));
    const needed = new RequiredCapabilities(list(), list(), list());
    expect(RequiredCapabilities.fromBytes(needed.toBytes())).toEqual(needed);
    expect(requiredCapabilities([needed.toExtension()])).toEqual(needed);
  });
});

test('nothing is required without the extension', () => {
  expect(requiredCapabilities([])).toEqual(new RequiredCapabilities());
});

test('external senders come back', () => {
  const senders = [
    new ExternalSender(new Uint8Array(32).fill(1), Credential.basic(utf8('server'))),
    new ExternalSender(new Uint8Array(32).fill(2), Credential.basic(utf8('other'))),
  ] as const;
  const body = vector(senders.map((sender) => sender.toBytes()));
  expect(externalSenders([new Extension(extension.EXTERNAL_SENDERS, body)])).toEqual(senders);
  expect(externalSenders([])).toEqual([]);
  expect(ExternalSender.fromBytes(senders[0].toBytes()).equals(senders[0])).toBe(true);
  expect(senders[0].equals(senders[1])).toBe(false);
});

test('GREASE is the list of the RFC', () => {
  const listed = Array.from({ length: 15 }, (_, step) => 0x0a0a + step * 0x1010);
  const all = Array.from({ length: 65536 }, (_, number) => number);
  expect(all.filter(isGrease)).toEqual(listed);
});

test('random bytes throw nothing but codec errors', () => {
  const reads = [
    readExtensions,
    (reader: Reader) => RequiredCapabilities.read(reader),
    (reader: Reader) => ExternalSender.read(reader),
    (reader: Reader) => Extension.read(reader),
  ];
  forAll(500, (chance) => {
    const raw = chance.bytes(100);
    for (const read of reads) {
      try {
        read(new Reader(raw));
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
      }
    }
  });
});
