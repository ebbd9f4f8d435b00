import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { KeyPackages } from '../../src/vault/key_packages.ts';
import { KEY_PACKAGE } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, tamper } from './vault_players.ts';

const GROUP = utf8('group');

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  await vault.close();
});

test('a key package is found by its reference until it is spent', async () => {
  const table = new KeyPackages(vault);
  const kept = { ref: utf8('ref'), bundle: utf8('bundle'), madeAtMs: 5 };
  await vault.write([await table.put(kept)]);
  expect(await table.find([utf8('unknown'), kept.ref])).toEqual(kept);
  expect(await table.all()).toEqual([kept]);
  await vault.write([table.spend(kept.ref), await table.putJoined(utf8('welcome'), GROUP)]);
  expect(await table.find([kept.ref])).toBeUndefined();
  expect(await table.joined(utf8('welcome'))).toEqual(GROUP);
  expect(await table.joined(utf8('another'))).toBeUndefined();
});

test('a key package that was put in another place is refused', async () => {
  const table = new KeyPackages(vault);
  await vault.write([await table.put({ ref: utf8('a'), bundle: utf8('b'), madeAtMs: 5 })]);
  await tamper(platform, vault, KEY_PACKAGE, (row) => {
    row['ref'] = utf8('c');
  });
  expect(await codeOf(table.find([utf8('c')]))).toBe('vault_damaged');
});
