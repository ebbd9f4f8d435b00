/** Signatures verified by WebCrypto: the answers are those of the core. */

import { expect, test } from 'vitest';

import { fromHex, utf8 } from '../../src/base/bytes.ts';
import type { SignatureCheck, SignatureScheme } from '../../src/mls/signature_checks.ts';
import { signatureRefused } from '../../src/mls/signature_checks.ts';
import { derToRaw, WebCryptoVerifier } from '../../src/platform/signature_verifier.ts';
import { suite } from '../../src/mls/suite.ts';
import { type Chance, forAll } from '../mls/random.ts';
import '../mls/suites.ts';

const SCHEMES = [suite(1).signature, suite(2).signature];

function check(
  scheme: SignatureScheme,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): SignatureCheck {
  return { scheme, publicKey, message, signature, failure: signatureRefused };
}

/** A signature, right or altered somewhere, under a key that the core lets pass. */
function someCheck(chance: Chance): SignatureCheck {
  const scheme = chance.pick(SCHEMES);
  const [privateKey, publicKey] = scheme.generate();
  const message = chance.bytes(300);
  const signature = scheme.sign(privateKey, message);
  const changed = chance.pick([undefined, publicKey, message, signature]);
  if (changed !== undefined && changed.length > 0) {
    changed[chance.integer(0, changed.length - 1)]! ^= 1 << chance.integer(0, 7);
  }
  try {
    scheme.checkPublic(publicKey);
  } catch {
    return someCheck(chance);
  }
  return check(scheme, publicKey, message, signature);
}

const here = (checks: readonly SignatureCheck[]): boolean[] =>
  checks.map((item) => item.scheme.verify(item.publicKey, item.message, item.signature));

function batch(count: number): SignatureCheck[] {
  const checks: SignatureCheck[] = [];
  forAll(count, (chance) => {
    checks.push(someCheck(chance));
  });
  return checks;
}

test('a batch has the answers of the core, in order', async () => {
  const verifier = new WebCryptoVerifier(crypto.subtle);
  const checks = batch(80);
  const answers = await verifier.verify(checks);
  expect(answers).toEqual(here(checks));
  expect(new Set(answers).size).toBe(2);
  expect(await verifier.verify(checks)).toEqual(answers);
});

test('the work is done by the browser where it can', async () => {
  let asked = 0;
  const subtle = {
    importKey: crypto.subtle.importKey.bind(crypto.subtle),
    verify: (...parts: Parameters<SubtleCrypto['verify']>) => {
      asked += 1;
      return crypto.subtle.verify(...parts);
    },
  };
  const checks = SCHEMES.map((scheme) => {
    const [privateKey, publicKey] = scheme.generate();
    const message = utf8('content');
    return check(scheme, publicKey, message, scheme.sign(privateKey, message));
  });
  const verifier = new WebCryptoVerifier(subtle as unknown as SubtleCrypto);
  expect(await verifier.verify(checks)).toEqual([true, true]);
  expect(asked).toBe(3);
});

test('a browser without Ed25519 is helped by the core', async () => {
  const subtle = {
    importKey: (...parts: Parameters<SubtleCrypto['importKey']>) =>
      parts[2] === 'Ed25519'
        ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
        : crypto.subtle.importKey(...parts),
    verify: crypto.subtle.verify.bind(crypto.subtle),
  };
  const checks = batch(20);
  const verifier = new WebCryptoVerifier(subtle as unknown as SubtleCrypto);
  expect(await verifier.verify(checks)).toEqual(here(checks));
});

test('a browser whose Ed25519 is wrong is not trusted', async () => {
  const subtle = {
    importKey: crypto.subtle.importKey.bind(crypto.subtle),
    verify: () => Promise.resolve(false),
  };
  const scheme = suite(1).signature;
  const [privateKey, publicKey] = scheme.generate();
  const signature = scheme.sign(privateKey, utf8('x'));
  const verifier = new WebCryptoVerifier(subtle as unknown as SubtleCrypto);
  expect(await verifier.verify([check(scheme, publicKey, utf8('x'), signature)])).toEqual([true]);
});

test('without a secure context the core answers', async () => {
  const checks = batch(10);
  const verifier = new WebCryptoVerifier(undefined);
  expect(await verifier.verify(checks)).toEqual(here(checks));
});

test('a DER signature becomes its two numbers', () => {
  const raw = derToRaw(fromHex('3007020200ff020105'));
  expect(raw).toEqual(
    Uint8Array.from({ length: 64 }, (_, at) => (at === 31 ? 255 : at === 63 ? 5 : 0)),
  );
});

test.each([
  ['nothing', ''],
  ['no sequence', '3107020200ff020105'],
  ['a wrong length', '3008020200ff020105'],
  ['bytes behind', '3007020200ff02010500'],
  ['bytes behind the numbers', '3008020200ff02010500'],
  ['a long form of the length', '308107020200ff020105'],
  ['a negative number', '3006020180020105'],
  ['a padded number', '30070202007f020105'],
  ['an empty number', '30050200020105'],
  ['one number only', '3003020105'],
  ['a number that is cut off', '3006020105020305'],
  ['a number of 33 bytes', `3026022101${'00'.repeat(32)}020105`],
])('%s is no DER signature', (_, der) => {
  expect(derToRaw(fromHex(der))).toBeUndefined();
});

test('what is no DER signature is none for the core either', () => {
  const scheme = suite(2).signature;
  forAll(60, (chance) => {
    const [privateKey, publicKey] = scheme.generate();
    const signature = scheme.sign(privateKey, utf8('x'));
    signature[chance.integer(0, 5)]! ^= 1 << chance.integer(0, 7);
    if (derToRaw(signature) === undefined) {
      expect(scheme.verify(publicKey, utf8('x'), signature)).toBe(false);
    }
  });
});
