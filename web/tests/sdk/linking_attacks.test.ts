/** Linking over a relay that swaps, replays, guesses and makes up: nothing of it links anybody. */

import { expect, test } from 'vitest';

import type { PlauschError } from '../../src/base/errors.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import {
  commitmentTo,
  makeHpkeKeys,
  makeOffer,
  messageBytes,
  type Offer,
  type PairingMessage,
  parseMessage,
  shortCode,
} from '../../src/sdk/pairing.ts';
import { Meeting } from './linking_players.ts';
import { failure } from './scripted.ts';

const [, mallorysHpkeKey] = makeHpkeKeys();
const mallorysKey = SigningKey.generate();
const offerOf = (pairing: Uint8Array, key = mallorysKey): Offer =>
  makeOffer(pairing, key, mallorysHpkeKey, 'Phone');
const MALLORY = offerOf(new Uint8Array(16));

async function codeOf(step: Promise<unknown>): Promise<string> {
  return ((await failure(step)) as PlauschError).code;
}

/** The relay puts its own in the place of each message of this kind that the new device sends. */
function swapping(
  kind: PairingMessage['kind'],
  swap: (message: PairingMessage) => PairingMessage,
): Meeting {
  const meeting = new Meeting();
  meeting.server.alter = (side, raw) => {
    const message = parseMessage(raw);
    return [side === 0 && message.kind === kind ? messageBytes(swap(message)) : raw];
  };
  return meeting;
}

/** The relay offers something else in the place of what a new device commits itself to. */
function inBetween(meeting: Meeting, offer: Offer): void {
  const nonce = new Uint8Array(32).fill(9);
  meeting.server.alter = (side, raw) => {
    const { kind } = parseMessage(raw);
    if (side === 0 && kind === 'commitment') {
      return [messageBytes({ kind: 'commitment', commitment: commitmentTo(nonce, offer) })];
    }
    return [side === 0 && kind === 'reveal' ? messageBytes({ kind: 'reveal', nonce, offer }) : raw];
  };
}

test.each([
  ['both keys', MALLORY],
  ['the key to which the secrets are sealed', { hpkeKey: MALLORY.hpkeKey }],
  ['the key that is listed', { deviceKey: MALLORY.deviceKey }],
  ['the name', { name: 'Your printer' }],
  ['the signature', { signature: new Uint8Array(64) }],
])('a relay that swaps %s is noticed', async (_, more: Partial<Offer>) => {
  const meeting = swapping('offer', (message) => ({
    kind: 'offer',
    offer: { ...(message as { readonly offer: Offer }).offer, ...more },
  }));
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  expect(await codeOf(computer.done)).toBe('link_keys_swapped');
  expect(computer.heard.told).toEqual([]);
  expect(meeting.anna.published).toEqual([]);
});

test('keys that are revealed otherwise than they were committed to are noticed', async () => {
  const meeting = swapping('reveal', (message) => ({
    ...(message as Extract<PairingMessage, { kind: 'reveal' }>),
    offer: MALLORY,
  }));
  const computer = meeting.existingSide();
  meeting.newSide((await computer.heard.stage('showing')).code);
  expect(await codeOf(computer.done)).toBe('link_keys_swapped');
  expect(meeting.anna.published).toEqual([]);
});

test('somebody in between cannot make both digits the same: he commits before he knows them', async () => {
  const meeting = new Meeting();
  const computer = meeting.existingSide();
  const { code } = await computer.heard.stage('showing');
  inBetween(meeting, offerOf(code.pairing));
  const phone = meeting.newSide(code);
  const { digits } = await computer.heard.stage('asking');
  const shown = await phone.heard.stage('comparing');
  expect(digits).toMatch(/^[0-9]{6}$/);
  expect(shown.digits).not.toBe(digits); // one in a million
  expect(meeting.anna.published).toEqual([]); // the person says no
});

test('the digits of the person in the middle depend on a nonce that comes after his commitment', () => {
  const pairing = new Uint8Array(16);
  const nonce = new Uint8Array(32).fill(9);
  const digits = [1, 2, 3, 4].map((byte) =>
    shortCode(pairing, new Uint8Array(32).fill(byte), nonce, MALLORY),
  );
  expect(new Set(digits).size).toBe(4);
});

test.each(['sealed', 'finished', 'offer'] as const)(
  'a relay that repeats %s changes nothing',
  async (kind) => {
    const meeting = new Meeting();
    meeting.server.alter = (_, raw) => (parseMessage(raw).kind === kind ? [raw, raw] : [raw]);
    const phone = meeting.newSide();
    const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
    await computer.heard.stage('asking');
    computer.agree();
    if (kind === 'offer') {
      // In the place of `finished`: not understood, and told as what it is.
      expect(await codeOf(computer.done)).not.toBe('');
      return;
    }
    const { own } = await phone.done;
    await phone.side.finish();
    expect((await computer.done).device).toEqual(own.device);
    expect(meeting.anna.published).toHaveLength(1);
  },
);

test('what was sealed in one pairing opens in no other', async () => {
  const recorded: Uint8Array[] = [];
  const first = new Meeting();
  first.server.alter = (_, raw) => {
    if (parseMessage(raw).kind === 'sealed') {
      recorded.push(raw);
    }
    return [raw];
  };
  const old = first.newSide();
  const oldComputer = first.existingSide((await old.heard.stage('showing')).code);
  await oldComputer.heard.stage('asking');
  oldComputer.agree();
  await old.done;
  const second = new Meeting();
  second.server.alter = (_, raw) => (parseMessage(raw).kind === 'sealed' ? [recorded[0]!] : [raw]);
  const phone = second.newSide();
  const computer = second.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  expect(await codeOf(phone.done)).toBe('link_altered');
});

test('what was altered on its way is refused, and nothing is linked', async () => {
  const meeting = new Meeting();
  meeting.server.alter = (side, raw) => {
    const altered = raw.slice();
    if (side === 1 && parseMessage(raw).kind === 'sealed') {
      altered[altered.length - 1]! ^= 1;
    }
    return [altered];
  };
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  expect(await codeOf(phone.done)).toBe('link_altered');
});

test('nonsense from the relay is refused on both sides', async () => {
  const meeting = new Meeting();
  meeting.server.alter = () => [new Uint8Array(100).fill(0xff)];
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  expect(await codeOf(computer.done)).toBe('link_not_understood');
});

test('a device key that nobody could have is refused before anything is asked', async () => {
  const meeting = new Meeting();
  inBetween(meeting, { ...MALLORY, deviceKey: new Uint8Array(32) });
  const computer = meeting.existingSide();
  meeting.newSide((await computer.heard.stage('showing')).code);
  expect(await codeOf(computer.done)).toBe('link_not_understood');
});

test('a key that is another device’s is refused, and so is this one’s own', async () => {
  const { anna } = new Meeting();
  for (const offer of [
    (pairing: Uint8Array) => ({ ...offerOf(pairing), deviceKey: anna.own.deviceKey.public }),
    () => MALLORY, // signed in another pairing
    (pairing: Uint8Array) => ({ ...offerOf(pairing), name: 'Your printer' }),
    (pairing: Uint8Array) => offerOf(pairing, anna.own.deviceKey),
  ]) {
    const meeting = new Meeting();
    const computer = meeting.existingSide(undefined, { ...meeting.anna.giver, own: anna.own });
    const { code } = await computer.heard.stage('showing');
    inBetween(meeting, offer(code.pairing));
    meeting.newSide(code);
    expect(await codeOf(computer.done)).toBe('link_not_understood');
    expect(computer.heard.told.map(({ stage }) => stage)).toEqual(['showing']);
  }
});

test('another server than the account’s gets nothing from the existing device', async () => {
  const meeting = new Meeting();
  meeting.server.domain = 'evil.example';
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  expect(await codeOf(computer.done)).toBe('server_misbehaved');
  expect(meeting.server.peers.at(-1)!.heard).toEqual([]);
});
