/** What may stand in a profile; the cases that Python wrote are in tests/vectors/profile.test.ts. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromHex } from '../../src/base/bytes.ts';
import { parseProfileBody, type Profile } from '../../src/identity/profile_body.ts';
import { KINDS } from '../../src/base/business.ts';
import { checkProfile, problemsIn } from '../../src/identity/profile_check.ts';
import { refusedCode } from './identity_players.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors', 'profile.json');
const { bodies } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly bodies: readonly { readonly body: string }[];
};
const WHOLE = parseProfileBody(fromHex(bodies[0]!.body));

test.each([...KINDS])('a business may be a %s', (kind) => {
  checkProfile({ ...WHOLE, kind });
});

test('lengths are counted in characters, as Python does', () => {
  checkProfile({ ...WHOLE, name: '🍕'.repeat(80) });
  expect(
    refusedCode(() => {
      checkProfile({ ...WHOLE, name: '🍕'.repeat(81) });
    }),
  ).toBe('bad_profile');
});

const { calendar, imprint } = WHOLE;
const OTHERS: readonly (readonly [string, Partial<Profile>])[] = [
  [
    'a leap day in a year without one',
    { calendar: { ...calendar, specialDays: [{ date: '2026-02-29', note: '', spans: [] }] } },
  ],
  [
    'a month 13',
    { calendar: { ...calendar, specialDays: [{ date: '2026-13-01', note: '', spans: [] }] } },
  ],
  [
    'seven spans a day',
    {
      calendar: {
        ...calendar,
        weekly: [
          Array.from({ length: 7 }, (_, at) => [at * 100, at * 100 + 50] as const),
          [],
          [],
          [],
          [],
          [],
          [],
        ],
      },
    },
  ],
  [
    'thirteen languages',
    { spoken: Array.from({ length: 13 }, (_, at) => `a${String.fromCharCode(97 + at)}`) },
  ],
  ['an imprint of two lines', { imprint: { ...imprint, name: 'a\nb' } }],
  ['an e-mail address that is too long', { email: `a@${'b'.repeat(119)}.example` }],
];

test.each(OTHERS)('%s is refused', (_, changed) => {
  expect(
    refusedCode(() => {
      checkProfile({ ...WHOLE, ...changed });
    }),
  ).toBe('bad_profile');
});

test('the leap day of a leap year is a date', () => {
  checkProfile({
    ...WHOLE,
    calendar: { ...calendar, specialDays: [{ date: '2028-02-29', note: '', spans: [] }] },
  });
});

test('everything that is wrong is found, with its place', () => {
  const profile: Profile = {
    ...WHOLE,
    name: '',
    email: 'nobody',
    links: [...WHOLE.links, { label: '', url: 'http://linde.example/' }],
    imprint: { ...imprint, representative: 'a\nb' },
    description: { de: 'x'.repeat(1_001), en: '' },
  };
  const found = [...problemsIn(profile)].map(({ at, field, why }) => [field, why, at]);
  expect(found).toEqual([
    ['name', 'missing', undefined],
    ['imprint.representative', 'line', undefined],
    ['links', 'missing', 1],
    ['description.de', 'long', undefined],
    ['email', 'form', undefined],
    ['links.url', 'form', 1],
  ]);
  expect([...problemsIn(WHOLE)]).toEqual([]);
});
