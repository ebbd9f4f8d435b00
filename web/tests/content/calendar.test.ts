/** Which days and times of day exist. */

import { expect, test } from 'vitest';

import { isDate, isTime } from '../../src/content/calendar.ts';

test('the days are those of the calendar', () => {
  const wrong: string[] = [];
  for (const year of [1, 4, 99, 100, 400, 1900, 1970, 2000, 2023, 2024, 2026, 2100, 9999]) {
    for (let month = 0; month <= 13; month += 1) {
      for (let day = 0; day <= 32; day += 1) {
        const text = [`${year}`.padStart(4, '0'), `${month}`, `${day}`]
          .map((each) => each.padStart(2, '0'))
          .join('-');
        const at = new Date(`${text}T00:00:00Z`);
        const exists = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
        if (isDate(text) !== exists) {
          wrong.push(text);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});

test.each(['0000-01-01', '2026-02-29', '2026-13-01', '2026-00-10', '2026-1', '', 'x-y-z', '2026'])(
  '%j is no day',
  (text) => {
    expect(isDate(text)).toBe(false);
  },
);

test.each(['00:00', '19:05', '23:59'])('%s is a time of day', (text) => {
  expect(isTime(text)).toBe(true);
});

test.each(['24:00', '12:60', '99:99', '', 'noon', '12'])('%j is none', (text) => {
  expect(isTime(text)).toBe(false);
});
