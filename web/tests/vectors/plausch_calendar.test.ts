/** spec/vectors/calendar.json is what this language writes, in its own words. */

import { expect, test } from 'vitest';

import { type BookingView, calendarFile } from '../../src/models/calendar_file.ts';
import { timeZoneLines } from '../../src/models/zone_rules.ts';
import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { knownZone } from '../../src/words/format.ts';
import { specVectors } from './spec.ts';

interface Cases {
  readonly files: readonly {
    readonly name: string;
    readonly language: 'de' | 'en';
    readonly booking: Omit<BookingView, 'kind' | 'actions'>;
    readonly organizer: string;
    readonly attendee: string;
    readonly madeS: number;
    readonly summary: string;
    readonly description: string;
    readonly file: string;
  }[];
  readonly zones: readonly {
    readonly zone: string;
    readonly firstYear: number;
    readonly lastYear: number;
    readonly lines: readonly string[];
  }[];
}

const CASES = specVectors('calendar') as Cases;
const WORDS = { de, en };

test.each(CASES.files)('$name is the published file', (published) => {
  const booking: BookingView = { kind: 'booking', actions: [], ...published.booking };
  const { summary, description } = published;
  const { organizer, attendee, madeS } = published;
  const zone = knownZone(booking.zone);
  const people = { organizer, attendee };
  const file = calendarFile(booking, { summary, description }, people, zone, madeS * 1000);
  expect(file).toBe(published.file);
});

test.each(CASES.files)('$name is said in the same words', ({ language, booking, ...published }) => {
  const say = WORDS[language].card;
  expect(say.table(booking.business)).toBe(published.summary);
  const under = booking.underName === '' ? [] : [say.under(booking.underName)];
  expect([say.party(booking.party), ...under].join('\n')).toBe(published.description);
});

test.each(CASES.zones)('$zone has the published rules', ({ zone, firstYear, lastYear, lines }) => {
  expect(timeZoneLines(zone, firstYear, lastYear)).toEqual(lines);
});
