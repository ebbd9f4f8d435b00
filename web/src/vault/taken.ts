/** Whether there is an account in a vault, without opening it: its row is there, sealed or not. */

import { ACCOUNT_SLOT, OWN, vaultName } from './schema.ts';

/** Never throws: what cannot be looked at counts as absent. Nothing is made where nothing is. */
export async function isTaken(factory: IDBFactory, name: string): Promise<boolean> {
  try {
    const there = await factory.databases();
    return there.some((one) => one.name === vaultName(name)) && (await hasAccount(factory, name));
  } catch {
    return false;
  }
}

async function hasAccount(factory: IDBFactory, name: string): Promise<boolean> {
  const opening = factory.open(vaultName(name));
  opening.onupgradeneeded = () => {
    opening.transaction?.abort(); // It went meanwhile: leave it so.
  };
  const database = await answer(opening);
  try {
    const rows = database.transaction([OWN], 'readonly').objectStore(OWN).count(ACCOUNT_SLOT);
    return (await answer(rows)) > 0;
  } finally {
    database.close();
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('no answer'));
    };
  });
}
