/** Commits met in the log: ours, those of others, those nobody may make, and whose turn it is. */

import { beforeEach, expect, test } from 'vitest';

import { EMPTY } from '../../src/base/bytes.ts';
import { DeviceAddress } from '../../src/base/ids.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { externalJoin } from '../../src/mls/external.ts';
import {
  AuthenticatedContent,
  FramedContent,
  Sender,
  SenderType,
  WireFormat,
} from '../../src/mls/framing.ts';
import { KeyPackageBundle } from '../../src/mls/group.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { Add } from '../../src/mls/proposal.ts';
import { protectPublic, signContent } from '../../src/mls/protection.ts';
import { Intent } from '../../src/sdk/membership.ts';
import { newIdempotencyId } from '../../src/vault/debts.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, groupOf, logOf, Player, quiet, until } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let cem: Player;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben] = await annaAndBen(delivery);
  cem = await Player.join(delivery, 'cem');
});

const everybody = (): Player[] => [anna, ben, cem];
const events = async (player: Player, id: string): Promise<unknown[]> =>
  (await player.history(id)).flatMap(({ event }) => (event === undefined ? [] : [event.what]));

/** All of them are in the same epoch with the same members. */
async function expectAgreement(id: string, ...players: Player[]): Promise<void> {
  const groups = await Promise.all(players.map((player) => player.core.group(player.live(id))));
  const [first] = groups;
  for (const group of groups) {
    expect(group.epoch).toBe(first!.epoch);
    expect(group.epochAuthenticator).toEqual(first!.epochAuthenticator);
  }
  for (const player of players) {
    expect(player.live(id).kept.members.map(({ uri }) => uri)).toEqual(
      [...logOf(delivery, id).members].sort(),
    );
  }
}

test('a Commit whose answer was lost is ours when it is met in the log', async () => {
  const id = await groupOf('group', anna, ben);
  anna.line.loseAnswers('appendCommit');
  const added = anna.rooms.add({ conversation: id, address: 'cem' });
  await until(() => !anna.line.isOnline);
  await quiet(...everybody());
  await anna.connect();
  await added;
  await quiet(...everybody());
  await expectAgreement(id, ...everybody());
  expect(logOf(delivery, id).envelopes.filter(({ kind }) => kind === 3)).toHaveLength(2);
  expect(await events(anna, id)).toEqual(['created', 'titled', 'joined']);
});

test('of two who commit at the same moment one wins and the other does it again', async () => {
  const id = await groupOf('group', anna, ben);
  const dora = await Player.join(delivery, 'dora');
  await anna.rooms.appoint({ conversation: id, address: ben.address, isAdmin: true });
  await quiet(...everybody());
  const releases = [anna, ben].map(({ line }) => line.hold('appendCommit'));
  const adding = [
    anna.rooms.add({ conversation: id, address: 'cem' }),
    ben.rooms.add({ conversation: id, address: 'dora' }),
  ];
  await until(() => anna.line.held + ben.line.held === 2);
  releases.forEach((release) => {
    release();
  });
  await Promise.all(adding);
  await quiet(...everybody(), dora);
  await expectAgreement(id, ...everybody(), dora);
  for (const player of [...everybody(), dora]) {
    await player.say(id, `from ${player.name}`);
  }
  await quiet(...everybody(), dora);
  const words = ['anna', 'ben', 'cem', 'dora'].map((name) => `from ${name}`);
  for (const player of [...everybody(), dora]) {
    expect((await player.texts(id)).filter((text) => text.startsWith('from')).sort()).toEqual(
      words,
    );
    expect(player.problems()).toEqual([]);
  }
});

test('whose device is removed has no keys left and keeps its history', async () => {
  const id = await groupOf('group', anna, ben, cem);
  await anna.say(id, 'before');
  await quiet(...everybody());
  await anna.rooms.expel({ conversation: id, address: 'cem' });
  await anna.say(id, 'after');
  await quiet(...everybody());
  expect(await cem.texts(id)).toEqual(['before']);
  expect(cem.rooms.conversation({ conversation: id }).state).toBe('left');
  expect(await cem.core.groups.get(cem.live(id).id.bytes)).toBeUndefined();
  expect(await codeOf(cem.say(id, 'no'))).toBe('not_participant');
  expect((await events(cem, id)).at(-1)).toBe('out');
  expect(await ben.texts(id)).toEqual(['before', 'after']);
  expect((await events(ben, id)).at(-1)).toBe('left');
});

test('leaving is carried out by the others, and nobody writes to who is leaving', async () => {
  const id = await groupOf('group', anna, ben, cem);
  anna.line.cut();
  ben.line.cut();
  await anna.say(id, 'without cem');
  await cem.rooms.leave({ conversation: id });
  await anna.connect();
  await ben.connect();
  await quiet(...everybody());
  const { envelopes, members } = logOf(delivery, id);
  expect(envelopes.slice(-3).map(({ kind }) => kind)).toEqual([2, 3, 1]);
  expect(members).not.toContain(cem.core.device.uri);
  expect(await cem.texts(id)).toEqual([]);
});

test('a proposal is committed by who is online without a word being said', async () => {
  const id = await groupOf('group', anna, ben, cem);
  await cem.rooms.leave({ conversation: id });
  await quiet(...everybody());
  await expectAgreement(id, anna, ben);
  for (const player of [anna, ben]) {
    const { address } = cem;
    // Not "removed by" whoever committed it.
    expect((await player.history(id)).at(-1)?.event).toEqual({
      what: 'left',
      by: address,
      who: [address],
    });
  }
  expect(logOf(delivery, id).envelopes.filter(({ kind }) => kind === 3)).toHaveLength(2);
});

test('the lowest leaf goes first, the others wait their turn', async () => {
  const id = await groupOf('group', anna, ben, cem);
  anna.line.cut();
  await cem.rooms.leave({ conversation: id });
  await quiet(ben, cem);
  expect(logOf(delivery, id).members).toContain(cem.core.device.uri);
  expect(ben.timers.delaysMs).toHaveLength(1);
  await ben.timers.pass(4_000);
  await quiet(ben);
  expect(logOf(delivery, id).members).not.toContain(cem.core.device.uri);
});

test('closing a device ends its waiting turn', async () => {
  const id = await groupOf('group', anna, ben, cem);
  anna.line.cut();
  await cem.rooms.leave({ conversation: id });
  await quiet(ben, cem);
  const { timers } = ben;
  await ben.crash();
  await timers.pass(4_000);
  expect(logOf(delivery, id).members).toContain(cem.core.device.uri);
});

test('a waiting change is not owed twice', async () => {
  const id = await groupOf('group', anna, ben, cem);
  anna.line.cut();
  await cem.rooms.leave({ conversation: id });
  await quiet(ben, cem);
  ben.line.cut();
  ben.parts.epochs.lookAfter(ben.live(id), false);
  ben.parts.epochs.lookAfter(ben.live(id), false);
  await ben.timers.pass(4_000);
  await quiet(ben);
  expect(await ben.core.debts.of(ben.live(id).id)).toHaveLength(1);
});

test('a further device of a participant is added and can read and write from then on', async () => {
  const id = await groupOf('group', anna, ben);
  await anna.say(id, 'before');
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  await anna.say(id, 'after');
  await second.say(id, 'from the second');
  await quiet(anna, ben, second);
  await expectAgreement(id, anna, ben, second);
  expect((await second.texts(id)).sort()).toEqual(['after', 'from the second']);
  expect(anna.rooms.conversation({ conversation: id }).participants).toHaveLength(2);
});

test('a delisted device is removed without a word', async () => {
  const id = await groupOf('group', anna, ben);
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  await ben.publish([]);
  await quiet(anna, ben, second);
  expect(logOf(delivery, id).members).not.toContain(second.core.device.uri);
  expect(await codeOf(second.say(id, 'no'))).toBe('not_participant');
  await expectAgreement(id, anna, ben);
});

test('nothing goes to a delisted device though nobody heard of the new list', async () => {
  const id = await groupOf('group', anna, ben);
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  anna.line.cut();
  ben.line.cut();
  second.line.cut();
  delivery.accounts.set('ben', await listWithout(ben));
  await anna.connect();
  await anna.say(id, 'not for the second');
  await quiet(anna);
  await second.connect();
  await quiet(second);
  expect(await second.texts(id)).not.toContain('not for the second');
});

async function listWithout(player: Player): Promise<ReturnType<typeof shownOf>> {
  player.line.connect();
  await player.publish([]);
  player.line.cut();
  return shownOf(player);
}

const shownOf = (player: Player) => player.delivery.accounts.get(player.name)!;

test('a ghost device that the account has not signed is not encrypted to', async () => {
  const id = await groupOf('group', anna, ben);
  const shown = shownOf(ben);
  const impostor = SigningKey.generate();
  const forged = shown.deviceList.slice();
  forged[forged.length - 1]! ^= 1;
  delivery.accounts.set('ben', { ...shown, deviceList: forged });
  anna.sync.takePush({ push: 'device_list', name: 'ben' });
  await quiet(anna);
  expect(anna.problems().length).toBeGreaterThan(0);
  delivery.accounts.set('ben', { ...shown, identityKey: impostor.public });
  anna.line.cut();
  await anna.connect();
  await anna.say(id, 'waits');
  await quiet(anna);
  expect(await ben.texts(id)).toEqual([]);
  delivery.accounts.set('ben', shown);
  anna.line.cut();
  await anna.connect();
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['waits']);
});

test('a ghost member whom a participant adds past the checks is refused by the others', async () => {
  const id = await groupOf('group', anna, ben);
  const ghost = SigningKey.generate();
  const device = new DeviceAddress(cem.core.address, 'f'.repeat(16));
  const mallory = await Player.join(delivery, 'mallory');
  const before = mallory.core.own;
  const forged = anna.certificate(device, ghost); // signed by Anna, for a device of Cem's
  mallory.core.own = { ...before, device, deviceKey: ghost, certificate: forged };
  await mallory.stockUp(1);
  const bundle = [...delivery.device(device.uri).lastResorts.values()][0]!;
  const group = await anna.copyOfGroup(id);
  const pending = await group
    .commit(() => undefined, anna.core.nowS, { adds: [bundle], removes: [] })
    .settle(anna.core.verifier);
  const log = logOf(delivery, id);
  const commit = {
    sender: anna.core.device.uri,
    epoch: log.epoch,
    kind: 3,
    message: pending.commit,
  };
  delivery.deliver(log, delivery.inject(log, commit), [ben.core.device.uri]);
  await quiet(ben);
  expect(ben.problems().length).toBeGreaterThan(0);
  expect(ben.live(id).kept.members.map(({ uri }) => uri)).not.toContain(device.uri);
});

test('a dropped Commit is noticed, and nothing of the next epoch is made up', async () => {
  const id = await groupOf('group', anna, ben);
  ben.line.cut();
  await anna.rooms.add({ conversation: id, address: 'cem' });
  await anna.say(id, 'in the next epoch');
  await quiet(anna, cem);
  ben.line.answer('read', (answer: { head: number; envelopes: { kind: number }[] }) => ({
    ...answer,
    envelopes: answer.envelopes.filter(({ kind }) => kind !== 3),
  }));
  await ben.connect();
  expect(await ben.texts(id)).toEqual([]);
  expect(ben.problems()).toContain('log_gap');
  expect(ben.live(id).kept.epoch).toBe(1n);
  await ben.say(id, 'anybody there');
  await quiet(...everybody());
  expect(await anna.texts(id)).not.toContain('anybody there');
  expect(ben.rooms.conversation({ conversation: id }).state).toBe('broken');
});

test('a stranger cannot come in by an external commit of its own', async () => {
  const id = await groupOf('group', anna, ben);
  const group = await anna.core.group(anna.live(id));
  const key = cem.core.own.deviceKey.toBytes();
  const pending = await externalJoin(
    group.groupInfo(),
    cem.core.credential,
    key,
    () => undefined,
    cem.core.nowS,
  ).settle(cem.core.verifier);
  const log = logOf(delivery, id);
  const { commit: message } = pending;
  const envelope = { sender: cem.core.device.uri, epoch: log.epoch, kind: 3, message };
  delivery.deliver(log, delivery.inject(log, envelope));
  await quiet(anna, ben);
  for (const player of [anna, ben]) {
    expect(player.problems()).toHaveLength(1);
    expect(player.live(id).kept.members).toHaveLength(2);
  }
});

test('a device that is not listed any more does not come in by itself', async () => {
  const id = await groupOf('group', anna, ben);
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  await ben.publish([]);
  await quiet(anna, ben, second);
  const group = await anna.core.group(anna.live(id));
  const { core } = second;
  const pending = await externalJoin(
    group.groupInfo(),
    core.credential,
    core.own.deviceKey.toBytes(),
    () => undefined,
    core.nowS,
  ).settle(core.verifier);
  const log = logOf(delivery, id);
  const envelope = {
    sender: core.device.uri,
    epoch: log.epoch,
    kind: 3,
    message: pending.commit,
  };
  delivery.deliver(log, delivery.inject(log, envelope));
  await quiet(anna, ben);
  for (const player of [anna, ben]) {
    expect(player.problems()).toEqual(['device_not_listed']);
    expect(player.live(id).kept.members).toHaveLength(2);
  }
});

test('who was away follows the addition of a device that is listed no more', async () => {
  const id = await groupOf('group', anna, ben, cem);
  cem.line.cut();
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  await ben.publish([]);
  await quiet(anna, ben, second);
  await anna.say(id, 'later');
  await cem.connect();
  await quiet(anna, ben, cem);
  expect(cem.problems()).toEqual([]);
  expect(await cem.texts(id)).toEqual(['later']);
  await expectAgreement(id, anna, ben, cem);
});

test('a device that was proposed in time keeps nobody from going on', async () => {
  const id = await groupOf('group', anna, ben);
  const second = await cem.secondDevice();
  const group = await anna.copyOfGroup(id);
  const keyPackage = delivery.device(second.core.device.uri).lastResorts.get(group.suiteId)!;
  await cem.publish([]);
  const log = logOf(delivery, id);
  const before = log.epoch;
  const message = group.proposeAdd(keyPackage);
  const envelope = { sender: anna.core.device.uri, epoch: before, kind: 2, message };
  delivery.deliver(log, delivery.inject(log, envelope));
  await quiet(...everybody());
  await ben.say(id, 'goes on');
  await quiet(...everybody());
  expect(log.epoch).toBeGreaterThan(before);
  expect(await anna.texts(id)).toContain('goes on');
  for (const player of [anna, ben]) {
    expect(player.problems()).toEqual([]);
    expect(player.live(id).kept.members).toHaveLength(2);
  }
});

/** Cem's device asks to be added, as MLS would let anybody ask: all it takes is the GroupInfo. */
async function asksToBeAdded(id: string): Promise<Uint8Array> {
  const { core } = cem;
  const [key, nowS] = [core.own.deviceKey.toBytes(), core.nowS] as const;
  const group = await anna.core.group(anna.live(id));
  const { suite, context } = group.state.epoch;
  const bundle = KeyPackageBundle.create(group.suiteId, core.credential, key, nowS, 3600);
  const sender = new Sender(SenderType.NEW_MEMBER_PROPOSAL);
  const add = new Add(parseKeyPackage(bundle.message));
  const content = FramedContent.of(group.groupId, group.epoch, sender, EMPTY, add);
  const wire = WireFormat.PUBLIC_MESSAGE;
  const signature = signContent(suite, key, wire, content, context.encoded);
  const message = new AuthenticatedContent(wire, content, signature, EMPTY);
  return protectPublic(suite, EMPTY, message, context.encoded).toMessage();
}

test.each(['a group with admins', 'two people'])(
  'whoever is in %s, nobody comes in by asking the devices',
  async (where) => {
    const isGroup = where === 'a group with admins';
    const id = isGroup ? await groupOf('group', anna, ben) : anna.only().id;
    const log = logOf(delivery, id);
    const before = log.epoch;
    const message = await asksToBeAdded(id);
    const envelope = { sender: cem.core.device.uri, epoch: log.epoch, kind: 2, message };
    delivery.deliver(log, delivery.inject(log, envelope));
    await quiet(...everybody());
    expect(log.epoch).toBe(before);
    for (const player of [anna, ben]) {
      expect(player.problems()).toEqual(['asked_from_outside']);
      expect(player.live(id).kept.members).toHaveLength(2);
    }
    await anna.say(id, 'only for Ben');
    await quiet(...everybody());
    expect((await ben.texts(id)).at(-1)).toBe('only for Ben');
    expect(cem.rooms.conversations()).toEqual([]);
  },
);

test('a list that changes nothing here commits nothing', async () => {
  const id = await groupOf('group', anna, ben);
  const { head } = logOf(delivery, id);
  anna.sync.takePush({ push: 'device_list', name: 'ben' });
  anna.sync.takePush({ push: 'device_list', name: 'cem' });
  await quiet(anna);
  expect(logOf(delivery, id).head).toBe(head);
  expect(anna.core.trust.account(cem.core.address)).toBeUndefined();
});

test('without a connection a moved list waits', async () => {
  anna.line.cut();
  anna.sync.takePush({ push: 'device_list', name: 'ben' });
  await quiet(anna);
  expect(anna.problems()).toEqual([]);
});

test('a change that others made meanwhile is not made again', async () => {
  const id = await groupOf('group', anna, ben);
  await anna.rooms.appoint({ conversation: id, address: ben.address, isAdmin: true });
  await quiet(...everybody());
  anna.line.onPush = (push) => (push.push === 'delivery' ? [] : [push]);
  await ben.rooms.add({ conversation: id, address: 'cem' });
  await quiet(...everybody());
  const live = anna.live(id);
  const idempotencyId = newIdempotencyId();
  const intent = new Intent([cem.core.address]).toBytes();
  const paid = anna.core.waiter(idempotencyId);
  const debt = { conversation: live.id, kind: 'change', intent, idempotencyId } as const;
  await anna.core.vault.write([await anna.core.debts.add(debt)]);
  anna.outbox.kick(live);
  await paid;
  await quiet(...everybody());
  expect(logOf(delivery, id).envelopes.filter(({ kind }) => kind === 3)).toHaveLength(3);
  await expectAgreement(id, ...everybody());
});
