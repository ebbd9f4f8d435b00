import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { Accounts, type KeptAccount } from '../../src/vault/accounts.ts';
import { ACCOUNT } from '../../src/vault/schema.ts';
import { type Platform, Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

const EMPTY = new Uint8Array(0);

const ANNA: KeptAccount = {
  address: new AccountAddress('anna', 'localhost'),
  kind: 'person',
  identityKey: utf8('i'),
  deviceList: utf8('l'),
  state: 'pinned',
  isKnown: false,
  isBlocked: false,
  offeredKey: EMPTY,
  offeredList: EMPTY,
};

const LINDE: KeptAccount = {
  ...ANNA,
  address: new AccountAddress('linde', 'localhost'),
  kind: 'business',
  identityKey: utf8('j'),
  state: 'verified',
  isKnown: true,
};

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  await vault.close();
});

test('they come back by address', async () => {
  const table = new Accounts(vault);
  expect(await table.all()).toEqual([]);
  await vault.write([await table.put(LINDE), await table.put(ANNA)]);
  expect(await table.all()).toEqual([ANNA, LINDE]);
});

test('writing again replaces', async () => {
  const table = new Accounts(vault);
  const changed: KeptAccount = {
    ...ANNA,
    state: 'changed',
    isBlocked: true,
    offeredKey: utf8('n'),
    offeredList: utf8('o'),
  };
  await vault.write([await table.put(ANNA), await table.put(changed)]);
  expect(await table.all()).toEqual([changed]);
});

test('they are found again in the next life of the vault', async () => {
  await vault.write([await new Accounts(vault).put(ANNA)]);
  await vault.close();
  vault = await Vault.open(platform, vault.name, false);
  const table = new Accounts(vault);
  expect(await table.all()).toEqual([ANNA]);
  await vault.write([await table.put({ ...ANNA, isKnown: true })]);
  expect(await table.all()).toEqual([{ ...ANNA, isKnown: true }]);
});

test('nothing in the clear says who they are', async () => {
  await vault.write([await new Accounts(vault).put({ ...LINDE, identityKey: utf8('linde') })]);
  expect(await shownInClear(platform, vault, ACCOUNT)).not.toMatch(/linde|localhost/);
});

test('an account in the place of another does not open', async () => {
  const table = new Accounts(vault);
  await vault.write([await table.put(ANNA)]);
  const other = await vault.names.of(ACCOUNT, LINDE.address.uri);
  await tamper(platform, vault, ACCOUNT, (row) => {
    row['name'] = other;
  });
  expect(await codeOf(table.all())).toBe('vault_damaged');
});

test.each([
  ['kind', 0],
  ['state', 1],
])('a row with an unknown %s inside its seal is damaged', async (_, place) => {
  const table = new Accounts(vault);
  await vault.write([await table.put(ANNA)]);
  const name = await vault.names.of(ACCOUNT, ANNA.address.uri);
  const row = (await vault.get(ACCOUNT, name)) as { readonly sealed: Uint8Array };
  const opened = await vault.seal.open(ACCOUNT, name, row.sealed);
  const uriEnd = 1 + ANNA.address.uri.length;
  opened[uriEnd + place] = 7;
  const sealed = await vault.seal.close(ACCOUNT, name, opened);
  await vault.write([{ store: ACCOUNT, put: { name, sealed } }]);
  expect(await codeOf(table.all())).toBe('vault_damaged');
});

test('a row that is too short inside is damaged', async () => {
  const name = await vault.names.of(ACCOUNT, ANNA.address.uri);
  const sealed = await vault.seal.close(ACCOUNT, name, utf8('?'));
  await vault.write([{ store: ACCOUNT, put: { name, sealed } }]);
  expect(await codeOf(new Accounts(vault).all())).toBe('vault_damaged');
});
