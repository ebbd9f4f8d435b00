/** Asking to join by a link, and letting in: nobody comes in without an admin's word. */

import { beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { factsMessage } from '../../src/content/conversation.ts';
import { Admissions } from '../../src/sdk/admission.ts';
import { compose, newSalt } from '../../src/sdk/composing.ts';
import { png } from '../content/pictures.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { groupOf, Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let olga: Player;
let id: string;

/** Anna's group with Ben, and Olga who is not in it. */
beforeEach(async () => {
  const delivery = new Delivery();
  anna = await Player.join(delivery, 'anna');
  ben = await Player.join(delivery, 'ben');
  olga = await Player.join(delivery, 'olga');
  id = await groupOf('Club', anna, ben);
});

const all = (): Player[] => [anna, ben, olga];
const of = (player: Player): Admissions => new Admissions(player.parts.device, player.rooms);
const view = (player: Player) => player.rooms.conversation({ conversation: id });
const events = async (player: Player) =>
  (await player.history(id)).flatMap(({ event }) => event?.what ?? []);

async function setLink(isOn: boolean): Promise<string> {
  await of(anna).setLink({ conversation: id, isOn });
  await quiet(...all());
  return view(anna).link ?? '';
}

/** Olga asks; the message as Anna has it, with its conversation. */
async function asked(secret: string, whom = anna, group = id) {
  await of(olga).askToJoin({ address: whom.address, group, secret, text: 'May I?' });
  await quiet(...all());
  const conversation = (await whom.rooms.conversationWith({ address: olga.address })).id;
  const message = (await whom.said(conversation)).at(-1)!;
  return { conversation, message: message.id, card: message.card };
}

test('who asks by the link is let in by the admin', async () => {
  expect(view(anna).link).toBeUndefined();
  const picture = png(96, 96);
  await anna.rooms.setPicture({ conversation: id, picture });
  const secret = await setLink(true);
  expect(view(ben).link).toBe(secret);
  expect((await events(ben)).slice(-2)).toEqual(['pictured', 'linked']);
  const { card, ...one } = await asked(secret);
  expect(card).toEqual({ kind: 'join_request', group: id });
  expect(view(anna).participants).not.toContain(olga.address);
  expect(await of(anna).admission(one)).toEqual({ title: 'Club', state: 'open' });
  await of(anna).admit(one);
  await quiet(...all());
  expect(view(olga)).toMatchObject({ title: 'Club', picture, link: secret });
  expect(await of(anna).admission(one)).toEqual({ title: 'Club', state: 'in' });
  await of(anna).admit(one); // a replayed request does nothing
  expect(view(anna).participants).toHaveLength(3);
  expect((await events(ben)).slice(-2)).toEqual(['linked', 'joined']); // nothing was said twice
});

test('a link ends when it is made anew or turned off', async () => {
  const old = await setLink(true);
  const fresh = await setLink(true);
  expect(fresh).not.toBe(old);
  const late = await asked(old);
  expect(await of(anna).admission(late)).toEqual({ title: '', state: 'over' });
  expect(await codeOf(of(anna).admit(late))).toBe('link_over');
  const good = await asked(fresh);
  expect((await of(anna).admission(good)).state).toBe('open');
  expect(await setLink(false)).toBe('');
  expect(await codeOf(of(anna).admit(good))).toBe('link_over');
  expect(view(anna).participants).not.toContain(olga.address);
  expect((await events(ben)).at(-1)).toBe('unlinked');
});

test('only an admin has a word about it', async () => {
  expect(await codeOf(of(ben).setLink({ conversation: id, isOn: true }))).toBe('not_admin');
  const { core, outbox } = ben.parts.device;
  const forged = factsMessage({ link: new Uint8Array(16) }, 'Club', { salt: newSalt() });
  await compose(core, outbox, ben.live(id), forged); // a modified client
  await quiet(...all());
  expect(anna.problems()).toEqual(['not_admin']);
  expect(view(anna).link).toBeUndefined();
  const secret = await setLink(true);
  const one = await asked(secret, ben);
  expect((await of(ben).admission(one)).state).toBe('over');
  expect(await codeOf(of(ben).admit(one))).toBe('link_over');
});

test('guessed requests do nothing', async () => {
  const zeros = toHex(new Uint8Array(16));
  for (const group of [id, zeros]) {
    const one = await asked(zeros, anna, group);
    expect(await codeOf(of(anna).admit(one))).toBe('link_over');
  }
  const conversation = await olga.with(anna);
  const words = await olga.say(conversation, 'let me in');
  await quiet(...all());
  expect(await codeOf(of(anna).admit({ conversation, message: words.id }))).toBe('link_over');
  expect(await codeOf(of(olga).admit({ conversation, message: words.id }))).toBe('link_over');
  for (const secret of ['', 'xyz', '00']) {
    const asking = { address: anna.address, group: id, secret, text: 'May I?' };
    expect(await codeOf(of(olga).askToJoin(asking))).toBe('bad_join_link');
  }
});

test('a picture is set, removed, and refused when it is none', async () => {
  const picture = png(64, 64);
  await ben.rooms.setPicture({ conversation: id, picture });
  await quiet(...all());
  expect(view(anna).picture).toEqual(picture);
  await anna.restart();
  expect(view(anna).picture).toEqual(picture);
  await anna.rooms.setPicture({ conversation: id, picture: new Uint8Array(0) });
  await quiet(...all());
  expect(view(ben).picture).toBeUndefined();
  const bomb = png(50_000, 50_000);
  expect(await codeOf(anna.rooms.setPicture({ conversation: id, picture: bomb }))).toBe(
    'bad_content',
  );
});
