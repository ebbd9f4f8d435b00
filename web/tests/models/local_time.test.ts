import { expect, test } from 'vitest';

import {
  addDays,
  clockText,
  dateAt,
  daysBetween,
  isDate,
  minuteAt,
  minuteIn,
  momentOf,
  weekdayOf,
  weekOf,
} from '../../src/models/local_time.ts';

const BERLIN = 'Europe/Berlin';
const atS = (...parts: Parameters<typeof Date.UTC>): number => Date.UTC(...parts) / 1000;

test('dates are counted', () => {
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
  expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
  expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2);
  expect(daysBetween('2026-11-26', '2026-11-20')).toBe(-6);
});

test('a week is Monday to Sunday', () => {
  expect(weekdayOf('2026-11-26')).toBe(3);
  expect(weekdayOf('2026-11-23')).toBe(0);
  expect(weekdayOf('2026-11-29')).toBe(6);
  expect(weekOf('2026-11-29')).toEqual(weekOf('2026-11-23'));
  expect(weekOf('2026-11-26')[0]).toBe('2026-11-23');
  expect(weekOf('2026-11-26')[6]).toBe('2026-11-29');
});

test('only days that exist are dates', () => {
  expect(['2026-11-26', '2028-02-29'].every(isDate)).toBe(true);
  const others = ['', '2026-02-29', '2026-13-01', '26.11.2026', '2026-11-26T00:00', 'today'];
  expect(others.some(isDate)).toBe(false);
});

test('a moment has its minute on the wall', () => {
  const eight = atS(2026, 10, 26, 19);
  expect(dateAt(eight, BERLIN)).toBe('2026-11-26');
  expect(minuteAt(eight, '2026-11-26', BERLIN)).toBe(20 * 60);
  expect(minuteAt(eight, '2026-11-25', BERLIN)).toBe(44 * 60);
  expect(minuteAt(atS(2026, 10, 26, 23, 30), '2026-11-26', BERLIN)).toBe(24 * 60 + 30);
  expect(minuteAt(atS(2026, 10, 25, 22, 30), '2026-11-26', BERLIN)).toBe(-30);
});

test('a minute has its moment, in summer and winter', () => {
  expect(momentOf('2026-11-26', 20 * 60, BERLIN)).toBe(atS(2026, 10, 26, 19));
  expect(momentOf('2026-07-01', 20 * 60, BERLIN)).toBe(atS(2026, 6, 1, 18));
  expect(momentOf('2026-11-26', 25 * 60, BERLIN)).toBe(atS(2026, 10, 27, 0));
  expect(momentOf('2026-11-26', 20 * 60, 'America/New_York')).toBe(atS(2026, 10, 27, 1));
  expect(momentOf('2026-11-26', 20 * 60, 'Asia/Kathmandu')).toBe(atS(2026, 10, 26, 14, 15));
});

test('in the night when summer ends, a time that comes twice is the first', () => {
  expect(momentOf('2026-10-25', 150, BERLIN)).toBe(atS(2026, 9, 25, 0, 30));
  expect(momentOf('2026-10-25', 240, BERLIN)).toBe(atS(2026, 9, 25, 3));
  expect(momentOf('2026-10-25', 20 * 60, BERLIN)).toBe(atS(2026, 9, 25, 19));
});

test('in the night when summer begins, a time that is skipped is as long after', () => {
  expect(momentOf('2026-03-29', 150, BERLIN)).toBe(atS(2026, 2, 29, 1, 30));
  expect(momentOf('2026-03-29', 90, BERLIN)).toBe(atS(2026, 2, 29, 0, 30));
  expect(momentOf('2026-03-29', 20 * 60, BERLIN)).toBe(atS(2026, 2, 29, 18));
});

test('every quarter of an hour of two years goes there and back', () => {
  for (let day = 0; day < 730; day += 1) {
    const date = addDays('2026-01-01', day);
    for (let minute = 0; minute < 1440; minute += 195) {
      const back = minuteAt(momentOf(date, minute, BERLIN), date, BERLIN);
      const isSkipped = minute >= 120 && minute < 180;
      expect(isSkipped && back !== minute ? back - 60 : back, `${date} ${minute}`).toBe(minute);
    }
  }
});

test('minutes are written as a clock', () => {
  expect([0, 90, 1439, 1440, 1530, -30].map(clockText)).toEqual([
    ...['00:00', '01:30', '23:59', '00:00', '01:30', '23:30'],
  ]);
});

test('times are read as people type them', () => {
  expect(['7:30', '07.30', '730', '0730', '7h30'].map(minuteIn)).toEqual([450, 450, 450, 450, 450]);
  expect(['7', ' 19:00 ', '24:00', '0'].map(minuteIn)).toEqual([420, 1140, 1440, 0]);
  for (const wrong of ['', 'acht', '25:00', '24:01', '7:60', '7:5', '-1', '12:30:00', '99999']) {
    expect(minuteIn(wrong), wrong).toBeUndefined();
  }
});
