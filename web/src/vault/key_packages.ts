/**
 * Store `key_package`: the private halves of key packages that the server hands out for us (Python:
 * sdk/vault/key_packages.py).
 *
 * In the clear are the reference, the suite, the age and what became of it; the keys are sealed.
 */

import { concat, concatErasing, toHex } from '../base/bytes.ts';
import { MAX_VARINT, opaque, u16, u64, u8 } from '../mls/codec.ts';
import type { Write } from '../platform/database.ts';
import { parsed, Row, understood } from './row.ts';
import { KEY_PACKAGE } from './schema.ts';
import type { Vault } from './vault.ts';

/**
 * One key package: `bundle` is its saved private form, which whoever has it overwrites after use;
 * `message` is what the server gets.
 */
export interface KeptKeyPackage {
  readonly ref: Uint8Array;
  readonly suite: number;
  readonly isLastResort: boolean;
  readonly bundle: Uint8Array;
  readonly message: Uint8Array;
  readonly isUploaded: boolean;
  readonly isUsed: boolean;
  readonly madeAtMs: number;
}

/** The vault's key packages. */
export class KeyPackages {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Keep it, before it is uploaded. */
  async put(kept: KeptKeyPackage): Promise<Write> {
    const { ref, suite, madeAtMs } = kept;
    const plaintext = concatErasing(opaque(kept.bundle), opaque(kept.message));
    const sealed = await this.#vault.seal.close(KEY_PACKAGE, rowBytes(kept), plaintext);
    plaintext.fill(0);
    const put = {
      ref: ref.slice(),
      suite,
      lastResort: kept.isLastResort ? 1 : 0,
      uploaded: kept.isUploaded ? 1 : 0,
      used: kept.isUsed ? 1 : 0,
      madeAtMs,
      sealed,
    };
    return { store: KEY_PACKAGE, put };
  }

  /**
   * The first of these that is ours: our own are looked through, not theirs one by one, of which
   * there may be very many. Throws VaultDamaged, StorageUnavailable.
   */
  async find(refs: readonly Uint8Array[]): Promise<KeptKeyPackage | undefined> {
    const wanted = new Set(refs.map(toHex));
    const rows = await this.#vault.select(KEY_PACKAGE);
    const found = rows.find((row) => wanted.has(toHex(new Row(KEY_PACKAGE, row).bytes('ref'))));
    return found === undefined ? undefined : this.#opened(found);
  }

  /** Those of which it is not known that the server has them. Throws as `find`. */
  async waiting(): Promise<readonly KeptKeyPackage[]> {
    const rows = await this.#vault.select(KEY_PACKAGE);
    const waiting = rows.filter((row) => new Row(KEY_PACKAGE, row).number('uploaded') === 0);
    return Promise.all(waiting.map((row) => this.#opened(row)));
  }

  /** The suites with a last-resort package that was not used yet and is not older. */
  async freshLastResorts(madeSinceMs: number): Promise<ReadonlySet<number>> {
    const fresh = (await this.#rows()).filter(
      (row) =>
        row.number('lastResort') === 1 &&
        row.number('used') === 0 &&
        row.number('madeAtMs') >= madeSinceMs,
    );
    return new Set(fresh.map((row) => row.number('suite')));
  }

  /** How many one-time packages the server was given and nobody has used yet. */
  async uploaded(): Promise<number> {
    return (await this.#rows()).filter(
      (row) => row.number('lastResort') === 0 && row.number('uploaded') === 1,
    ).length;
  }

  /** The server has it on disk. */
  markUploaded(ref: Uint8Array): Write {
    return this.#mark(ref, { uploaded: 1 });
  }

  /** It was used: the init key goes. A last-resort one stays until others replaced it. */
  use({ ref, isLastResort }: KeptKeyPackage): Write {
    return isLastResort
      ? this.#mark(ref, { used: 1 })
      : { store: KEY_PACKAGE, remove: ref.slice() };
  }

  /** Nobody can use these any more: their lifetime is over. */
  async removeOld(madeBeforeMs: number): Promise<readonly Write[]> {
    return (await this.#rows())
      .filter((row) => row.number('madeAtMs') < madeBeforeMs)
      .map((row) => ({ store: KEY_PACKAGE, remove: row.bytes('ref') }));
  }

  #mark(ref: Uint8Array, marks: object): Write {
    return {
      store: KEY_PACKAGE,
      key: ref.slice(),
      change: (row) => (row === undefined ? undefined : { ...(row as object), ...marks }),
    };
  }

  async #rows(): Promise<readonly Row[]> {
    return (await this.#vault.select(KEY_PACKAGE)).map((row) => new Row(KEY_PACKAGE, row));
  }

  async #opened(found: unknown): Promise<KeptKeyPackage> {
    const row = new Row(KEY_PACKAGE, found);
    const clear = {
      ref: row.bytes('ref'),
      suite: row.number('suite'),
      isLastResort: row.number('lastResort') === 1,
      madeAtMs: row.number('madeAtMs'),
    };
    const place = understood(KEY_PACKAGE, () => rowBytes(clear));
    const opened = await this.#vault.seal.open(KEY_PACKAGE, place, row.bytes('sealed'));
    try {
      return parsed(KEY_PACKAGE, opened, (reader) => ({
        ...clear,
        bundle: reader.opaque(MAX_VARINT),
        message: reader.opaque(MAX_VARINT),
        isUploaded: row.number('uploaded') === 1,
        isUsed: row.number('used') === 1,
      }));
    } finally {
      opened.fill(0);
    }
  }
}

/**
 * What is not sealed of a row and stays as it is, which its seal therefore binds. Whether it was
 * uploaded and used does not: told wrongly, it is uploaded once more, or replaced later.
 */
function rowBytes(
  kept: Pick<KeptKeyPackage, 'ref' | 'suite' | 'isLastResort' | 'madeAtMs'>,
): Uint8Array {
  const { ref, suite, isLastResort, madeAtMs } = kept;
  return concat(u16(suite), u8(isLastResort ? 1 : 0), u64(BigInt(madeAtMs)), opaque(ref));
}
