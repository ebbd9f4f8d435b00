/** passive-client-welcome.json: joining, with and without tree, with PSKs (RFC 9420, 12.4.3.1). */

import { expect, test } from 'vitest';

import { cases, follow } from './passive.ts';

const chosen = cases('passive-client-welcome');

test('all cases are there', () => {
  expect(chosen.length).toBe(24);
});

test.each(chosen.map((item, index) => [index, item.cipher_suite, item] as const))(
  'case %i, of suite %i, joins',
  (_, __, item) => {
    follow(item);
  },
);
