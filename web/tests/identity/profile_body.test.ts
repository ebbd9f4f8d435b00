/** Bodies of profiles; the cases that Python wrote are in tests/vectors/profile.test.ts. */

import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';

import { parseProfileBody } from '../../src/identity/profile_body.ts';
import { refusedCode } from './identity_players.ts';

const PLACE = ['', '', '', 'DE'];
const IMPRINT = ['', '', '', PLACE, '', '', '', '', '', '', ''];
const HOURS = ['Europe/Berlin', [[0, 540, 1_080]], [], ['', 0, 0, 0]];
const BODY = [
  ...[1, 'Laden', 'shop', PLACE, '', '', HOURS, [['de']], ['', ''], ['', ''], '', IMPRINT],
  ...[[], [], 1],
];

test('a small profile is read', () => {
  const { calendar, listed, name } = parseProfileBody(encode(BODY));
  expect([name, listed]).toEqual(['Laden', true]);
  expect(calendar.weekly[0]).toEqual([[540, 1_080]]);
  expect(calendar).not.toHaveProperty('region');
});

test.each([
  ['another version', [2, ...BODY.slice(1)], 'bad_profile'],
  ['a field too many', [...BODY, 0], 'malformed'],
  ['a flag of 2', [...BODY.slice(0, -1), 2], 'bad_profile'],
  [
    'an eighth weekday',
    BODY.with(6, ['Europe/Berlin', [[7, 1, 2]], [], ['', 0, 0, 0]]),
    'bad_profile',
  ],
  ['a municipality without a state', BODY.with(6, ['UTC', [], [], ['', 1, 0, 0]]), 'bad_profile'],
  ['a map', { 0: 1 }, 'malformed'],
] as const)('%s is refused', (_, body, code) => {
  expect(refusedCode(() => parseProfileBody(encode(body)))).toBe(code);
});

test('a body that is too long is not looked at', () => {
  expect(refusedCode(() => parseProfileBody(new Uint8Array(15 * 1024 + 1)))).toBe('bad_profile');
});
