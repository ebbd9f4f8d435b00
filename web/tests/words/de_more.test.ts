import { expect, test } from 'vitest';

import { deMore } from '../../src/words/de_more.ts';
import { enMore } from '../../src/words/en_more.ts';

test('every failure says what to do', () => {
  expect(Object.keys(deMore.failure).sort()).toEqual(Object.keys(enMore.failure).sort());
  for (const [code, sentence] of Object.entries(deMore.failure)) {
    expect(sentence, code).toMatch(/^[A-ZÄÖÜ].*\.$/);
  }
});

test('sentences are put together', () => {
  expect(deMore.settings.since('26. November 2026')).toBe('Seit 26. November 2026');
  expect(deMore.settings.device('0123')).toBe('Gerät 0123');
});
