/** Cipher suites: what is sealed opens, and nothing else does. */

import { createHash, createHmac, hkdfSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { concat, toHex, utf8 } from '../../src/base/bytes.ts';
import { u32 } from '../../src/mls/codec.ts';
import {
  DecryptionFailed,
  KeyRefused,
  SignatureRefused,
  UnsupportedSuite,
} from '../../src/mls/errors.ts';
import { signatureRefused, SignatureChecks } from '../../src/mls/signature_checks.ts';
import { MLS_256_XWING, registerSuite, type Suite, suite, SUITES } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';

const EMPTY = new Uint8Array(0);

/** The last byte differs. */
function altered(raw: Uint8Array): Uint8Array {
  const other = raw.slice();
  other[other.length - 1]! ^= 1;
  return other;
}

const digestOf = (crypto: Suite): string => (crypto.hashLength === 64 ? 'sha512' : 'sha256');

test.each([0, 4, 83, 0x0a0a, 0xffff])('the suite %i is unknown', (id) => {
  expect(() => suite(id)).toThrow(UnsupportedSuite);
  expect(() => suite(id)).toThrow(/0xf00d/);
});

test('the post-quantum suite', () => {
  const crypto = suite(MLS_256_XWING);
  expect([crypto.hashLength, crypto.keyLength, crypto.nonceLength]).toEqual([64, 32, 12]);
  expect(toHex(crypto.hash(utf8('x')))).toBe(createHash('sha512').update('x').digest('hex'));
});

test('a suite that is known stays', () => {
  const known = suite(1);
  registerSuite(Object.create(known) as Suite);
  expect(suite(1)).toBe(known);
  expect(SUITES.get(1)).toBe(known);
});

describe.each(ALL_SUITES)('suite %i', (id) => {
  const crypto = suite(id);

  test('expand is HKDF', () => {
    // HKDF with an extracted secret of our making: expand is its second half.
    forAll(50, (chance) => {
      const length = chance.integer(1, 300);
      const ikm = chance.bytes(64, 1);
      const secret = crypto.extract(utf8('salt'), ikm);
      const theirs = hkdfSync(digestOf(crypto), ikm, 'salt', 'info', length);
      expect(crypto.expand(secret, utf8('info'), length)).toEqual(new Uint8Array(theirs));
    });
    expect(() => crypto.expand(EMPTY, EMPTY, 255 * crypto.hashLength + 1)).toThrow(RangeError);
  });

  test('mac and extract are HMAC', () => {
    const hmac = (key: string, content: string): Uint8Array =>
      new Uint8Array(createHmac(digestOf(crypto), key).update(content).digest());
    expect(crypto.mac(utf8('key'), utf8('content'))).toEqual(hmac('key', 'content'));
    expect(crypto.extract(utf8('salt'), utf8('ikm'))).toEqual(hmac('salt', 'ikm'));
    const check = (tag: Uint8Array): boolean => crypto.checkMac(utf8('key'), utf8('content'), tag);
    expect(check(hmac('key', 'content'))).toBe(true);
    expect(check(hmac('key', 'other'))).toBe(false);
    expect(check(EMPTY)).toBe(false);
  });

  test('labels separate', () => {
    const secret = new Uint8Array(crypto.hashLength);
    const derived = ['path', 'node', 'init'].map((label) =>
      toHex(crypto.deriveSecret(secret, label)),
    );
    expect(new Set(derived).size).toBe(3);
    const expanded = crypto.expandWithLabel(secret, 'path', EMPTY, crypto.hashLength);
    expect(toHex(expanded)).toBe(derived[0]);
    expect(crypto.deriveTreeSecret(secret, 'key', 1, 16)).toEqual(
      crypto.expandWithLabel(secret, 'key', u32(1), 16),
    );
    expect(crypto.refHash('one', utf8('x'))).not.toEqual(crypto.refHash('two', utf8('x')));
  });

  test('more labels than are remembered give the same secrets', () => {
    const secret = new Uint8Array(crypto.hashLength);
    const derive = (): string[] =>
      Array.from({ length: 300 }, (_, index) => toHex(crypto.deriveSecret(secret, String(index))));
    const first = derive();
    expect(new Set(first).size).toBe(300);
    expect(derive()).toEqual(first);
  });

  test('signatures verify for what was signed and nothing else', () => {
    const [privateKey, publicKey] = crypto.signatureGenerate();
    expect(crypto.signaturePublicOf(privateKey)).toEqual(publicKey);
    const content = utf8('content');
    const signature = crypto.signWithLabel(privateKey, 'LeafNodeTBS', content);
    const verify = (key: Uint8Array, label: string, said: Uint8Array, by: Uint8Array) => () => {
      const checks = new SignatureChecks();
      crypto.verifyWithLabel(checks, key, label, said, by, signatureRefused);
      checks.settleNow();
    };
    verify(publicKey, 'LeafNodeTBS', content, signature)();
    const stranger = crypto.signatureGenerate()[1];
    for (const wrong of [
      verify(publicKey, 'KeyPackageTBS', content, signature),
      verify(publicKey, 'LeafNodeTBS', utf8('c0ntent'), signature),
      verify(publicKey, 'LeafNodeTBS', content, altered(signature)),
      verify(publicKey, 'LeafNodeTBS', content, EMPTY),
      verify(stranger, 'LeafNodeTBS', content, signature),
    ]) {
      expect(wrong).toThrow(SignatureRefused);
    }
  });

  test.each([0, 31, 66])('a signature key of %i bytes is malformed', (length) => {
    const bad = new Uint8Array(length).fill(1);
    const checks = new SignatureChecks();
    expect(() => {
      crypto.verifyWithLabel(checks, bad, 'x', EMPTY, new Uint8Array(64), signatureRefused);
    }).toThrow(KeyRefused);
    expect(checks.count).toBe(0);
    expect(() => crypto.signWithLabel(new Uint8Array(40), 'x', EMPTY)).toThrow(KeyRefused);
    expect(() => crypto.signaturePublicOf(new Uint8Array(40))).toThrow(KeyRefused);
  });

  test('HPKE round trips', () => {
    const [privateKey, publicKey] = crypto.kemDeriveKeyPair(utf8('one recipient'));
    forAll(5, (chance) => {
      const plaintext = chance.bytes(200);
      const context = chance.bytes(100);
      const sealed = crypto.encryptWithLabel(publicKey, 'Welcome', context, plaintext);
      expect(crypto.decryptWithLabel(privateKey, 'Welcome', context, ...sealed)).toEqual(plaintext);
      expect(sealed[1].length).toBe(plaintext.length + 16);
    });
  });

  test('HPKE refuses what was not meant', () => {
    const [privateKey, publicKey] = crypto.kemGenerate();
    const context = utf8('context');
    const sealed = crypto.encryptWithLabel(publicKey, 'Welcome', context, utf8('secret'));
    const [output, text] = sealed;
    const zeros = new Uint8Array(output.length);
    for (const [key, label, about, kemOutput, ciphertext] of [
      [crypto.kemGenerate()[0], 'Welcome', context, output, text],
      [privateKey, 'UpdatePathNode', context, output, text],
      [privateKey, 'Welcome', utf8('another'), output, text],
      [privateKey, 'Welcome', context, output, altered(text)],
      [privateKey, 'Welcome', context, output, EMPTY],
      [privateKey, 'Welcome', context, output.slice(0, -1), text],
      [privateKey, 'Welcome', context, zeros, text],
    ] as const) {
      expect(() => crypto.decryptWithLabel(key, label, about, kemOutput, ciphertext)).toThrow(
        DecryptionFailed,
      );
    }
    const short = new Uint8Array(31);
    expect(() => crypto.decryptWithLabel(short, 'Welcome', context, ...sealed)).toThrow(KeyRefused);
  });

  test('the AEAD opens what it sealed and nothing else', () => {
    const key = new Uint8Array(crypto.keyLength);
    const nonce = new Uint8Array(crypto.nonceLength);
    const aad = utf8('aad');
    const sealed = crypto.aeadSeal(key, nonce, aad, utf8('text'));
    expect(crypto.aeadOpen(key, nonce, aad, sealed)).toEqual(utf8('text'));
    for (const [wrongKey, wrongAad, ciphertext] of [
      [key, utf8('other'), sealed],
      [key, aad, sealed.slice(0, -1)],
      [key, aad, altered(sealed)],
      [key, aad, EMPTY],
      [altered(key), aad, sealed],
      [key.slice(1), aad, sealed],
    ] as const) {
      expect(() => crypto.aeadOpen(wrongKey, nonce, wrongAad, ciphertext)).toThrow(
        DecryptionFailed,
      );
    }
  });

  test('both sides of an external init agree', () => {
    const [privateKey, publicKey] = crypto.kemGenerate();
    const [kemOutput, secret] = crypto.exportSend(publicKey);
    expect(secret.length).toBe(crypto.hashLength);
    expect(crypto.exportReceive(privateKey, kemOutput)).toEqual(secret);
    expect(crypto.exportReceive(crypto.kemGenerate()[0], kemOutput)).not.toEqual(secret);
    const longer = concat(kemOutput, Uint8Array.of(0));
    expect(() => crypto.exportReceive(privateKey, longer)).toThrow(DecryptionFailed);
    expect(() => crypto.exportSend(publicKey.slice(0, -1))).toThrow(KeyRefused);
  });

  test('public keys are checked', () => {
    const [, publicKey] = crypto.kemGenerate();
    crypto.kemCheckPublic(publicKey);
    const bad = [0, 32, 65, 1216].map((length) => new Uint8Array(length));
    for (const raw of [...bad, concat(publicKey, Uint8Array.of(0))]) {
      expect(() => {
        crypto.kemCheckPublic(raw);
      }).toThrow(KeyRefused);
    }
  });

  test('keys and contents stay as they are', () => {
    const [privateKey, publicKey] = crypto.kemGenerate();
    const [signer] = crypto.signatureGenerate();
    const before = [privateKey, publicKey, signer].map((key) => key.slice());
    const sealed = crypto.encryptWithLabel(publicKey, 'Welcome', EMPTY, signer);
    crypto.decryptWithLabel(privateKey, 'Welcome', EMPTY, ...sealed);
    crypto.exportReceive(privateKey, crypto.exportSend(publicKey)[0]);
    crypto.signWithLabel(signer, 'x', EMPTY);
    expect([privateKey, publicKey, signer]).toEqual(before);
  });
});
