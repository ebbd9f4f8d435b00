import { expect, test } from 'vitest';

import { type BookingView, calendarFile } from '../../src/models/calendar_file.ts';

const BOOKING: BookingView = {
  kind: 'booking',
  uid: 'f3c1@linde.example',
  sequence: 2,
  state: 'confirmed',
  party: 4,
  startS: Date.UTC(2026, 10, 27, 18, 30) / 1000,
  durationS: 7200,
  zone: 'Europe/Berlin',
  underName: 'Anna',
  business: 'Zur Linde',
  actions: ['cancel'],
};
const WORDS = { summary: 'Tisch bei Zur Linde', description: '4 Personen' };
const NOW_MS = Date.UTC(2026, 10, 26, 8);

function lines(booking: BookingView, words = WORDS): readonly string[] {
  return calendarFile(booking, words, NOW_MS).replace(/\r\n /g, '').split('\r\n');
}

test('it is one event with UID and SEQUENCE, in universal time', () => {
  expect(lines(BOOKING)).toEqual([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Plausch//Web//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    'UID:f3c1@linde.example',
    'SEQUENCE:2',
    'DTSTAMP:20261126T080000Z',
    'DTSTART:20261127T183000Z',
    'DTEND:20261127T203000Z',
    'SUMMARY:Tisch bei Zur Linde',
    'DESCRIPTION:4 Personen',
    'STATUS:CONFIRMED',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]);
});

test('a cancelled booking is a cancelled event', () => {
  expect(lines({ ...BOOKING, state: 'cancelled' })).toContain('STATUS:CANCELLED');
  expect(lines({ ...BOOKING, state: 'held' })).toContain('STATUS:TENTATIVE');
});

test('what a stranger wrote begins no line and no value of its own', () => {
  const summary = 'Linde\r\nATTENDEE:x;y,z\\';
  const written = lines({ ...BOOKING, uid: 'a\nBEGIN:VALARM' }, { ...WORDS, summary });
  expect(written).toContain('SUMMARY:Linde\\nATTENDEE:x\\;y\\,z\\\\');
  expect(written).toContain('UID:a\\nBEGIN:VALARM');
  expect(written.filter((line) => line.startsWith('BEGIN:'))).toHaveLength(2);
});

test('no line has more than 75 bytes, and no character is cut', () => {
  const file = calendarFile(BOOKING, { summary: 'Größe 🍽️ '.repeat(40), description: '' }, NOW_MS);
  for (const line of file.split('\r\n')) {
    expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    expect(line).not.toContain('\ufffd');
  }
  expect(file.replace(/\r\n /g, '')).toContain('Größe 🍽️ '.repeat(40));
});
