/** Opening hours in words of a clock. */

import type { ProfileView, SpanView, WordingView } from '../sdk/protocol.ts';

const MINUTES_A_DAY = 1_440;

/** `11:30–14:30`; a minute of the next day as the wall clock shows it. */
export function spanText([opens, closes]: SpanView): string {
  return `${clockTime(opens)}–${clockTime(closes)}`;
}

function clockTime(minute: number): string {
  const within = minute % MINUTES_A_DAY;
  const [hours, minutes] = [Math.floor(within / 60), within % 60];
  return [hours, minutes].map((part) => String(part).padStart(2, '0')).join(':');
}

/** In this language if there is one, else in the other. */
export function inLanguage({ de, en }: WordingView, language: 'de' | 'en'): string {
  return language === 'de' ? de || en : en || de;
}

/** The special days from a date on (as in 2026-12-24), the nearest ones first. */
export function comingDays(
  { specialDays }: ProfileView,
  today: string,
  most: number,
): ProfileView['specialDays'] {
  return specialDays.filter(({ date }) => date >= today).slice(0, most);
}
