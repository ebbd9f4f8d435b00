/** A booking as an iCalendar file (RFC 5545), made on the device: UID and SEQUENCE let it be updated. */

import { utf8 } from '../base/bytes.ts';
import type { CardView } from '../sdk/protocol.ts';

export type BookingView = Extract<CardView, { kind: 'booking' }>;

const LINE_BYTES = 75;
const STATUS: Readonly<Record<BookingView['state'], string>> = {
  pending: 'TENTATIVE',
  held: 'TENTATIVE',
  confirmed: 'CONFIRMED',
  declined: 'CANCELLED',
  cancelled: 'CANCELLED',
  seated: 'CONFIRMED',
  completed: 'CONFIRMED',
  no_show: 'CANCELLED',
};

/** The file's text. `summary` and `description` are for people. */
export function calendarFile(
  booking: BookingView,
  words: { readonly summary: string; readonly description: string },
  nowMs: number,
): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Plausch//Web//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${escaped(booking.uid)}`,
    `SEQUENCE:${booking.sequence}`,
    `DTSTAMP:${instant(nowMs)}`,
    `DTSTART:${instant(booking.startS * 1000)}`,
    `DTEND:${instant((booking.startS + booking.durationS) * 1000)}`,
    `SUMMARY:${escaped(words.summary)}`,
    `DESCRIPTION:${escaped(words.description)}`,
    `STATUS:${STATUS[booking.state]}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

/** `20261127T183000Z`. */
function instant(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Section 3.3.11: what would end a value or begin another. */
function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** Section 3.1: at most 75 octets a line, never within a character. */
function folded(line: string): string {
  let written = '';
  let bytes = 0;
  for (const character of line) {
    const size = utf8(character).length;
    if (bytes + size > LINE_BYTES) {
      written += '\r\n ';
      bytes = 1;
    }
    written += character;
    bytes += size;
  }
  return written;
}
