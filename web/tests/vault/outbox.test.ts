import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { type Entry, OutboxTable } from '../../src/vault/outbox.ts';
import { OUTBOX } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, tamper } from './vault_players.ts';

const GROUP = utf8('group');
const EMPTY = new Uint8Array(0);

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  await vault.close();
});

const entry = (number: number, change: Partial<Entry> = {}): Entry => ({
  group: GROUP,
  id: utf8(`id ${number}`),
  number,
  kind: 'message',
  epoch: 4n,
  payload: utf8(`payload ${number}`),
  welcome: EMPTY,
  groupInfo: EMPTY,
  ...change,
});

test('an entry is found by its id and its envelope, and gone once it is removed', async () => {
  const table = new OutboxTable(vault);
  const commit = entry(2, { kind: 'commit', welcome: utf8('w'), groupInfo: utf8('g') });
  const elsewhere = entry(3, { group: utf8('other') });
  const wanted = utf8('wanted');
  for (const one of [entry(1), commit, elsewhere]) {
    await vault.write([await table.add(one, wanted)]);
  }
  expect(await table.get(GROUP, commit.id, wanted)).toEqual(commit);
  const envelope = await vault.seal.digest(entry(1).payload);
  expect(await table.byEnvelope(GROUP, envelope)).toEqual(entry(1));
  expect(await table.all(GROUP)).toEqual([entry(1), commit]);
  expect(await table.all()).toEqual([entry(1), commit, elsewhere]);
  expect(await table.commitsOf(GROUP)).toEqual([commit.id]);
  expect(await table.last()).toBe(3);
  await vault.write([table.remove(GROUP, commit.id)]);
  expect(await table.get(GROUP, commit.id)).toBeUndefined();
  expect(await table.commitsOf(GROUP)).toEqual([]);
});

test('an id stands for one thing', async () => {
  const table = new OutboxTable(vault);
  await vault.write([await table.add(entry(1), utf8('this'))]);
  expect(await codeOf(table.get(GROUP, entry(1).id, utf8('that')))).toBe('id_taken');
});

test.each([
  ['id', utf8('another')],
  ['number', 9],
  ['kind', 'commit'],
  ['kind', 'nonsense'],
  ['number', -1],
  ['envelope', Uint8Array.of(9)],
])('an entry whose %s was altered to %s is refused', async (name, value) => {
  const table = new OutboxTable(vault);
  await vault.write([await table.add(entry(1), utf8('this'))]);
  await tamper(platform, vault, OUTBOX, (row) => {
    row[name] = value;
  });
  expect(await codeOf(table.all())).toBe('vault_damaged');
});
