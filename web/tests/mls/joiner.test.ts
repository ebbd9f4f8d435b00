/** Key package bundles: made, saved, loaded. */

import { describe, expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { registerChaCha } from '../../src/mls/chacha.ts';
import { BASIC, Credential, PLAUSCH, X509 } from '../../src/mls/credential.ts';
import { KeyRefused, SavedStateRefused, UnsupportedSuite } from '../../src/mls/errors.ts';
import { isGrease } from '../../src/mls/extension.ts';
import {
  type BundleOptions,
  CLOCK_SLACK_S,
  KeyPackageBundle,
  ownCapabilities,
} from '../../src/mls/joiner.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { type Suite, suite, SUITES } from '../../src/mls/suite.ts';
import { ALL_SUITES } from './suites.ts';
import { able, anybody, around, NOW_S, settled, there } from './tree_players.ts';

const DAY_S = 86_400;
const ANNA = new Credential(PLAUSCH, utf8('anna'));
const EMPTY = new Uint8Array(0);

function bundleOf(suiteId: number, options: BundleOptions = {}): KeyPackageBundle {
  const [signer] = suite(suiteId).signatureGenerate();
  return KeyPackageBundle.create(suiteId, ANNA, signer, NOW_S, 30 * DAY_S, options);
}

describe.each(ALL_SUITES)('suite %i', (suiteId) => {
  test.each([false, true])(
    'a bundle is valid and its keys belong together, last resort: %s',
    (lastResort) => {
      const bundle = bundleOf(suiteId, { lastResort });
      const crypto = suite(suiteId);
      const keyPackage = parseKeyPackage(bundle.message);
      settled((checks) => {
        keyPackage.validate(crypto, checks, anybody, NOW_S);
      });
      expect(keyPackage.ref(crypto)).toEqual(bundle.ref);
      expect(bundle.lastResort).toBe(lastResort);
      expect(keyPackage.lastResort).toBe(lastResort);
      const hello = utf8('hello');
      for (const [publicKey, privateKey] of [
        [keyPackage.initKey, bundle.initPrivate],
        [keyPackage.leafNode.encryptionKey, bundle.encryptionPrivate],
      ] as const) {
        const sealed = crypto.encryptWithLabel(publicKey, 'x', EMPTY, hello);
        expect(crypto.decryptWithLabel(privateKey, 'x', EMPTY, ...sealed)).toEqual(hello);
      }
      const signatureKey = crypto.signaturePublicOf(bundle.signerPrivate);
      expect(signatureKey).toEqual(keyPackage.leafNode.signatureKey);
    },
  );
});

test('the lifetime', () => {
  const [signer] = suite(1).signatureGenerate();
  const bundle = KeyPackageBundle.create(1, ANNA, signer, NOW_S, 5 * DAY_S);
  expect(bundle.keyPackage.leafNode.lifetime).toEqual(around(-CLOCK_SLACK_S, 5 * DAY_S));
  const early = KeyPackageBundle.create(1, ANNA, signer, 5, DAY_S);
  expect(early.keyPackage.leafNode.lifetime?.notBeforeS).toBe(0n);
});

test('capabilities announce all suites, credentials and some GREASE', () => {
  const own = ownCapabilities(new Credential(0xf123, EMPTY));
  expect(own.cipherSuites).toEqual(expect.arrayContaining([...SUITES.keys()]));
  expect(own.credentials).toEqual(expect.arrayContaining([0xf123, BASIC, X509, PLAUSCH]));
  expect(own.cipherSuites.some(isGrease)).toBe(true);
  expect(own.extensions.some(isGrease)).toBe(true);
  expect(own.proposals.some(isGrease)).toBe(true);
  expect(new Set(own.credentials).size).toBe(own.credentials.length);
});

test('other capabilities', () => {
  const capabilities = able(suite(1));
  expect(bundleOf(1, { capabilities }).keyPackage.leafNode.capabilities).toEqual(capabilities);
});

test('a bundle is saved and loaded', () => {
  const bundle = bundleOf(0xf00d, { lastResort: true });
  const saved = bundle.save();
  expect(KeyPackageBundle.load(saved)).toEqual(bundle);
  expect(bundle.save()).toEqual(saved);
});

test("the signer's key is the bundle's own", () => {
  const [signer] = suite(1).signatureGenerate();
  const bundle = KeyPackageBundle.create(1, ANNA, signer, NOW_S, DAY_S);
  const kept = signer.slice();
  signer.fill(0);
  expect(bundle.signerPrivate).toEqual(kept);
});

test('damaged bytes', () => {
  const saved = bundleOf(1).save();
  for (const broken of [
    EMPTY,
    saved.subarray(0, -1),
    concat(saved, Uint8Array.of(0)),
    concat(Uint8Array.of(0, 2), saved.subarray(2)),
    concat(saved.subarray(0, 5), saved.subarray(9)),
  ]) {
    expect(() => KeyPackageBundle.load(broken)).toThrow(SavedStateRefused);
  }
});

test('a suite that this program does not have is no damage', () => {
  registerChaCha();
  const saved = bundleOf(3).save();
  const known = SUITES as Map<number, Suite>;
  const chacha = there(known.get(3));
  known.delete(3);
  expect(() => KeyPackageBundle.load(saved)).toThrow(UnsupportedSuite);
  known.set(3, chacha);
  expect(KeyPackageBundle.load(saved).suiteId).toBe(3);
});

test('a bundle that was used is overwritten', () => {
  const bundle = bundleOf(1);
  const secrets = [bundle.initPrivate, bundle.encryptionPrivate, bundle.signerPrivate];
  bundle.erase();
  expect(secrets).toEqual(secrets.map(({ length }) => new Uint8Array(length)));
  expect(() => {
    settled((checks) => {
      bundle.keyPackage.validate(suite(1), checks, anybody, NOW_S);
    });
  }).not.toThrow();
});

test('wrong keys and suites', () => {
  const create = (suiteId: number, signer: Uint8Array) => () =>
    KeyPackageBundle.create(suiteId, ANNA, signer, NOW_S, DAY_S);
  expect(create(1, utf8('short'))).toThrow(KeyRefused);
  expect(create(4, new Uint8Array(32))).toThrow(UnsupportedSuite);
});
