/** A conversation is complete in the vault before the server hears of it. */

import { beforeEach, expect, test } from 'vitest';

import { MLS_256_XWING } from '../../src/mls/suite.ts';
import { begin } from '../../src/sdk/beginning.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { Delivery, devicesIn } from './delivery.ts';
import { Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;

beforeEach(async () => {
  delivery = new Delivery();
  anna = await Player.join(delivery, 'anna');
  ben = await Player.join(delivery, 'ben');
  await anna.core.trust.ensure(ben.core.address);
  anna.line.cut();
});

test('it is there at once with what it owes, and after a restart', async () => {
  const [live] = await begin(anna.core, [ben.core.address], true);
  expect(live.kept).toMatchObject({ state: 'opening', epoch: 0n });
  expect((await anna.core.debts.of(live.id)).map(({ kind }) => kind)).toEqual(['create', 'change']);
  const [create] = await anna.core.debts.of(live.id);
  expect(create!.payload.length).toBeGreaterThan(100);
  await anna.restart(false);
  expect(anna.only()).toMatchObject({ state: 'opening', peer: ben.address, unread: 0 });
  await anna.connect();
  await quiet(anna, ben);
  expect(anna.only().state).toBe('open');
  expect(ben.only().peer).toBe(anna.address);
});

test('whom one writes to is known', async () => {
  expect(anna.core.trust.account(ben.core.address)?.isKnown).toBe(false);
  await begin(anna.core, [ben.core.address], true);
  expect(anna.core.trust.account(ben.core.address)?.isKnown).toBe(true);
});

test('nobody can be invited who was never looked up', async () => {
  const cem = await Player.join(delivery, 'cem');
  expect(await codeOf(begin(anna.core, [cem.core.address], true))).toBe('trust_refused');
  expect(anna.rooms.conversations()).toEqual([]);
});

test('two conversations share nothing', async () => {
  const [one] = await begin(anna.core, [ben.core.address], true);
  const [two] = await begin(anna.core, [ben.core.address], true);
  expect(one.id.hex).not.toBe(two.id.hex);
  const groups = [await anna.core.group(one), await anna.core.group(two)];
  expect(groups[0]!.epochAuthenticator).not.toEqual(groups[1]!.epochAuthenticator);
  expect(groups.map(({ suiteId }) => suiteId)).toEqual([MLS_256_XWING, MLS_256_XWING]);
});

test('one that cannot be written does not begin', async () => {
  for (const at of [1, 3]) {
    failPut(at);
    expect(await codeOf(begin(anna.core, [ben.core.address], true))).toBe('storage_full');
  }
  expect(anna.rooms.conversations()).toEqual([]);
  await anna.restart();
  await quiet(anna);
  expect([anna.rooms.conversations(), delivery.logs.size]).toEqual([[], 0]);
});

test('the first line says who began it with whom', async () => {
  const [live] = await begin(anna.core, [ben.core.address], true);
  const history = await anna.history(live.id.hex);
  for (const { event } of history) {
    expect(event).toEqual({ what: 'created', by: anna.address, who: [anna.address, ben.address] });
  }
  expect(history).toHaveLength(1);
  const [direct] = await begin(anna.core, [ben.core.address], false);
  expect(await anna.core.messages.before([direct.id], 9)).toEqual([]);
});

test('what waits for the server has its maker alone in it', async () => {
  const [live] = await begin(anna.core, [ben.core.address], true);
  const [create] = await anna.core.debts.of(live.id);
  expect(devicesIn(create!.payload)).toEqual([anna.core.device.uri]);
});
