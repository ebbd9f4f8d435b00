/** The cases of spec/vectors/linking.json, as the Python code wrote them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { handoverBytes, readHandover } from '../../src/sdk/handover.ts';
import {
  checkKeys,
  checkOffer,
  commitmentTo,
  keysHash,
  linkText,
  makeOffer,
  messageBytes,
  NO_NONCE,
  openSealed,
  parseLink,
  parseMessage,
  shortCode,
} from '../../src/sdk/pairing.ts';

const HANDOVERS = ['owner', 'staff', 'owner_with_history'] as const;

interface Cases {
  readonly pairing: string;
  readonly device_private: string;
  readonly hpke_private: string;
  readonly hpke_public: string;
  readonly name: string;
  readonly nonce: string;
  readonly challenge: string;
  readonly links: Readonly<Record<'server_url' | 'new' | 'existing', string>>;
  readonly digits: Readonly<Record<'by_the_new_ones_code' | 'by_the_existing_ones_code', string>>;
  readonly messages: readonly string[];
  readonly now_s: number;
  readonly identity_private: string;
  readonly handovers: Readonly<Record<(typeof HANDOVERS)[number], string>>;
  readonly sealed: string;
}

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors');
const CASES = JSON.parse(readFileSync(join(FOLDER, 'linking.json'), 'utf8')) as Cases;
const PAIRING = fromHex(CASES.pairing);
const DEVICE_KEY = SigningKey.fromBytes(fromHex(CASES.device_private));
const [NONCE, CHALLENGE] = [fromHex(CASES.nonce), fromHex(CASES.challenge)];
const OFFER = makeOffer(PAIRING, DEVICE_KEY, fromHex(CASES.hpke_public), CASES.name);

test('links, hashes and digits are the same', () => {
  const { existing, new: shownByNew, server_url: url } = CASES.links;
  const code = parseLink(shownByNew, url);
  expect(code).toEqual({ shownBy: 'new', pairing: PAIRING, keysHash: keysHash(OFFER) });
  expect(linkText(url, code)).toBe(shownByNew);
  expect(linkText(url, parseLink(existing, url))).toBe(existing);
  checkKeys(code, OFFER);
  const { digits } = CASES;
  expect(shortCode(PAIRING, CHALLENGE, NO_NONCE, OFFER)).toBe(digits.by_the_new_ones_code);
  expect(shortCode(PAIRING, CHALLENGE, NONCE, OFFER)).toBe(digits.by_the_existing_ones_code);
});

test('messages are written and read alike', () => {
  const messages = CASES.messages.map((raw) => parseMessage(fromHex(raw)));
  expect(messages.map((message) => toHex(messageBytes(message)))).toEqual(CASES.messages);
  expect(messages[0]).toEqual({ kind: 'offer', offer: OFFER });
  expect(messages[1]).toEqual({ kind: 'commitment', commitment: commitmentTo(NONCE, OFFER) });
  expect(messages[3]).toEqual({ kind: 'reveal', nonce: NONCE, offer: OFFER });
  checkOffer(PAIRING, OFFER);
});

test.each(HANDOVERS)('the handover of an %s is written and read alike', (role) => {
  const raw = fromHex(CASES.handovers[role]);
  const handover = readHandover(raw.slice(), DEVICE_KEY, 'example.org', CASES.now_s);
  expect(toHex(handoverBytes(handover))).toBe(CASES.handovers[role]);
  const identity = role === 'staff' ? undefined : CASES.identity_private;
  expect(handover.note !== undefined).toBe(role === 'owner_with_history');
  expect(handover.identity && toHex(handover.identity.toBytes())).toBe(identity);
  expect([handover.kind, handover.device.uri]).toEqual([
    'business',
    'mimi://example.org/d/linde/00000000000000ff',
  ]);
});

test('what Python has sealed opens here', () => {
  const sealed = parseMessage(fromHex(CASES.sealed));
  if (sealed.kind !== 'sealed') {
    throw new Error('it is of another kind');
  }
  const opened = openSealed(fromHex(CASES.hpke_private), PAIRING, sealed);
  expect(toHex(opened)).toBe(CASES.handovers.staff);
});
