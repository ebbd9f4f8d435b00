/** passive-client-handling-commit.json: following others' commits (RFC 9420 section 12.4.2). */

import { expect, test } from 'vitest';

import { cases, follow } from './passive.ts';

const chosen = cases('passive-client-handling-commit');

test('all cases are there', () => {
  expect(chosen.length).toBe(39);
});

test.each(chosen.map((item, index) => [index, item.cipher_suite, item] as const))(
  'case %i, of suite %i, follows its commits',
  (_, __, item) => {
    expect(follow(item)).toBe(2);
  },
);
