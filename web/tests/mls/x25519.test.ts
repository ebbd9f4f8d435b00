/** X25519: the numbers of RFC 7748, and agreement with two other implementations. */

import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';

import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';

import { concat, fromHex } from '../../src/base/bytes.ts';
import { KeyRefused } from '../../src/mls/errors.ts';
import { X25519_LOW_ORDER } from '../../src/mls/kem.ts';
import { littleEndian32, readLittleEndian } from '../../src/mls/little_endian.ts';
import { clamp, x25519PublicOf, x25519Shared } from '../../src/mls/x25519.ts';
import { forAll } from './random.ts';

const PRIME = 2n ** 255n - 19n;
const BASE = littleEndian32(9n);

function openssl(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const mine = createPrivateKey({
    key: Buffer.from(concat(fromHex('302e020100300506032b656e04220420'), privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  const theirs = createPublicKey({
    key: Buffer.from(concat(fromHex('302a300506032b656e032100'), publicKey)),
    format: 'der',
    type: 'spki',
  });
  return new Uint8Array(diffieHellman({ privateKey: mine, publicKey: theirs }));
}

describe('RFC 7748 section 5.2', () => {
  test.each([
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ])('%s', (scalar, point, shared) => {
    expect(x25519Shared(fromHex(scalar), fromHex(point))).toEqual(fromHex(shared));
  });

  test('a thousand times in a row', { timeout: 60_000 }, () => {
    let [scalar, point] = [BASE, BASE];
    for (let turn = 1; turn <= 1_000; turn += 1) {
      [scalar, point] = [x25519Shared(scalar, point), scalar];
      if (turn === 1) {
        expect(scalar).toEqual(
          fromHex('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079'),
        );
      }
    }
    expect(scalar).toEqual(
      fromHex('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51'),
    );
  });
});

test('shared secrets are those of the audited library and of OpenSSL, on the twist too', () => {
  forAll(60, (chance) => {
    const [privateKey, point] = [chance.bytes(32, 32), chance.bytes(32, 32)];
    const shared = x25519Shared(privateKey, point);
    expect(shared).toEqual(x25519.getSharedSecret(privateKey, point));
    expect(shared).toEqual(openssl(privateKey, point));
  });
});

test('public keys are those of the library, and what the ladder makes of the base point', () => {
  forAll(60, (chance) => {
    const privateKey = chance.bytes(32, 32);
    const publicKey = x25519PublicOf(privateKey);
    expect(publicKey).toEqual(x25519.getPublicKey(privateKey));
    expect(publicKey).toEqual(x25519Shared(privateKey, BASE));
  });
});

test.each([
  ['all bits clear', new Uint8Array(32)],
  ['all bits set', new Uint8Array(32).fill(0xff)],
  ['the order of the base point', littleEndian32(2n ** 252n + 0x14def9dea2f79cd65812631a5cf5d3edn)],
])('a private key with %s', (_, privateKey) => {
  expect(x25519PublicOf(privateKey)).toEqual(x25519.getPublicKey(privateKey));
  expect(x25519Shared(privateKey, BASE)).toEqual(x25519.getPublicKey(privateKey));
});

test('a public key above the prime and its highest bit count as RFC 7748 says', () => {
  const privateKey = new Uint8Array(32).fill(5);
  for (const above of [2n, 9n, 18n]) {
    const reduced = x25519Shared(privateKey, littleEndian32(above));
    expect(x25519Shared(privateKey, littleEndian32(PRIME + above))).toEqual(reduced);
    expect(x25519Shared(privateKey, littleEndian32(2n ** 255n + above))).toEqual(reduced);
  }
});

test('both sides come to the same secret', () => {
  forAll(20, (chance) => {
    const [one, other] = [chance.bytes(32, 32), chance.bytes(32, 32)];
    expect(x25519Shared(one, x25519PublicOf(other))).toEqual(
      x25519Shared(other, x25519PublicOf(one)),
    );
  });
});

test('points of low order are refused', () => {
  for (const encoding of X25519_LOW_ORDER) {
    const point = fromHex(encoding);
    for (const high of [0, 0x80]) {
      const raw = point.slice();
      raw[31] = raw[31]! | high;
      forAll(3, (chance) => {
        expect(() => x25519Shared(chance.bytes(32, 32), raw)).toThrow(KeyRefused);
      });
    }
  }
});

test('keys stay as they are', () => {
  const [privateKey, point] = [new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(0xfe)];
  x25519PublicOf(privateKey);
  x25519Shared(privateKey, point);
  expect(privateKey).toEqual(new Uint8Array(32).fill(0xff));
  expect(point).toEqual(new Uint8Array(32).fill(0xfe));
});

test('clamped keys are multiples of eight between 2^254 and 2^255', () => {
  forAll(50, (chance) => {
    const number = readLittleEndian(clamp(chance.bytes(32, 32)));
    expect(number % 8n).toBe(0n);
    expect(number >> 254n).toBe(1n);
  });
});
