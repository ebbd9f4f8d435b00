import { expect, test } from 'vitest';

import { REPORT_REASONS } from '../../src/base/reports.ts';
import { de } from '../../src/words/de.ts';
import { deReportFailures } from '../../src/words/de_report.ts';
import { enReportFailures } from '../../src/words/en_report.ts';

test('was wem offengelegt wird, steht vorher da', () => {
  expect(de.report.discloses('plausch.example')).toContain('plausch.example');
  expect(de.report.disclosed).toHaveLength(3);
  expect(de.report.rest('Ben')).toContain('Ben erfährt nichts');
});

test('jeder Grund hat Worte', () => {
  expect(Object.keys(de.report.reasons)).toEqual([...REPORT_REASONS]);
});

test('gezählt wird richtig', () => {
  expect(de.report.messages(1)).toBe('1 Nachricht gewählt');
  expect(de.report.messages(20)).toBe('20 Nachrichten gewählt');
});

test('was schiefgehen kann, steht bei den Fehlern, auf Englisch auch', () => {
  expect(de.failure).toMatchObject(deReportFailures);
  expect(Object.keys(deReportFailures)).toEqual(Object.keys(enReportFailures));
});
