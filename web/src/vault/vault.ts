/**
 * A device's vault in the browser: owns it among all tabs, seals what is secret, writes in one
 * transaction.
 *
 * Two things keep a second writer away. The Web Lock, held for the vault's life, lets the second
 * tab wait or say so. And every opening writes a new name into `own`, which every transaction
 * compares before it writes: a writer that somebody else took over from, in whatever way, cannot
 * write any more, and what it had begun to write is done before the next one reads.
 */

import { toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import {
  Database,
  type Guard,
  type Key,
  type Selection,
  type Write,
} from '../platform/database.ts';
import { HeldLock } from '../platform/locks.ts';
import { VaultBusy, VaultDamaged } from './errors.ts';
import { IDENTITY_SLOT, KEY_SLOT, OWN, STORES, VERSION, WRITER_SLOT } from './schema.ts';
import { makeVaultKey, Seal } from './seal.ts';

const WRITER_BYTES = 16;

/** What a vault needs of the browser. */
export interface Platform {
  readonly indexedDB: IDBFactory;
  readonly locks: LockManager;
  readonly subtle: SubtleCrypto;
}

/** The database and the lock of a vault. */
export function vaultName(name: string): string {
  return `plausch vault ${name}`;
}

/** An open vault. Made by `open`; must be closed. */
export class Vault {
  private constructor(
    readonly name: string,
    readonly seal: Seal,
    private readonly database: Database,
    private readonly lock: HeldLock,
    private readonly writer: string,
  ) {}

  /**
   * Open the vault of this name, and make it if there is none. While another tab has it: wait, or
   * with `wait` false throw VaultBusy.
   *
   * Throws VaultBusy, VaultDamaged, StorageUnavailable.
   */
  static async open(platform: Platform, name: string, wait: boolean): Promise<Vault> {
    const lock = await HeldLock.take(platform.locks, vaultName(name), wait);
    if (lock === undefined) {
      throw busy(name);
    }
    let database: Database | undefined;
    try {
      database = await Database.open(platform.indexedDB, vaultName(name), VERSION, STORES);
      const writer = await takeOver(database);
      const key = await vaultKey(database, platform.subtle, guardOf(name, writer));
      return new Vault(name, new Seal(platform.subtle, key), database, lock, writer);
    } catch (error) {
      database?.close();
      await lock.release();
      throw error;
    }
  }

  /**
   * All of it in one transaction, on disk when this resolves.
   *
   * Throws StorageUnavailable, VaultBusy when the vault has another owner by now.
   */
  async write(writes: readonly Write[]): Promise<void> {
    this.#demandHeld();
    if (writes.length > 0) {
      await this.database.write(writes, guardOf(this.name, this.writer));
    }
  }

  /** The row with this key. Throws StorageUnavailable, VaultBusy. */
  async get(store: string, key: Key): Promise<unknown> {
    this.#demandHeld();
    return this.database.get(store, key);
  }

  /** The row with this key of an index. Throws StorageUnavailable, VaultBusy. */
  async find(store: string, index: string, key: Key): Promise<unknown> {
    this.#demandHeld();
    return this.database.find(store, index, key);
  }

  /** The rows of a selection. Throws StorageUnavailable, VaultBusy. */
  async select(store: string, selection?: Selection): Promise<readonly unknown[]> {
    this.#demandHeld();
    return this.database.select(store, selection);
  }

  /** The largest number that is a key, 0 in an empty store. Throws StorageUnavailable. */
  async lastNumber(store: string, index?: string): Promise<number> {
    const key = await this.database.lastKey(store, index);
    return typeof key === 'number' ? key : 0;
  }

  /** Let another tab have it. */
  async close(): Promise<void> {
    this.database.close();
    await this.lock.release();
  }

  #demandHeld(): void {
    if (!this.lock.isHeld) {
      throw busy(this.name);
    }
  }
}

/** This writer's name. Writing it waits for whatever an earlier writer has begun to write. */
async function takeOver(database: Database): Promise<string> {
  const writer = toHex(randomBytes(WRITER_BYTES));
  await database.write([{ store: OWN, put: { slot: WRITER_SLOT, writer } }]);
  return writer;
}

function guardOf(name: string, writer: string): Guard {
  return {
    store: OWN,
    key: WRITER_SLOT,
    check: (row) => {
      if (!isWriter(row) || row.writer !== writer) {
        throw busy(name);
      }
    },
  };
}

/** The key of the vault, made at its first opening. */
async function vaultKey(
  database: Database,
  subtle: SubtleCrypto,
  guard: Guard,
): Promise<CryptoKey> {
  const row = await database.get(OWN, KEY_SLOT);
  if (isKeyed(row)) {
    return row.key;
  }
  const identity = await database.get(OWN, IDENTITY_SLOT);
  const counts = await Promise.all(
    STORES.filter(({ name }) => name !== OWN).map(({ name }) => database.count(name)),
  );
  if (row !== undefined || identity !== undefined || counts.some((count) => count > 0)) {
    throw new VaultDamaged(
      "This browser's vault has lost its key: nothing in it can be read, link this device anew.",
      { code: 'vault_key_missing' },
    );
  }
  const key = await makeVaultKey(subtle);
  await database.write([{ store: OWN, put: { slot: KEY_SLOT, key } }], guard);
  return key;
}

function isWriter(row: unknown): row is { readonly writer: unknown } {
  return typeof row === 'object' && row !== null && 'writer' in row;
}

function isKeyed(row: unknown): row is { readonly key: CryptoKey } {
  return typeof row === 'object' && row !== null && 'key' in row && row.key instanceof CryptoKey;
}

function busy(name: string): VaultBusy {
  return new VaultBusy(
    `The vault ${name} is open in another tab or window: close it there, or wait until it is.`,
  );
}
