import { expect, test } from 'vitest';

import { de } from '../../src/words/de.ts';
import { deProfileFailures } from '../../src/words/de_profile.ts';

test('a week has seven days', () => {
  expect(de.profile.weekdays).toHaveLength(7);
});

test('names are said', () => {
  expect(de.profile.before('Zur Linde')).toContain('Zur Linde');
  expect(de.profile.signed('linde@example.org')).toContain('linde@example.org');
});

test('what can go wrong is among the failures', () => {
  expect(de.failure).toMatchObject(deProfileFailures);
});
