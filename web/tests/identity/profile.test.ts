/** Signed profiles; the cases that Python wrote are in tests/vectors/profile.test.ts. */

import { expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { issueProfile, LABEL, parseProfile } from '../../src/identity/profile.ts';
import { pack } from '../../src/identity/signed.ts';
import { keyOf, NOTHING, NOW_S, refusedCode } from './identity_players.ts';

const KEY = keyOf(1);
const URI = 'mimi://example.org/u/linde';

function signed(
  ...changed: readonly (readonly [at: number, value: string | number | Uint8Array])[]
): Uint8Array {
  const fields: (string | number | Uint8Array)[] = [1, URI, KEY.public, 3, NOW_S, NOTHING];
  changed.forEach(([at, value]) => {
    fields[at] = value;
  });
  return pack(KEY, LABEL, fields);
}

test('what was signed is read', () => {
  const { account, body, issuedAtS, seq } = parseProfile(signed());
  expect([account.uri, seq, issuedAtS]).toEqual([URI, 3, NOW_S]);
  expect(body).toHaveLength(0);
});

test.each([
  ['another version', [0, 2], 'unknown_version'],
  ['no account', [1, 'mimi://example.org/r/x'], 'malformed'],
  ['a short key', [2, new Uint8Array(31)], 'bad_key'],
  ['a point of small order', [2, new Uint8Array(32)], 'bad_key'],
  ['number 0', [3, 0], 'malformed'],
  ['a body that is a text', [5, 'x'], 'malformed'],
  ['another key', [2, keyOf(2).public], 'bad_signature'],
] as const)('%s is refused', (_, changed, code) => {
  expect(refusedCode(() => parseProfile(signed(changed)))).toBe(code);
});

test('a signature under another label does not count', () => {
  const other = pack(KEY, 'device list', [1, URI, KEY.public, 3, NOW_S, NOTHING]);
  expect(refusedCode(() => parseProfile(other))).toBe('bad_signature');
});

test('profiles are numbered from 1', () => {
  expect(() => issueProfile(KEY, AccountAddress.parseUri(URI), 0, NOW_S, NOTHING)).toThrow(
    LocalError,
  );
});
