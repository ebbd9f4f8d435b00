/**
 * Sealing of single values: AES-256-GCM by WebCrypto, bound to the store and row they belong to.
 *
 * The key can be used here but not read: it is made non-extractable and kept by the browser as an
 * object. A random 96-bit nonce for each value: one vault stays far below the 2^32 values at which
 * NIST SP 800-38D (section 8.3) wants a new key.
 */

import { concat, utf8 } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { VaultDamaged } from './errors.ts';

export const NONCE_BYTES = 12;

const ALGORITHM = { name: 'AES-GCM', length: 256 } as const;
const USAGES = ['encrypt', 'decrypt'] as const;

/** A new vault's key. */
export async function makeVaultKey(subtle: SubtleCrypto): Promise<CryptoKey> {
  return subtle.generateKey(ALGORITHM, false, USAGES);
}

/** Whether it is one as `makeVaultKey` makes them: nobody can read it out. */
export function isVaultKey({ algorithm, extractable, usages }: CryptoKey): boolean {
  return (
    !extractable &&
    algorithm.name === ALGORITHM.name &&
    (algorithm as AesKeyAlgorithm).length === ALGORITHM.length &&
    USAGES.every((usage) => usages.includes(usage))
  );
}

/** Seals and opens values of one vault. */
export class Seal {
  readonly #subtle: SubtleCrypto;
  readonly #key: CryptoKey;

  constructor(subtle: SubtleCrypto, key: CryptoKey) {
    this.#subtle = subtle;
    this.#key = key;
  }

  /** Seal a value. `row` is the row's key, which must not change. */
  async close(store: string, row: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> {
    const nonce = own(randomBytes(NONCE_BYTES));
    const sealed = await this.#subtle.encrypt(
      { name: ALGORITHM.name, iv: nonce, additionalData: bound(store, row) },
      this.#key,
      own(plaintext),
    );
    return concat(nonce, new Uint8Array(sealed));
  }

  /** The value. Throws VaultDamaged when it is not what was sealed in this very place. */
  async open(store: string, row: Uint8Array, sealed: Uint8Array): Promise<Uint8Array> {
    try {
      const opened = await this.#subtle.decrypt(
        {
          name: ALGORITHM.name,
          iv: own(sealed.subarray(0, NONCE_BYTES)),
          additionalData: bound(store, row),
        },
        this.#key,
        own(sealed.subarray(NONCE_BYTES)),
      );
      return new Uint8Array(opened);
    } catch (error) {
      throw new VaultDamaged(
        `A value in ${store} of this browser's vault was altered or is damaged: link this ` +
          'device anew.',
        { cause: error },
      );
    }
  }

  /** SHA-256 of what travels, by which it is recognised when it comes again. */
  async digest(raw: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#subtle.digest('SHA-256', own(raw)));
  }
}

function bound(store: string, row: Uint8Array): Uint8Array<ArrayBuffer> {
  return own(concat(utf8(store), Uint8Array.of(0), row));
}

/** The bytes as WebCrypto wants them: surely not in a shared buffer. */
function own(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return raw.buffer instanceof ArrayBuffer
    ? new Uint8Array(raw.buffer, raw.byteOffset, raw.length)
    : new Uint8Array(raw);
}
