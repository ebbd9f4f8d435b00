/**
 * A booking as a file for the guest's calendar (RFC 5546), made on the device: REQUEST, and CANCEL
 * that takes it off. UID and SEQUENCE let a later file change what an earlier one made. The agent
 * makes the same (src/plausch/agent/ical/guest_file.py); spec/vectors/calendar.json holds both.
 */

import { utf8 } from '../base/bytes.ts';
import { AccountAddress } from '../base/ids.ts';
import type { CardView } from '../sdk/protocol.ts';
import { timeZoneLines, UNIVERSAL, Wall, writtenTime } from './zone_rules.ts';

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

/** How long before a repeated time its first occurrence can be. */
const REPEAT_S = 3 * 3600;

export interface CalendarWords {
  readonly summary: string;
  readonly description: string;
}

/** Who invites and who comes: addresses, `name@domain`. */
export interface CalendarPeople {
  readonly organizer: string;
  readonly attendee: string;
}

/** The file's text. `words` are for people, `zone` is the booking's, known to this browser. */
export function calendarFile(
  booking: BookingView,
  words: CalendarWords,
  people: CalendarPeople,
  zone: string,
  nowMs: number,
): string {
  const status = STATUS[booking.state];
  const isOff = status === 'CANCELLED';
  const year = new Date(booking.startS * 1000).getUTCFullYear();
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Plausch//Booking//EN',
    'CALSCALE:GREGORIAN',
    `METHOD:${isOff ? 'CANCEL' : 'REQUEST'}`,
    ...timeZoneLines(zone, year, year),
    'BEGIN:VEVENT',
    `UID:${escaped(booking.uid)}`,
    `SEQUENCE:${booking.sequence}`,
    `DTSTAMP:${instant(Math.floor(nowMs / 1000))}`,
    moment('DTSTART', booking.startS, zone),
    moment('DTEND', booking.startS + booking.durationS, zone),
    `SUMMARY:${escaped(words.summary)}`,
    `DESCRIPTION:${escaped(words.description)}`,
    `LOCATION:${escaped(booking.business)}`,
    `ORGANIZER;CN=${quoted(booking.business)}:${uri(people.organizer)}`,
    `ATTENDEE;PARTSTAT=${isOff ? 'DECLINED' : 'ACCEPTED'};RSVP=FALSE:${uri(people.attendee)}`,
    `STATUS:${status}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

function uri(address: string): string {
  return AccountAddress.parse(address).uri;
}

/** `20261127T183000Z`. */
function instant(atS: number): string {
  return `${writtenTime(atS)}Z`;
}

/**
 * The line of a time on the wall of a zone. Of one that occurs twice this form means the first
 * (section 3.3.5), so the second is written in universal time.
 */
function moment(name: string, atS: number, zone: string): string {
  const wall = new Wall(zone);
  const shownS = wall.shownS(atS);
  const firstS = shownS - wall.offsetS(atS - REPEAT_S);
  if (zone === UNIVERSAL || (firstS < atS && wall.shownS(firstS) === shownS)) {
    return `${name}:${instant(atS)}`;
  }
  return `${name};TZID=${zone}:${writtenTime(shownS)}`;
}

/** Section 3.3.11: what would end a value or begin another; no control characters. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n|\r|\n/g, '\\n');
}

/** A parameter's value in quotes, which cannot hold quotes (section 3.2). */
function quoted(text: string): string {
  return `"${printable(text)
    .replace(/\r\n|\r|\n/g, ' ')
    .replaceAll('"', "'")}"`;
}

function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what it takes away
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
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
