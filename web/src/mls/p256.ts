/**
 * The cipher suite over P-256: DHKEM(P-256, HKDF-SHA256) and ECDSA.
 *
 * It stands apart because its curve is a large part of a bundle that seldom needs it: who wants
 * the suite calls `registerP256()` once.
 */

import { p256 } from '@noble/curves/nist.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';

import { EMPTY } from '../base/bytes.ts';
import { KeyRefused } from './errors.ts';
import { DhKem, type KeyPair, labeledExpand, labeledExtract } from './kem.ts';
import type { SignatureScheme } from './signature_checks.ts';
import { AES_128_GCM, HKDF_SHA256, MLS_128_P256_AES128, registerSuite, Suite } from './suite.ts';

/** DHKEM(P-256, HKDF-SHA256): public keys are uncompressed points, private ones 32 bytes. */
export class P256Kem extends DhKem {
  readonly encapsulatedLength = 65;

  constructor() {
    super(0x0010);
  }

  deriveKeyPair(ikm: Uint8Array): KeyPair {
    const secret = labeledExtract(sha256, this.suite, EMPTY, 'dkp_prk', ikm);
    for (let counter = 0; counter < 256; counter += 1) {
      const context = Uint8Array.of(counter);
      const privateKey = labeledExpand(sha256, this.suite, secret, 'candidate', context, 32);
      if (isScalar(privateKey)) {
        secret.fill(0);
        return [privateKey, this.publicOf(privateKey)];
      }
    }
    throw new KeyRefused('No P-256 key follows from this secret; choose another one.');
  }

  publicOf(privateKey: Uint8Array): Uint8Array {
    return p256.getPublicKey(loadScalar(privateKey), false);
  }

  checkPublic(raw: Uint8Array): void {
    checkPoint(raw);
  }

  checkPrivate(raw: Uint8Array): void {
    loadScalar(raw);
  }

  protected exchange(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    checkPoint(publicKey);
    const point = p256.getSharedSecret(loadScalar(privateKey), publicKey, false);
    const exchanged = point.slice(1, 33);
    point.fill(0);
    return exchanged;
  }
}

/** ECDSA over P-256 with SHA-256: DER signatures, uncompressed points, 32-byte scalars. */
export class EcdsaP256 implements SignatureScheme {
  readonly name = 'p256';
  readonly #keys = new P256Kem();

  generate(): KeyPair {
    return this.#keys.generate();
  }

  publicOf(privateKey: Uint8Array): Uint8Array {
    return this.#keys.publicOf(privateKey);
  }

  checkPublic(publicKey: Uint8Array): void {
    checkPoint(publicKey);
  }

  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
    return p256.sign(message, loadScalar(privateKey), { format: 'der', lowS: false });
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    try {
      return p256.verify(signature, message, publicKey, { format: 'der', lowS: false });
    } catch {
      return false;
    }
  }
}

/** Make cipher suite 0x0002 known. */
export function registerP256(): void {
  registerSuite(
    new Suite(
      MLS_128_P256_AES128,
      'MLS_128_DHKEMP256_AES128GCM_SHA256_P256',
      new P256Kem(),
      HKDF_SHA256,
      AES_128_GCM,
      new EcdsaP256(),
    ),
  );
}

function isScalar(raw: Uint8Array): boolean {
  const number = bytesToNumberBE(raw);
  return number > 0n && number < p256.Point.Fn.ORDER;
}

/** A private key in its full 32 bytes; leading zeros may be missing. Throws KeyRefused. */
function loadScalar(raw: Uint8Array): Uint8Array {
  if (raw.length === 0 || raw.length > 32 || !isScalar(raw)) {
    throw new KeyRefused("A P-256 private key is a number of 32 bytes below the group's order.");
  }
  const scalar = new Uint8Array(32);
  scalar.set(raw, 32 - raw.length);
  return scalar;
}

/** Throws KeyRefused unless `raw` is an uncompressed point on P-256. */
function checkPoint(raw: Uint8Array): void {
  if (raw.length !== 65 || raw[0] !== 4) {
    throw new KeyRefused('A P-256 public key is an uncompressed point of 65 bytes.');
  }
  try {
    p256.Point.fromBytes(raw).assertValidity();
  } catch (error) {
    throw new KeyRefused('A P-256 public key does not lie on the curve.', { cause: error });
  }
}
