/**
 * Ed25519 keys (RFC 8032) and signatures with domain separation.
 *
 * A signature over an object of Plausch is Ed25519 over `"Plausch 1.0 " label NUL payload`, so
 * that one kind of object never passes for another. The same device key signs MLS content; those
 * inputs begin with the length of an MLS label (RFC 9420 section 5.1.2), never with `Plausch`.
 */

import { concat, toHex, utf8 } from '../base/bytes.ts';
import { LocalError } from '../base/errors.ts';
import { Ed25519 } from '../mls/ed25519.ts';
import { KeyRefused } from '../mls/errors.ts';
import { IdentityRefused } from './errors.ts';

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const CONTEXT = 'Plausch 1.0 ';
const ED25519 = new Ed25519();

/** An Ed25519 private key: an account's identity key, or a device's signature key. */
export class SigningKey {
  /** The 32 bytes of the public key. */
  readonly public: Uint8Array;

  readonly #seed: Uint8Array;

  private constructor(seed: Uint8Array) {
    this.#seed = seed;
    this.public = ED25519.publicOf(seed);
  }

  /** A new key from the platform's randomness. */
  static generate(): SigningKey {
    return new SigningKey(ED25519.generate()[0]);
  }

  /** From the 32 bytes of `toBytes`. Throws LocalError. */
  static fromBytes(raw: Uint8Array): SigningKey {
    if (raw.length !== KEY_BYTES) {
      throw new LocalError(`A private signing key has ${KEY_BYTES} bytes, not ${raw.length}.`);
    }
    return new SigningKey(new Uint8Array(raw));
  }

  /** A copy of the 32 secret bytes (the seed of RFC 8032 section 5.1.5). */
  toBytes(): Uint8Array {
    return this.#seed.slice();
  }

  /** 64 bytes over the label and the payload. */
  sign(label: string, payload: Uint8Array): Uint8Array {
    return ED25519.sign(this.#seed, signedBytes(label, payload));
  }

  /** 64 bytes over exactly these bytes; only for MLS, which brings its own label. */
  signRaw(message: Uint8Array): Uint8Array {
    return ED25519.sign(this.#seed, message);
  }

  toString(): string {
    return `SigningKey(public=${toHex(this.public)})`;
  }
}

/** What is signed for a payload under a label. */
export function signedBytes(label: string, payload: Uint8Array): Uint8Array {
  return concat(utf8(`${CONTEXT}${label}\0`), payload);
}

/**
 * Refuse what cannot be anybody's own key: a wrong length, or a point of small order.
 *
 * Under a point of small order a signature for every message can be forged by anybody.
 * Throws IdentityRefused (`bad_key`).
 */
export function checkPublicKey(publicKey: Uint8Array): void {
  if (publicKey.length !== KEY_BYTES) {
    throw new IdentityRefused(`A public key has ${KEY_BYTES} bytes, not ${publicKey.length}.`, {
      code: 'bad_key',
    });
  }
  try {
    ED25519.checkPublic(publicKey);
  } catch (error) {
    if (error instanceof KeyRefused) {
      throw new IdentityRefused('A public key is a point of small order.', {
        code: 'bad_key',
        cause: error,
      });
    }
    throw error;
  }
}

/**
 * Check a signature made by `SigningKey.sign`.
 *
 * Throws IdentityRefused (`bad_signature`, `bad_key`).
 */
export function verify(
  publicKey: Uint8Array,
  label: string,
  payload: Uint8Array,
  signature: Uint8Array,
): void {
  checkPublicKey(publicKey);
  if (!ED25519.verify(publicKey, signedBytes(label, payload), signature)) {
    throw new IdentityRefused(
      `The signature of the ${label} is not by key ${toHex(publicKey).slice(0, 16)}.`,
      { code: 'bad_signature' },
    );
  }
}
