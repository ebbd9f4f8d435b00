/** Our own profile as it is written: there and back, and everything that is wrong with it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromHex } from '../../src/base/bytes.ts';
import { parseProfileBody } from '../../src/identity/profile_body.ts';
import { Reader } from '../../src/mls/codec.ts';
import { draftOf, KEPT_DRAFT, problemsOf, profileIn } from '../../src/sdk/profile_draft.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors', 'profile.json');
const CASES = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly bodies: readonly { readonly name: string; readonly body: string }[];
};
const LINDE = draftOf(parseProfileBody(fromHex(CASES.bodies[0]!.body)));

test.each(CASES.bodies)('$name can be changed and signed again', ({ body }) => {
  const profile = parseProfileBody(fromHex(body));
  expect(profileIn(draftOf(profile))).toEqual(profile);
  expect(structuredClone(draftOf(profile))).toEqual(draftOf(profile));
});

test('a draft is kept as it is, also a wrong one', () => {
  const draft = { ...LINDE, name: '', email: '@' };
  expect(KEPT_DRAFT.read(new Reader(KEPT_DRAFT.toBytes({ draft })))).toEqual({ draft });
});

test('a draft of another version is none', () => {
  const other = { ...LINDE, hours: undefined } as unknown as typeof LINDE;
  const kept = KEPT_DRAFT.toBytes({ draft: other });
  expect(KEPT_DRAFT.read(new Reader(kept))).toEqual({ draft: undefined });
});

test('what is wrong comes first, then what is lacking', () => {
  expect(problemsOf(LINDE)).toEqual([]);
  const imprint = { ...LINDE.imprint, email: '', vatId: 'DE1' };
  expect(problemsOf({ ...LINDE, name: 'x'.repeat(81), imprint })).toEqual([
    { field: 'name', why: 'long', most: 80 },
    { field: 'imprint.vat_id', why: 'form' },
    { field: 'imprint.email', why: 'lacking' },
  ]);
});
