/**
 * Ed25519 (RFC 8032), byte for byte as OpenSSL and WebCrypto do it, over the library's points.
 *
 * `sign` remembers public keys, which halves its time.
 *
 * The library's own `verify` is not called: its equation with the cofactor accepts signatures that
 * OpenSSL and browsers refuse; a member who makes such a one could split the group. Here the
 * equation is checked without the cofactor, `R = [s]B - [k]A` on the encoded bytes, and keys of
 * low order are refused.
 */

import { concat, equalBytes, toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { KeyRefused } from './errors.ts';
import { littleEndian32, readLittleEndian } from './little_endian.ts';
import { Point, sha256, sha512 } from './primitives.ts';
import type { SignatureScheme } from './signature_checks.ts';
import { clamp } from './x25519.ts';

const { BASE } = Point;
const ORDER = Point.CURVE().n;

/** Public keys remembered at once; a device signs with one or two. */
const REMEMBERED = 16;

/** The encodings, without their sign bit, of points under which anybody can sign. */
const LOW_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  '01' + '00'.repeat(31),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ec' + 'ff'.repeat(30) + '7f',
  'ed' + 'ff'.repeat(30) + '7f',
  'ee' + 'ff'.repeat(30) + '7f',
]);

/** Signatures with Ed25519: private and public keys of 32 bytes. */
export class Ed25519 implements SignatureScheme {
  readonly name = 'ed25519';

  /**
   * Public keys by a digest of the whole expanded private key: no secret stays here, and a key
   * that is overwritten in its place cannot meet another one's public half, which would give it
   * away (two signatures of one message with one nonce and two public keys).
   */
  readonly #known = new Map<string, Uint8Array>();

  generate(): readonly [Uint8Array, Uint8Array] {
    const privateKey = randomBytes(32);
    return [privateKey, this.publicOf(privateKey)];
  }

  publicOf(privateKey: Uint8Array): Uint8Array {
    checkPrivate(privateKey);
    const expanded = sha512(privateKey);
    const scalar = scalarOf(expanded);
    expanded.fill(0);
    return BASE.multiply(scalar).toBytes();
  }

  checkPublic(publicKey: Uint8Array): void {
    if (publicKey.length !== 32) {
      throw new KeyRefused('An Ed25519 public key has 32 bytes.');
    }
    const masked = publicKey.slice();
    masked[31] = (masked[31] ?? 0) & 0x7f;
    if (LOW_ORDER.has(toHex(masked))) {
      throw new KeyRefused('An Ed25519 public key of low order binds nobody; it is refused.');
    }
  }

  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
    checkPrivate(privateKey);
    const expanded = sha512(privateKey);
    const name = toHex(sha256(expanded));
    const scalar = scalarOf(expanded);
    const nonce = hashToScalar(expanded.subarray(32), message);
    expanded.fill(0);
    const point = BASE.multiply(nonce).toBytes();
    const challenge = hashToScalar(point, this.#publicOf(name, scalar), message);
    return concat(point, littleEndian32((nonce + challenge * scalar) % ORDER));
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== 64) {
      return false;
    }
    const point = signature.subarray(0, 32);
    const scalar = readLittleEndian(signature.subarray(32));
    if (scalar >= ORDER) {
      return false;
    }
    let signer;
    try {
      signer = Point.fromBytes(publicKey);
    } catch {
      return false;
    }
    const challenge = hashToScalar(point, publicKey, message);
    const expected = BASE.multiplyUnsafe(scalar).subtract(signer.multiplyUnsafe(challenge));
    return equalBytes(expected.toBytes(), point);
  }

  #publicOf(name: string, scalar: bigint): Uint8Array {
    let publicKey = this.#known.get(name);
    if (publicKey === undefined) {
      if (this.#known.size >= REMEMBERED) {
        this.#known.clear();
      }
      publicKey = BASE.multiply(scalar).toBytes();
      this.#known.set(name, publicKey);
    }
    return publicKey;
  }
}

function checkPrivate(privateKey: Uint8Array): void {
  if (privateKey.length !== 32) {
    throw new KeyRefused('An Ed25519 private key has 32 bytes.');
  }
}

/** The secret scalar in the first half of an expanded private key, which is clamped in place. */
function scalarOf(expanded: Uint8Array): bigint {
  return readLittleEndian(clamp(expanded.subarray(0, 32))) % ORDER;
}

function hashToScalar(...parts: readonly Uint8Array[]): bigint {
  const digest = sha512.create();
  for (const part of parts) {
    digest.update(part);
  }
  return readLittleEndian(digest.digest()) % ORDER;
}
