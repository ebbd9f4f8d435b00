/** What somebody who wants a table is asked first, with what most would answer. */

import { dayKey } from '../words/format.ts';

/** Guests that the sheet offers; more is said in words. */
export const MOST_GUESTS = 8;
export const USUAL_GUESTS = 2;

/** Days that the sheet offers. */
export const DAYS_SHOWN = 14;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** From this hour on nobody means today. */
const LATE_HOUR = 21;

/**
 * Noon of the days to choose from, in milliseconds: from today on, late in the evening from
 * tomorrow. A business that is closed then answers with its next times.
 */
export function offeredDays(nowMs: number): readonly number[] {
  const now = new Date(nowMs);
  const sinceMidnightMs =
    nowMs - new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const first = nowMs - sinceMidnightMs + 12 * HOUR_MS + (now.getHours() >= LATE_HOUR ? DAY_MS : 0);
  return Array.from({ length: DAYS_SHOWN }, (_, ahead) => first + ahead * DAY_MS);
}

/** `2026-11-27`, as a booking request has it. */
export function dayOfRequest(noonMs: number): string {
  return dayKey(noonMs);
}

/** What to call somebody who has not said: `anna.mueller` -> `Anna Mueller`. */
export function nameFromAccount(account: string): string {
  return account
    .split(/[._-]+/)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ');
}
