import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { Groups } from '../../src/vault/groups.ts';
import { EPOCH_STATE, RATCHET_STATE } from '../../src/vault/schema.ts';
import { codeOf, freshVault } from './vault_players.ts';

const GROUP = utf8('group');
const STATE = utf8('state');

test('a group is there when both of its parts are', async () => {
  const vault = await freshVault();
  const groups = new Groups(vault);
  expect(await groups.get(GROUP)).toBeUndefined();
  await vault.write([await groups.putEpoch(GROUP, STATE)]);
  expect(await groups.get(GROUP)).toBeUndefined();
  expect(await groups.all()).toEqual([]);
  await vault.write([await groups.putRatchet(GROUP, utf8('ratchet'))]);
  expect(await groups.get(GROUP)).toEqual([STATE, utf8('ratchet')]);
  expect(await groups.all()).toEqual([GROUP]);
  await vault.close();
});

test('a state that was moved to another group, or into the other part, does not open', async () => {
  const vault = await freshVault();
  const groups = new Groups(vault);
  const other = utf8('other');
  await vault.write([
    await groups.putEpoch(GROUP, STATE),
    await groups.putRatchet(GROUP, STATE),
    await groups.putRatchet(other, STATE),
  ]);
  const row = (await vault.get(EPOCH_STATE, GROUP)) as { readonly sealed: Uint8Array };
  await vault.write([{ store: RATCHET_STATE, put: { group: GROUP, sealed: row.sealed } }]);
  expect(await codeOf(groups.get(GROUP))).toBe('vault_damaged');
  await vault.write([{ store: EPOCH_STATE, put: { group: other, sealed: row.sealed } }]);
  expect(await codeOf(groups.get(other))).toBe('vault_damaged');
  await vault.close();
});

test('a saved group that is none is damage of the vault', async () => {
  const vault = await freshVault();
  const groups = new Groups(vault);
  expect(await groups.load(GROUP)).toBeUndefined();
  await vault.write([await groups.putEpoch(GROUP, STATE), await groups.putRatchet(GROUP, STATE)]);
  expect(await codeOf(groups.load(GROUP))).toBe('vault_damaged');
  await vault.close();
});
