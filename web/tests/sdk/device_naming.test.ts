/** What devices are called: kept, changed, taken over. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import { DeviceNaming } from '../../src/sdk/device_naming.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { freshVault } from '../vault/vault_players.ts';

const ANNA = new AccountAddress('anna', 'localhost');
const [PHONE, TABLET] = ['1', '2'].map((digit) => new DeviceAddress(ANNA, digit.repeat(16)));

let vault: Vault;

beforeEach(async () => {
  vault = await freshVault();
});

afterEach(async () => {
  await vault.close();
});

async function loaded(): Promise<DeviceNaming> {
  const naming = new DeviceNaming(vault);
  await naming.load();
  return naming;
}

test('a name is kept', async () => {
  const naming = await loaded();
  expect(naming.of(PHONE!)).toBe('');
  await naming.set(PHONE!, '  Phone ');
  expect([naming.of(PHONE!), (await loaded()).of(PHONE!)]).toEqual(['Phone', 'Phone']);
  await naming.set(PHONE!, 'x'.repeat(500));
  expect(naming.of(PHONE!)).toHaveLength(64);
  await naming.set(PHONE!, ' ');
  expect((await loaded()).all().size).toBe(0);
});

test.each([
  ['Anna’s\n\tphone', 'Anna’s phone'],
  ['An\u0000na\u202e', 'Anna'],
  [`${'x'.repeat(63)}😀`, 'x'.repeat(63)],
  ['\u200b', ''],
])('%j is kept as one line of what is seen', async (name, kept) => {
  const naming = await loaded();
  await naming.set(PHONE!, name);
  await naming.take(new Map([[TABLET!.uri, name]]));
  expect([naming.of(PHONE!), naming.of(TABLET!)]).toEqual([kept, kept]);
  expect((await loaded()).all().size).toBe(kept === '' ? 0 : 2);
});

test('names of another device fill gaps only', async () => {
  const naming = await loaded();
  await naming.set(PHONE!, 'mine');
  const theirs = new Map([
    [PHONE!.uri, 'theirs'],
    [TABLET!.uri, 'Tablet'],
  ]);
  await naming.take(theirs);
  expect([naming.of(PHONE!), naming.of(TABLET!)]).toEqual(['mine', 'Tablet']);
  expect([...(await loaded()).all().values()]).toEqual([
    [PHONE, 'mine'],
    [TABLET, 'Tablet'],
  ]);
});

test('changes at once are all kept', async () => {
  const naming = await loaded();
  await Promise.all([naming.set(PHONE!, 'one'), naming.set(TABLET!, 'two')]);
  expect((await loaded()).all().size).toBe(2);
});
