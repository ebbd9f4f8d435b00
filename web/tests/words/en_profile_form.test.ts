import { expect, test } from 'vitest';

import { enProfileForm } from '../../src/words/en_profile_form.ts';

const { lacking, mistakes, wrong } = enProfileForm.profileForm;

test('numbers are said in their forms', () => {
  expect(wrong(1)).toBe('One entry is not right yet.');
  expect(lacking(2)).toContain('2 entries are missing');
});

test('what is too long says how long it may be', () => {
  expect(mistakes.long(80)).toContain('80 characters');
});
