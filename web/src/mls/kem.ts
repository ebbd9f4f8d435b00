/**
 * Key encapsulation for HPKE: DHKEM(X25519) (RFC 9180 section 4.1) and X-Wing; DHKEM(P-256) is in
 * `p256.ts`.
 *
 * Keys travel as bytes. Private keys are never cached: forward secrecy needs them to be forgotten
 * when their owner forgets them.
 */

import { concat, EMPTY, toHex, utf8 } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { u16 } from './codec.ts';
import { DecryptionFailed, KeyRefused } from './errors.ts';
import { type CHash, hmac, ml_kem768, sha256, sha3_256, shake256 } from './primitives.ts';
import { x25519PublicOf, x25519Shared } from './x25519.ts';

export type KeyPair = readonly [privateKey: Uint8Array, publicKey: Uint8Array];

const HPKE_VERSION = utf8('HPKE-v1');

/**
 * Points whose shared secret is always zero (RFC 7748 section 6.1). Encryption to them fails, so
 * one such leaf would keep everybody else from committing: they are refused at the door.
 */
export const X25519_LOW_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  '01' + '00'.repeat(31),
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ec' + 'ff'.repeat(30) + '7f',
  'ed' + 'ff'.repeat(30) + '7f',
  'ee' + 'ff'.repeat(30) + '7f',
]);

/** One KEM of RFC 9180: key pairs, and shared secrets between them. */
export interface Kem {
  /** The HPKE code point of the KEM. */
  readonly id: number;

  /** Bytes of the encapsulation that goes in front of a ciphertext. */
  readonly encapsulatedLength: number;

  /** A fresh private and public key. */
  generate(): KeyPair;

  /** DeriveKeyPair: the private and public key that follow from `ikm`. */
  deriveKeyPair(ikm: Uint8Array): KeyPair;

  /** The public key of a private one. Throws KeyRefused. */
  publicOf(privateKey: Uint8Array): Uint8Array;

  /** Throws KeyRefused for bytes that are no usable public key. */
  checkPublic(raw: Uint8Array): void;

  /** Throws KeyRefused for bytes that are no private key. */
  checkPrivate(raw: Uint8Array): void;

  /** A fresh shared secret and its encapsulation to `publicKey`. Throws KeyRefused. */
  encapsulate(publicKey: Uint8Array): readonly [shared: Uint8Array, encapsulated: Uint8Array];

  /** The shared secret. Throws KeyRefused or DecryptionFailed. */
  decapsulate(privateKey: Uint8Array, encapsulated: Uint8Array): Uint8Array;
}

/** LabeledExtract of RFC 9180 section 4. */
export function labeledExtract(
  hash: CHash,
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  ikm: Uint8Array,
): Uint8Array {
  return hmac(hash, salt, concat(HPKE_VERSION, suite, utf8(label), ikm));
}

/** LabeledExpand of RFC 9180 section 4, for at most one block of the hash. */
export function labeledExpand(
  hash: CHash,
  suite: Uint8Array,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const labeled = concat(u16(length), HPKE_VERSION, suite, utf8(label), context, Uint8Array.of(1));
  return hmac(hash, secret, labeled).slice(0, length);
}

/** What the two Diffie-Hellman KEMs of MLS share: HKDF-SHA256 and ExtractAndExpand. */
export abstract class DhKem implements Kem {
  abstract readonly encapsulatedLength: number;
  protected readonly suite: Uint8Array;

  constructor(readonly id: number) {
    this.suite = concat(utf8('KEM'), u16(id));
  }

  abstract deriveKeyPair(ikm: Uint8Array): KeyPair;
  abstract publicOf(privateKey: Uint8Array): Uint8Array;
  abstract checkPublic(raw: Uint8Array): void;
  abstract checkPrivate(raw: Uint8Array): void;

  /** The raw Diffie-Hellman value. Throws KeyRefused. */
  protected abstract exchange(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;

  generate(): KeyPair {
    const ikm = randomBytes(64);
    const pair = this.deriveKeyPair(ikm);
    ikm.fill(0);
    return pair;
  }

  encapsulate(publicKey: Uint8Array): readonly [Uint8Array, Uint8Array] {
    const [ephemeral, encapsulated] = this.generate();
    const exchanged = this.exchange(ephemeral, publicKey);
    ephemeral.fill(0);
    return [this.#shared(exchanged, concat(encapsulated, publicKey)), encapsulated];
  }

  decapsulate(privateKey: Uint8Array, encapsulated: Uint8Array): Uint8Array {
    this.checkPrivate(privateKey);
    checkEncapsulated(() => {
      this.checkPublic(encapsulated);
    });
    const exchanged = this.exchange(privateKey, encapsulated);
    return this.#shared(exchanged, concat(encapsulated, this.publicOf(privateKey)));
  }

  #shared(exchanged: Uint8Array, context: Uint8Array): Uint8Array {
    const secret = labeledExtract(sha256, this.suite, EMPTY, 'eae_prk', exchanged);
    const shared = labeledExpand(sha256, this.suite, secret, 'shared_secret', context, 32);
    exchanged.fill(0);
    secret.fill(0);
    return shared;
  }
}

/** DHKEM(X25519, HKDF-SHA256). */
export class X25519Kem extends DhKem {
  readonly encapsulatedLength = 32;

  constructor() {
    super(0x0020);
  }

  deriveKeyPair(ikm: Uint8Array): KeyPair {
    const secret = labeledExtract(sha256, this.suite, EMPTY, 'dkp_prk', ikm);
    const privateKey = labeledExpand(sha256, this.suite, secret, 'sk', EMPTY, 32);
    secret.fill(0);
    return [privateKey, this.publicOf(privateKey)];
  }

  publicOf(privateKey: Uint8Array): Uint8Array {
    this.checkPrivate(privateKey);
    return x25519PublicOf(privateKey);
  }

  checkPublic(raw: Uint8Array): void {
    checkX25519(raw);
  }

  checkPrivate(raw: Uint8Array): void {
    if (raw.length !== 32) {
      throw new KeyRefused(`An X25519 private key has 32 bytes, not ${raw.length}.`);
    }
  }

  protected exchange(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    checkX25519(publicKey);
    return x25519Shared(privateKey, publicKey);
  }
}

/** The two private keys that an X-Wing seed expands to, and their public ones. */
interface Halves {
  readonly latticeSecret: Uint8Array;
  readonly latticePublic: Uint8Array;
  readonly curveSecret: Uint8Array;
  readonly curvePublic: Uint8Array;
}

/**
 * X-Wing = ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem).
 *
 * The private key is the 32-byte seed; the public key is ML-KEM's 1184 bytes, then X25519's 32.
 * DeriveKeyPair takes SHAKE256(ikm) as the seed, as that draft's section on HPKE says.
 */
export class XWingKem implements Kem {
  readonly id = 0x647a;
  readonly encapsulatedLength = 1120;
  readonly #split = 1184;
  readonly #label = utf8('\\.//^\\');

  generate(): KeyPair {
    const privateKey = randomBytes(32);
    return [privateKey, this.publicOf(privateKey)];
  }

  deriveKeyPair(ikm: Uint8Array): KeyPair {
    const privateKey = shake256(ikm, { dkLen: 32 });
    return [privateKey, this.publicOf(privateKey)];
  }

  publicOf(privateKey: Uint8Array): Uint8Array {
    const halves = this.#halves(privateKey);
    forget(halves);
    return concat(halves.latticePublic, halves.curvePublic);
  }

  checkPublic(raw: Uint8Array): void {
    if (raw.length !== this.#split + 32) {
      throw new KeyRefused(`An X-Wing public key has 1216 bytes, not ${raw.length}.`);
    }
    if (!isReduced(raw.subarray(0, this.#split - 32))) {
      throw new KeyRefused('The ML-KEM half of an X-Wing public key is malformed.');
    }
    checkX25519(raw.subarray(this.#split));
  }

  checkPrivate(raw: Uint8Array): void {
    if (raw.length !== 32) {
      throw new KeyRefused(`An X-Wing private key has 32 bytes, not ${raw.length}.`);
    }
  }

  encapsulate(publicKey: Uint8Array): readonly [Uint8Array, Uint8Array] {
    this.checkPublic(publicKey);
    const curve = publicKey.subarray(this.#split);
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey.subarray(0, this.#split));
    const ephemeral = randomBytes(32);
    const curvePart = x25519PublicOf(ephemeral);
    const exchanged = x25519Shared(ephemeral, curve);
    ephemeral.fill(0);
    const shared = this.#combine(sharedSecret, exchanged, curvePart, curve);
    return [shared, concat(cipherText, curvePart)];
  }

  decapsulate(privateKey: Uint8Array, encapsulated: Uint8Array): Uint8Array {
    this.checkPrivate(privateKey);
    if (encapsulated.length !== this.encapsulatedLength) {
      throw new DecryptionFailed(
        `An X-Wing encapsulation has 1120 bytes, not ${encapsulated.length}.`,
      );
    }
    const latticePart = encapsulated.subarray(0, -32);
    const curvePart = encapsulated.subarray(-32);
    checkEncapsulated(() => {
      checkX25519(curvePart);
    });
    const halves = this.#halves(privateKey);
    const exchanged = x25519Shared(halves.curveSecret, curvePart);
    const latticeSecret = ml_kem768.decapsulate(latticePart, halves.latticeSecret);
    forget(halves);
    return this.#combine(latticeSecret, exchanged, curvePart, halves.curvePublic);
  }

  #halves(privateKey: Uint8Array): Halves {
    this.checkPrivate(privateKey);
    const expanded = shake256(privateKey, { dkLen: 96 });
    const lattice = ml_kem768.keygen(expanded.subarray(0, 64));
    const curveSecret = expanded.slice(64);
    expanded.fill(0);
    return {
      latticeSecret: lattice.secretKey,
      latticePublic: lattice.publicKey,
      curveSecret,
      curvePublic: x25519PublicOf(curveSecret),
    };
  }

  #combine(
    lattice: Uint8Array,
    curve: Uint8Array,
    encapsulated: Uint8Array,
    publicKey: Uint8Array,
  ): Uint8Array {
    const joined = concat(lattice, curve, encapsulated, publicKey, this.#label);
    const shared = sha3_256(joined);
    for (const secret of [lattice, curve, joined]) {
      secret.fill(0);
    }
    return shared;
  }
}

function forget(halves: Halves): void {
  halves.latticeSecret.fill(0);
  halves.curveSecret.fill(0);
}

/** Whether all 12-bit coefficients are below ML-KEM's modulus (FIPS 203 section 7.2). */
function isReduced(coefficients: Uint8Array): boolean {
  const modulus = 3329;
  let reduced = true;
  for (let at = 0; at + 2 < coefficients.length; at += 3) {
    const first = coefficients[at] ?? 0;
    const middle = coefficients[at + 1] ?? 0;
    const last = coefficients[at + 2] ?? 0;
    const low = first | ((middle & 0x0f) << 8);
    const high = (middle >> 4) | (last << 4);
    reduced &&= low < modulus && high < modulus;
  }
  return reduced;
}

function checkX25519(raw: Uint8Array): void {
  if (raw.length !== 32) {
    throw new KeyRefused(`An X25519 public key has 32 bytes, not ${raw.length}.`);
  }
  const masked = raw.slice();
  masked[31] = (masked[31] ?? 0) & 0x7f;
  if (X25519_LOW_ORDER.has(toHex(masked))) {
    throw new KeyRefused('An X25519 public key of low order gives no secret; it is refused.');
  }
}

/** What is wrong with a public key inside a ciphertext is that it cannot be decrypted. */
function checkEncapsulated(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof KeyRefused) {
      throw new DecryptionFailed(`The encapsulation is no public key: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}
