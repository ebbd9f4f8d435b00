/**
 * Opening hours as they are typed, and as the agent takes them. A span that closes before it opens
 * ends on the next day.
 */

import type { HolidaysView, HoursView, OpenSpanView } from '../sdk/protocol.ts';
import { clockText, DAY_MINUTES, isDate, minuteIn } from './local_time.ts';

/** ISO 3166-2 codes of the sixteen states, without the country. */
export const STATES = [
  ...['BW', 'BY', 'BE', 'BB', 'HB', 'HH', 'HE', 'MV'],
  ...['NI', 'NW', 'RP', 'SL', 'SN', 'ST', 'SH', 'TH'],
] as const;
export type StateCode = (typeof STATES)[number];

export interface TypedSpan {
  readonly key: number;
  readonly opens: string;
  readonly closes: string;
}

export interface TypedSpecial {
  readonly key: number;
  readonly date: string;
  readonly note: string;
  readonly spans: readonly TypedSpan[];
}

/** Hours while they are edited. `weekly`: Monday first. */
export interface TypedHours {
  readonly weekly: readonly (readonly TypedSpan[])[];
  readonly specials: readonly TypedSpecial[];
  readonly holidays: HolidaysView | null;
}

/** What is wrong with one span or special day. */
export type Mistake = 'time' | 'same' | 'overlap' | 'date' | 'twice';

let lastKey = 0;

/** A key that names one row of the editor for as long as it is there. */
export function newKey(): number {
  lastKey += 1;
  return lastKey;
}

export function typedSpan({ opensMinute, closesMinute }: OpenSpanView): TypedSpan {
  const closes = closesMinute === DAY_MINUTES ? '24:00' : clockText(closesMinute);
  return { key: newKey(), opens: clockText(opensMinute), closes };
}

export function typedHours({ weekly, specialDays, holidays }: HoursView): TypedHours {
  return {
    weekly: weekly.map((spans) => spans.map(typedSpan)),
    specials: specialDays.map(({ date, note, spans }) => ({
      key: newKey(),
      date,
      note,
      spans: spans.map(typedSpan),
    })),
    holidays,
  };
}

/** The span of two typed times; undefined when they are none. */
export function spanIn({ opens, closes }: TypedSpan): OpenSpanView | undefined {
  const [from, to] = [minuteIn(opens), minuteIn(closes)];
  if (from === undefined || to === undefined || from === DAY_MINUTES) {
    return undefined;
  }
  return { opensMinute: from, closesMinute: to <= from ? to + DAY_MINUTES : to };
}

/** Whether a span goes on after midnight. */
export function isPastMidnight(typed: TypedSpan): boolean {
  return (spanIn(typed)?.closesMinute ?? 0) > DAY_MINUTES;
}

/** What is wrong, by the key of the row it is wrong in. */
export function mistakesIn({ weekly, specials }: TypedHours): ReadonlyMap<number, Mistake> {
  const mistakes = new Map<number, Mistake>();
  for (const spans of [...weekly, ...specials.map((special) => special.spans)]) {
    checkSpans(spans, mistakes);
  }
  const dates = new Set<string>();
  for (const { key, date } of specials) {
    if (!isDate(date)) {
      mistakes.set(key, 'date');
    } else if (dates.has(date)) {
      mistakes.set(key, 'twice');
    }
    dates.add(date);
  }
  return mistakes;
}

function checkSpans(spans: readonly TypedSpan[], mistakes: Map<number, Mistake>): void {
  const read = spans.flatMap((typed) => {
    const span = spanIn(typed);
    if (span === undefined) {
      mistakes.set(typed.key, 'time');
      return [];
    }
    if (span.closesMinute - span.opensMinute === DAY_MINUTES && typed.opens === typed.closes) {
      mistakes.set(typed.key, 'same');
      return [];
    }
    return [{ key: typed.key, ...span }];
  });
  read.sort((one, other) => one.opensMinute - other.opensMinute);
  for (const [at, span] of read.entries()) {
    const before = read[at - 1];
    if (before !== undefined && before.closesMinute > span.opensMinute) {
      mistakes.set(span.key, 'overlap');
    }
  }
}

/** The hours as the agent takes them; undefined as long as something is wrong. */
export function hoursIn(typed: TypedHours): HoursView | undefined {
  if (mistakesIn(typed).size > 0) {
    return undefined;
  }
  const spans = (rows: readonly TypedSpan[]): readonly OpenSpanView[] =>
    rows
      .flatMap((row) => spanIn(row) ?? [])
      .sort((one, other) => one.opensMinute - other.opensMinute);
  return {
    weekly: typed.weekly.map(spans),
    specialDays: typed.specials
      .map(({ date, note, spans: rows }) => ({ date, note: note.trim(), spans: spans(rows) }))
      .sort((one, other) => (one.date < other.date ? -1 : 1)),
    holidays: typed.holidays,
  };
}
