import { afterEach, beforeEach, expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { DeviceAddress } from '../../src/base/ids.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { type AccountOwn, AccountOwnTable } from '../../src/vault/account_own.ts';
import { ACCOUNT_SLOT, MAILBOX_SLOT, OWN } from '../../src/vault/schema.ts';
import { type Platform, Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  await vault.close();
});

function sample(change: Partial<AccountOwn> = {}): AccountOwn {
  return {
    serverUrl: 'http://127.0.0.1:8080',
    device: DeviceAddress.parseUri('mimi://localhost/d/anna/0123456789abcdef'),
    kind: 'person',
    identity: SigningKey.generate(),
    deviceKey: SigningKey.generate(),
    certificate: utf8('c'),
    deviceList: utf8('l'),
    isRegistered: false,
    mailbox: 0,
    ...change,
  };
}

/** With the secrets as digits, by which keys can be compared. */
function inDigits(own: AccountOwn | undefined): object | undefined {
  return (
    own && {
      ...own,
      identity: own.identity && toHex(own.identity.toBytes()),
      deviceKey: toHex(own.deviceKey.toBytes()),
    }
  );
}

test('a new vault has no owner', async () => {
  expect(await new AccountOwnTable(vault).get()).toBeUndefined();
});

test('it comes back whole, also in the next life of the vault', async () => {
  const own = sample({ kind: 'business', mailbox: 7 });
  await vault.write(await new AccountOwnTable(vault).put(own));
  expect(inDigits(await new AccountOwnTable(vault).get())).toEqual(inDigits(own));
  await vault.close();
  vault = await Vault.open(platform, vault.name, false);
  expect(inDigits(await new AccountOwnTable(vault).get())).toEqual(inDigits(own));
});

test('it can be written again, and writing leaves the keys as they are', async () => {
  const table = new AccountOwnTable(vault);
  const own = sample();
  await vault.write(await table.put(own));
  await vault.write(await table.put({ ...own, isRegistered: true }));
  const found = await table.get();
  expect(inDigits(found)).toEqual(inDigits({ ...own, isRegistered: true }));
  expect(found?.deviceKey.public).toEqual(own.deviceKey.public);
});

test('a linked device has no identity key', async () => {
  const table = new AccountOwnTable(vault);
  await vault.write(await table.put(sample({ identity: undefined })));
  expect((await table.get())?.identity).toBeUndefined();
});

test('the place in the mailbox is kept and may be set back', async () => {
  // A number that was a lie must not hide what comes after it.
  const table = new AccountOwnTable(vault);
  await vault.write(await table.put(sample()));
  for (const item of [5, Number.MAX_SAFE_INTEGER, 3]) {
    await vault.write([await table.setMailbox(item)]);
    expect((await table.get())?.mailbox).toBe(item);
  }
});

test('a refused registration is forgotten', async () => {
  const table = new AccountOwnTable(vault);
  await vault.write(await table.put(sample({ mailbox: 9 })));
  await vault.write(table.forget());
  expect(await table.get()).toBeUndefined();
  await vault.write(await table.put(sample()));
  expect((await table.get())?.mailbox).toBe(0);
});

test('neither secrets nor names are in the clear', async () => {
  const own = sample();
  await vault.write(await new AccountOwnTable(vault).put(own));
  const shown = await shownInClear(platform, vault, OWN);
  const secrets = [own.identity!.toBytes(), own.deviceKey.toBytes(), utf8('anna'), utf8('127.0')];
  for (const secret of secrets) {
    expect(shown).not.toContain(Buffer.from(secret).toString('latin1'));
  }
});

test.each([ACCOUNT_SLOT, MAILBOX_SLOT])('an altered row %s is refused', async (slot) => {
  const table = new AccountOwnTable(vault);
  await vault.write(await table.put(sample()));
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === slot) {
      row['sealed'] = new Uint8Array(60);
    }
  });
  expect(await codeOf(table.get())).toBe('vault_damaged');
});

test('what does not make sense inside is damaged', async () => {
  const table = new AccountOwnTable(vault);
  const sealed = await vault.seal.close(OWN, utf8(ACCOUNT_SLOT), utf8('nonsense'));
  await vault.write([{ store: OWN, put: { slot: ACCOUNT_SLOT, sealed } }]);
  expect(await codeOf(table.get())).toBe('vault_damaged');
});
