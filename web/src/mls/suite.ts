/** Cipher suites and the functions MLS builds from them (RFC 9420 sections 5.1, 5.2, 8). */

import { concat, concatAll, EMPTY, equalBytesConstantTime, utf8 } from '../base/bytes.ts';
import { opaque, u16, u32 } from './codec.ts';
import { Ed25519 } from './ed25519.ts';
import { codePoint, DecryptionFailed, UnsupportedSuite } from './errors.ts';
import {
  type Kem,
  type KeyPair,
  labeledExpand,
  labeledExtract,
  X25519Kem,
  XWingKem,
} from './kem.ts';
import { type CHash, gcm, hmac, sha256, sha512 } from './primitives.ts';
import type { SignatureChecks, SignatureScheme } from './signature_checks.ts';

export const MLS_128_X25519_AES128 = 0x0001;

/** Known once `registerP256` of `p256.ts` was called. */
export const MLS_128_P256_AES128 = 0x0002;

/** Known once `registerChaCha` of `chacha.ts` was called. */
export const MLS_128_X25519_CHACHA = 0x0003;

/** MLS_256_XWING_AES256GCM_SHA512_Ed25519, at a private-use code point until IANA registers one. */
export const MLS_256_XWING = 0xf00d;

const EXPORT_LABEL = utf8('MLS 1.0 external init secret');

/** Labels remembered at once; MLS has about thirty, an application's exporters add theirs. */
const REMEMBERED_LABELS = 256;

/** What an AEAD's library offers: a cipher for one key and nonce. */
type Cipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
) => { encrypt(plaintext: Uint8Array): Uint8Array; decrypt(ciphertext: Uint8Array): Uint8Array };

/** An AEAD: its HPKE code point, its cipher and the lengths of its key and nonce, in bytes. */
export interface Aead {
  readonly id: number;
  readonly cipher: Cipher;
  readonly keyLength: number;
  readonly nonceLength: number;
}

/** HKDF over a hash; `id` is its HPKE code point. */
export interface Kdf {
  readonly id: number;
  readonly hash: CHash;
}

const labels = new Map<string, Uint8Array>();

/** `opaque label<V>` with the prefix of the protocol version. */
function labelled(label: string): Uint8Array {
  let encoded = labels.get(label);
  if (encoded === undefined) {
    if (labels.size >= REMEMBERED_LABELS) {
      labels.clear();
    }
    encoded = opaque(utf8(`MLS 1.0 ${label}`));
    labels.set(label, encoded);
  }
  return encoded;
}

/**
 * One cipher suite: hash, KDF, AEAD, HPKE and signatures with MLS's labels.
 *
 * Keys are bytes. Instances come from `suite(id)`; there is one for each code point.
 */
export class Suite {
  readonly hashLength: number;
  readonly keyLength: number;
  readonly nonceLength: number;
  readonly #hash: CHash;
  readonly #aead: Aead;
  readonly #hpkeId: Uint8Array;

  constructor(
    readonly id: number,
    readonly name: string,
    readonly kem: Kem,
    kdf: Kdf,
    aead: Aead,
    readonly signature: SignatureScheme,
  ) {
    this.hashLength = kdf.hash.outputLen;
    this.keyLength = aead.keyLength;
    this.nonceLength = aead.nonceLength;
    this.#hash = kdf.hash;
    this.#aead = aead;
    this.#hpkeId = concat(utf8('HPKE'), u16(kem.id), u16(kdf.id), u16(aead.id));
  }

  /** The suite's hash. */
  hash(content: Uint8Array): Uint8Array {
    return this.#hash(content);
  }

  /** HMAC over the suite's hash. */
  mac(key: Uint8Array, content: Uint8Array): Uint8Array {
    return hmac(this.#hash, key, content);
  }

  /** Whether `tag` is the MAC of `content`, compared in constant time. */
  checkMac(key: Uint8Array, content: Uint8Array, tag: Uint8Array): boolean {
    return equalBytesConstantTime(this.mac(key, content), tag);
  }

  /** KDF.Extract. */
  extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
    return hmac(this.#hash, salt, ikm);
  }

  /** KDF.Expand; at most 255 blocks of the hash. Throws RangeError for more. */
  expand(secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    const count = Math.ceil(length / this.hashLength);
    if (count > 255) {
      throw new RangeError(`HKDF gives at most 255 blocks; ${length} bytes are ${count}.`);
    }
    let block = hmac(this.#hash, secret, concat(info, Uint8Array.of(1)));
    if (length === this.hashLength) {
      return block;
    }
    const blocks = [block];
    for (let counter = 2; counter <= count; counter += 1) {
      block = hmac(this.#hash, secret, concat(block, info, Uint8Array.of(counter)));
      blocks.push(block);
    }
    const whole = concatAll(blocks);
    const out = whole.slice(0, length);
    for (const used of [whole, ...blocks]) {
      used.fill(0);
    }
    return out;
  }

  /** ExpandWithLabel (RFC 9420 section 8). */
  expandWithLabel(
    secret: Uint8Array,
    label: string,
    context: Uint8Array,
    length: number,
  ): Uint8Array {
    return this.expand(secret, concat(u16(length), labelled(label), opaque(context)), length);
  }

  /** DeriveSecret (RFC 9420 section 8). */
  deriveSecret(secret: Uint8Array, label: string): Uint8Array {
    return this.expandWithLabel(secret, label, EMPTY, this.hashLength);
  }

  /** DeriveTreeSecret (RFC 9420 section 9). */
  deriveTreeSecret(
    secret: Uint8Array,
    label: string,
    generation: number,
    length: number,
  ): Uint8Array {
    return this.expandWithLabel(secret, label, u32(generation), length);
  }

  /** RefHash (RFC 9420 section 5.2); `label` is complete, with its "MLS 1.0 ". */
  refHash(label: string, content: Uint8Array): Uint8Array {
    return this.#hash(concat(opaque(utf8(label)), opaque(content)));
  }

  /** SignWithLabel (RFC 9420 section 5.1.2). Throws KeyRefused. */
  signWithLabel(privateKey: Uint8Array, label: string, content: Uint8Array): Uint8Array {
    return this.signature.sign(privateKey, concat(labelled(label), opaque(content)));
  }

  /**
   * VerifyWithLabel, later: adds the check to `checks`, which throw `failure()` if it fails.
   *
   * Throws KeyRefused at once for a malformed public key.
   */
  verifyWithLabel(
    checks: SignatureChecks,
    publicKey: Uint8Array,
    label: string,
    content: Uint8Array,
    signature: Uint8Array,
    failure: () => Error,
  ): void {
    this.signature.checkPublic(publicKey);
    const message = concat(labelled(label), opaque(content));
    checks.add({ scheme: this.signature, publicKey, message, signature, failure });
  }

  /**
   * EncryptWithLabel (RFC 9420 section 5.1.3): KEM output and ciphertext.
   *
   * Throws KeyRefused.
   */
  encryptWithLabel(
    publicKey: Uint8Array,
    label: string,
    context: Uint8Array,
    plaintext: Uint8Array,
  ): readonly [kemOutput: Uint8Array, ciphertext: Uint8Array] {
    const [shared, kemOutput] = this.kem.encapsulate(publicKey);
    const [key, nonce] = this.#hpkeKeys(shared, concat(labelled(label), opaque(context)));
    const ciphertext = this.aeadSeal(key, nonce, EMPTY, plaintext);
    key.fill(0);
    return [kemOutput, ciphertext];
  }

  /** DecryptWithLabel. Throws DecryptionFailed; KeyRefused for a malformed private key. */
  decryptWithLabel(
    privateKey: Uint8Array,
    label: string,
    context: Uint8Array,
    kemOutput: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array {
    if (kemOutput.length !== this.kem.encapsulatedLength) {
      throw new DecryptionFailed(
        `The KEM output has ${kemOutput.length} bytes; ${this.name} needs ` +
          `${this.kem.encapsulatedLength}.`,
      );
    }
    try {
      const shared = this.kem.decapsulate(privateKey, kemOutput);
      const [key, nonce] = this.#hpkeKeys(shared, concat(labelled(label), opaque(context)));
      const plaintext = this.aeadOpen(key, nonce, EMPTY, ciphertext);
      key.fill(0);
      return plaintext;
    } catch (error) {
      if (error instanceof DecryptionFailed) {
        throw new DecryptionFailed(`An HPKE ciphertext (${label}) does not open.`, {
          cause: error,
        });
      }
      throw error;
    }
  }

  /** AEAD.Seal. */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return this.#aead.cipher(key, nonce, aad).encrypt(plaintext);
  }

  /** AEAD.Open. Throws DecryptionFailed. */
  aeadOpen(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array {
    try {
      return this.#aead.cipher(key, nonce, aad).decrypt(ciphertext);
    } catch (error) {
      throw new DecryptionFailed(
        'A ciphertext does not open: it was altered, or encrypted under another key.',
        { cause: error },
      );
    }
  }

  /** DeriveKeyPair: private and public key. */
  kemDeriveKeyPair(ikm: Uint8Array): KeyPair {
    return this.kem.deriveKeyPair(ikm);
  }

  /** A fresh private and public key. */
  kemGenerate(): KeyPair {
    return this.kem.generate();
  }

  /** Throws KeyRefused unless a ciphertext can be made for this key. */
  kemCheckPublic(publicKey: Uint8Array): void {
    this.kem.checkPublic(publicKey);
  }

  /** A fresh signature key pair: private and public. */
  signatureGenerate(): KeyPair {
    return this.signature.generate();
  }

  /** The public half of a signature key. Throws KeyRefused. */
  signaturePublicOf(privateKey: Uint8Array): Uint8Array {
    return this.signature.publicOf(privateKey);
  }

  /**
   * KEM output and init secret for an external commit (RFC 9420 section 8.3).
   *
   * SetupBaseS with empty info, then Export. Throws KeyRefused.
   */
  exportSend(publicKey: Uint8Array): readonly [kemOutput: Uint8Array, initSecret: Uint8Array] {
    const [shared, kemOutput] = this.kem.encapsulate(publicKey);
    return [kemOutput, this.#export(shared)];
  }

  /** The init secret of an external commit. Throws DecryptionFailed. */
  exportReceive(privateKey: Uint8Array, kemOutput: Uint8Array): Uint8Array {
    return this.#export(this.kem.decapsulate(privateKey, kemOutput));
  }

  /** Key and nonce of the only message (RFC 9180 section 5.1, base mode); uses up `shared`. */
  #hpkeKeys(shared: Uint8Array, info: Uint8Array): readonly [key: Uint8Array, nonce: Uint8Array] {
    const [secret, context] = this.#hpkeSecret(shared, info);
    const key = this.#hpkeExpand(secret, 'key', context, this.keyLength);
    const nonce = this.#hpkeExpand(secret, 'base_nonce', context, this.nonceLength);
    secret.fill(0);
    return [key, nonce];
  }

  /** KeySchedule in base mode and Export (RFC 9180 sections 5.1, 5.3); uses up `shared`. */
  #export(shared: Uint8Array): Uint8Array {
    const [secret, context] = this.#hpkeSecret(shared, EMPTY);
    const exporter = this.#hpkeExpand(secret, 'exp', context, this.hashLength);
    const exported = this.#hpkeExpand(exporter, 'sec', EXPORT_LABEL, this.hashLength);
    secret.fill(0);
    exporter.fill(0);
    return exported;
  }

  #hpkeSecret(
    shared: Uint8Array,
    info: Uint8Array,
  ): readonly [secret: Uint8Array, context: Uint8Array] {
    const extract = (salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
      labeledExtract(this.#hash, this.#hpkeId, salt, label, ikm);
    const context = concat(
      Uint8Array.of(0),
      extract(EMPTY, 'psk_id_hash', EMPTY),
      extract(EMPTY, 'info_hash', info),
    );
    const secret = extract(shared, 'secret', EMPTY);
    shared.fill(0);
    return [secret, context];
  }

  #hpkeExpand(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
    return labeledExpand(this.#hash, this.#hpkeId, secret, label, context, length);
  }
}

export const HKDF_SHA256: Kdf = { id: 0x0001, hash: sha256 };
const HKDF_SHA512: Kdf = { id: 0x0003, hash: sha512 };
export const AES_128_GCM: Aead = { id: 0x0001, cipher: gcm, keyLength: 16, nonceLength: 12 };
const AES_256_GCM: Aead = { id: 0x0002, cipher: gcm, keyLength: 32, nonceLength: 12 };

export const ED25519 = new Ed25519();

const suites = new Map<number, Suite>();

/** The cipher suites that are known, by code point. */
export const SUITES: ReadonlyMap<number, Suite> = suites;

/** Make a cipher suite known; one that is known already stays. */
export function registerSuite(known: Suite): void {
  if (!suites.has(known.id)) {
    suites.set(known.id, known);
  }
}

for (const known of [
  new Suite(
    MLS_128_X25519_AES128,
    'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    new X25519Kem(),
    HKDF_SHA256,
    AES_128_GCM,
    ED25519,
  ),
  new Suite(
    MLS_256_XWING,
    'MLS_256_XWING_AES256GCM_SHA512_Ed25519',
    new XWingKem(),
    HKDF_SHA512,
    AES_256_GCM,
    ED25519,
  ),
]) {
  registerSuite(known);
}

/** The cipher suite at a code point. Throws UnsupportedSuite. */
export function suite(id: number): Suite {
  const known = suites.get(id);
  if (known === undefined) {
    throw new UnsupportedSuite(
      `Cipher suite ${codePoint(id)} is not supported; use one of ` +
        `${[...suites.keys()].map(codePoint).join(', ')}.`,
    );
  }
  return known;
}
