import { afterEach, expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { Groups } from '../../src/vault/groups.ts';
import { OWN, RATCHET_STATE } from '../../src/vault/schema.ts';
import { Vault } from '../../src/vault/vault.ts';
import { codeOf, failPut, freshName, freshPlatform, freshVault, tamper } from './vault_players.ts';

const GROUP = utf8('group');
const STATE = utf8('state');

afterEach(() => {
  vi.restoreAllMocks();
});

test('what was sealed opens in the next life of the vault', async () => {
  const platform = freshPlatform();
  const first = await freshVault(platform);
  await first.write([
    await new Groups(first).putEpoch(GROUP, STATE),
    await new Groups(first).putRatchet(GROUP, STATE),
  ]);
  await first.close();
  const second = await Vault.open(platform, first.name, false);
  expect(await new Groups(second).get(GROUP)).toEqual([STATE, STATE]);
  await second.close();
});

test('a vault has one owner', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  expect(await codeOf(Vault.open(platform, vault.name, false))).toBe('vault_busy');
  const next = Vault.open(platform, vault.name, true);
  await vault.close();
  expect(await codeOf(vault.write([{ store: OWN, put: { slot: 'x' } }]))).toBe('vault_busy');
  await (await next).close();
});

test('an owner that another one took over from cannot write', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  const write = await new Groups(vault).putRatchet(GROUP, STATE);
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === 'writer') {
      row['writer'] = 'somebody else';
    }
  });
  expect(await codeOf(vault.write([write]))).toBe('vault_busy');
  expect(await vault.get(RATCHET_STATE, GROUP)).toBeUndefined();
  await vault.close();
});

test('a write that fails leaves both parts of a group as they were', async () => {
  const vault = await freshVault();
  const groups = new Groups(vault);
  const both = async (state: Uint8Array) => [
    await groups.putEpoch(GROUP, state),
    await groups.putRatchet(GROUP, state),
  ];
  await vault.write(await both(STATE));
  failPut(1);
  expect(await codeOf(vault.write(await both(utf8('next'))))).toBe('storage_full');
  expect(await groups.get(GROUP)).toEqual([STATE, STATE]);
  await vault.close();
});

test('a failed opening lets go of the lock', async () => {
  const platform = freshPlatform();
  const name = freshName();
  failPut();
  expect(await codeOf(Vault.open(platform, name, false))).toBe('storage_full');
  await (await Vault.open(platform, name, false)).close();
});

test('a vault that lost its key is not begun anew over what is in it', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  await vault.write([await new Groups(vault).putEpoch(GROUP, STATE)]);
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === 'key') {
      row['slot'] = 'elsewhere';
    }
  });
  await vault.close();
  expect(await codeOf(Vault.open(platform, vault.name, false))).toBe('vault_key_missing');
});

test('nothing to write is written at once', async () => {
  const vault = await freshVault();
  await vault.write([]);
  expect(await vault.lastNumber('received')).toBe(0);
  await vault.close();
});
