import { expect, test } from 'vitest';

import { LEGAL_FORMS } from '../../src/base/business.ts';
import { deProfileForm } from '../../src/words/de_profile_form.ts';

const { forms, lacking, wrong } = deProfileForm.profileForm;

test('numbers are said in their forms', () => {
  expect(wrong(1)).toBe('Eine Angabe stimmt noch nicht.');
  expect(wrong(3)).toBe('3 Angaben stimmen noch nicht.');
  expect(lacking(2)).toContain('2 Angaben fehlen');
});

test('only forms that there are have names', () => {
  expect(Object.keys(forms).filter((form) => !Object.hasOwn(LEGAL_FORMS, form))).toEqual([]);
});
