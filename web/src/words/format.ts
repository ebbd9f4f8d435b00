/** Dates, times, sizes and spans, as the spoken language writes them. */

import type { Words } from './en.ts';
import type { Language } from './plural.ts';

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The formatter, made once: making one takes longer than using it a hundred times. */
function format(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = language === 'en' ? 'en-GB' : 'de-DE';
  const key = locale + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(locale, options);
    formats.set(key, made);
  }
  return made;
}

/** A zone that this browser knows, else UTC: cards come from strangers. */
export function knownZone(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return 'UTC';
  }
}

/** `19:30`. */
export function timeOf(atMs: number, language: Language, zone?: string): string {
  return format(language, { hour: '2-digit', minute: '2-digit', ...zoned(zone) }).format(atMs);
}

/** Calendar days from `nowMs` to `atMs` on the wall here: 0 today, -1 yesterday. */
export function daysAway(atMs: number, nowMs: number): number {
  return Math.round((midnight(atMs) - midnight(nowMs)) / DAY_MS);
}

/** `Today`, `Yesterday`, `Tuesday`, `Friday, 27 November`; with the year when it is another. */
export function dayOf(atMs: number, nowMs: number, language: Language): string {
  const away = daysAway(atMs, nowMs);
  if (away === 0 || away === -1) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(away, 'day');
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  if (away < 0 && away > -7) {
    return format(language, { weekday: 'long' }).format(atMs);
  }
  const sameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return format(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(atMs);
}

/** When something was: the time, with the day before it unless it was today. */
export function sinceOf(atMs: number, nowMs: number, language: Language): string {
  const time = timeOf(atMs, language);
  return daysAway(atMs, nowMs) === 0 ? time : `${dayOf(atMs, nowMs, language)}, ${time}`;
}

/** For a row of the list: the time today, the weekday this week, else the date. */
export function shortOf(atMs: number, nowMs: number, language: Language): string {
  const away = daysAway(atMs, nowMs);
  if (away === 0) {
    return timeOf(atMs, language);
  }
  if (away === -1) {
    return dayOf(atMs, nowMs, language);
  }
  if (away < 0 && away > -7) {
    return format(language, { weekday: 'short' }).format(atMs);
  }
  return format(language, { day: '2-digit', month: '2-digit', year: '2-digit' }).format(atMs);
}

/** `Friday, 27 November 2026` and `19:30`, at a card's place. */
export function longDay(atMs: number, language: Language, zone: string): string {
  return format(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    ...zoned(zone),
  }).format(atMs);
}

/** `27 November`, for a list of devices. */
export function dateOf(atMs: number, language: Language): string {
  return format(language, { day: 'numeric', month: 'long', year: 'numeric' }).format(atMs);
}

/** `Fri 27`, `27` and `Nov`: a day as a tab. */
export function dayTab(atMs: number, language: Language, zone: string): readonly [string, string] {
  return [
    format(language, { weekday: 'short', ...zoned(zone) })
      .format(atMs)
      .replace('.', ''),
    format(language, { day: 'numeric', month: 'short', ...zoned(zone) }).format(atMs),
  ];
}

/** The same for all moments of one day at a place, or here: `2026-11-27`. */
export function dayKey(atMs: number, zone?: string): string {
  if (zone === undefined) {
    const day = new Date(atMs); // every message is asked for its day: Intl is ten times slower
    return `${day.getFullYear()}-${padded(day.getMonth() + 1)}-${padded(day.getDate())}`;
  }
  const parts = format('en', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    ...zoned(zone),
  }).formatToParts(atMs);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** `in 3 hours`, `in 20 minutes`: how long until something disappears. */
export function until(atMs: number, nowMs: number, language: Language): string {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const seconds = Math.max(0, Math.round((atMs - nowMs) / 1000));
  if (seconds < 60) {
    return relative.format(seconds, 'second');
  }
  if (seconds < 3600) {
    return relative.format(Math.round(seconds / 60), 'minute');
  }
  if (seconds < 86_400) {
    return relative.format(Math.round(seconds / 3600), 'hour');
  }
  return relative.format(Math.round(seconds / 86_400), 'day');
}

/** `2 hours`, `1 week`: the largest unit that fits exactly. */
export function spanOf(seconds: number, words: Words): string {
  const { span } = words;
  const units = [
    [604_800, span.weeks],
    [86_400, span.days],
    [3600, span.hours],
    [60, span.minutes],
  ] as const;
  for (const [size, say] of units) {
    if (seconds >= size && seconds % size === 0) {
      return say(seconds / size);
    }
  }
  return span.seconds(seconds);
}

/** `1,4 MB`. */
export function sizeOf(bytes: number, language: Language): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

/** `1:05`: minutes and seconds of a voice note. */
export function clockOf(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function zoned(zone: string | undefined): Intl.DateTimeFormatOptions {
  return zone === undefined ? {} : { timeZone: zone };
}

function padded(number: number): string {
  return String(number).padStart(2, '0');
}

function midnight(atMs: number): number {
  const day = new Date(atMs);
  return Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
}
