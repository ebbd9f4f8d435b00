import { expect, test } from 'vitest';

import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import {
  clockOf,
  dateOf,
  dayKey,
  dayOf,
  daysAway,
  dayTab,
  knownZone,
  longDay,
  shortOf,
  sinceOf,
  sizeOf,
  spanOf,
  timeOf,
  until,
} from '../../src/words/format.ts';

/** Local noon: the tests hold in every zone. */
const NOW_MS = new Date(2026, 10, 26, 12).getTime();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('days are those of the calendar here', () => {
  expect(daysAway(NOW_MS - 11 * HOUR_MS, NOW_MS)).toBe(0);
  expect(daysAway(NOW_MS - 13 * HOUR_MS, NOW_MS)).toBe(-1);
  expect(daysAway(NOW_MS + 13 * HOUR_MS, NOW_MS)).toBe(1);
});

test('a day is called as people call it', () => {
  expect(dayOf(NOW_MS, NOW_MS, 'de')).toBe('Heute');
  expect(dayOf(NOW_MS - DAY_MS, NOW_MS, 'de')).toBe('Gestern');
  expect(dayOf(NOW_MS - 3 * DAY_MS, NOW_MS, 'de')).toBe('Montag');
  expect(dayOf(NOW_MS - 30 * DAY_MS, NOW_MS, 'de')).toBe('Dienstag, 27. Oktober');
  expect(dayOf(NOW_MS - 400 * DAY_MS, NOW_MS, 'en')).toMatch(/^Wednesday,? 22 October 2025$/);
  expect(dayOf(NOW_MS + 3 * DAY_MS, NOW_MS, 'en')).toMatch(/^Sunday,? 29 November$/);
});

test('a row says it shortly', () => {
  expect(shortOf(NOW_MS, NOW_MS, 'de')).toBe('12:00');
  expect(shortOf(NOW_MS - DAY_MS, NOW_MS, 'en')).toBe('Yesterday');
  expect(shortOf(NOW_MS - 3 * DAY_MS, NOW_MS, 'de')).toMatch(/^Mo\.?$/);
  expect(shortOf(NOW_MS - 30 * DAY_MS, NOW_MS, 'de')).toBe('27.10.26');
});

test('a card tells the time of its place', () => {
  const atMs = Date.UTC(2026, 10, 27, 18, 30);
  expect(timeOf(atMs, 'de', 'Europe/Berlin')).toBe('19:30');
  expect(timeOf(atMs, 'en', 'America/New_York')).toBe('13:30');
  expect(longDay(atMs, 'de', 'Europe/Berlin')).toBe('Freitag, 27. November 2026');
  expect(dayTab(atMs, 'de', 'Asia/Tokyo')).toEqual(['Sa', '28. Nov.']);
  expect(dayKey(atMs, 'Asia/Tokyo')).toBe('2026-11-28');
  expect(dayKey(atMs, 'Europe/Berlin')).toBe('2026-11-27');
});

test('a zone that nobody knows is universal time', () => {
  expect(knownZone('Europe/Berlin')).toBe('Europe/Berlin');
  expect(knownZone('Mars/Olympus')).toBe('UTC');
  expect(knownZone('')).toBe('UTC');
});

test('a device is listed since a date', () => {
  expect(dateOf(NOW_MS, 'de')).toBe('26. November 2026');
  expect(dateOf(NOW_MS, 'en')).toBe('26 November 2026');
});

test.each([
  [30_000, 'in 30 sec.'],
  [20 * 60_000, 'in 20 min'],
  [3 * HOUR_MS, 'in 3 hr'],
  [5 * DAY_MS, 'in 5 days'],
  [-5, 'now'],
])('what disappears in %j ms disappears %j', (aheadMs, said) => {
  expect(until(NOW_MS + aheadMs, NOW_MS, 'en').replace(/\.$/, '')).toBe(said.replace(/\.$/, ''));
});

test('spans are said in the largest unit that fits', () => {
  expect(spanOf(3600, en)).toBe('1 hour');
  expect(spanOf(86_400, de)).toBe('1 Tag');
  expect(spanOf(2_419_200, en)).toBe('4 weeks');
  expect(spanOf(5400, en)).toBe('90 minutes');
  expect(spanOf(61, de)).toBe('61 Sekunden');
});

test('sizes are said as the language says them, not broken between lines', () => {
  expect(sizeOf(1, 'de')).toBe('1\u00a0Byte');
  expect(sizeOf(0, 'en').replace(/\s/, ' ')).toBe('0 bytes');
  expect(sizeOf(1_400_000, 'de').replace(/\s/, ' ')).toBe('1,4 MB');
  expect(sizeOf(48_000, 'en').replace(/\s/, ' ')).toBe('48 kB');
  expect(sizeOf(3_200_000_000_000, 'en').replace(/\s/, ' ')).toBe('3,200 GB');
});

test('a voice note has minutes and seconds', () => {
  expect(clockOf(14_300)).toBe('0:14');
  expect(clockOf(65_000)).toBe('1:05');
  expect(clockOf(3_600_000)).toBe('60:00');
  expect(clockOf(-5)).toBe('0:00');
});

test('since when: the time today, with its day before', () => {
  const nowMs = new Date(2026, 10, 26, 13, 0).getTime();
  const at = (day: number, hour: number): number => new Date(2026, 10, day, hour, 5).getTime();
  expect(sinceOf(at(26, 9), nowMs, 'de')).toBe('09:05');
  expect(sinceOf(at(25, 23), nowMs, 'de')).toBe('Gestern, 23:05');
  expect(sinceOf(at(25, 23), nowMs, 'en')).toBe('Yesterday, 23:05');
  expect(sinceOf(at(2, 23), nowMs, 'de')).toMatch(/2\. November, 23:05$/);
});
