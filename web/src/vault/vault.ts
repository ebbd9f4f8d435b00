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
  StorageBlocked,
  StorageIncomplete,
  StorageNewer,
  type Write,
} from '../platform/database.ts';
import { HeldLock } from '../platform/locks.ts';
import { BlindNames, isNameKey, makeNameKey } from './blind_names.ts';
import { VaultBusy, VaultDamaged, VaultError } from './errors.ts';
import { damaged } from './row.ts';
import { KEY_SLOT, NAME_KEY_SLOT, OWN, STORES, vaultName, VERSION, WRITER_SLOT } from './schema.ts';
import { isVaultKey, makeVaultKey, Seal } from './seal.ts';

const WRITER_BYTES = 16;

/** What a vault needs of the browser. */
export interface Platform {
  readonly indexedDB: IDBFactory;
  readonly locks: LockManager;
  readonly subtle: SubtleCrypto;
}

/** An open vault. Made by `open`; must be closed. */
export class Vault {
  private constructor(
    readonly name: string,
    readonly seal: Seal,
    readonly names: BlindNames,
    private readonly database: Database,
    private readonly lock: HeldLock,
    private readonly writer: string,
  ) {}

  /**
   * Open the vault of this name, and make it if there is none. While another tab has it: wait until
   * `giveUp` says not to, or with `wait` false not at all, and throw VaultBusy.
   *
   * Throws VaultBusy, VaultDamaged, VaultError (`vault_blocked`, `vault_newer`),
   * StorageUnavailable.
   */
  static async open(
    platform: Platform,
    name: string,
    wait: boolean,
    giveUp?: AbortSignal,
  ): Promise<Vault> {
    const lock = await HeldLock.take(platform.locks, vaultName(name), wait, giveUp);
    if (lock === undefined) {
      throw busy(name);
    }
    let database: Database | undefined;
    try {
      database = await opened(platform.indexedDB, vaultName(name));
      const writer = await takeOver(database);
      const { subtle } = platform;
      const { key, nameKey } = await vaultKeys(database, subtle, guardOf(name, writer));
      const names = new BlindNames(subtle, nameKey);
      return new Vault(name, new Seal(subtle, key), names, database, lock, writer);
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

  /**
   * Everything in it goes, but for its keys and the rows of `own` that `others` does not remove.
   * Returns the vault to go on with: whoever still has this one cannot write into it any more.
   *
   * Throws StorageUnavailable, VaultBusy.
   */
  async erase(others: readonly Write[]): Promise<Vault> {
    this.#demandHeld();
    const { name, seal, names, database, lock } = this;
    const fresh = new Vault(name, seal, names, database, lock, await takeOver(database));
    const stores = STORES.map((store) => store.name).filter((store) => store !== OWN);
    await fresh.write([...stores.map((store) => ({ store, clear: true as const })), ...others]);
    return fresh;
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

/** The database, or what is wrong with it in the words of vaults. */
async function opened(factory: IDBFactory, name: string): Promise<Database> {
  try {
    return await Database.open(factory, name, VERSION, STORES);
  } catch (error) {
    if (error instanceof StorageBlocked) {
      throw new VaultError(
        'Another tab with an older Plausch holds this vault: close the other tabs of Plausch.',
        { code: 'vault_blocked', cause: error },
      );
    }
    if (error instanceof StorageNewer) {
      throw new VaultError('A newer Plausch has this vault: reload the page.', {
        code: 'vault_newer',
        cause: error,
      });
    }
    if (error instanceof StorageIncomplete) {
      throw new VaultDamaged(
        "This browser's vault has lost a part: erase it and link this device anew.",
        { cause: error },
      );
    }
    throw error;
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

/** The two keys of a vault: that of its seals, and that of its blind names. */
interface VaultKeys {
  readonly key: CryptoKey;
  readonly nameKey: CryptoKey;
}

/** The vault's keys, made at its first opening. Throws VaultDamaged. */
async function vaultKeys(
  database: Database,
  subtle: SubtleCrypto,
  guard: Guard,
): Promise<VaultKeys> {
  const keyRow = await database.get(OWN, KEY_SLOT);
  const nameKeyRow = await database.get(OWN, NAME_KEY_SLOT);
  if (keyRow !== undefined && nameKeyRow !== undefined) {
    return { key: demandKey(keyRow, isVaultKey), nameKey: demandKey(nameKeyRow, isNameKey) };
  }
  if (keyRow !== undefined || nameKeyRow !== undefined) {
    throw keyMissing();
  }
  await demandUnused(database);
  const [key, nameKey] = [await makeVaultKey(subtle), await makeNameKey(subtle)];
  await database.write(
    [
      { store: OWN, put: { slot: KEY_SLOT, key } },
      { store: OWN, put: { slot: NAME_KEY_SLOT, key: nameKey } },
    ],
    guard,
  );
  return { key, nameKey };
}

/** A key that somebody else put there could be read by him. Throws VaultDamaged. */
function demandKey(row: unknown, isRight: (key: CryptoKey) => boolean): CryptoKey {
  const key = typeof row === 'object' && row !== null && 'key' in row ? row.key : undefined;
  if (!(key instanceof CryptoKey) || !isRight(key)) {
    throw damaged(OWN);
  }
  return key;
}

/** A key is not made anew over what another one has sealed. Throws VaultDamaged. */
async function demandUnused(database: Database): Promise<void> {
  const others = STORES.map(({ name }) => name).filter((name) => name !== OWN);
  // In `own` there is the writer, who came just now.
  const counts = await Promise.all(others.map((name) => database.count(name)));
  if ((await database.count(OWN)) > 1 || counts.some((count) => count > 0)) {
    throw keyMissing();
  }
}

function keyMissing(): VaultDamaged {
  return new VaultDamaged(
    "This browser's vault has lost its key: nothing in it can be read, link this device anew.",
    { code: 'vault_key_missing' },
  );
}

function isWriter(row: unknown): row is { readonly writer: unknown } {
  return typeof row === 'object' && row !== null && 'writer' in row;
}

function busy(name: string): VaultBusy {
  return new VaultBusy(
    `The vault ${name} is open in another tab or window: close it there, or wait until it is.`,
  );
}
