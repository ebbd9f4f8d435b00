/**
 * Times as they stand on the wall of a business: dates like `2026-11-27` and minutes since their
 * midnight, which may pass 1440. What the clock skips or shows twice in a night of summer time is
 * said at `momentOf`.
 */

import { dayKey } from '../words/format.ts';

const DAY_MS = 86_400_000;
export const DAY_MINUTES = 1440;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The formatter of a zone, made once. */
function clockOf(zone: string): Intl.DateTimeFormat {
  let made = clocks.get(zone);
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZone: zone,
    });
    clocks.set(zone, made);
  }
  return made;
}

/** Days from one date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whether a text is a date that exists. */
export function isDate(text: string): boolean {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().slice(0, 10) === text;
}

/** 0 for a Monday. */
export function weekdayOf(date: string): number {
  return (new Date(date).getUTCDay() + 6) % 7;
}

/** Monday to Sunday of the week of a date. */
export function weekOf(date: string): readonly string[] {
  const monday = addDays(date, -weekdayOf(date));
  return Array.from({ length: 7 }, (_, at) => addDays(monday, at));
}

/** The date at a moment. */
export function dateAt(atS: number, zone: string): string {
  return dayKey(atS * 1000, zone);
}

/** What the clock shows at a moment, in minutes since midnight of `date`. */
export function minuteAt(atS: number, date: string, zone: string): number {
  const parts = clockOf(zone).formatToParts(atS * 1000);
  const part = (type: string): number =>
    Number(parts.find((one) => one.type === type)?.value ?? '0');
  return daysBetween(date, dateAt(atS, zone)) * DAY_MINUTES + part('hour') * 60 + part('minute');
}

/**
 * The moment at which the clock shows this minute of `date`. Of one that it shows twice, the first;
 * of one that it skips, the one as long after the jump.
 */
export function momentOf(date: string, minute: number, zone: string): number {
  const guessS = Date.parse(date) / 1000 + minute * 60;
  const [before, after] = [-1, 1].map((days) => {
    const nearS = guessS + (days * DAY_MS) / 1000;
    return Date.parse(date) / 1000 + minuteAt(nearS, date, zone) * 60 - nearS;
  });
  const candidates = [before ?? 0, after ?? 0].map((offsetS) => guessS - offsetS);
  const right = candidates.filter((atS) => minuteAt(atS, date, zone) === minute);
  return right.length > 0 ? Math.min(...right) : guessS - (before ?? 0);
}

/** `19:30`; minutes past midnight begin at `00:00` again. */
export function clockText(minute: number): string {
  const within = ((minute % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  return `${padded(Math.floor(within / 60))}:${padded(within % 60)}`;
}

/** The minute that `7:30`, `07.30`, `730`, `7` or `24:00` names; undefined for anything else. */
export function minuteIn(text: string): number | undefined {
  const found =
    /^(\d{1,2})(?:[:.h](\d\d))?$/.exec(text.trim()) ?? /^(\d{1,2})(\d\d)$/.exec(text.trim());
  const [, hours = '', minutes = '0'] = found ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return found === null || Number(minutes) > 59 || minute > DAY_MINUTES ? undefined : minute;
}

function padded(number: number): string {
  return String(number).padStart(2, '0');
}
