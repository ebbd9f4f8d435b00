/** Suite 3 stands apart until somebody registers it, and then seals as RFC 8439 does. */

import { createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';

import { concat } from '../../src/base/bytes.ts';
import { registerChaCha } from '../../src/mls/chacha.ts';
import { UnsupportedSuite } from '../../src/mls/errors.ts';
import { MLS_128_X25519_CHACHA, suite, SUITES } from '../../src/mls/suite.ts';

test('it is unknown before, one instance afterwards, and seals as OpenSSL does', () => {
  expect(() => suite(MLS_128_X25519_CHACHA)).toThrow(UnsupportedSuite);
  registerChaCha();
  const crypto = suite(MLS_128_X25519_CHACHA);
  expect(SUITES.get(MLS_128_X25519_CHACHA)).toBe(crypto);
  expect([crypto.keyLength, crypto.nonceLength, crypto.hashLength]).toEqual([32, 12, 32]);
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12).fill(2);
  const aad = Uint8Array.of(3);
  const plaintext = new Uint8Array(100).fill(4);
  const theirs = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  theirs.setAAD(aad, { plaintextLength: plaintext.length });
  const sealed = concat(theirs.update(plaintext), theirs.final(), theirs.getAuthTag());
  expect(crypto.aeadSeal(key, nonce, aad, plaintext)).toEqual(new Uint8Array(sealed));
  expect(crypto.aeadOpen(key, nonce, aad, sealed)).toEqual(plaintext);
});
