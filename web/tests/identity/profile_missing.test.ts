/** What a profile lacks; the cases that Python wrote are in tests/vectors/profile.test.ts. */

import { expect, test } from 'vitest';

import { isBox } from '../../src/identity/profile_missing.ts';

test.each(['Postfach 12', 'POSTFACH 1', 'P.O. Box 3', 'po box 4', 'Post fach 5'])(
  'nobody can be summoned at %s',
  (street) => {
    expect(isBox(street)).toBe(true);
  },
);

test.each(['Postgasse 1', 'Am Postfach 2', ''])('%s is no post box', (street) => {
  expect(isBox(street)).toBe(false);
});
