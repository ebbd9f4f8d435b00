import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { KEY_PACKAGE } from '../../src/vault/schema.ts';
import { type KeptKeyPackage, KeyPackages } from '../../src/vault/key_packages.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

let platform: Platform;
let vault: Vault;
let stocked: KeyPackages;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
  stocked = new KeyPackages(vault);
});

afterEach(async () => {
  await vault.close();
});

async function keep(number: number, change: Partial<KeptKeyPackage> = {}): Promise<KeptKeyPackage> {
  const kept: KeptKeyPackage = {
    ...{ ref: Uint8Array.of(number), suite: 1, isLastResort: false, isUploaded: false },
    ...{ bundle: utf8(`private ${number}`), message: utf8('public'), isUsed: false, madeAtMs: 100 },
    ...change,
  };
  await vault.write([await stocked.put(kept)]);
  return kept;
}

test('a key package comes back as it was, by any of the references that a Welcome names', async () => {
  await keep(1);
  const kept = await keep(2, { isLastResort: true, suite: 0xf00d });
  const theirs = Array.from({ length: 300 }, (_, at) => Uint8Array.of(9, at & 255, at >> 8));
  expect(await stocked.find([...theirs, Uint8Array.of(2)])).toEqual(kept);
  expect(await stocked.find(theirs)).toBeUndefined();
});

test('what was unsealed on the way is overwritten', async () => {
  const { ref } = await keep(1);
  const opening = vi.spyOn(vault.seal, 'open');
  const kept = await stocked.find([ref]);
  expect(kept?.bundle).toEqual(utf8('private 1'));
  const opened = await (opening.mock.results[0]?.value as Promise<Uint8Array>);
  expect(opened).toEqual(new Uint8Array(opened.length));
});

test('those wait that the server may not have', async () => {
  const [one, two] = [await keep(1), await keep(2)];
  await keep(3, { isLastResort: true });
  await vault.write([stocked.markUploaded(one.ref), stocked.markUploaded(Uint8Array.of(77))]);
  expect((await stocked.waiting()).map(({ ref }) => ref[0])).toEqual([two.ref[0], 3]);
  expect(await stocked.uploaded()).toBe(1);
});

test('a used one is gone; a last resort stays, and is fresh no more', async () => {
  const once = await keep(1, { isUploaded: true });
  const resort = await keep(2, { isLastResort: true, isUploaded: true });
  expect(await stocked.freshLastResorts(100)).toEqual(new Set([1]));
  expect(await stocked.freshLastResorts(101)).toEqual(new Set());
  await vault.write([stocked.use(once), stocked.use(resort)]);
  expect(await stocked.find([once.ref])).toBeUndefined();
  expect(await stocked.find([resort.ref])).toMatchObject({ isUsed: true });
  expect(await stocked.freshLastResorts(0)).toEqual(new Set());
});

test('the old ones go', async () => {
  await keep(1, { madeAtMs: 5 });
  await keep(2, { madeAtMs: 6 });
  await vault.write(await stocked.removeOld(6));
  expect((await stocked.waiting()).map(({ ref }) => ref[0])).toEqual([2]);
});

test('private halves are sealed, each in its place', async () => {
  await keep(1);
  expect(await shownInClear(platform, vault, KEY_PACKAGE)).not.toContain('private');
  await tamper(platform, vault, KEY_PACKAGE, (row) => {
    row['ref'] = Uint8Array.of(8);
  });
  expect(await codeOf(stocked.find([Uint8Array.of(8)]))).toBe('vault_damaged');
});
