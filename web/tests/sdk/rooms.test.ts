/** What a person does with conversations and people, and what a changed identity stops. */

import { beforeEach, expect, test } from 'vitest';

import { AccountAddress } from '../../src/base/ids.ts';
import { LONGEST_EXPIRY_S } from '../../src/sdk/expiry.ts';
import type { ShownAccount } from '../../src/sdk/server.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, groupOf, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const view = (player: Player, conversation = id) => player.rooms.conversation({ conversation });

/** The server shows somebody else's key for Ben; returns what is true. */
async function swapBen(): Promise<ShownAccount> {
  const truth = delivery.accounts.get('ben')!;
  const mallory = await Player.join(delivery, `mallory${delivery.accounts.size}`, false);
  const { identity } = mallory.core.own;
  const deviceList = mallory.issueFor(ben.core.address);
  delivery.accounts.set('ben', { ...truth, identityKey: identity!.public, deviceList });
  anna.line.cut();
  await anna.connect();
  return truth;
}

test('there is one direct conversation however often one begins', async () => {
  const begun = await Promise.all([anna.with(ben), anna.with(ben), anna.with(ben)]);
  expect(new Set(begun)).toEqual(new Set([id]));
  expect(view(anna)).toMatchObject({ kind: 'direct', peer: ben.address, title: '' });
});

/** Anna and Cem begin at the same moment; the ids as Anna's page sees them. */
async function bothBegin(): Promise<[cem: Player, shown: string, behind: string]> {
  const cem = await Player.join(delivery, 'cem');
  await Promise.all([anna.with(cem), cem.with(anna)]);
  await quiet(anna, cem);
  const found = anna.rooms.conversations().find(({ peer }) => peer === cem.address);
  const [behind, ...more] = found?.insteadOf ?? [];
  expect(more).toEqual([]);
  return [cem, found!.id, behind!];
}

test('two who begin at the same moment see one conversation that stands for both', async () => {
  const [cem, shown, behind] = await bothBegin();
  expect(cem.rooms.conversations()).toHaveLength(1);
  expect(cem.rooms.conversations()[0]).toMatchObject({ id: shown, insteadOf: [behind] });
  expect(view(anna, behind)).toEqual(view(anna, shown));
  expect(view(anna).insteadOf).toBeUndefined();
});

test('what is set of one of two that are shown as one is set of what is shown', async () => {
  const [, shown, behind] = await bothBegin();
  for (const one of [shown, behind]) {
    anna.live(one).kept.isRequest = true;
  }
  await anna.rooms.accept({ conversation: behind });
  expect([shown, behind].map((one) => anna.live(one).kept.isRequest)).toEqual([false, false]);
  await anna.rooms.setDraft({ conversation: behind, draft: 'ich wollte' });
  await anna.rooms.setExpiry({ conversation: behind, expiresAfterS: 60 });
  const set = await anna.rooms.change({ conversation: behind, isPinned: true });
  const expected = { id: shown, draft: 'ich wollte', expiresAfterS: 60, isPinned: true };
  expect(set).toMatchObject(expected);
  expect(view(anna, shown)).toMatchObject({ ...expected, isRequest: false });
});

test('what was seen of one of two that are shown as one was seen of both', async () => {
  const cem = await Player.join(delivery, 'cem');
  const [his, hers] = await Promise.all([cem.with(anna), anna.with(cem)]);
  await Promise.all([cem.say(his, 'from Cem'), anna.say(hers, 'from Anna')]);
  await quiet(anna, cem);
  for (const [player, other] of [
    [anna, cem],
    [cem, anna],
  ] as const) {
    const found = player.rooms.conversations().find(({ peer }) => peer === other.address)!;
    expect(found.unread).toBe(1);
    const last = (await player.said(found.id)).at(-1)!.id;
    await player.talk.markRead({ conversation: found.id, upTo: last });
    expect(view(player, found.id).unread).toBe(0);
  }
  await quiet(anna, cem);
  expect((await cem.said(his)).map(({ state }) => state).sort()).toEqual(['read', 'received']);
});

test('oneself, strangers, other servers and nonsense are nobody to write to', async () => {
  const code = (address: string) => codeOf(anna.rooms.conversationWith({ address }));
  expect(await code('anna')).toBe('own_account');
  expect(await code('ben@elsewhere.org')).toBe('account_elsewhere');
  expect(await code('nobody')).toBe('unknown_account');
  for (const nonsense of ['', '@', 'BEN', 'ben@', 'a b', '../x', 'x'.repeat(500)]) {
    expect(await code(nonsense)).not.toBe('');
  }
  anna.line.cut();
  expect(await code('stranger')).toBe('unreachable');
  expect(anna.rooms.conversations()).toHaveLength(1);
});

test('ids that are none are refused', async () => {
  for (const conversation of ['', 'zz', 'f'.repeat(31), 'f'.repeat(33), '__proto__']) {
    expect(
      await codeOf((async () => Promise.resolve(anna.rooms.conversation({ conversation })))()),
    ).not.toBe('');
  }
  expect(() => anna.rooms.live('f'.repeat(32))).toThrow('no such conversation');
});

test('a group needs a title; everybody reads everybody', async () => {
  const cem = await Player.join(delivery, 'cem');
  expect(await codeOf(anna.rooms.createGroup({ title: '', addresses: ['ben'] }))).not.toBe('');
  const group = await groupOf('Team', anna, ben, cem);
  for (const player of [anna, ben, cem]) {
    await player.say(group, `from ${player.name}`);
    await quiet(anna, ben, cem);
  }
  for (const player of [anna, ben, cem]) {
    expect(await player.texts(group)).toEqual(['from anna', 'from ben', 'from cem']);
    expect(view(player, group)).toMatchObject({ kind: 'group', title: 'Team' });
  }
  const alone = await anna.rooms.createGroup({ title: 'Notes', addresses: [] });
  await anna.say(alone.id, 'to myself');
  await quiet(anna);
  expect(await anna.texts(alone.id)).toEqual(['to myself']);
});

test('drafts and settings stay on this device, after a restart too', async () => {
  await anna.rooms.setDraft({ conversation: id, draft: 'half a' });
  const settings = { isPinned: true, isArchived: true, mutedUntilMs: 7, isMentionsOnly: true };
  expect(await anna.rooms.change({ conversation: id, ...settings })).toMatchObject(settings);
  await anna.rooms.change({ conversation: id, isPinned: false });
  await anna.restart();
  expect(view(anna)).toMatchObject({ ...settings, isPinned: false, draft: 'half a' });
  expect(view(ben)).toMatchObject({ draft: '', isPinned: false });
  await anna.rooms.setDraft({ conversation: id, draft: '' });
  expect(view(anna).draft).toBe('');
});

test('an expiry is a number of seconds that a message can carry', async () => {
  for (const expiresAfterS of [-1, 0.5, Number.NaN, LONGEST_EXPIRY_S + 1, Infinity]) {
    expect(await codeOf(anna.rooms.setExpiry({ conversation: id, expiresAfterS }))).toBe('sdk');
  }
  await anna.rooms.setExpiry({ conversation: id, expiresAfterS: LONGEST_EXPIRY_S });
  await anna.say(id, 'for a long time');
  await quiet(anna, ben);
  expect(view(ben).expiresAfterS).toBe(LONGEST_EXPIRY_S);
});

test('a newcomer reads from then on, and the title too', async () => {
  const cem = await Player.join(delivery, 'cem');
  const group = await groupOf('Team', anna, ben);
  await anna.say(group, 'before');
  await anna.rooms.add({ conversation: group, address: 'cem' });
  await anna.say(group, 'after');
  await quiet(anna, ben, cem);
  expect(await cem.texts(group)).toEqual(['after']);
  expect(view(cem, group).title).toBe('Team');
  expect(await codeOf(anna.rooms.expel({ conversation: group, address: 'dora' }))).toBe(
    'not_in_it',
  );
});

test('who comes later makes nobody else read the name of the group again', async () => {
  const cem = await Player.join(delivery, 'cem');
  const group = await groupOf('Team', anna, ben);
  await anna.rooms.add({ conversation: group, address: 'cem' });
  await quiet(anna, ben, cem);
  const titled = async (player: Player): Promise<number> =>
    (await player.history(group)).filter(({ event }) => event?.what === 'titled').length;
  expect([await titled(anna), await titled(ben), await titled(cem)]).toEqual([1, 1, 1]);
  await ben.rooms.rename({ conversation: group, title: 'Club' });
  await ben.rooms.rename({ conversation: group, title: 'Club' });
  await quiet(anna, ben, cem);
  expect([await titled(anna), await titled(ben), await titled(cem)]).toEqual([2, 2, 2]);
  expect([view(anna, group).title, view(cem, group).title]).toEqual(['Club', 'Club']);
  expect(await ben.core.debts.of(ben.live(group).id)).toEqual([]);
});

test('a conversation is forgotten only after leaving it', async () => {
  expect(await codeOf(anna.rooms.forget({ conversation: id }))).toBe('still_in');
  await anna.rooms.leave({ conversation: id });
  await anna.rooms.leave({ conversation: id });
  await anna.rooms.forget({ conversation: id });
  await quiet(anna, ben);
  await anna.restart();
  expect(anna.rooms.conversations()).toEqual([]);
  const again = await anna.with(ben);
  await anna.say(again, 'begun anew');
  await quiet(anna, ben);
  expect(await ben.texts(again)).toContain('begun anew');
});

test('two begin at the same moment: both read both, and write into the same one', async () => {
  const cem = await Player.join(delivery, 'cem', false);
  const dora = await Player.join(delivery, 'dora', false);
  const known = [delivery.accounts.get('cem')!, delivery.accounts.get('dora')!];
  expect(known).toHaveLength(2);
  cem.line.connect();
  dora.line.connect();
  const [one, two] = [await cem.with(dora), await dora.with(cem)];
  expect(one).not.toBe(two);
  await cem.say(one, 'from cem');
  await dora.say(two, 'from dora');
  await cem.connect();
  await dora.connect();
  await quiet(cem, dora);
  const lower = one < two ? one : two;
  for (const player of [cem, dora]) {
    expect(player.only().id).toBe(lower);
    expect((await player.texts(lower)).sort()).toEqual(['from cem', 'from dora']);
    expect(player.only()).toMatchObject({ unread: 1, kind: 'direct' });
    expect(player.only().last?.text).toMatch(/^from/);
    await player.talk.markRead({ conversation: lower });
    expect(player.only().unread).toBe(0);
  }
  await cem.say(one, 'joined up');
  await quiet(cem, dora);
  expect((await dora.said(lower)).at(-1)).toMatchObject({ text: 'joined up', conversation: lower });
  expect(cem.only().last?.text).toBe('joined up');
});

test('safety numbers are equal on both sides and are compared to be marked', async () => {
  const hers = await anna.rooms.safety({ address: 'ben' });
  const his = await ben.rooms.safety({ address: 'anna' });
  expect(hers.number).toBe(his.number);
  expect(await codeOf(anna.rooms.markVerified({ address: 'ben', compared: '0' }))).not.toBe('');
  const marked = await anna.rooms.markVerified({ address: 'ben', compared: his.number });
  expect(marked.state).toBe('verified');
  expect((await ben.rooms.markVerified({ address: 'anna', compared: hers.qr })).state).toBe(
    'verified',
  );
  await anna.restart(false);
  expect(anna.rooms.contacts()).toEqual([marked]);
});

test('a changed identity stops sending until it is rejected', async () => {
  const truth = await swapBen();
  const told: unknown[] = [];
  anna.core.feed.listen((event) => {
    if (event.what === 'conversation') {
      told.push(view(anna).changed); // as the page is told it
    }
  });
  await anna.core.trust.refresh(new AccountAddress('ben', 'localhost'));
  expect(told.at(-1)).toEqual([ben.address]);
  await anna.say(id, 'waits').catch(() => undefined);
  await quiet(anna);
  expect(view(anna).changed).toEqual([ben.address]);
  expect(await codeOf(anna.say(id, 'refused'))).toBe('identity_changed');
  expect(await ben.texts(id)).toEqual(['hello']);
  delivery.accounts.set('ben', truth);
  await anna.rooms.rejectIdentity({ address: 'ben' });
  await quiet(anna, ben);
  expect(view(anna).changed).toEqual([]);
  await anna.say(id, 'to the true one');
  await quiet(anna, ben);
  expect((await ben.texts(id)).at(-1)).toBe('to the true one');
});

test('a new identity that was compared is accepted, and no other', async () => {
  await swapBen();
  await anna.say(id, 'waits').catch(() => undefined);
  await quiet(anna);
  const { number, contact } = await anna.rooms.safety({ address: 'ben' });
  expect(contact.state).toBe('changed');
  await swapBen();
  await anna.core.trust.refresh(new AccountAddress('ben', 'localhost'));
  const accept = (compared: string) => anna.rooms.acceptIdentity({ address: 'ben', compared });
  expect(await codeOf(accept(number))).toBe('safety_number_differs');
  const now = await anna.rooms.safety({ address: 'ben' });
  expect((await accept(now.number)).state).toBe('pinned');
  expect(view(anna).changed).toEqual([]);
});

test('an identity swapped at first contact shows in the safety number', async () => {
  const cem = await Player.join(delivery, 'cem');
  const truth = delivery.accounts.get('cem')!;
  const mallory = await Player.join(delivery, 'mallory', false);
  const { identity } = mallory.core.own;
  const deviceList = mallory.issueFor(cem.core.address);
  delivery.accounts.set('cem', { ...truth, identityKey: identity!.public, deviceList });
  const hers = await anna.rooms.safety({ address: 'cem' });
  const his = await cem.rooms.safety({ address: 'anna' });
  expect(hers.number).not.toBe(his.number);
  const other = await anna.with(cem);
  await anna.say(other, 'not to be read by cem');
  await quiet(anna, cem);
  expect(cem.rooms.conversations()).toEqual([]);
});

test('blocking is told, and nothing of it reaches the other', async () => {
  const head = delivery.log(anna.live(id).id).head;
  anna.events.length = 0;
  expect(await anna.rooms.block({ address: 'ben', isBlocked: true })).toMatchObject({
    isBlocked: true,
  });
  expect(view(anna).isBlocked).toBe(true);
  expect(anna.events.map(({ what }) => what)).toEqual(['contact', 'conversation']);
  await quiet(anna, ben);
  expect(delivery.log(anna.live(id).id).head).toBe(head);
  await anna.restart(false);
  expect(view(anna).isBlocked).toBe(true);
});

test('a device of this account is taken off the list and out of its conversations', async () => {
  const second = await anna.secondDevice();
  await quiet(anna, ben, second);
  const devices = anna.rooms.devices();
  expect(devices.map(({ isThis }) => isThis).sort()).toEqual([false, true]);
  const other = devices.find(({ isThis }) => !isThis)!.device;
  expect(await codeOf(second.rooms.removeDevice({ device: anna.core.device.uri }))).not.toBe('');
  expect(await codeOf(anna.rooms.removeDevice({ device: anna.core.device.uri }))).toBe(
    'own_device',
  );
  expect(await codeOf(anna.rooms.removeDevice({ device: 'nonsense' }))).not.toBe('');
  await anna.rooms.removeDevice({ device: other });
  await quiet(anna, ben, second);
  expect(anna.rooms.devices()).toHaveLength(1);
  expect(delivery.log(anna.live(id).id).members).not.toContain(other);
  await anna.say(id, 'without it');
  await quiet(anna, ben, second);
  expect((await ben.texts(id)).at(-1)).toBe('without it');
});
