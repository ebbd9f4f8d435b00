import { afterEach, expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { Database } from '../../src/platform/database.ts';
import { Groups } from '../../src/vault/groups.ts';
import {
  NAME_KEY_SLOT,
  OWN,
  PROBLEM,
  RATCHET_STATE,
  STORES,
  VERSION,
} from '../../src/vault/schema.ts';
import { vaultName } from '../../src/vault/schema.ts';
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
  expect(await vault.lastNumber(PROBLEM)).toBe(0);
  await vault.close();
});

test('who waits for a vault can give up', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  const giveUp = new AbortController();
  const waiting = codeOf(Vault.open(platform, vault.name, true, giveUp.signal));
  giveUp.abort();
  expect(await waiting).toBe('vault_busy');
  await vault.close();
  await (await Vault.open(platform, vault.name, true)).close();
});

const GCM = { name: 'AES-GCM', length: 256 } as const;
const MAC = { name: 'HMAC', hash: 'SHA-256', length: 256 } as const;

test.each<[string, string, () => unknown]>([
  ['one that can be read out', 'key', () => key(GCM, true, ['encrypt', 'decrypt'])],
  ['a shorter one', 'key', () => key({ ...GCM, length: 128 }, false, ['encrypt', 'decrypt'])],
  ['one for less', 'key', () => key(GCM, false, ['decrypt'])],
  ['one of another kind', 'key', () => key(MAC, false, ['sign'])],
  ['none', 'key', () => 'text'],
  ['one that can be read out', NAME_KEY_SLOT, () => key(MAC, true, ['sign'])],
  ['one of another hash', NAME_KEY_SLOT, () => key({ ...MAC, hash: 'SHA-512' }, false, ['sign'])],
  ['one that only verifies', NAME_KEY_SLOT, () => key(MAC, false, ['verify'])],
  ['one of another kind', NAME_KEY_SLOT, () => key(GCM, false, ['encrypt', 'decrypt'])],
  ['none', NAME_KEY_SLOT, () => undefined],
])('a key that is not ours is not used: %s as %s', async (_, slot, make) => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  await vault.close();
  const made = await make();
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === slot) {
      row['key'] = made;
    }
  });
  expect(await codeOf(Vault.open(platform, vault.name, false))).toBe('vault_damaged');
});

test('a vault that lost the key of its names is not begun anew', async () => {
  const platform = freshPlatform();
  const vault = await freshVault(platform);
  await vault.close();
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === NAME_KEY_SLOT) {
      row['slot'] = 'elsewhere';
    }
  });
  expect(await codeOf(Vault.open(platform, vault.name, false))).toBe('vault_key_missing');
});

test('what is wrong with the database is said in the words of vaults', async () => {
  const platform = freshPlatform();
  const [newer, torn] = [freshName(), freshName()];
  const some = STORES.slice(1);
  for (const [name, version, shape] of [
    [newer, VERSION + 1, STORES],
    [torn, VERSION, some],
  ] as const) {
    (await Database.open(platform.indexedDB, vaultName(name), version, shape)).close();
  }
  expect(await codeOf(Vault.open(platform, newer, false))).toBe('vault_newer');
  expect(await codeOf(Vault.open(platform, torn, false))).toBe('vault_damaged');
});

async function key(
  algorithm: AesKeyGenParams | HmacKeyGenParams,
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKey> {
  return crypto.subtle.generateKey(algorithm, extractable, usages);
}

test('what is erased is gone, and whoever still has the vault of before cannot write', async () => {
  const platform = freshPlatform();
  const before = await freshVault(platform);
  await before.write([await new Groups(before).putEpoch(GROUP, STATE)]);
  const late = await new Groups(before).putRatchet(GROUP, STATE);
  const erasing = before.erase([]);
  const writing = codeOf(before.write([late]));
  const after = await erasing;
  expect(['', 'vault_busy']).toContain(await writing);
  expect(await codeOf(before.write([late]))).toBe('vault_busy');
  expect(await after.select(RATCHET_STATE)).toEqual([]);
  await after.write([await new Groups(after).putRatchet(GROUP, STATE)]);
  await after.close();
  const again = await Vault.open(platform, before.name, false);
  expect(await again.select(RATCHET_STATE)).toHaveLength(1);
  await again.close();
});
