/** LeafNode: its bytes are kept, its signature binds it to its place. */

import { describe, expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { CodecError, opaque, Reader } from '../../src/mls/codec.ts';
import { Credential } from '../../src/mls/credential.ts';
import { SignatureRefused } from '../../src/mls/errors.ts';
import { APPLICATION_ID, Extension } from '../../src/mls/extension.ts';
import {
  Capabilities,
  keyName,
  LeafBinding,
  LeafNode,
  Lifetime,
  SOURCE_COMMIT,
  SOURCE_KEY_PACKAGE,
  SOURCE_UPDATE,
} from '../../src/mls/leaf_node.ts';
import { signatureRefused } from '../../src/mls/signature_checks.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { able, around, CRYPTO, Device, GROUP_ID, settled } from './tree_players.ts';

const HERE = new LeafBinding(GROUP_ID, 3);
const ANN = Device.make('ann');

function verify(leaf: LeafNode, binding: LeafBinding | undefined, crypto: Suite = CRYPTO): void {
  settled((checks) => {
    leaf.verifySignature(crypto, checks, binding, signatureRefused);
  });
}

test('capabilities come back', () => {
  forAll(100, (chance) => {
    const list = (): number[] => chance.list(10, () => chance.integer(0, 65535));
    const ableTo = new Capabilities(list(), list(), list(), list(), list());
    expect(Capabilities.fromBytes(ableTo.toBytes())).toEqual(ableTo);
    expect(Capabilities.fromBytes(ableTo.toBytes()).equals(ableTo)).toBe(true);
    expect(ableTo.equals(able(CRYPTO))).toBe(false);
  });
});

test('capabilities are parsed once', () => {
  const raw = able(CRYPTO).toBytes();
  expect(Capabilities.fromBytes(raw)).toBe(Capabilities.fromBytes(raw.slice()));
});

test('defaults need no listing', () => {
  const nothing = new Capabilities([1], [1]);
  expect(nothing.supportsExtension(APPLICATION_ID)).toBe(true);
  expect(nothing.supportsProposal(7)).toBe(true);
  expect(nothing.supportsExtension(0xf001)).toBe(false);
  expect(nothing.supportsProposal(8)).toBe(false);
  const listed = new Capabilities([1], [1], [0xf001], [8]);
  expect(listed.supportsExtension(0xf001)).toBe(true);
  expect(listed.supportsProposal(8)).toBe(true);
});

test('a lifetime comes back', () => {
  const lifetime = new Lifetime(0n, 2n ** 64n - 1n);
  expect(Lifetime.fromBytes(lifetime.toBytes())).toEqual(lifetime);
});

test.each(ALL_SUITES)("a key package's leaf is valid anywhere, suite %i", (number) => {
  const crypto = suite(number);
  const leaf = Device.make('ann', crypto).leaf();
  expect(leaf.source).toBe(SOURCE_KEY_PACKAGE);
  verify(leaf, undefined, crypto);
  verify(leaf, HERE, crypto);
});

describe('other leaves are bound to their place', () => {
  test.each([
    ['an update', undefined, SOURCE_UPDATE],
    ['a commit below the root', new Uint8Array(0), SOURCE_COMMIT],
    ['a commit', utf8('h'), SOURCE_COMMIT],
  ])('%s', (_, parentHash, source) => {
    const content = ANN.content({ lifetime: undefined, parentHash });
    const leaf = content.sign(CRYPTO, ANN.signer, HERE);
    expect(leaf.source).toBe(source);
    expect(leaf.parentHash).toEqual(parentHash ?? new Uint8Array(0));
    verify(leaf, HERE);
    for (const elsewhere of [
      new LeafBinding(GROUP_ID, 4),
      new LeafBinding(utf8('other'), 3),
      undefined,
    ]) {
      expect(() => {
        verify(leaf, elsewhere);
      }).toThrow(SignatureRefused);
    }
  });
});

test('the content gives back what was chosen', () => {
  const chosen = ANN.content({ extensions: [new Extension(APPLICATION_ID, utf8('app'))] });
  expect(chosen.sign(CRYPTO, ANN.signer).content()).toEqual(chosen);
  const bound = chosen.with({ lifetime: undefined, parentHash: utf8('hash') });
  expect(bound.sign(CRYPTO, ANN.signer, HERE).content()).toEqual(bound);
  expect(bound.lifetime).toBeUndefined();
  expect(chosen.lifetime).toBeDefined();
});

test('the encoding is kept', () => {
  const leaf = ANN.leaf({ extensions: [new Extension(APPLICATION_ID, utf8('app'))] });
  const again = LeafNode.fromBytes(leaf.toBytes());
  expect(again.equals(leaf)).toBe(true);
  expect(again.toBytes()).toEqual(leaf.toBytes());
  expect(leaf.encoded).toEqual(concat(leaf.unsigned, opaque(leaf.signature)));
  expect(leaf.equals(Device.make('ann').leaf())).toBe(false);
  expect(leaf.equals('a leaf')).toBe(false);
  expect(again.lifetime).toEqual(around(-3600, 86_400));
});

test('a leaf shares no memory with what it was read from', () => {
  const raw = ANN.leaf().toBytes().slice();
  const leaf = LeafNode.fromBytes(raw);
  raw.fill(0);
  verify(leaf, undefined);
  expect(leaf.equals(ANN.leaf())).toBe(true);
});

test('the name of a key is made once and tells keys apart', () => {
  const [leaf, other] = [ANN.leaf(), Device.make('ben').leaf()];
  expect(leaf.encryptionKeyName).toBe(keyName(ANN.encryptionKey));
  expect(leaf.encryptionKeyName).toBe(ANN.leaf().encryptionKeyName);
  expect(leaf.encryptionKeyName).not.toBe(other.encryptionKeyName);
});

test('reading stops behind the leaf', () => {
  const reader = new Reader(concat(ANN.leaf().toBytes(), utf8('next')));
  expect(LeafNode.read(reader).credential).toEqual(Credential.basic(utf8('ann')));
  expect(reader.remaining).toBe(4);
});

test('unknown numbers pass through', () => {
  const greasy = able(CRYPTO, {
    versions: [1, 0x0a0a],
    extensions: [0x1a1a],
    credentials: [1, 0x2a2a],
  });
  const leaf = ANN.leaf({ capabilities: greasy });
  expect(LeafNode.fromBytes(leaf.toBytes()).capabilities).toEqual(greasy);
});

test.each([0, 4, 255])('%i is no source', (source) => {
  const leaf = ANN.content({ lifetime: undefined }).sign(CRYPTO, ANN.signer, HERE);
  const raw = leaf.encoded.slice();
  raw[leaf.unsigned.length - 2] = source;
  expect(() => LeafNode.fromBytes(raw)).toThrow(/source/);
  expect(() => LeafNode.fromBytes(raw)).toThrow(CodecError);
});

test('a changed byte is noticed', () => {
  forAll(150, (chance) => {
    const raw = ANN.leaf().toBytes().slice();
    const position = chance.integer(0, raw.length - 1);
    raw[position] = (raw[position] ?? 0) ^ chance.integer(1, 255);
    let leaf: LeafNode;
    try {
      leaf = LeafNode.fromBytes(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      return;
    }
    expect(() => {
      verify(leaf, undefined);
    }).toThrow(SignatureRefused);
  });
});

test('random bytes throw nothing but codec errors', () => {
  forAll(300, (chance) => {
    const raw = chance.bytes(300);
    for (const kind of [LeafNode, Capabilities, Lifetime]) {
      let parsed: { toBytes(): Uint8Array };
      try {
        parsed = kind.fromBytes(raw);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
        continue;
      }
      expect(parsed.toBytes()).toEqual(raw);
    }
  });
});

test('every truncation is a codec error', () => {
  const raw = ANN.leaf().toBytes();
  for (let end = 0; end < raw.length; end += 1) {
    expect(() => LeafNode.fromBytes(raw.subarray(0, end))).toThrow(CodecError);
  }
});

test('giant keys are refused', () => {
  const raw = concat(opaque(new Uint8Array(5000)), new Uint8Array(1000));
  expect(() => LeafNode.fromBytes(raw)).toThrow(/at most/);
});
