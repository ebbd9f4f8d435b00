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
const PEOPLE = { organizer: 'linde@linde.example', attendee: 'anna@other.example' };
const NOW_MS = Date.UTC(2026, 10, 26, 8);

function lines(booking: BookingView, words = WORDS): readonly string[] {
  return calendarFile(booking, words, PEOPLE, booking.zone, NOW_MS)
    .replace(/\r\n /g, '')
    .split('\r\n');
}

test('it asks with UID and SEQUENCE, on the wall of the business', () => {
  const written = lines(BOOKING);
  expect(written.slice(0, 7)).toEqual([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Plausch//Booking//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:REQUEST',
    'BEGIN:VTIMEZONE',
    'TZID:Europe/Berlin',
  ]);
  expect(written.slice(written.indexOf('END:VTIMEZONE') + 1)).toEqual([
    'BEGIN:VEVENT',
    'UID:f3c1@linde.example',
    'SEQUENCE:2',
    'DTSTAMP:20261126T080000Z',
    'DTSTART;TZID=Europe/Berlin:20261127T193000',
    'DTEND;TZID=Europe/Berlin:20261127T213000',
    'SUMMARY:Tisch bei Zur Linde',
    'DESCRIPTION:4 Personen',
    'LOCATION:Zur Linde',
    'ORGANIZER;CN="Zur Linde":mimi://linde.example/u/linde',
    'ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mimi://other.example/u/anna',
    'STATUS:CONFIRMED',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]);
});

test('of an hour that occurs twice the second is written in universal time', () => {
  const startS = Date.UTC(2026, 9, 25, 0, 30) / 1000;
  const written = lines({ ...BOOKING, startS, durationS: 3600 });
  expect(written).toContain('DTSTART;TZID=Europe/Berlin:20261025T023000');
  expect(written).toContain('DTEND:20261025T013000Z');
});

test('a cancelled booking takes its entry off', () => {
  expect(lines({ ...BOOKING, state: 'cancelled' })).toContain('METHOD:CANCEL');
  expect(lines({ ...BOOKING, state: 'cancelled' })).toContain('STATUS:CANCELLED');
  expect(lines({ ...BOOKING, state: 'held' })).toContain('STATUS:TENTATIVE');
});

test('what a stranger wrote begins no line and no value of its own', () => {
  const summary = 'Linde\r\nATTENDEE:x;y,z\\';
  const written = lines({ ...BOOKING, uid: 'a\nBEGIN:VALARM' }, { ...WORDS, summary });
  expect(written).toContain('SUMMARY:Linde\\nATTENDEE:x\\;y\\,z\\\\');
  expect(written).toContain('UID:a\\nBEGIN:VALARM');
  expect(written.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1);
  expect(written).not.toContain('BEGIN:VALARM');
});

test('no line has more than 75 bytes, and no character is cut', () => {
  const words = { summary: 'Größe 🍽️ '.repeat(40), description: '' };
  const file = calendarFile(BOOKING, words, PEOPLE, BOOKING.zone, NOW_MS);
  for (const line of file.split('\r\n')) {
    expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    expect(line).not.toContain('\ufffd');
  }
  expect(file.replace(/\r\n /g, '')).toContain('Größe 🍽️ '.repeat(40));
});
