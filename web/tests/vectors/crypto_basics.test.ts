/** RFC 9420's official vectors: the crypto functions of each supported cipher suite. */

import { describe, expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { SignatureChecks, signatureRefused } from '../../src/mls/signature_checks.ts';
import { suite, SUITES } from '../../src/mls/suite.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

interface Case {
  readonly cipher_suite: number;
  readonly ref_hash: { label: string; value: string; out: string };
  readonly expand_with_label: {
    secret: string;
    label: string;
    context: string;
    length: number;
    out: string;
  };
  readonly derive_secret: { secret: string; label: string; out: string };
  readonly derive_tree_secret: {
    secret: string;
    label: string;
    generation: number;
    length: number;
    out: string;
  };
  readonly sign_with_label: {
    priv: string;
    pub: string;
    label: string;
    content: string;
    signature: string;
  };
  readonly encrypt_with_label: {
    priv: string;
    pub: string;
    label: string;
    context: string;
    plaintext: string;
    kem_output: string;
    ciphertext: string;
  };
}

const CASES = vectors<Case>('crypto-basics').filter((item) =>
  VECTOR_SUITES.includes(item.cipher_suite),
);

test('the suites of the registry are covered', () => {
  const known = [...SUITES.keys()].filter((id) => id < 0xf000);
  expect(CASES.map((item) => item.cipher_suite).sort()).toEqual(known.sort());
});

describe.each(CASES)('suite $cipher_suite', (item) => {
  const crypto = suite(item.cipher_suite);

  test('RefHash', () => {
    const { label, value, out } = item.ref_hash;
    expect(toHex(crypto.refHash(label, fromHex(value)))).toBe(out);
  });

  test('ExpandWithLabel', () => {
    const { secret, label, context, length, out } = item.expand_with_label;
    const expanded = crypto.expandWithLabel(fromHex(secret), label, fromHex(context), length);
    expect(toHex(expanded)).toBe(out);
  });

  test('DeriveSecret', () => {
    const { secret, label, out } = item.derive_secret;
    expect(toHex(crypto.deriveSecret(fromHex(secret), label))).toBe(out);
  });

  test('DeriveTreeSecret', () => {
    const { secret, label, generation, length, out } = item.derive_tree_secret;
    const derived = crypto.deriveTreeSecret(fromHex(secret), label, generation, length);
    expect(toHex(derived)).toBe(out);
  });

  test('SignWithLabel', () => {
    const { priv, pub, label, content, signature } = item.sign_with_label;
    const said = fromHex(content);
    const ours = crypto.signWithLabel(fromHex(priv), label, said);
    expect(toHex(crypto.signaturePublicOf(fromHex(priv)))).toBe(pub);
    const checks = new SignatureChecks();
    for (const signed of [fromHex(signature), ours]) {
      crypto.verifyWithLabel(checks, fromHex(pub), label, said, signed, signatureRefused);
    }
    checks.settleNow();
    expect(checks.count).toBe(2);
  });

  test('EncryptWithLabel', () => {
    const { priv, pub, label, context, plaintext, kem_output, ciphertext } =
      item.encrypt_with_label;
    const about = fromHex(context);
    const open = (kemOutput: Uint8Array, sealed: Uint8Array): string =>
      toHex(crypto.decryptWithLabel(fromHex(priv), label, about, kemOutput, sealed));
    expect(open(fromHex(kem_output), fromHex(ciphertext))).toBe(plaintext);
    const ours = crypto.encryptWithLabel(fromHex(pub), label, about, fromHex(plaintext));
    expect(open(...ours)).toBe(plaintext);
  });
});
