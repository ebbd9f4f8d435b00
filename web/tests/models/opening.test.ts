/** Opening hours in words of a clock. */

import { expect, test } from 'vitest';

import { comingDays, inLanguage, spanText } from '../../src/models/opening.ts';
import { LINDE_PROFILE } from '../stage/profiles.ts';

test.each([
  [[0, 60], '00:00–01:00'],
  [[690, 870], '11:30–14:30'],
  [[1_020, 1_560], '17:00–02:00'],
  [[600, 2_880], '10:00–00:00'],
] as const)('the span %j is shown as %s', (span, text) => {
  expect(spanText(span)).toBe(text);
});

test('a text is read in the other language if there is none in ours', () => {
  expect(inLanguage({ de: 'Hallo', en: 'Hello' }, 'en')).toBe('Hello');
  expect(inLanguage({ de: 'Hallo', en: '' }, 'en')).toBe('Hallo');
  expect(inLanguage({ de: '', en: 'Hello' }, 'de')).toBe('Hello');
});

test('special days that are over are left out', () => {
  const days = ['2026-01-01', '2026-12-24', '2026-12-31'];
  const specialDays = days.map((date) => ({ date, note: '', spans: [] }));
  const profile = { ...LINDE_PROFILE, specialDays };
  expect(comingDays(profile, '2026-12-24', 9).map(({ date }) => date)).toEqual(days.slice(1));
  expect(comingDays(profile, '2025-01-01', 1)).toHaveLength(1);
});
