import { expect, test } from 'vitest';

import { timeZoneLines, Wall, writtenTime } from '../../src/models/zone_rules.ts';

test('a zone with summer time is two rules since 1970', () => {
  expect(timeZoneLines('Europe/Berlin', 2026, 2026)).toEqual([
    'BEGIN:VTIMEZONE',
    'TZID:Europe/Berlin',
    'BEGIN:DAYLIGHT',
    'DTSTART:19700329T020000',
    'TZOFFSETFROM:+0100',
    'TZOFFSETTO:+0200',
    'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
    'END:DAYLIGHT',
    'BEGIN:STANDARD',
    'DTSTART:19701025T030000',
    'TZOFFSETFROM:+0200',
    'TZOFFSETTO:+0100',
    'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
    'END:STANDARD',
    'END:VTIMEZONE',
  ]);
});

test('a zone whose changes follow no weekday is written change by change', () => {
  const written = timeZoneLines('America/Santiago', 2026, 2028);
  expect(written.filter((line) => line.startsWith('RRULE'))).toEqual([]);
  expect(written.filter((line) => line === 'BEGIN:DAYLIGHT')).toHaveLength(5);
});

test('universal time needs none, and a zone without summer time is one part', () => {
  expect(timeZoneLines('UTC', 2026, 2026)).toEqual([]);
  const written = timeZoneLines('Asia/Kathmandu', 2026, 2026);
  expect(written).toContain('TZOFFSETTO:+0545');
  expect(written.filter((line) => line.startsWith('BEGIN:'))).toHaveLength(2);
});

test('a wall shows an instant in its zone, also before 1970', () => {
  const wall = new Wall('Europe/Berlin');
  expect(writtenTime(wall.shownS(0))).toBe('19700101T010000');
  expect(wall.offsetS(Date.UTC(2026, 6, 1) / 1000)).toBe(7200);
  expect(writtenTime(wall.shownS(-1))).toBe('19700101T005959');
});
