/** A browser's storage without a browser: fake-indexeddb, and Node's own WebCrypto and locks. */

import 'fake-indexeddb/auto';

import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { type MockInstance, vi } from 'vitest';

import { type PlauschError } from '../../src/base/errors.ts';
import { type Platform, Vault } from '../../src/vault/vault.ts';

let made = 0;

/** A name that no test before has used: locks are the process's, not the platform's. */
export function freshName(): string {
  made += 1;
  return `vault ${made} of ${process.pid}`;
}

/** Storage of its own. */
export function freshPlatform(): Platform {
  return { indexedDB: new IDBFactory(), locks: navigator.locks, subtle: crypto.subtle };
}

/** An open vault that nobody has used. */
export async function freshVault(platform = freshPlatform()): Promise<Vault> {
  return Vault.open(platform, freshName(), false);
}

type Put = (this: IDBObjectStore, row: unknown) => IDBRequest<IDBValidKey>;

/** Watch every put into any store from now on; what `before` throws, the put throws. */
export function watchPuts(before: (store: string) => void): MockInstance {
  const put = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')?.value as Put;
  return vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    row: unknown,
  ) {
    before(this.name);
    return put.call(this, row);
  });
}

/** The next put, or the one `after` that many more, fails as it does when the disk is full. */
export function failPut(after = 0): void {
  let left = after;
  const spy = watchPuts(() => {
    if (left === 0) {
      spy.mockRestore();
      throw new DOMException('full', 'QuotaExceededError');
    }
    left -= 1;
  });
}

/** The code of the error that a step ends with; '' when it ends well. */
export async function codeOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
  } catch (error) {
    return (error as PlauschError).code;
  }
  return '';
}

/** Change the rows of a store behind the vault's back. */
export async function tamper(
  platform: Platform,
  vault: Vault,
  store: string,
  change: (row: Record<string, unknown>) => void,
): Promise<void> {
  await behind(platform, vault, store, (place, rows) => {
    for (const row of rows) {
      place.delete(keyOf(place, row));
      change(row);
      place.put(row);
    }
  });
}

/** All that whoever reads the browser's files can make of a store: bytes as Latin-1. */
export async function shownInClear(
  platform: Platform,
  vault: Vault,
  store: string,
): Promise<string> {
  let shown = '';
  await behind(platform, vault, store, (_, rows) => {
    shown = JSON.stringify(rows, (__, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
  });
  return shown;
}

/** Work with the rows of a store without the vault. */
async function behind(
  platform: Platform,
  vault: Vault,
  store: string,
  work: (place: IDBObjectStore, rows: Record<string, unknown>[]) => void,
): Promise<void> {
  const request = platform.indexedDB.open(`plausch vault ${vault.name}`);
  const database = await new Promise<IDBDatabase>((resolve) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
  });
  const transaction = database.transaction([store], 'readwrite');
  const done = new Promise((resolve) => {
    transaction.oncomplete = resolve;
  });
  const rows = transaction.objectStore(store).getAll();
  rows.onsuccess = () => {
    work(transaction.objectStore(store), rows.result as Record<string, unknown>[]);
  };
  await done;
  database.close();
}

function keyOf(store: IDBObjectStore, row: Record<string, unknown>): IDBValidKey {
  const { keyPath } = store;
  return (
    Array.isArray(keyPath) ? keyPath.map((name) => row[name]) : row[String(keyPath)]
  ) as IDBValidKey;
}
