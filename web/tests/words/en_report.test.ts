import { expect, test } from 'vitest';

import { REPORT_REASONS } from '../../src/base/reports.ts';
import { en } from '../../src/words/en.ts';
import { enReportFailures } from '../../src/words/en_report.ts';

test('what is disclosed, and to whom, is said before anything is', () => {
  expect(en.report.discloses('plausch.example')).toContain('plausch.example');
  expect(en.report.disclosed).toHaveLength(3);
  expect(en.report.rest('Ben')).toContain('Ben is told nothing');
});

test('every reason has words', () => {
  expect(Object.keys(en.report.reasons)).toEqual([...REPORT_REASONS]);
});

test('numbers are counted', () => {
  expect(en.report.messages(1)).toBe('1 message chosen');
  expect(en.report.messages(20)).toBe('20 messages chosen');
});

test('what can go wrong is among the failures', () => {
  expect(en.failure).toMatchObject(enReportFailures);
});
