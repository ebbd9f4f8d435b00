/** Key packages at the server: enough, each once, and their private halves in the vault first. */

import { beforeEach, expect, test, vi } from 'vitest';

import { KeyPackageBundle } from '../../src/mls/group.ts';
import { LIFETIME_S, LOW_STOCK, replenish, RENEW_AFTER_MS, STOCK } from '../../src/sdk/stock.ts';
import type { KeptKeyPackage } from '../../src/vault/key_packages.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { groupOf, Player, quiet } from './players.ts';

const ALL = [...STOCK.values()].reduce((sum, count) => sum + count, 0);
const DAY_MS = 24 * 3600 * 1000;

let delivery: Delivery;
let ben: Player;

beforeEach(async () => {
  delivery = new Delivery();
  ben = await Player.join(delivery, 'ben');
  const kept = atServer();
  kept.packages.length = 0;
  kept.lastResorts.clear();
  const all = await ben.core.keyPackages.removeOld(Number.MAX_SAFE_INTEGER);
  await ben.core.vault.write(all);
});

const atServer = () => delivery.device(ben.core.device.uri);
const counted = (held = atServer().packages.length) => ben.parts.stock.counted(held);

test('a new account leaves one-time packages and last resorts', async () => {
  await counted();
  expect([atServer().packages.length, atServer().lastResorts.size]).toEqual([ALL, STOCK.size]);
  expect(await ben.core.keyPackages.uploaded()).toBe(ALL);
  expect(await ben.core.keyPackages.waiting()).toEqual([]);
  await counted();
  expect(atServer().packages.length).toBe(ALL);
});

test('one fewer than enough and a whole batch is made', async () => {
  await counted();
  const fewer = LOW_STOCK - 1;
  atServer().packages.length = fewer;
  await counted();
  expect(atServer().packages.length).toBe(fewer + ALL);
});

test('private halves are in the vault before public ones leave', async () => {
  failPut(2);
  expect(await codeOf(replenish(ben.core, 0))).toBe('storage_full');
  const waiting = await ben.core.keyPackages.waiting();
  expect(atServer().lastResorts.size).toBeLessThanOrEqual(1 + waiting.length);
  await replenish(ben.core, 0);
  expect(atServer().packages.length).toBe(ALL);
});

test('private halves stay in the vault alone', async () => {
  const isErased = (raw: Uint8Array): boolean => raw.every((byte) => byte === 0);
  const saving = vi.spyOn(KeyPackageBundle.prototype, 'save');
  const opening = vi.spyOn(ben.core.keyPackages, 'waiting');
  ben.line.refuse('uploadKeyPackages', 'busy', { fault: 'operator' });
  expect(await codeOf(replenish(ben.core, 0))).toBe('busy');
  await replenish(ben.core, 0);
  const bundles = saving.mock.contexts as readonly KeyPackageBundle[];
  expect(bundles.length).toBeGreaterThan(ALL);
  for (const { initPrivate, encryptionPrivate, signerPrivate } of bundles) {
    expect([initPrivate, encryptionPrivate, signerPrivate].every(isErased)).toBe(true);
  }
  const waiting = await (opening.mock.results[1]!.value as Promise<readonly KeptKeyPackage[]>);
  expect(waiting).toHaveLength(1);
  const saved = saving.mock.results.map(({ value }) => value as Uint8Array);
  for (const raw of [...saved, ...waiting.map(({ bundle }) => bundle)]) {
    expect(isErased(raw)).toBe(true);
  }
  vi.restoreAllMocks();
});

test('what was refused or lost is uploaded again, and counts as stock', async () => {
  ben.line.refuse('uploadKeyPackages', 'busy', { fault: 'operator' });
  expect(await codeOf(replenish(ben.core, 0))).toBe('busy');
  ben.line.loseAnswers('uploadKeyPackages');
  expect(await codeOf(replenish(ben.core, 0))).toBe('unreachable');
  ben.line.connect();
  await replenish(ben.core, LOW_STOCK);
  expect(await ben.core.keyPackages.waiting()).toEqual([]);
  expect(atServer().lastResorts.size).toBe(STOCK.size);
});

test('before a count nothing is filled up, and a refusal is noted', async () => {
  await ben.parts.stock.refill();
  expect(atServer().packages).toEqual([]);
  await counted();
  atServer().packages.length = 0;
  const all = await ben.core.keyPackages.removeOld(Number.MAX_SAFE_INTEGER);
  await ben.core.vault.write(all);
  ben.line.refuse('uploadKeyPackages', 'too_many_key_packages');
  await ben.parts.stock.refill();
  expect(ben.problems()).toEqual(['too_many_key_packages']);
  ben.line.cut();
  await ben.parts.stock.refill();
  expect(ben.problems()).toHaveLength(1);
});

test('packages whose lifetime is over are deleted and made anew', async () => {
  await counted();
  ben.clock.atMs += LIFETIME_S * 1000 + 2 * DAY_MS;
  await counted(0);
  expect(await ben.core.keyPackages.uploaded()).toBe(ALL);
});

test('a last resort is replaced two weeks before its end', async () => {
  await counted();
  const before = [...atServer().lastResorts.values()];
  ben.clock.atMs += RENEW_AFTER_MS - 1;
  await counted();
  expect([...atServer().lastResorts.values()]).toEqual(before);
  ben.clock.atMs += 2;
  await counted();
  expect([...atServer().lastResorts.values()]).not.toEqual(before);
});

test('a device that stays connected fills up after Welcomes, and looks every day', async () => {
  await counted();
  const anna = await Player.join(delivery, 'anna');
  atServer().packages.splice(0, atServer().packages.length - 1);
  await groupOf('one', anna, ben);
  await groupOf('by the last resort', anna, ben);
  await quiet(anna, ben);
  expect(ben.rooms.conversations()).toHaveLength(2);
  expect(atServer().packages.length).toBeGreaterThanOrEqual(ALL);
  expect(ben.timers.delaysMs).toEqual([DAY_MS]);
  await ben.timers.pass(DAY_MS);
  expect(ben.timers.delaysMs).toEqual([DAY_MS]);
  expect(ben.problems()).toEqual([]);
});
