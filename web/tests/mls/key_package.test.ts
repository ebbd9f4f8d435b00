/** Key packages: every named check has one that fails it. */

import { expect, test } from 'vitest';

import { concat, equalBytes, utf8 } from '../../src/base/bytes.ts';
import { CodecError, u16 } from '../../src/mls/codec.ts';
import type { CredentialJudge, Role } from '../../src/mls/credential.ts';
import { CredentialRefused } from '../../src/mls/errors.ts';
import { Extension, LAST_RESORT } from '../../src/mls/extension.ts';
import { KeyPackage, type KeyPackageOptions, parseKeyPackage } from '../../src/mls/key_package.ts';
import { LeafBinding, Lifetime } from '../../src/mls/leaf_node.ts';
import { GroupDemands } from '../../src/mls/leaf_validation.ts';
import { suite } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import {
  able,
  anybody,
  around,
  CRYPTO,
  Device,
  GROUP_ID,
  NOW_S,
  verdictOf,
} from './tree_players.ts';

const ANN = Device.make('ann');
const EMPTY = new Uint8Array(0);
const ENDLESS = new Lifetime(0n, 2n ** 64n - 1n);

/** The check that fails, or nothing. */
function verdict(
  keyPackage: KeyPackage,
  { number = 1, ...options }: KeyPackageOptions & { readonly number?: number } = {},
): string {
  return verdictOf((checks) => {
    keyPackage.validate(suite(number), checks, anybody, NOW_S, options);
  });
}

interface Changes {
  readonly version?: number;
  readonly cipherSuite?: number;
  readonly signature?: Uint8Array;
  readonly unsigned?: Uint8Array;
}

/** The package with other fields than its bytes say. */
function changed(old: KeyPackage, changes: Changes): KeyPackage {
  return new KeyPackage(
    changes.version ?? old.version,
    changes.cipherSuite ?? old.cipherSuite,
    old.initKey,
    old.leafNode,
    old.extensions,
    changes.signature ?? old.signature,
    old.encoded,
    changes.unsigned ?? old.unsigned,
  );
}

test.each(ALL_SUITES)('an honest package passes, suite %i', (number) => {
  const crypto = suite(number);
  const keyPackage = Device.make('ann', crypto).keyPackage();
  expect(verdict(keyPackage, { number })).toBe('');
  const again = parseKeyPackage(keyPackage.toMessage());
  expect(again.equals(keyPackage)).toBe(true);
  expect(again.toBytes()).toEqual(keyPackage.toBytes());
  expect(verdict(again, { number })).toBe('');
  expect(keyPackage.ref(crypto).length).toBe(crypto.hashLength);
});

test('packages differ', () => {
  const [one, other] = [ANN.keyPackage(), ANN.keyPackage()];
  expect(one.equals(other)).toBe(false);
  expect(one.equals('a key package')).toBe(false);
  expect(one.ref(CRYPTO)).not.toEqual(other.ref(CRYPTO));
});

test('last resort is marked', () => {
  expect(ANN.keyPackage().lastResort).toBe(false);
  const keyPackage = ANN.keyPackage([new Extension(LAST_RESORT, EMPTY)]);
  expect(keyPackage.lastResort).toBe(true);
  expect(verdict(keyPackage)).toBe('');
});

test('key-package-version', () => {
  const keyPackage = ANN.keyPackage();
  const unsigned = concat(u16(2), keyPackage.unsigned.subarray(2));
  const signature = CRYPTO.signWithLabel(ANN.signer, 'KeyPackageTBS', unsigned);
  const other = changed(keyPackage, { version: 2, unsigned, signature });
  expect(verdict(other)).toBe('key-package-version');
});

test('key-package-suite', () => {
  const keyPackage = ANN.keyPackage();
  expect(verdict(keyPackage, { number: 3 })).toBe('key-package-suite');
  expect(verdict(changed(keyPackage, { cipherSuite: 83 }))).toBe('key-package-suite');
});

test('key-package-init-key-differs', () => {
  const keyPackage = KeyPackage.sign(CRYPTO, ANN.signer, ANN.encryptionKey, ANN.leaf());
  expect(verdict(keyPackage)).toBe('key-package-init-key-differs');
});

test.each([EMPTY, new Uint8Array(32), new Uint8Array(31).fill(107)])(
  'key-package-init-key',
  (key) => {
    const keyPackage = KeyPackage.sign(CRYPTO, ANN.signer, key, ANN.leaf());
    expect(verdict(keyPackage)).toBe('key-package-init-key');
  },
);

test('key-package-signature', () => {
  const keyPackage = ANN.keyPackage();
  const { initKey, leafNode } = keyPackage;
  const forged = KeyPackage.sign(CRYPTO, Device.make('eve').signer, initKey, leafNode);
  expect(verdict(forged)).toBe('key-package-signature');
  expect(verdict(changed(keyPackage, { signature: EMPTY }))).toBe('key-package-signature');
  const raw = keyPackage.toBytes().slice();
  raw.set(new Uint8Array(32).fill(9), 5);
  const swapped = KeyPackage.fromBytes(raw);
  expect(equalBytes(swapped.initKey, initKey)).toBe(false);
  expect(verdict(swapped)).toBe('key-package-signature');
});

test('a malformed signature key is no signature', () => {
  const leaf = ANN.content({ signatureKey: utf8('short') }).sign(CRYPTO, ANN.signer);
  const keyPackage = KeyPackage.sign(CRYPTO, ANN.signer, CRYPTO.kemGenerate()[1], leaf);
  expect(verdict(keyPackage)).toBe('key-package-signature');
});

test('the checks of a leaf apply', () => {
  const binding = new LeafBinding(GROUP_ID, 0);
  const update = ANN.content({ lifetime: undefined }).sign(CRYPTO, ANN.signer, binding);
  const keyPackage = KeyPackage.sign(CRYPTO, ANN.signer, CRYPTO.kemGenerate()[1], update);
  expect(verdict(keyPackage)).toBe('leaf-source');
  const unable = ANN.keyPackage([], { capabilities: able(CRYPTO, { versions: [] }) });
  expect(verdict(unable)).toBe('leaf-capabilities-version');
  const demands = new GroupDemands(CRYPTO, undefined, [0xf001]);
  expect(verdict(ANN.keyPackage(), { demands })).toBe('leaf-context-extensions');
});

test.each([around(1, 9), around(-9, -1), ENDLESS])('key-package-lifetime', (lifetime) => {
  expect(verdict(ANN.keyPackage([], { lifetime }))).toBe('key-package-lifetime');
});

test('another maximum of the lifetime', () => {
  const endless = ANN.keyPackage([], { lifetime: ENDLESS });
  expect(verdict(endless, { maxLifetimeS: Infinity })).toBe('');
  expect(verdict(ANN.keyPackage(), { maxLifetimeS: 60 })).toBe('key-package-lifetime');
});

test('a package that has expired, or begins soon, is accepted when somebody else has used it', () => {
  for (const lifetime of [around(-99, -10), around(10, 99)]) {
    const untimely = ANN.keyPackage([], { lifetime });
    expect(verdict(untimely, { role: 'key_package' })).toBe('key-package-lifetime');
    expect(verdict(untimely, { role: 'added' })).toBe('');
  }
});

test('the judge hears that it is a key package', () => {
  const heard: Role[] = [];
  const nobody: CredentialJudge = (_credential, _key, role) => {
    heard.push(role);
    throw new CredentialRefused('Nobody is known here.');
  };
  expect(() =>
    verdictOf((checks) => {
      ANN.keyPackage().validate(CRYPTO, checks, nobody, NOW_S);
    }),
  ).toThrow(CredentialRefused);
  expect(heard).toEqual(['key_package']);
});

test('only an MLSMessage with a key package is one', () => {
  const message = ANN.keyPackage().toMessage();
  for (const raw of [
    message.subarray(4),
    concat(u16(2), message.subarray(2)),
    concat(message.subarray(0, 2), u16(1), message.subarray(4)),
    concat(message, Uint8Array.of(0)),
    EMPTY,
  ]) {
    expect(() => parseKeyPackage(raw)).toThrow(CodecError);
  }
});

test('every truncation is a codec error', () => {
  const message = ANN.keyPackage().toMessage();
  for (let end = 0; end < message.length; end += 1) {
    expect(() => parseKeyPackage(message.subarray(0, end))).toThrow(CodecError);
  }
});

test('a changed byte is noticed', () => {
  forAll(100, (chance) => {
    const raw = ANN.keyPackage().toMessage();
    const position = chance.integer(4, raw.length - 1);
    raw[position] = (raw[position] ?? 0) ^ chance.integer(1, 255);
    let keyPackage: KeyPackage;
    try {
      keyPackage = parseKeyPackage(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      return;
    }
    expect(verdict(keyPackage)).not.toBe('');
  });
});

test('random bytes throw nothing but codec errors', () => {
  forAll(300, (chance) => {
    const raw = chance.bytes(300);
    expect(() => parseKeyPackage(raw)).toThrow(CodecError);
    expect(() => KeyPackage.fromBytes(raw)).toThrow(CodecError);
  });
});
