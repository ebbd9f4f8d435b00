/** The cases of spec/vectors/profile.json, as the Python code wrote them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { issueProfile, parseProfile, supersedes } from '../../src/identity/profile.ts';
import { encodeProfile, parseProfileBody } from '../../src/identity/profile_body.ts';
import { missingIn } from '../../src/identity/profile_missing.ts';
import { keyOf, refusedCode } from '../identity/identity_players.ts';

interface Body {
  readonly name: string;
  readonly body: string;
}

interface Cases {
  readonly identity_key: string;
  readonly account: string;
  readonly bodies: readonly (Body & { readonly says: unknown })[];
  readonly incomplete: readonly { readonly body: string; readonly lacks: readonly string[] }[];
  readonly refused_bodies: readonly Body[];
  readonly signed: { readonly seq: number; readonly issued_at_s: number } & Record<
    'body' | 'raw',
    string
  >;
  readonly newer: string;
  readonly older: string;
  readonly fork: string;
  readonly withdrawn: string;
  readonly of_another_account: string;
  readonly by_another_key: string;
  readonly altered: string;
}

const FILE = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors', 'profile.json');
const CASES = JSON.parse(readFileSync(FILE, 'utf8')) as Cases;
const KNOWN = fromHex(CASES.signed.raw);

/** As Python says it: bytes in hex. */
function said(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (one instanceof Uint8Array ? toHex(one) : one)),
  );
}

test.each(CASES.bodies)('a profile says the same here: $name', ({ body, says }) => {
  expect(said(parseProfileBody(fromHex(body)))).toEqual(says);
});

test.each(CASES.bodies)('a profile is written as Python writes it: $name', ({ body }) => {
  expect(toHex(encodeProfile(parseProfileBody(fromHex(body))))).toBe(body);
});

test.each(CASES.incomplete)('what it lacks is what Python misses: $lacks', ({ body, lacks }) => {
  expect(missingIn(parseProfileBody(fromHex(body)))).toEqual(lacks);
});

test('a profile is signed with the same bytes as in Python', () => {
  const { body, issued_at_s: atS, raw, seq } = CASES.signed;
  const account = AccountAddress.parseUri(CASES.account);
  expect(toHex(issueProfile(keyOf(1), account, seq, atS, fromHex(body)))).toBe(raw);
  const withdrawn = issueProfile(keyOf(1), account, 5, atS, new Uint8Array(0));
  expect(toHex(withdrawn)).toBe(CASES.withdrawn);
});

test.each(CASES.refused_bodies)('a body is refused here, too: $name', ({ body }) => {
  expect(['malformed', 'bad_profile']).toContain(
    refusedCode(() => parseProfileBody(fromHex(body))),
  );
});

test('a signed profile is read as it was signed', () => {
  const signed = parseProfile(KNOWN);
  expect(signed.account.uri).toBe(CASES.account);
  expect(toHex(signed.identityKey)).toBe(CASES.identity_key);
  expect([signed.seq, signed.issuedAtS]).toEqual([CASES.signed.seq, CASES.signed.issued_at_s]);
  expect(toHex(signed.body)).toBe(CASES.signed.body);
});

test('a newer profile supersedes, the same one does not', () => {
  expect(supersedes(parseProfile(fromHex(CASES.newer)), KNOWN)).toBe(true);
  expect(supersedes(parseProfile(KNOWN), KNOWN)).toBe(false);
  expect(parseProfile(fromHex(CASES.withdrawn)).body).toHaveLength(0);
});

test.each([
  ['older', 'profile_rollback'],
  ['fork', 'profile_fork'],
  ['of_another_account', 'profile_account'],
  ['by_another_key', 'identity_key_changed'],
] as const)('%s is refused as %s', (name, code) => {
  const shown = parseProfile(fromHex(CASES[name]));
  expect(refusedCode(() => supersedes(shown, KNOWN))).toBe(code);
});

test('what was altered is not believed', () => {
  expect(refusedCode(() => parseProfile(fromHex(CASES.altered)))).toBe('bad_signature');
});
