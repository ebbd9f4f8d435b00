/**
 * Stores `key_package`, the private halves of key packages that the server hands out for us, and
 * `joined`, the Welcomes that have used them: the same Welcome is answered again after a crash.
 */

import type { Write } from '../platform/database.ts';
import { optionalRow, Row } from './row.ts';
import { JOINED, KEY_PACKAGE } from './schema.ts';
import type { Vault } from './vault.ts';

/** One key package; `bundle` is its saved private form. */
export interface KeptKeyPackage {
  readonly ref: Uint8Array;
  readonly bundle: Uint8Array;
  readonly madeAtMs: number;
}

/** The vault's key packages. */
export class KeyPackages {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Keep it, before it leaves. */
  async put({ ref, bundle, madeAtMs }: KeptKeyPackage): Promise<Write> {
    const sealed = await this.#vault.seal.close(KEY_PACKAGE, ref, bundle);
    return { store: KEY_PACKAGE, put: { ref: ref.slice(), madeAtMs, sealed } };
  }

  /** The first of these that is ours. Throws VaultDamaged, StorageUnavailable. */
  async find(refs: readonly Uint8Array[]): Promise<KeptKeyPackage | undefined> {
    for (const ref of refs) {
      const row = await this.#vault.get(KEY_PACKAGE, ref);
      if (row !== undefined) {
        return this.#opened(row);
      }
    }
    return undefined;
  }

  /** All that are not used up, in no particular order. Throws VaultDamaged, StorageUnavailable. */
  async all(): Promise<readonly KeptKeyPackage[]> {
    const rows = await this.#vault.select(KEY_PACKAGE);
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  /** It was used, or nobody can use it any more: the init key goes. */
  spend(ref: Uint8Array): Write {
    return { store: KEY_PACKAGE, remove: ref.slice() };
  }

  /** A Welcome, by its digest, has led into this group. */
  async putJoined(welcome: Uint8Array, group: Uint8Array): Promise<Write> {
    const sealed = await this.#vault.seal.close(JOINED, welcome, group);
    return { store: JOINED, put: { welcome, sealed } };
  }

  /** Where this Welcome has led to. Throws VaultDamaged, StorageUnavailable. */
  async joined(welcome: Uint8Array): Promise<Uint8Array | undefined> {
    const row = optionalRow(JOINED, await this.#vault.get(JOINED, welcome));
    return row && this.#vault.seal.open(JOINED, welcome, row.bytes('sealed'));
  }

  async #opened(found: unknown): Promise<KeptKeyPackage> {
    const row = new Row(KEY_PACKAGE, found);
    const ref = row.bytes('ref');
    const bundle = await this.#vault.seal.open(KEY_PACKAGE, ref, row.bytes('sealed'));
    return { ref, bundle, madeAtMs: row.number('madeAtMs') };
  }
}
