import 'fake-indexeddb/auto';

import { IDBDatabase, IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import {
  BLOCKED_PATIENCE_MS,
  Database,
  keysBetween,
  keysUnder,
  StorageUnavailable,
  type StoreShape,
} from '../../src/platform/database.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { ManualTimers, settle } from './manual_timers.ts';

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

/** The database as somebody else opens it, who does not let go when asked. */
async function opened(name: string): Promise<globalThis.IDBDatabase> {
  const request = factory.open(name);
  return new Promise((resolve) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
  });
}

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

test('a new version adds the indexes that are missing, over the rows that are there', async () => {
  await database.write([put(1, 'a'), put(2, 'b')]);
  database.close();
  const [plain, ...rest] = SHAPE;
  const indexed = { ...plain!, indexes: [{ name: 'by_value', keyPath: 'value', unique: true }] };
  database = await Database.open(factory, 'test', 2, [indexed, ...rest]);
  expect(await database.find('plain', 'by_value', 'b')).toMatchObject({ id: 2 });
});

test('an older version of this program is told that a newer one was here', async () => {
  database.close();
  database = await Database.open(factory, 'test', 2, SHAPE);
  expect(await codeOf(Database.open(factory, 'test', 1, SHAPE))).toBe('storage_newer');
});

test('one that somebody opened before us is made anew, for nothing is in it', async () => {
  (await opened('early')).close();
  const made = await Database.open(factory, 'early', 1, SHAPE);
  await made.write([put(1)]);
  expect(await made.count('plain')).toBe(1);
  made.close();
});

test('one that has lost a store or an index is not used', async () => {
  database.close();
  const more = [...SHAPE, { name: 'later', keyPath: 'id' }];
  expect(await codeOf(Database.open(factory, 'test', 1, more))).toBe('storage_incomplete');
  const [plain, ...rest] = SHAPE;
  const indexed = { ...plain!, indexes: [{ name: 'by_value', keyPath: 'value', unique: true }] };
  const code = await codeOf(Database.open(factory, 'test', 1, [indexed, ...rest]));
  expect(code).toBe('storage_incomplete');
});

test('who is kept waiting by an older form is told so after a while', async () => {
  const holder = await opened('test');
  database.close();
  const timers = new ManualTimers();
  const opening = codeOf(Database.open(factory, 'test', 2, SHAPE, timers));
  await settle();
  await timers.pass(BLOCKED_PATIENCE_MS);
  expect(await opening).toBe('storage_blocked');
  holder.close();
  database = await Database.open(factory, 'test', 2, SHAPE);
  expect(await database.count('plain')).toBe(0);
});

test('a wait that ends in time is none', async () => {
  const holder = await opened('test');
  database.close();
  const timers = new ManualTimers();
  const opening = Database.open(factory, 'test', 2, SHAPE, timers);
  await settle();
  holder.close();
  database = await opening;
  expect(await database.count('plain')).toBe(0);
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
  expect(
    await marks('listed', { index: 'by_mark', range: keysBetween(2, 9, { lowOpen: true }) }),
  ).toEqual([3, 4]);
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

const changed = (id: number, change: (row: unknown) => object | undefined) => ({
  store: 'plain',
  key: id,
  change,
});

test('a row is changed as it is inside the transaction, and made where there is none', async () => {
  await database.write([
    put(1, 'a'),
    changed(1, (row) => ({ ...(row as object), value: 'b' })),
    changed(1, (row) => ({ id: 1, value: `${(row as { value: string }).value}c` })),
    changed(2, (row) => ({ id: 2, value: String(row) })),
    put(3, 'last'),
  ]);
  expect(await database.get('plain', 1)).toEqual({ id: 1, value: 'bc' });
  expect(await database.get('plain', 2)).toEqual({ id: 2, value: 'undefined' });
  expect(await database.get('plain', 3)).toEqual({ id: 3, value: 'last' });
});

test('a change that wants nothing leaves the row', async () => {
  await database.write([put(1, 'a')]);
  await database.write([changed(1, () => undefined), changed(9, () => undefined)]);
  expect(await database.count('plain')).toBe(1);
});

test('a change that throws leaves nothing of its transaction', async () => {
  const fails = changed(1, () => {
    throw new TypeError('no');
  });
  await expect(database.write([put(1), fails, put(2)])).rejects.toThrow(StorageUnavailable);
  expect(await database.count('plain')).toBe(0);
  failPut(1);
  const late = changed(1, () => ({ id: 1 }));
  expect(await codeOf(database.write([put(2), late]))).toBe('storage_full');
  expect(await database.count('plain')).toBe(0);
});

test('two writers at once see each other', async () => {
  await database.write([{ store: 'plain', put: { id: 1, value: 0 } }]);
  const count = changed(1, (row) => ({ id: 1, value: (row as { value: number }).value + 1 }));
  await Promise.all(Array.from({ length: 20 }, () => database.write([count])));
  expect(await database.get('plain', 1)).toEqual({ id: 1, value: 20 });
});

test('a store is emptied in its place among the writes', async () => {
  await database.write([put(1), put(2)]);
  await database.write([{ store: 'plain', clear: true }, put(3)]);
  expect(await database.select('plain')).toEqual([{ id: 3, value: 'x' }]);
});
