import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { expect, test } from 'vitest';

import { Database } from '../../src/platform/database.ts';
import { ACCOUNT_SLOT, OWN, STORES, vaultName, VERSION } from '../../src/vault/schema.ts';
import { isTaken } from '../../src/vault/taken.ts';

async function vault(factory: IDBFactory, slot: string): Promise<void> {
  const database = await Database.open(factory, vaultName('device-2'), VERSION, STORES);
  await database.write([{ store: OWN, put: { slot, sealed: new Uint8Array(3) } }]);
  database.close();
}

test('an account in a vault is noticed, unopened', async () => {
  const factory = new IDBFactory();
  await vault(factory, ACCOUNT_SLOT);
  expect(await isTaken(factory, 'device-2')).toBe(true);
  expect(await isTaken(factory, 'device')).toBe(false);
});

test('a vault that was opened only, and one that was erased, are free', async () => {
  const factory = new IDBFactory();
  await vault(factory, 'writer');
  expect(await isTaken(factory, 'device-2')).toBe(false);
});

test('where nothing is, nothing is made', async () => {
  const factory = new IDBFactory();
  expect(await isTaken(factory, 'device-2')).toBe(false);
  expect(await factory.databases()).toEqual([]);
  const going = {
    databases: () => Promise.resolve([{ name: vaultName('device-2') }]),
    open: (name: string) => factory.open(name),
  } as unknown as IDBFactory;
  expect(await isTaken(going, 'device-2')).toBe(false);
  expect(await factory.databases()).toEqual([]);
});

test('what cannot be looked at counts as absent', async () => {
  expect(await isTaken({} as unknown as IDBFactory, 'device-2')).toBe(false);
});
