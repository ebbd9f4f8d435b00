/** KEMs: key pairs, encapsulation, and keys that must be refused. */

import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  ECDH,
  createECDH,
  createHmac,
} from 'node:crypto';

import { x25519 } from '@noble/curves/ed25519.js';
import { sha3_256, shake256 } from '@noble/hashes/sha3.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { DecryptionFailed, KeyRefused } from '../../src/mls/errors.ts';
import { type Kem, X25519_LOW_ORDER, X25519Kem, XWingKem } from '../../src/mls/kem.ts';
import { P256Kem } from '../../src/mls/p256.ts';
import { forAll } from './random.ts';

const KEMS: [string, Kem, number][] = [
  ['X25519', new X25519Kem(), 32],
  ['P-256', new P256Kem(), 65],
  ['X-Wing', new XWingKem(), 1216],
];

const P256_ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

describe.each(KEMS)('%s', (_, scheme, publicLength) => {
  test('generated keys work', () => {
    const [privateKey, publicKey] = scheme.generate();
    expect(scheme.publicOf(privateKey)).toEqual(publicKey);
    expect(publicKey.length).toBe(publicLength);
    const [shared, encapsulated] = scheme.encapsulate(publicKey);
    expect(encapsulated.length).toBe(scheme.encapsulatedLength);
    expect(shared.length).toBe(32);
    expect(scheme.decapsulate(privateKey, encapsulated)).toEqual(shared);
    expect(scheme.encapsulate(publicKey)[0]).not.toEqual(shared);
  });

  test('keys follow from their secret', () => {
    const one = scheme.deriveKeyPair(new Uint8Array(64).fill(1));
    expect(scheme.deriveKeyPair(new Uint8Array(64).fill(1))).toEqual(one);
    expect(scheme.deriveKeyPair(new Uint8Array(64).fill(2))).not.toEqual(one);
    expect(scheme.publicOf(one[0])).toEqual(one[1]);
  });

  test('another key gives another secret', () => {
    const [shared, encapsulated] = scheme.encapsulate(scheme.generate()[1]);
    expect(scheme.decapsulate(scheme.generate()[0], encapsulated)).not.toEqual(shared);
  });

  test('random bytes are no keys', () => {
    const [privateKey] = scheme.deriveKeyPair(new Uint8Array(0));
    forAll(50, (chance) => {
      const raw = chance.bytes(1300);
      const uses = [
        () => {
          scheme.checkPublic(raw);
        },
        () => {
          scheme.checkPrivate(raw);
        },
        () => scheme.encapsulate(raw),
        () => scheme.publicOf(raw),
      ];
      for (const use of uses) {
        try {
          use();
        } catch (error) {
          expect(error).toBeInstanceOf(KeyRefused);
          expect((error as Error).message).toMatch(/\.$/);
        }
      }
      if (raw.length !== scheme.encapsulatedLength) {
        expect(() => scheme.decapsulate(privateKey, raw)).toThrow(DecryptionFailed);
      }
    });
  });

  test.each([0, 31, 33])('a private key of %i bytes is refused', (length) => {
    const raw = new Uint8Array(length);
    expect(() => {
      scheme.checkPrivate(raw);
    }).toThrow(KeyRefused);
    const encapsulated = scheme.encapsulate(scheme.generate()[1])[1];
    expect(() => scheme.decapsulate(raw, encapsulated)).toThrow(KeyRefused);
  });
});

test('points of low order are refused', () => {
  const xWing = new XWingKem();
  const lattice = xWing.generate()[1].slice(0, 1184);
  expect(X25519_LOW_ORDER.size).toBe(7);
  for (const hex of X25519_LOW_ORDER) {
    const signed = fromHex(hex);
    signed[31]! |= 0x80;
    for (const raw of [fromHex(hex), signed]) {
      expect(() => x25519.getSharedSecret(new Uint8Array(32).fill(1), raw)).toThrow();
      expect(() => {
        new X25519Kem().checkPublic(raw);
      }).toThrow(/low order/);
      expect(() => new X25519Kem().decapsulate(new Uint8Array(32).fill(1), raw)).toThrow(
        DecryptionFailed,
      );
      expect(() => {
        xWing.checkPublic(concat(lattice, raw));
      }).toThrow(/low order/);
      const encapsulated = concat(new Uint8Array(1088), raw);
      expect(() => xWing.decapsulate(new Uint8Array(32), encapsulated)).toThrow(DecryptionFailed);
    }
  }
});

test('a lattice half out of range is refused, wherever it is', () => {
  const scheme = new XWingKem();
  const [, publicKey] = scheme.generate();
  const refused = (raw: Uint8Array): void => {
    expect(() => {
      scheme.checkPublic(raw);
    }).toThrow(/ML-KEM/);
    expect(() => scheme.encapsulate(raw)).toThrow(KeyRefused);
  };
  refused(concat(new Uint8Array(1184).fill(0xff), publicKey.slice(1184)));
  for (const at of [0, 1, 3 * 200, 1149, 1150]) {
    const raw = publicKey.slice();
    // Twelve one bits, at either place within three bytes, are above the modulus.
    raw[at] = at % 3 === 0 ? 0xff : raw[at]! | 0xf0;
    raw[at + 1] = at % 3 === 0 ? raw[at + 1]! | 0x0f : 0xff;
    refused(raw);
  }
});

test('our check of the lattice half agrees with the library', () => {
  const scheme = new XWingKem();
  const [, publicKey] = scheme.generate();
  forAll(60, (chance) => {
    const raw = publicKey.slice();
    const at = 3 * chance.integer(0, 383);
    const number = chance.integer(3320, 3340);
    if (chance.integer(0, 1) === 0) {
      raw[at] = number & 0xff;
      raw[at + 1] = (raw[at + 1]! & 0xf0) | (number >> 8);
    } else {
      raw[at + 1] = (raw[at + 1]! & 0x0f) | ((number & 0x0f) << 4);
      raw[at + 2] = number >> 4;
    }
    const accepts = (use: () => unknown): boolean => {
      try {
        use();
        return true;
      } catch {
        return false;
      }
    };
    const theirs = accepts(() => ml_kem768.encapsulate(raw.slice(0, 1184)));
    expect(theirs).toBe(number < 3329);
    expect(
      accepts(() => {
        scheme.checkPublic(raw);
      }),
    ).toBe(theirs);
  });
});

test.each(['00'.repeat(32), 'ff'.repeat(32), P256_ORDER])(
  'the scalar %s lies outside the group',
  (raw) => {
    expect(() => {
      new P256Kem().checkPrivate(fromHex(raw));
    }).toThrow(KeyRefused);
  },
);

test('a scalar may come without its leading zeros', () => {
  const whole = new Uint8Array(32);
  whole[31] = 5;
  expect(new P256Kem().publicOf(Uint8Array.of(5))).toEqual(new P256Kem().publicOf(whole));
});

test('points off the curve, compressed points and hybrid ones are refused', () => {
  const [, publicKey] = new P256Kem().generate();
  const off = publicKey.slice();
  off[64]! ^= 1;
  expect(() => {
    new P256Kem().checkPublic(off);
  }).toThrow(/curve/);
  const compressed = ECDH.convertKey(publicKey, 'prime256v1', undefined, undefined, 'compressed');
  expect(() => {
    new P256Kem().checkPublic(new Uint8Array(compressed as Buffer));
  }).toThrow(/uncompressed/);
  // Browsers take the hybrid form (the y coordinate's parity in the first byte) for a key.
  const hybrid = publicKey.slice();
  hybrid[0] = 6 + (publicKey[64]! & 1);
  expect(() => {
    new P256Kem().checkPublic(hybrid);
  }).toThrow(/uncompressed/);
});

/** ExtractAndExpand of RFC 9180 section 4.1, with Node's HMAC and HKDF. */
function dhkem(id: string, exchanged: Uint8Array, context: Uint8Array): Uint8Array {
  const kem = concat(utf8('HPKE-v1'), utf8('KEM'), fromHex(id));
  const extracted = createHmac('sha256', '').update(concat(kem, utf8('eae_prk'), exchanged));
  const secret = new Uint8Array(extracted.digest());
  const labelled = concat(fromHex('0020'), kem, utf8('shared_secret'), context);
  return new Uint8Array(
    createHmac('sha256', secret)
      .update(concat(labelled, fromHex('01')))
      .digest(),
  );
}

test("X25519 agrees with Node's", () => {
  const scheme = new X25519Kem();
  const [privateKey, publicKey] = scheme.generate();
  const [shared, encapsulated] = scheme.encapsulate(publicKey);
  const exchanged = diffieHellman({
    privateKey: createPrivateKey({
      key: Buffer.from(concat(fromHex('302e020100300506032b656e04220420'), privateKey)),
      format: 'der',
      type: 'pkcs8',
    }),
    publicKey: createPublicKey({
      key: Buffer.from(concat(fromHex('302a300506032b656e032100'), encapsulated)),
      format: 'der',
      type: 'spki',
    }),
  });
  expect(dhkem('0020', new Uint8Array(exchanged), concat(encapsulated, publicKey))).toEqual(shared);
});

test("P-256 agrees with Node's", () => {
  const scheme = new P256Kem();
  const [privateKey, publicKey] = scheme.generate();
  const [shared, encapsulated] = scheme.encapsulate(publicKey);
  const theirs = createECDH('prime256v1');
  theirs.setPrivateKey(privateKey);
  expect(new Uint8Array(theirs.getPublicKey())).toEqual(publicKey);
  const exchanged = new Uint8Array(theirs.computeSecret(encapsulated));
  expect(dhkem('0010', exchanged, concat(encapsulated, publicKey))).toEqual(shared);
});

test("the first vector of X-Wing's draft", () => {
  const seed = '7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26';
  expect(toHex(new XWingKem().publicOf(fromHex(seed)))).toMatch(
    /^e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5/,
  );
});

test('the secret of X-Wing needs both halves', () => {
  const scheme = new XWingKem();
  const [privateKey, publicKey] = scheme.generate();
  const [shared, encapsulated] = scheme.encapsulate(publicKey);
  const halves = (seed: Uint8Array): [Uint8Array, Uint8Array] => {
    const expanded = shake256(seed, { dkLen: 96 });
    return [ml_kem768.keygen(expanded.subarray(0, 64)).secretKey, expanded.subarray(64)];
  };
  const [lattice, curve] = halves(privateKey);
  const [otherLattice, otherCurve] = halves(new Uint8Array(32));
  const guess = (first: Uint8Array, second: Uint8Array): Uint8Array =>
    sha3_256(
      concat(
        ml_kem768.decapsulate(encapsulated.slice(0, 1088), first),
        x25519.getSharedSecret(second, encapsulated.slice(1088)),
        encapsulated.slice(1088),
        publicKey.slice(1184),
        utf8('\\.//^\\'),
      ),
    );
  expect(guess(lattice, curve)).toEqual(shared);
  expect(guess(lattice, otherCurve)).not.toEqual(shared);
  expect(guess(otherLattice, curve)).not.toEqual(shared);
});
