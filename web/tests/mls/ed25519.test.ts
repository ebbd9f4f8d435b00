/** Ed25519 signs as the library does, and verifies as OpenSSL does. */

import { createPublicKey, verify as verifyThere } from 'node:crypto';

import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';

import { concat, fromHex } from '../../src/base/bytes.ts';
import { Ed25519 } from '../../src/mls/ed25519.ts';
import { KeyRefused } from '../../src/mls/errors.ts';
import { littleEndian32 } from '../../src/mls/little_endian.ts';
import { Point } from '../../src/mls/primitives.ts';
import { forAll } from './random.ts';

const { BASE, Fn } = ed25519.Point;
const ORDER_EIGHT = ed25519.Point.fromHex(ED25519_TORSION_SUBGROUP[3]!);

function openssl(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({
    key: Buffer.from(concat(fromHex('302a300506032b6570032100'), publicKey)),
    format: 'der',
    type: 'spki',
  });
  return verifyThere(null, message, key, signature);
}

const scalarOf = (...parts: Uint8Array[]): bigint =>
  Fn.create(bytesToNumberLE(sha512(concat(...parts))));

test('signatures are those of the library', () => {
  const scheme = new Ed25519();
  forAll(40, (chance) => {
    const privateKey = chance.bytes(32, 32);
    for (let turn = 0; turn < 3; turn += 1) {
      const message = chance.bytes(400);
      expect(scheme.sign(privateKey, message)).toEqual(ed25519.sign(message, privateKey));
    }
    expect(scheme.publicOf(privateKey)).toEqual(ed25519.getPublicKey(privateKey));
  });
});

test('a key overwritten in its place signs with its own public key', () => {
  const scheme = new Ed25519();
  const message = Uint8Array.of(1, 2, 3);
  const key = new Uint8Array(32).fill(1);
  scheme.sign(key, message);
  key.fill(2);
  expect(scheme.sign(key, message)).toEqual(ed25519.sign(message, new Uint8Array(32).fill(2)));
});

test('signing leaves key and message as they are', () => {
  const key = new Uint8Array(32).fill(1);
  const message = new Uint8Array(50).fill(2);
  new Ed25519().sign(key, message);
  expect(key).toEqual(new Uint8Array(32).fill(1));
  expect(message).toEqual(new Uint8Array(50).fill(2));
});

test('altered signatures, messages and keys: the answer is that of OpenSSL', () => {
  const scheme = new Ed25519();
  forAll(60, (chance) => {
    const privateKey = chance.bytes(32, 32);
    const parts = [scheme.publicOf(privateKey), chance.bytes(100, 1), new Uint8Array(0)] as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    parts[2] = scheme.sign(privateKey, parts[1]);
    expect(scheme.verify(...parts)).toBe(true);
    const changed = chance.pick(parts);
    changed[chance.integer(0, changed.length - 1)]! ^= 1 << chance.integer(0, 7);
    expect(scheme.verify(...parts)).toBe(false);
    expect(openssl(...parts)).toBe(false);
  });
});

test('a signature has one form: lengths and a scalar above the order are refused', () => {
  const scheme = new Ed25519();
  const [privateKey, publicKey] = scheme.generate();
  const message = Uint8Array.of(1);
  const signature = scheme.sign(privateKey, message);
  const scalar = bytesToNumberLE(signature.slice(32)) + Fn.ORDER;
  const higher = signature.slice();
  for (let at = 0; at < 32; at += 1) {
    higher[32 + at] = Number((scalar >> BigInt(8 * at)) & 0xffn);
  }
  for (const wrong of [signature.slice(1), concat(signature, Uint8Array.of(0)), higher]) {
    expect(scheme.verify(publicKey, message, wrong)).toBe(false);
  }
});

test('a signature with a part of low order is refused, as OpenSSL does', () => {
  const scheme = new Ed25519();
  forAll(10, (chance) => {
    const message = chance.bytes(50);
    const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(chance.bytes(32, 32));
    const nonce = Fn.create(bytesToNumberLE(chance.bytes(32, 32)));
    const point = BASE.multiply(nonce).add(ORDER_EIGHT).toBytes();
    const challenge = scalarOf(point, pointBytes, message);
    const signature = concat(point, Fn.toBytes(Fn.create(nonce + challenge * scalar)));
    expect(ed25519.verify(signature, message, pointBytes)).toBe(true);
    expect(openssl(pointBytes, message, signature)).toBe(false);
    expect(scheme.verify(pointBytes, message, signature)).toBe(false);
  });
});

test('a key with a part of low order: the answer is that of OpenSSL', () => {
  const scheme = new Ed25519();
  const answers = new Set<boolean>();
  forAll(60, (chance) => {
    const message = chance.bytes(50);
    const { scalar, point: signer } = ed25519.utils.getExtendedPublicKey(chance.bytes(32, 32));
    const publicKey = signer.add(ORDER_EIGHT).toBytes();
    const nonce = Fn.create(bytesToNumberLE(chance.bytes(32, 32)));
    const point = BASE.multiply(nonce).toBytes();
    const challenge = scalarOf(point, publicKey, message);
    const signature = concat(point, Fn.toBytes(Fn.create(nonce + challenge * scalar)));
    const answer = scheme.verify(publicKey, message, signature);
    expect(answer).toBe(openssl(publicKey, message, signature));
    answers.add(answer);
  });
  expect(answers.has(false)).toBe(true);
});

test('keys of low order are refused in every encoding', () => {
  const encodings = ED25519_TORSION_SUBGROUP.map(fromHex);
  for (const first of ['ed', 'ee']) {
    encodings.push(fromHex(first + 'ff'.repeat(30) + '7f'));
  }
  for (const raw of encodings) {
    for (const sign of [0, 0x80]) {
      const key = raw.slice();
      key[31] = (key[31]! & 0x7f) | sign;
      expect(() => {
        new Ed25519().checkPublic(key);
      }).toThrow(KeyRefused);
    }
  }
  forAll(20, (chance) => {
    new Ed25519().checkPublic(ed25519.getPublicKey(chance.bytes(32, 32)));
  });
});

test('bytes that are no point verify nothing', () => {
  const scheme = new Ed25519();
  const key = new Uint8Array(32).fill(0xff);
  scheme.checkPublic(key);
  expect(scheme.verify(key, new Uint8Array(0), new Uint8Array(64))).toBe(false);
});

test('points are read as strictly as by the audited library', () => {
  const prime = 2n ** 255n - 19n;
  const edges = [0n, 1n, 2n, prime - 2n, prime - 1n, prime, prime + 1n, prime + 2n, prime + 18n];
  const read = (parse: () => { toBytes(): Uint8Array }): Uint8Array | undefined => {
    try {
      return parse().toBytes();
    } catch {
      return undefined;
    }
  };
  const same = (raw: Uint8Array): boolean => {
    const here = read(() => Point.fromBytes(raw));
    expect(here).toEqual(read(() => ed25519.Point.fromBytes(raw)));
    return here !== undefined;
  };
  for (const raw of edges.map(littleEndian32)) {
    same(raw);
    raw[31] = raw[31]! | 0x80;
    same(raw);
  }
  const answers = new Set<boolean>();
  forAll(60, (chance) => answers.add(same(chance.bytes(32, 32))));
  expect(answers.size).toBe(2);
});
