import { expect, test } from 'vitest';

import { en } from '../../src/words/en.ts';
import { enProfileFailures } from '../../src/words/en_profile.ts';

test('a week has seven days', () => {
  expect(en.profile.weekdays).toHaveLength(7);
});

test('names are said', () => {
  expect(en.profile.before('Zur Linde')).toContain('Zur Linde');
  expect(en.profile.signed('linde@example.org')).toContain('linde@example.org');
});

test('what can go wrong is among the failures', () => {
  expect(en.failure).toMatchObject(enProfileFailures);
});
