import 'fake-indexeddb/auto';

import { IDBDatabase, IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import {
  Database,
  keysAfter,
  keysUnder,
  StorageUnavailable,
  type StoreShape,
} from '../../src/platform/database.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';

const SHAPE: readonly StoreShape[] = [
  { name: 'plain', keyPath: 'id' },
  {
    name: 'listed',
    keyPath: ['group', 'id'],
    indexes: [{ name: 'by_mark', keyPath: 'mark', unique: true }],
  },
];

let factory: IDBFactory;
let database: Database;

beforeEach(async () => {
  factory = new IDBFactory();
  database = await Database.open(factory, 'test', 1, SHAPE);
});

afterEach(() => {
  vi.restoreAllMocks();
  database.close();
});

const put = (id: number, value = 'x') => ({ store: 'plain', put: { id, value } });
const listed = (group: Uint8Array, id: number, mark: number) => ({
  store: 'listed',
  put: { group, id, mark },
});

test('what was written is read, also after opening anew', async () => {
  await database.write([put(1), put(2)]);
  database.close();
  database = await Database.open(factory, 'test', 1, SHAPE);
  expect(await database.get('plain', 2)).toEqual({ id: 2, value: 'x' });
  expect(await database.get('plain', 3)).toBeUndefined();
  expect(await database.count('plain')).toBe(2);
});

test('a new version adds the stores that are missing and keeps the rest', async () => {
  await database.write([put(1)]);
  database.close();
  const more = [...SHAPE, { name: 'later', keyPath: 'id' }];
  database = await Database.open(factory, 'test', 2, more);
  expect(await database.count('plain')).toBe(1);
  expect(await database.count('later')).toBe(0);
});

test('a transaction is asked to be on disk before it counts as done', async () => {
  const spy = vi.spyOn(IDBDatabase.prototype, 'transaction');
  await database.write([put(1)]);
  expect(spy).toHaveBeenCalledWith(['plain'], 'readwrite', { durability: 'strict' });
});

test('a row that cannot be stored leaves nothing of its transaction', async () => {
  const writes = [put(1), { store: 'plain', put: { id: 2, value: () => undefined } }];
  await expect(database.write(writes)).rejects.toThrow(StorageUnavailable);
  expect(await database.count('plain')).toBe(0);
});

test('a violated index leaves nothing of its transaction', async () => {
  const group = Uint8Array.of(1);
  await database.write([listed(group, 1, 7)]);
  await expect(database.write([put(1), listed(group, 2, 7)])).rejects.toThrow(StorageUnavailable);
  expect(await database.count('plain')).toBe(0);
  expect(await database.count('listed')).toBe(1);
});

test('a full disk has a word and a sentence of its own', async () => {
  failPut(1);
  expect(await codeOf(database.write([put(1), put(2)]))).toBe('storage_full');
  expect(await database.count('plain')).toBe(0);
  await database.write([put(1)]);
});

test('a guard sees its row inside the transaction and can refuse', async () => {
  const refusal = new LocalError('No.');
  await database.write([put(1, 'mine')]);
  const guard = (wanted: string) => ({
    store: 'plain',
    key: 1,
    check: (row: unknown) => {
      if ((row as { readonly value: string }).value !== wanted) {
        throw refusal;
      }
    },
  });
  await expect(database.write([put(2)], guard('other'))).rejects.toBe(refusal);
  expect(await database.count('plain')).toBe(1);
  await database.write([put(2)], guard('mine'));
  expect(await database.count('plain')).toBe(2);
});

test('a closed database says so', async () => {
  database.close();
  expect(await codeOf(database.write([put(1)]))).toBe('storage_unavailable');
  expect(await codeOf(database.get('plain', 1))).toBe('storage_unavailable');
});

test('whoever wants to delete the database is not kept from it', async () => {
  const request = factory.deleteDatabase('test');
  await new Promise((resolve) => {
    request.onsuccess = resolve;
  });
  expect(await codeOf(database.get('plain', 1))).toBe('storage_unavailable');
});

test('selections keep to their keys, order and limit', async () => {
  const [one, other] = [Uint8Array.of(1), Uint8Array.of(1, 0)];
  await database.write([
    listed(other, 1, 1),
    listed(one, 2, 2),
    listed(one, 1, 3),
    listed(one, 3, 4),
  ]);
  const marks = async (...selection: Parameters<Database['select']>) =>
    (await database.select(...selection)).map((row) => (row as { readonly mark: number }).mark);
  expect(await marks('listed', { range: keysUnder(one) })).toEqual([3, 2, 4]);
  expect(await marks('listed', { range: keysUnder(one, 1) })).toEqual([2, 4]);
  expect(await marks('listed', { range: keysUnder(one), limit: 1 })).toEqual([3]);
  expect(await marks('listed', { index: 'by_mark', range: keysAfter(2) })).toEqual([3, 4]);
  expect(await marks('listed')).toEqual([3, 2, 4, 1]);
  expect(await database.find('listed', 'by_mark', 4)).toMatchObject({ id: 3 });
});

test('the last key of a store and of an index are found', async () => {
  expect(await database.lastKey('plain')).toBeUndefined();
  await database.write([put(3), put(12), listed(Uint8Array.of(1), 1, 40)]);
  expect(await database.lastKey('plain')).toBe(12);
  expect(await database.lastKey('listed', 'by_mark')).toBe(40);
});

test('a row is removed by its key', async () => {
  const group = Uint8Array.of(9);
  await database.write([listed(group, 1, 1), listed(group, 2, 2)]);
  await database.write([{ store: 'listed', remove: [group, 1] }]);
  expect(await database.count('listed')).toBe(1);
});
