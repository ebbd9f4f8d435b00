/** Sealed rows of store `own`, each read and written as a whole. */

import { utf8 } from '../base/bytes.ts';
import type { Reader } from '../mls/codec.ts';
import type { Write } from '../platform/database.ts';
import { optionalRow, parsed } from './row.ts';
import { OWN } from './schema.ts';
import type { Vault } from './vault.ts';

/** How a value is written down. */
export interface Written<T> {
  readonly toBytes: (value: T) => Uint8Array;
  readonly read: (reader: Reader) => T;
}

/** One row. */
export class Slot<T> {
  readonly #vault: Vault;
  readonly #name: string;
  readonly #written: Written<T>;

  constructor(vault: Vault, name: string, written: Written<T>) {
    this.#vault = vault;
    this.#name = name;
    this.#written = written;
  }

  /** Undefined when nothing is there. Throws VaultDamaged, StorageUnavailable. */
  async get(): Promise<T | undefined> {
    const row = optionalRow(OWN, await this.#vault.get(OWN, this.#name));
    if (row === undefined) {
      return undefined;
    }
    const opened = await this.#vault.seal.open(OWN, utf8(this.#name), row.bytes('sealed'));
    try {
      return parsed(OWN, opened, this.#written.read);
    } finally {
      opened.fill(0);
    }
  }

  /** In place of what was there. */
  async put(value: T): Promise<Write> {
    const plaintext = this.#written.toBytes(value);
    const sealed = await this.#vault.seal.close(OWN, utf8(this.#name), plaintext);
    plaintext.fill(0);
    return { store: OWN, put: { slot: this.#name, sealed } };
  }

  remove(): Write {
    return { store: OWN, remove: this.#name };
  }
}
