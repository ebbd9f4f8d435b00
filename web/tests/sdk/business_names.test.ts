/** How conversations with businesses are titled: by what is signed, and never like somebody else. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { fromHex } from '../../src/base/bytes.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { LABEL, parseProfile } from '../../src/identity/profile.ts';
import { parseProfileBody } from '../../src/identity/profile_body.ts';
import { pack } from '../../src/identity/signed.ts';
import { draftOf } from '../../src/sdk/profile_draft.ts';
import { MOST_KEPT } from '../../src/sdk/profiles.ts';
import type { ConversationView } from '../../src/sdk/protocol.ts';
import { Delivery } from './delivery.ts';
import { Player, quiet } from './players.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors', 'profile.json');
const CASES = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly bodies: readonly { readonly body: string }[];
};
const DRAFT = draftOf(parseProfileBody(fromHex(CASES.bodies[0]!.body)));

let delivery: Delivery;
let ben: Player;
let linde: Player;

beforeEach(async () => {
  delivery = new Delivery();
  ben = await Player.join(delivery, 'ben');
  linde = await business('zur-linde', 'Zur Linde');
});

async function business(account: string, name: string): Promise<Player> {
  const player = await Player.join(delivery, account, true, 'business');
  await player.rooms.profiles.publish({ ...DRAFT, name });
  return player;
}

/** Ben's row of the conversation with somebody. */
const row = (other: Player): ConversationView | undefined =>
  ben.rooms.conversations().find(({ peer }) => peer === other.address);

async function benWritesTo(other: Player): Promise<string> {
  const id = await ben.with(other);
  await ben.say(id, 'hello');
  await quiet(ben, other);
  row(other); // is shown, and asked for with that
  await quiet(ben);
  return id;
}

test('whoever writes to a business sees what it calls itself', async () => {
  await benWritesTo(linde);
  expect(row(linde)).toMatchObject({ businessName: 'Zur Linde', peer: 'zur-linde@localhost' });
});

test('the name is there offline and after a restart, without a question', async () => {
  await benWritesTo(linde);
  await ben.restart(false);
  expect(row(linde)?.businessName).toBe('Zur Linde');
});

test('a new name is told with the row', async () => {
  const id = await benWritesTo(linde);
  await linde.rooms.profiles.publish({ ...DRAFT, name: 'Die Linde' });
  ben.events.length = 0;
  await ben.rooms.profile({ address: linde.address });
  expect(row(linde)?.businessName).toBe('Die Linde');
  expect(ben.events.some((one) => one.what === 'conversation' && one.conversation.hex === id)).toBe(
    true,
  );
});

test('a withdrawn profile names nobody', async () => {
  await benWritesTo(linde);
  await linde.rooms.profiles.withdraw();
  await ben.rooms.profile({ address: linde.address });
  expect(row(linde)).not.toHaveProperty('businessName');
});

test('a business that writes first is called by its account until it is accepted', async () => {
  const id = await linde.with(ben);
  await linde.say(id, 'Our offers');
  await quiet(ben, linde);
  await ben.rooms.profile({ address: linde.address });
  expect(row(linde)).toMatchObject({ isRequest: true });
  expect(row(linde)).not.toHaveProperty('businessName');
  await ben.rooms.accept({ conversation: row(linde)!.id });
  await quiet(ben, linde);
  expect(row(linde)?.businessName).toBe('Zur Linde');
});

test('a person is called by no profile, whoever signed one', async () => {
  const cem = await Player.join(delivery, 'cem');
  await benWritesTo(cem);
  const { identity } = cem.core.own;
  const fields = [
    1,
    cem.core.address.uri,
    identity!.public,
    1,
    1_000,
    fromHex(CASES.bodies[0]!.body),
  ];
  delivery.profiles.set('cem', pack(identity!, LABEL, fields));
  await ben.rooms.profile({ address: cem.address });
  expect(row(cem)).not.toHaveProperty('businessName');
});

test('a forged profile names nobody, and others are asked for all the same', async () => {
  const other = await business('eiche', 'Zur Eiche');
  const key = SigningKey.generate();
  const fields = [1, linde.core.address.uri, key.public, 1, 1_000, fromHex(CASES.bodies[0]!.body)];
  delivery.profiles.set('zur-linde', pack(key, LABEL, fields));
  await benWritesTo(other);
  await benWritesTo(linde);
  expect(row(linde)).not.toHaveProperty('businessName');
  expect(row(other)?.businessName).toBe('Zur Eiche');
  expect(ben.problems()).toEqual([]);
});

const SAME = ['anna', 'Anna', 'АNNA', 'A n n a', 'Änna', 'Ben', '…'];
const SLY = ['Anna!', 'AΝΝA', 'ΑΝΝΑ', 'Annaʼ', 'ᴀnna', 'ɑnna', 'Ꭺnna'];
const ADDRESSES = ['mail@localhost', 'mail＠localhost', 'mail﹫localhost'];

test.each([...SAME, ...SLY, ...ADDRESSES])(
  'a business that calls itself %j is called by its account: Ben knows Anna',
  async (name) => {
    await benWritesTo(await Player.join(delivery, 'anna'));
    const impostor = await business('mallory', name);
    await benWritesTo(impostor);
    expect(row(impostor)).toBeDefined();
    expect(row(impostor)).not.toHaveProperty('businessName');
  },
);

test('two businesses of one name are both called by their accounts, and that is told', async () => {
  await benWritesTo(linde);
  const other = await business('linde-augsburg', 'ZUR LINDE');
  ben.events.length = 0;
  await benWritesTo(other);
  expect(row(other)).not.toHaveProperty('businessName');
  expect(row(linde)).not.toHaveProperty('businessName');
  const told = ben.events.flatMap((one) => (one.what === 'conversation' ? [one.conversation] : []));
  expect(told.map(({ hex }) => hex)).toContain(row(linde)!.id);
});

test('who is not known takes nobody its name', async () => {
  await benWritesTo(linde);
  const stranger = await business('zurlinde', 'Zur Linde');
  const id = await stranger.with(ben);
  await stranger.say(id, 'Our offers');
  await quiet(ben, stranger);
  expect(row(linde)?.businessName).toBe('Zur Linde');
});

test('a profile under another key that a person took counts, and the one before no more', async () => {
  await benWritesTo(linde);
  const anew = await business('anew', 'Neue Linde');
  const { own } = anew.core;
  const raw = anew.issueFor(linde.core.address);
  const shown = { kind: 'business', identityKey: own.identity!.public, deviceList: raw };
  delivery.accounts.set('zur-linde', shown);
  const fields = [1, linde.core.address.uri, own.identity!.public, 1, 2_000];
  const { body } = parseProfile(delivery.profiles.get('anew')!);
  delivery.profiles.set('zur-linde', pack(own.identity!, LABEL, [...fields, body]));
  await ben.core.trust.refresh(linde.core.address);
  expect(row(linde)).toMatchObject({ changed: [linde.address], businessName: 'Zur Linde' });
  const { number: compared } = await ben.rooms.safety({ address: linde.address });
  await ben.rooms.acceptIdentity({ address: linde.address, compared });
  expect(row(linde)).not.toHaveProperty('businessName');
  await ben.rooms.profile({ address: linde.address });
  expect(row(linde)?.businessName).toBe('Neue Linde');
});

test('strangers’ profiles make room before those of whom one writes to', async () => {
  await benWritesTo(linde);
  for (let at = 0; at < MOST_KEPT + 1; at += 1) {
    const stranger = await Player.join(delivery, `stranger${at}`, false, 'business');
    const { identity } = stranger.core.own;
    const body = fromHex(CASES.bodies[0]!.body);
    const fields = [1, stranger.core.address.uri, identity!.public, 1, 1_000, body];
    delivery.profiles.set(stranger.name, pack(identity!, LABEL, fields));
    await ben.rooms.profile({ address: stranger.address });
  }
  expect(row(linde)?.businessName).toBe('Zur Linde');
});
