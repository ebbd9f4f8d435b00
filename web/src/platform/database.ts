/**
 * IndexedDB as this house needs it: single reads, and many writes in one transaction.
 *
 * A transaction ends by itself as soon as nothing waits in it, so that nothing else (WebCrypto,
 * say) may be awaited inside: whoever writes prepares everything first and hands over plain values.
 */

import { OperatorError } from '../base/errors.ts';
import { type Timers, TIMERS } from './clock.ts';

/** The database did not take the work: disk or quota full, closed, damaged. Nothing was done. */
export class StorageUnavailable extends OperatorError {
  static override readonly code: string = 'storage_unavailable';
}

/** Another tab holds an older form of the database and does not let go of it. */
export class StorageBlocked extends StorageUnavailable {
  static override readonly code: string = 'storage_blocked';
}

/** A newer version of this program has made the database. */
export class StorageNewer extends StorageUnavailable {
  static override readonly code: string = 'storage_newer';
}

/** Stores or indexes are missing that a database of this version has. */
export class StorageIncomplete extends StorageUnavailable {
  static override readonly code: string = 'storage_incomplete';
}

/** How long another tab may take to let go of an older form. */
export const BLOCKED_PATIENCE_MS = 5_000;

/** A row's key, or a part of one. */
export type Key = number | string | Uint8Array | readonly Key[];

/** A store and its indexes, whose keys are fields of the rows. */
export interface StoreShape {
  readonly name: string;
  readonly keyPath: string | readonly string[];
  readonly indexes?: readonly IndexShape[];
}

export interface IndexShape {
  readonly name: string;
  readonly keyPath: string | readonly string[];
  readonly unique: boolean;
}

/**
 * One prepared change: a row that is put in its place, a key whose row goes, or a row that is
 * looked at inside the transaction and put back as `change` makes it; or a whole store is emptied.
 * `change` is given undefined when there is no row; with undefined it leaves things as they are.
 */
export type Write =
  | { readonly store: string; readonly put: object }
  | { readonly store: string; readonly remove: Key }
  | { readonly store: string; readonly clear: true }
  | {
      readonly store: string;
      readonly key: Key;
      readonly change: (row: unknown) => object | undefined;
    };

/** Which rows, by the key or by an index. */
export interface Selection {
  readonly index?: string;
  readonly range?: IDBKeyRange;
  readonly limit?: number;
}

/** The keys from `low` to `high`, without the ends that are open. */
export function keysBetween(
  low: Key,
  high: Key,
  {
    lowOpen = false,
    highOpen = false,
  }: { readonly lowOpen?: boolean; readonly highOpen?: boolean } = {},
): IDBKeyRange {
  return IDBKeyRange.bound(valid(low), valid(high), lowOpen, highOpen);
}

/** The keys that begin with this one, and after `after` if it is given. */
export function keysUnder(first: Key, after?: Key): IDBKeyRange {
  // An array is larger than anything else that may stand in a key.
  const lower = after === undefined ? [first] : [first, after];
  return IDBKeyRange.bound(valid(lower), valid([first, []]), after !== undefined);
}

/** Looks at a row inside the writing transaction, and throws to prevent the writing. */
export interface Guard {
  readonly store: string;
  readonly key: Key;
  readonly check: (row: unknown) => void;
}

/** One open database. */
export class Database {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // Somebody wants to delete it or to change its shape: whoever holds on would block them.
    database.onversionchange = () => {
      database.close();
    };
  }

  /**
   * Open it; whatever stores and indexes its shape has and an older version has not are made. One
   * without any store, which somebody opened before us, is made anew: nothing is in it.
   *
   * Throws StorageBlocked, StorageNewer, StorageIncomplete, StorageUnavailable.
   */
  static async open(
    factory: IDBFactory,
    name: string,
    version: number,
    shape: readonly StoreShape[],
    timers: Timers = TIMERS,
  ): Promise<Database> {
    const upgraded = async (): Promise<IDBDatabase> => {
      const request = attempt(() => factory.open(name, version));
      request.onupgradeneeded = () => {
        const { result: database, transaction } = request;
        for (const store of shape) {
          makeStore(database, transaction, store);
        }
      };
      return patientAnswer(request, timers, (database) => {
        database.close();
      });
    };
    let database = await upgraded();
    if (database.objectStoreNames.length === 0) {
      database.close();
      const request = attempt(() => factory.deleteDatabase(name));
      await patientAnswer(request, timers, () => undefined);
      database = await upgraded();
    }
    if (!isComplete(database, shape)) {
      database.close();
      throw new StorageIncomplete(
        "The browser's storage of this site has lost a part: erase it and begin anew.",
      );
    }
    return new Database(database);
  }

  /** The row with this key. Throws StorageUnavailable. */
  async get(store: string, key: Key): Promise<unknown> {
    return answer(this.#store(store).get(valid(key)));
  }

  /** The first row with this key of an index. Throws StorageUnavailable. */
  async find(store: string, index: string, key: Key): Promise<unknown> {
    return answer(this.#store(store).index(index).get(valid(key)));
  }

  /** The rows of a selection in the order of their keys. Throws StorageUnavailable. */
  async select(
    store: string,
    { index, range, limit }: Selection = {},
  ): Promise<readonly unknown[]> {
    const place = this.#store(store);
    const from = index === undefined ? place : place.index(index);
    const found: IDBRequest<unknown[]> = from.getAll(range, limit);
    return answer(found);
  }

  /** The largest key of a store or an index. Throws StorageUnavailable. */
  async lastKey(store: string, index?: string): Promise<IDBValidKey | undefined> {
    const place = this.#store(store);
    const from = index === undefined ? place : place.index(index);
    return (await answer(from.openKeyCursor(null, 'prev')))?.key;
  }

  /** How many rows a store has. Throws StorageUnavailable. */
  async count(store: string): Promise<number> {
    return answer(this.#store(store).count());
  }

  /**
   * All of it in one transaction, on disk when this resolves; or nothing of it.
   *
   * Throws StorageUnavailable, and what the guard throws.
   */
  async write(writes: readonly Write[], guard?: Guard): Promise<void> {
    const stores = new Set(writes.map((write) => write.store));
    if (guard !== undefined) {
      stores.add(guard.store);
    }
    const transaction = attempt(() =>
      this.#database.transaction([...stores], 'readwrite', { durability: 'strict' }),
    );
    const done = completion(transaction);
    let refusal: unknown;
    const burst = (): void => {
      applyFrom(transaction, writes, 0, (error) => {
        refusal = unavailable(error);
        transaction.abort();
      });
    };
    if (guard === undefined) {
      burst();
    } else {
      const seen = transaction.objectStore(guard.store).get(valid(guard.key));
      seen.onsuccess = () => {
        try {
          guard.check(seen.result);
        } catch (error) {
          refusal = error;
          transaction.abort();
          return;
        }
        burst();
      };
    }
    try {
      await done;
    } catch (error) {
      throw refusal ?? error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #store(name: string): IDBObjectStore {
    return attempt(() => this.#database.transaction([name], 'readonly').objectStore(name));
  }
}

/** The same key in the words of the DOM's types, which know bytes only by their buffer. */
function valid(key: Key): IDBValidKey {
  return key as IDBValidKey;
}

function makeStore(
  database: IDBDatabase,
  transaction: IDBTransaction | null,
  { name, keyPath, indexes = [] }: StoreShape,
): void {
  const store =
    transaction !== null && database.objectStoreNames.contains(name)
      ? transaction.objectStore(name)
      : database.createObjectStore(name, { keyPath: path(keyPath) });
  for (const index of indexes) {
    if (!store.indexNames.contains(index.name)) {
      store.createIndex(index.name, path(index.keyPath), { unique: index.unique });
    }
  }
}

function isComplete(database: IDBDatabase, shape: readonly StoreShape[]): boolean {
  if (!shape.every(({ name }) => database.objectStoreNames.contains(name))) {
    return false;
  }
  const transaction = attempt(() => database.transaction(shape.map(({ name }) => name)));
  return shape.every(({ name, indexes = [] }) => {
    const { indexNames } = transaction.objectStore(name);
    return indexes.every((index) => indexNames.contains(index.name));
  });
}

function path(keyPath: string | readonly string[]): string | string[] {
  return typeof keyPath === 'string' ? keyPath : [...keyPath];
}

/**
 * The writes from a position on, in their order. After one that looks at its row the rest waits
 * for that row, so that each sees what those before it did.
 */
function applyFrom(
  transaction: IDBTransaction,
  writes: readonly Write[],
  start: number,
  refuse: (error: unknown) => void,
): void {
  try {
    for (let position = start; position < writes.length; position += 1) {
      const write = writes[position];
      if (write === undefined) {
        return;
      }
      const store = transaction.objectStore(write.store);
      if ('put' in write) {
        store.put(write.put);
      } else if ('remove' in write) {
        store.delete(valid(write.remove));
      } else if ('clear' in write) {
        store.clear();
      } else {
        const seen = store.get(valid(write.key));
        seen.onsuccess = () => {
          try {
            const changed = write.change(seen.result);
            if (changed !== undefined) {
              store.put(changed);
            }
          } catch (error) {
            refuse(error);
            return;
          }
          applyFrom(transaction, writes, position + 1, refuse);
        };
        return;
      }
    }
  } catch (error) {
    refuse(error);
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(unavailable(request.error));
    };
  });
}

/** The answer to an opening or a deletion; one that comes too late is given to `letGo`. */
async function patientAnswer<T>(
  request: IDBOpenDBRequest & IDBRequest<T>,
  timers: Timers,
  letGo: (late: T) => void,
): Promise<T> {
  const { promise: blocked, reject } = Promise.withResolvers<never>();
  let callOff = (): void => undefined;
  request.onblocked = () => {
    callOff = timers.after(BLOCKED_PATIENCE_MS, () => {
      reject(
        new StorageBlocked(
          'An older Plausch in another tab holds the storage: close the other tabs of Plausch.',
        ),
      );
    });
  };
  const answered = answer<T>(request);
  try {
    return await Promise.race([answered, blocked]);
  } catch (error) {
    answered.then(letGo, () => undefined);
    throw error;
  } finally {
    callOff();
  }
}

function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve();
    };
    transaction.onabort = () => {
      reject(unavailable(transaction.error));
    };
  });
}

/** What IndexedDB throws at once (a closed database, say) as an error of ours. */
function attempt<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): StorageUnavailable {
  const name = error instanceof Error ? error.name : 'AbortError';
  if (name === 'QuotaExceededError') {
    return new StorageUnavailable(
      'The browser has no room left for this site: free some space and try again.',
      { code: 'storage_full', cause: error },
    );
  }
  if (name === 'VersionError') {
    return new StorageNewer('A newer Plausch has this storage: reload the page.', { cause: error });
  }
  return new StorageUnavailable(
    `The browser's storage did not take the work (${name}): reload the page, and free some ` +
      'space if that does not help.',
    { cause: error },
  );
}
