import { encode } from '@msgpack/msgpack';
import { sha512 } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { IdentityRefused } from '../../src/identity/errors.ts';
import {
  checkScanned,
  isQrPayload,
  isSameNumber,
  ITERATIONS,
  parseQrPayload,
  type Party,
  qrPayload,
  safetyNumber,
} from '../../src/identity/safety_number.ts';
import { forAll } from '../mls/random.ts';
import { keyOf, refusedCode } from './identity_players.ts';

const party = (name: string, seed: number, domain = 'example.org'): Party => ({
  account: new AccountAddress(name, domain),
  identityKey: keyOf(seed).public,
});

const ANNA = party('anna', 1);
const BEN = party('ben', 2);
const MALLORY = keyOf(3).public;

const base64url = (raw: Uint8Array): string => Buffer.from(raw).toString('base64url');
const codeOf = (...fields: unknown[]): string => `plausch-verify:${base64url(encode(fields))}`;
const refused = (text: string): string => refusedCode(() => parseQrPayload(text));
const scanned = (shown: string): string =>
  refusedCode(() => {
    checkScanned(shown, BEN, ANNA);
  });

test('sixty digits in groups of five', () => {
  expect(safetyNumber(ANNA, BEN)).toMatch(/^(\d{5} ){11}\d{5}$/);
});

test('both sides see the same', () => {
  expect(safetyNumber(ANNA, BEN)).toBe(safetyNumber(BEN, ANNA));
});

test('the construction is Signal’s', () => {
  let digest = concat(Uint8Array.of(0, 0), ANNA.identityKey, utf8('mimi://example.org/u/anna'));
  for (let round = 0; round < ITERATIONS; round += 1) {
    digest = sha512(concat(digest, ANNA.identityKey));
  }
  const number = BigInt(`0x${Buffer.from(digest.subarray(0, 5)).toString('hex')}`);
  const group = String(number % 100_000n).padStart(5, '0');
  const groups = safetyNumber(ANNA, BEN).split(' ');
  expect([groups[0], groups[6]]).toContain(group);
});

test('another key or address changes the number', () => {
  const numbers = [
    safetyNumber(ANNA, BEN),
    safetyNumber(ANNA, { ...BEN, identityKey: MALLORY }),
    safetyNumber(ANNA, party('ben', 2, 'example.net')),
    safetyNumber({ ...ANNA, identityKey: MALLORY }, BEN),
  ];
  expect(new Set(numbers).size).toBe(4);
});

test('a compared number is the same however it is spaced, and no other', () => {
  const number = safetyNumber(ANNA, BEN);
  for (const typed of [number, number.replaceAll(' ', ''), ` ${number.replaceAll(' ', '\n')}\t`]) {
    expect(isSameNumber(typed, number)).toBe(true);
  }
  const digits = number.replaceAll(' ', '');
  for (const typed of ['', ' ', digits.slice(1), `${digits}0`, number.slice(0, 35), 'yes']) {
    expect(isSameNumber(typed, number)).toBe(false);
  }
});

test('a scanned code of the same conversation verifies', () => {
  checkScanned(qrPayload(ANNA, BEN), BEN, ANNA);
  expect(parseQrPayload(qrPayload(ANNA, BEN))).toEqual({ shownBy: ANNA, shownTo: BEN });
});

test('a code is told from a number', () => {
  expect(isQrPayload(qrPayload(ANNA, BEN))).toBe(true);
  expect(isQrPayload(safetyNumber(ANNA, BEN))).toBe(false);
});

test('a replaced key on either side is noticed', () => {
  const differs = 'safety_number_differs';
  expect(scanned(qrPayload({ ...ANNA, identityKey: MALLORY }, BEN))).toBe(differs);
  expect(scanned(qrPayload(ANNA, { ...BEN, identityKey: MALLORY }))).toBe(differs);
});

test('somebody else’s code, or one’s own, is no verification', () => {
  const carol = party('carol', 3);
  expect(scanned(qrPayload(carol, BEN))).toBe('wrong_party');
  expect(scanned(qrPayload(ANNA, carol))).toBe('wrong_party');
  expect(scanned(qrPayload(BEN, ANNA))).toBe('wrong_party');
});

const URIS = [ANNA.account.uri, BEN.account.uri] as const;

test.each([
  ['', 'malformed'],
  ['https://example.org', 'malformed'],
  ['plausch-verify:', 'malformed'],
  ['plausch-verify:%%%%', 'malformed'],
  ['plausch-verify:ü', 'malformed'],
  ['plausch-verify:A', 'malformed'],
  [`plausch-verify:${'A'.repeat(2000)}`, 'malformed'],
  [`${qrPayload(ANNA, BEN)}AAAA`, 'malformed'],
  [`${qrPayload(ANNA, BEN)}=`, 'malformed'],
  [` ${qrPayload(ANNA, BEN)}`, 'malformed'],
  [codeOf(2, URIS[0], MALLORY, URIS[1], MALLORY), 'unknown_version'],
  [codeOf(1, 'anna', MALLORY, URIS[1], MALLORY), 'malformed'],
  [codeOf(1, URIS[0], utf8(''), URIS[1], MALLORY), 'bad_key'],
  [codeOf(1, URIS[0], MALLORY, URIS[1], new Uint8Array(32)), 'bad_key'],
  [codeOf(1, URIS[0], MALLORY, URIS[1]), 'malformed'],
  [codeOf(1, URIS[0], MALLORY, URIS[1], MALLORY, 1), 'malformed'],
])('a damaged code is refused (%#)', (text, code) => {
  expect(refused(text)).toBe(code);
});

test('one code has one text', () => {
  const text = qrPayload(ANNA, BEN);
  expect(text).toBe(codeOf(1, URIS[0], ANNA.identityKey, URIS[1], BEN.identityKey));
  // With another last character it is damaged, or the code of another key in its one form.
  for (const other of Array.from(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  )) {
    const changed = text.slice(0, -1) + other;
    if (refused(changed) === '') {
      const { shownBy, shownTo } = parseQrPayload(changed);
      expect(qrPayload(shownBy, shownTo)).toBe(changed);
    }
  }
});

test('names of every length give a code that is read back', () => {
  for (let length = 1; length <= 32; length += 1) {
    const long = { ...ANNA, account: new AccountAddress('a'.repeat(length), 'example.org') };
    expect(parseQrPayload(qrPayload(long, BEN))).toEqual({ shownBy: long, shownTo: BEN });
  }
});

test('random text raises nothing but the room’s error', () => {
  forAll(300, (chance) => {
    const raw = chance.bytes(80);
    for (const text of [String.fromCharCode(...raw), codeOf(raw), base64url(raw)]) {
      expect(() => parseQrPayload(text)).toThrow(IdentityRefused);
      expect(() => parseQrPayload(`plausch-verify:${text}`)).toThrow(IdentityRefused);
    }
  });
});
