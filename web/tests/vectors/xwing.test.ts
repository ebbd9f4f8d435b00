/**
 * X-Wing with HPKE against another implementation (hpke-js 1.9.0 with its X-Wing module 0.7.0):
 * derived keys, a sealed message and an exported secret that it made.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { MLS_256_XWING, suite } from '../../src/mls/suite.ts';

interface Case {
  readonly ikm: string;
  readonly private: string;
  readonly public: string;
  readonly label: string;
  readonly context: string;
  readonly kem_output: string;
  readonly ciphertext: string;
  readonly external_init: { kem_output: string; init_secret: string };
}

const CRYPTO = suite(MLS_256_XWING);
const FILE = join(import.meta.dirname, '..', '..', '..', 'tests', 'vectors', 'xwing_hpke.json');
const CASE = JSON.parse(readFileSync(FILE, 'utf8')) as Case;
const PRIVATE = fromHex(CASE.private);

test('keys derive alike', () => {
  const [privateKey, publicKey] = CRYPTO.kemDeriveKeyPair(fromHex(CASE.ikm));
  expect(toHex(privateKey)).toBe(CASE.private);
  expect(toHex(publicKey)).toBe(CASE.public);
});

test('their ciphertext opens', () => {
  const opened = CRYPTO.decryptWithLabel(
    PRIVATE,
    CASE.label,
    fromHex(CASE.context),
    fromHex(CASE.kem_output),
    fromHex(CASE.ciphertext),
  );
  expect(opened).toEqual(utf8('from another implementation'));
});

test('their external init gives the same secret', () => {
  const secret = CRYPTO.exportReceive(PRIVATE, fromHex(CASE.external_init.kem_output));
  expect(toHex(secret)).toBe(CASE.external_init.init_secret);
});
