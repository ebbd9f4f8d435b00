/** Suite 2 stands apart until somebody registers it; its keys and signatures are the usual ones. */

import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';

import { concat, fromHex, utf8 } from '../../src/base/bytes.ts';
import { KeyRefused, UnsupportedSuite } from '../../src/mls/errors.ts';
import { EcdsaP256, P256Kem, registerP256 } from '../../src/mls/p256.ts';
import { MLS_128_P256_AES128, suite } from '../../src/mls/suite.ts';

/** SubjectPublicKeyInfo of a P-256 key, up to the point (RFC 5480). */
const SPKI = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200');

test('it is unknown before and one instance afterwards', () => {
  expect(() => suite(MLS_128_P256_AES128)).toThrow(UnsupportedSuite);
  registerP256();
  expect(suite(MLS_128_P256_AES128)).toBe(suite(MLS_128_P256_AES128));
});

test('OpenSSL verifies our signatures', () => {
  const scheme = new EcdsaP256();
  const [privateKey, publicKey] = scheme.generate();
  const signature = scheme.sign(privateKey, utf8('hello'));
  const key = createPublicKey({
    key: Buffer.from(concat(SPKI, publicKey)),
    format: 'der',
    type: 'spki',
  });
  expect(verify('sha256', utf8('hello'), key, signature)).toBe(true);
  expect(scheme.verify(publicKey, utf8('hello'), signature)).toBe(true);
  expect(scheme.verify(publicKey, utf8('hullo'), signature)).toBe(false);
});

test('points off the curve and scalars outside the group are no keys', () => {
  const [, publicKey] = new P256Kem().generate();
  const off = publicKey.slice();
  off[64] = (off[64] ?? 0) ^ 1;
  expect(() => {
    new P256Kem().checkPublic(off);
  }).toThrow(KeyRefused);
  expect(() => {
    new P256Kem().checkPrivate(new Uint8Array(32));
  }).toThrow(KeyRefused);
});
