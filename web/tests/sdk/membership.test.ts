/** What a Commit has to change: who comes with what, who goes, and who is not believed. */

import { beforeEach, expect, test } from 'vitest';

import { AccountAddress } from '../../src/base/ids.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import type { Group } from '../../src/mls/group.ts';
import { MLS_128_X25519_AES128, MLS_256_XWING } from '../../src/mls/suite.ts';
import {
  bundleBytes,
  bundleFromBytes,
  demandParticipant,
  devicesOf,
  Intent,
  makePlan,
  missingDevices,
  outdatedLeaves,
  type Plan,
  suiteFor,
  triedInVain,
  untried,
  XWING_MEMBERS,
} from '../../src/sdk/membership.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let cem: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
  cem = await Player.join(delivery, 'cem');
});

const group = (): Promise<Group> => anna.core.group(anna.live(id));
const plan = async (intent: Intent): Promise<Plan> =>
  makePlan(anna.core, anna.live(id), await group(), intent);
const packages = (player: Player) => delivery.device(player.core.device.uri);

test('an intent survives the outbox', () => {
  const intent = new Intent([ben.core.address], [cem.core.address], true);
  const read = Intent.fromBytes(intent.toBytes());
  expect([read.add, read.remove, read.opening]).toEqual([intent.add, intent.remove, true]);
  expect([intent.onlyTidies, new Intent().onlyTidies]).toEqual([false, true]);
});

test('a bundle survives the outbox', () => {
  const bundle = {
    commit: Uint8Array.of(1),
    groupInfo: new Uint8Array(100_000),
    welcome: new Uint8Array(0),
    welcomeTo: ['mimi://localhost/d/ben/1', 'ä'],
  };
  expect(bundleFromBytes(bundleBytes(bundle))).toEqual(bundle);
  expect(() => bundleFromBytes(Uint8Array.of(9))).toThrow();
});

test('a conversation of very many devices has smaller Welcomes', () => {
  expect(suiteFor(XWING_MEMBERS)).toBe(MLS_256_XWING);
  expect(suiteFor(XWING_MEMBERS + 1)).toBe(MLS_128_X25519_AES128);
});

test.each(['left', 'failed', 'ended'] as const)('who has %s says nothing any more', (state) => {
  const live = anna.live(id);
  live.kept.state = state;
  expect(() => {
    demandParticipant(live);
  }).toThrow();
  live.kept.state = 'broken';
  demandParticipant(live);
});

test('a plan without intent changes nothing when all is well', async () => {
  const { adds, removes } = await plan(new Intent());
  expect([adds.size, removes]).toEqual([0, []]);
  expect(outdatedLeaves(anna.core, anna.live(id), await group())).toEqual([]);
});

test('who is added comes with all devices that have a key package', async () => {
  const second = await cem.secondDevice();
  await cem.publish([
    ['e'.repeat(16), second.core.own.deviceKey.public],
    ['d'.repeat(16), SigningKey.generate().public],
  ]);
  delivery.device(`mimi://localhost/d/cem/${'d'.repeat(16)}`);
  const { adds } = await plan(new Intent([cem.core.address]));
  expect([...adds.keys()].sort()).toEqual([cem, second].map((one) => one.core.device.uri).sort());
});

test('who is removed goes with all leaves and never oneself', async () => {
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  const { removes } = await plan(new Intent([], [ben.core.address]));
  expect(removes).toHaveLength(2);
  const own = await plan(new Intent([], [anna.core.address]));
  expect(own.removes).toEqual([]);
});

test('who is to come and to go is not added', async () => {
  const { adds } = await plan(new Intent([cem.core.address], [cem.core.address]));
  expect(adds.size).toBe(0);
});

test('a device that cannot be added is tried once on each connection', async () => {
  await ben.publish([['d'.repeat(16), SigningKey.generate().public]]);
  await quiet(anna, ben);
  const live = anna.live(id);
  const uri = `mimi://localhost/d/ben/${'d'.repeat(16)}`;
  await plan(new Intent());
  expect(untried(anna.core, live, await group())).toEqual([]);
  anna.line.cut();
  await anna.connect();
  live.tried.clear();
  expect(untried(anna.core, live, await group()).map((one) => one.uri)).toEqual([uri]);
  triedInVain(anna.core, live, [uri]);
  expect(live.tried.get(uri)).toBe(anna.line.generation);
  expect(anna.core.trust.deviceList(ben.core.address).addresses()).toHaveLength(2);
});

test('invited accounts are not missed before the first Commit', async () => {
  const live = anna.live(id);
  live.kept.setMembers([anna.core.device], [ben.core.address]);
  expect(untried(anna.core, live, await group())).toEqual([]);
});

test('an unknown account cannot be missed', async () => {
  const stranger = new AccountAddress('stranger', 'localhost');
  const present = await group();
  expect(() => missingDevices(anna.core, present, [stranger])).toThrow('not known');
});

test('who has left no key package is asked to come online', async () => {
  packages(cem).packages.length = 0;
  packages(cem).lastResorts.clear();
  expect(await codeOf(plan(new Intent([cem.core.address])))).toBe('nobody_to_add');
});

test('any other refusal is passed on', async () => {
  anna.line.refuse('claimKeyPackages', 'rate_limited', { retryAfterMs: 9 });
  expect(await codeOf(plan(new Intent([cem.core.address])))).toBe('rate_limited');
});

test.each([
  ['junk', () => Uint8Array.of(1, 2, 3)],
  ['a package of somebody else', () => packages(ben).packages[0]!],
])('%s for a key package is not believed', async (_, swapped) => {
  anna.line.answer('claimKeyPackages', () => [swapped()]);
  expect(await codeOf(plan(new Intent([cem.core.address])))).toBe('key_package_refused');
});

test('a package that the server has made under a listed name is not believed', async () => {
  const mallory = await Player.join(delivery, 'mallory', false);
  mallory.core.own = { ...mallory.core.own, certificate: cem.core.own.certificate };
  await mallory.stockUp(1);
  const [made] = packages(mallory).lastResorts.values();
  anna.line.answer('claimKeyPackages', () => [made]);
  expect(await codeOf(plan(new Intent([cem.core.address])))).toBe('key_package_refused');
});

test('two packages of one device make one member', async () => {
  const { packages: all } = packages(cem);
  anna.line.answer('claimKeyPackages', () => all.slice(0, 2));
  expect((await plan(new Intent([cem.core.address]))).adds.size).toBe(1);
});

test('a changed identity is a decision', async () => {
  const truth = delivery.accounts.get('ben')!;
  const deviceList = cem.issueFor(ben.core.address);
  const identityKey = cem.core.own.identity!.public;
  delivery.accounts.set('ben', { ...truth, identityKey, deviceList });
  anna.line.cut();
  await anna.connect();
  expect(await codeOf(plan(new Intent()))).toBe('identity_changed');
});

test('an expired certificate makes a leaf outdated, and any plan removes it', async () => {
  const leaves = await group();
  anna.clock.atMs += 10 * 366 * 24 * 3600 * 1000;
  expect(outdatedLeaves(anna.core, anna.live(id), leaves)).toHaveLength(1);
  expect((await plan(new Intent())).removes).toHaveLength(1);
  expect(devicesOf(anna.core, leaves)).toHaveLength(2);
});
