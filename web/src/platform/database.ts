/**
 * IndexedDB as this house needs it: single reads, and many writes in one transaction.
 *
 * A transaction ends by itself as soon as nothing waits in it, so that nothing else (WebCrypto,
 * say) may be awaited inside: whoever writes prepares everything first and hands over plain values.
 */

import { OperatorError } from '../base/errors.ts';

/** The database did not take the work: disk or quota full, closed, damaged. Nothing was done. */
export class StorageUnavailable extends OperatorError {
  static override readonly code: string = 'storage_unavailable';
}

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

/** One prepared change: a row that is put in its place, or a key whose row goes. */
export type Write =
  | { readonly store: string; readonly put: object }
  | { readonly store: string; readonly remove: Key };

/** Which rows, by the key or by an index. */
export interface Selection {
  readonly index?: string;
  readonly range?: IDBKeyRange;
  readonly limit?: number;
}

/** The keys after this one. */
export function keysAfter(key: Key): IDBKeyRange {
  return IDBKeyRange.lowerBound(valid(key), true);
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

  /** Open it; whatever stores its shape has and it has not are made. Throws StorageUnavailable. */
  static async open(
    factory: IDBFactory,
    name: string,
    version: number,
    shape: readonly StoreShape[],
  ): Promise<Database> {
    const request = attempt(() => factory.open(name, version));
    request.onupgradeneeded = () => {
      for (const store of shape) {
        makeStore(request.result, store);
      }
    };
    return new Database(await answer(request));
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
      try {
        writes.forEach((write) => {
          apply(transaction, write);
        });
      } catch (error) {
        refusal = unavailable(error);
        transaction.abort();
      }
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

function makeStore(database: IDBDatabase, { name, keyPath, indexes = [] }: StoreShape): void {
  if (database.objectStoreNames.contains(name)) {
    return;
  }
  const store = database.createObjectStore(name, { keyPath: path(keyPath) });
  for (const index of indexes) {
    store.createIndex(index.name, path(index.keyPath), { unique: index.unique });
  }
}

function path(keyPath: string | readonly string[]): string | string[] {
  return typeof keyPath === 'string' ? keyPath : [...keyPath];
}

function apply(transaction: IDBTransaction, write: Write): void {
  const store = transaction.objectStore(write.store);
  if ('put' in write) {
    store.put(write.put);
  } else {
    store.delete(valid(write.remove));
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
  return new StorageUnavailable(
    `The browser's storage did not take the work (${name}): reload the page, and free some ` +
      'space if that does not help.',
    { cause: error },
  );
}
