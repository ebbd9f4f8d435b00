/** Commits and proposals in the outbox: beginning, changing, tidying and leaving. */

import { beforeEach, expect, test } from 'vitest';

import { Intent } from '../../src/sdk/membership.ts';
import { newIdempotencyId } from '../../src/vault/debts.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, groupOf, logOf, Player, quiet, until } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let cem: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben] = await annaAndBen(delivery);
  cem = await Player.join(delivery, 'cem');
  id = await groupOf('Team', anna, ben);
});

const state = (player: Player): string => player.rooms.conversation({ conversation: id }).state;
const commits = (): number => logOf(delivery, id).envelopes.filter(({ kind }) => kind === 3).length;

test('a beginning whose answer was lost is one conversation', async () => {
  anna.line.loseAnswers('createConversation');
  const other = await anna.with(cem);
  await anna.say(other, 'hello');
  await until(() => !anna.line.isOnline);
  await quiet(anna);
  await anna.connect();
  anna.line.loseAnswers('appendCommit');
  await quiet(anna, cem);
  expect(delivery.logs.size).toBe(3);
  expect(await cem.texts(cem.only().id)).toEqual(['hello']);
});

test('a conversation that is refused fails with all that was said in it', async () => {
  anna.line.refuse('createConversation', 'too_many_conversations');
  const other = await anna.with(cem);
  await anna.say(other, 'hello');
  await quiet(anna);
  expect(anna.rooms.conversation({ conversation: other }).state).toBe('failed');
  expect((await anna.said(other))[0]).toMatchObject({ state: 'failed' });
  expect(await codeOf(anna.say(other, 'no'))).toBe('not_participant');
  await anna.rooms.forget({ conversation: other });
  const again = await anna.with(cem);
  expect(again).not.toBe(other);
  await anna.say(again, 'hello again');
  await quiet(anna, cem);
  expect(await cem.texts(again)).toEqual(['hello again']);
});

test('who cannot be added yet keeps the conversation waiting', async () => {
  const kept = delivery.device(cem.core.device.uri);
  const [packages, resorts] = [kept.packages.splice(0), [...kept.lastResorts]];
  kept.lastResorts.clear();
  const other = await anna.with(cem);
  await anna.say(other, 'hello');
  await quiet(anna);
  expect(new Set(anna.problems())).toEqual(new Set(['nobody_to_add']));
  expect(anna.rooms.conversation({ conversation: other }).state).toBe('opening');
  kept.packages.push(...packages);
  kept.lastResorts.set(...resorts[0]!);
  anna.line.cut();
  await anna.connect();
  await quiet(anna, cem);
  expect(await cem.texts(other)).toEqual(['hello']);
});

test('an addition that cannot be made is refused, and what follows goes out', async () => {
  const kept = delivery.device(cem.core.device.uri);
  kept.packages.length = 0;
  kept.lastResorts.clear();
  const adding = codeOf(anna.rooms.add({ conversation: id, address: 'cem' }));
  await anna.say(id, 'behind it');
  expect(await adding).toBe('nobody_to_add');
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['behind it']);
});

test('a refused Commit is dropped and what follows goes out', async () => {
  anna.line.refuse('appendCommit', 'mailbox_full');
  expect(await codeOf(anna.rooms.add({ conversation: id, address: 'cem' }))).toBe('mailbox_full');
  expect((await anna.core.group(anna.live(id))).pending).toBeUndefined();
  await anna.say(id, 'goes on');
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['goes on']);
});

test('what a later change lets in does not read what was said before', async () => {
  anna.line.cut();
  await anna.say(id, 'among us');
  const adding = anna.rooms.add({ conversation: id, address: 'cem' }).catch(() => undefined);
  await until(() => anna.line.waiting > 0);
  await anna.connect();
  await adding;
  await anna.rooms.add({ conversation: id, address: 'cem' });
  await anna.say(id, 'all of us');
  await quiet(anna, ben, cem);
  expect(await cem.texts(id)).toEqual(['all of us']);
  expect(await ben.texts(id)).toEqual(['among us', 'all of us']);
});

test('an intent with nothing left to do is paid without a Commit', async () => {
  const before = commits();
  const idempotencyId = newIdempotencyId();
  const intent = new Intent([], [cem.core.address]).toBytes();
  const conversation = anna.live(id).id;
  const paid = anna.core.waiter(idempotencyId);
  await anna.core.vault.write([
    await anna.core.debts.add({ conversation, kind: 'change', intent, idempotencyId }),
  ]);
  anna.outbox.kick(anna.live(id));
  await paid;
  expect(commits()).toBe(before);
});

test('a Commit that is made already is paid first, with the same bytes', async () => {
  anna.line.before = (word) => {
    if (word === 'appendCommit') {
      anna.line.cut();
    }
  };
  void anna.rooms.add({ conversation: id, address: 'cem' }).catch(() => undefined);
  await until(() => !anna.line.isOnline);
  await quiet(anna);
  const [made] = await anna.core.debts.of(anna.live(id).id);
  expect(made?.payload.length).toBeGreaterThan(0);
  await anna.say(id, 'behind it');
  await anna.restart();
  await quiet(anna, ben, cem);
  expect(logOf(delivery, id).answers.size).toBeGreaterThan(0);
  expect(await cem.texts(id)).toEqual(['behind it']);
});

test('leaving whose answer was lost is done once', async () => {
  const proposals = (): number =>
    logOf(delivery, id).envelopes.filter(({ kind }) => kind === 2).length;
  ben.line.loseAnswers('append');
  const leaving = ben.rooms.leave({ conversation: id });
  await until(() => !ben.line.isOnline);
  await quiet(anna, ben);
  await ben.connect();
  await leaving;
  expect([proposals(), state(ben)]).toEqual([1, 'left']);
  expect(logOf(delivery, id).members).toEqual([anna.core.device.uri]);
});

test('leaving an epoch that is over is proposed anew', async () => {
  const release = ben.line.hold('append');
  const leaving = ben.rooms.leave({ conversation: id });
  await until(() => ben.line.held === 1);
  await anna.rooms.add({ conversation: id, address: 'cem' });
  release();
  await leaving;
  await quiet(anna, ben, cem);
  expect(logOf(delivery, id).members).not.toContain(ben.core.device.uri);
});

test('who was removed meanwhile has left', async () => {
  ben.line.cut();
  await anna.rooms.expel({ conversation: id, address: 'ben' });
  const leaving = ben.rooms.leave({ conversation: id });
  await quiet(anna);
  await ben.connect();
  await leaving;
  expect(state(ben)).toBe('left');
});

test('what waits behind a leave is given up', async () => {
  ben.line.cut();
  const leaving = ben.rooms.leave({ conversation: id });
  await until(async () => (await ben.core.debts.of(ben.live(id).id)).length > 0);
  const { id: message } = await ben.say(id, 'too late');
  await ben.connect();
  await leaving;
  await quiet(ben);
  expect((await ben.said(id)).find((one) => one.id === message)?.state).toBe('failed');
  expect(await anna.texts(id)).toEqual([]);
});

test('somebody whose key has changed can be removed though messages wait', async () => {
  await anna.rooms.add({ conversation: id, address: 'cem' });
  await quiet(anna, ben, cem);
  const shown = delivery.accounts.get('cem')!;
  const other = await Player.join(delivery, 'dora');
  delivery.accounts.set('cem', { ...shown, ...newKeys(other, cem) });
  anna.line.cut();
  await anna.say(id, 'not to the new key');
  await anna.connect();
  await quiet(anna);
  expect(anna.problems()).toContain('identity_changed');
  expect(await ben.texts(id)).toEqual([]);
  await anna.rooms.expel({ conversation: id, address: 'cem' });
  await quiet(anna, ben, cem);
  expect(await ben.texts(id)).toEqual(['not to the new key']);
  expect(await cem.texts(id)).toEqual([]);
});

/** What the server shows of somebody whose identity key it has swapped. */
function newKeys(
  source: Player,
  victim: Player,
): { identityKey: Uint8Array; deviceList: Uint8Array } {
  const { identity } = source.core.own;
  return { identityKey: identity!.public, deviceList: source.issueFor(victim.core.address) };
}
