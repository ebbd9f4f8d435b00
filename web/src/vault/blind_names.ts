/**
 * Names as keys of rows, without saying them: HMAC-SHA-256 of the name under a key that can be
 * used here but not read. Whoever reads the browser's files sees that two rows of a store are of
 * the same account, not of which.
 */

import { concat, utf8 } from '../base/bytes.ts';

const ALGORITHM = { name: 'HMAC', hash: 'SHA-256', length: 256 } as const;

/** A new vault's key for names. */
export async function makeNameKey(subtle: SubtleCrypto): Promise<CryptoKey> {
  return subtle.generateKey(ALGORITHM, false, ['sign']);
}

/** Whether it is one as `makeNameKey` makes them: nobody can read it out. */
export function isNameKey({ algorithm, extractable, usages }: CryptoKey): boolean {
  const { name, hash, length } = algorithm as HmacKeyAlgorithm;
  return (
    !extractable &&
    name === ALGORITHM.name &&
    hash.name === ALGORITHM.hash &&
    length === ALGORITHM.length &&
    usages.includes('sign')
  );
}

/** Blinds the names of one vault. */
export class BlindNames {
  readonly #subtle: SubtleCrypto;
  readonly #key: CryptoKey;

  constructor(subtle: SubtleCrypto, key: CryptoKey) {
    this.#subtle = subtle;
    this.#key = key;
  }

  /** 32 bytes that stand for a name in a store: always the same, in another store others. */
  async of(store: string, name: string): Promise<Uint8Array> {
    const message = concat(utf8(store), Uint8Array.of(0), utf8(name));
    const signed = await this.#subtle.sign(ALGORITHM.name, this.#key, new Uint8Array(message));
    return new Uint8Array(signed);
  }
}
