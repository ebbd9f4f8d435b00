import { expect, test } from 'vitest';

import { KINDS, LEGAL_FORMS, legalForm } from '../../src/base/business.ts';

test('a form says what an imprint needs', () => {
  expect(legalForm('sole trader')).toEqual({ isRepresented: false, isRegistered: false });
  expect(legalForm('GmbH')).toEqual({ isRepresented: true, isRegistered: true });
  expect(legalForm('e.K.')).toEqual({ isRepresented: false, isRegistered: true });
});

test('what is no form is none', () => {
  expect(['', 'Ltd', 'toString', '__proto__'].map(legalForm)).toEqual(Array(4).fill(undefined));
});

test('each is there once', () => {
  expect(new Set(KINDS).size).toBe(KINDS.length);
  expect(Object.keys(LEGAL_FORMS)).toHaveLength(15);
});
