/** Dates, spans and lengths as the business's pages write them. Dates are `2026-11-27`. */

import type { ProfileProblemView } from '../sdk/protocol.ts';
import type { BusinessWords } from './en_business.ts';
import type { Language } from './plural.ts';

const locale = (language: Language): string => (language === 'en' ? 'en-GB' : 'de-DE');

function dated(date: string, language: Language, options: Intl.DateTimeFormatOptions): string {
  const atMs = Date.parse(date);
  return Number.isNaN(atMs)
    ? date
    : new Intl.DateTimeFormat(locale(language), { ...options, timeZone: 'UTC' }).format(atMs);
}

/** `Friday, 27 November`. */
export function dayAndMonth(date: string, language: Language): string {
  return dated(date, language, { weekday: 'long', day: 'numeric', month: 'long' });
}

/** `Fri, 27 Nov`. */
export function shortDay(date: string, language: Language): string {
  return dated(date, language, { weekday: 'short', day: 'numeric', month: 'short' });
}

/** `27 Nov`. */
export function monthDay(date: string, language: Language): string {
  return dated(date, language, { day: 'numeric', month: 'short' });
}

/** `23–29 Nov`. */
export function rangeText(from: string, to: string, language: Language): string {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const options = { day: 'numeric', month: 'short', timeZone: 'UTC' } as const;
  return Number.isNaN(fromMs + toMs)
    ? `${from} – ${to}`
    : new Intl.DateTimeFormat(locale(language), options).formatRange(fromMs, toMs);
}

/** `Fri`. */
export function weekdayName(date: string, language: Language): string {
  return dated(date, language, { weekday: 'short' }).replace('.', '');
}

/** `27`. */
export function dayNumber(date: string): string {
  return String(Number(date.slice(8, 10)));
}

/** `12:00–14:30, 18:00–01:00`; what the business calls closed when there are none. */
export function spansText(
  spans: readonly { readonly opensMinute: number; readonly closesMinute: number }[],
  closed: string,
): string {
  const clock = (minute: number): string => {
    const within = minute === 1440 ? 1440 : minute % 1440;
    return [Math.floor(within / 60), within % 60]
      .map((part) => String(part).padStart(2, '0'))
      .join(':');
  };
  return spans.length === 0
    ? closed
    : spans
        .map(({ opensMinute, closesMinute }) => `${clock(opensMinute)}–${clock(closesMinute)}`)
        .join(', ');
}

/** `12 %`. */
export function shareText(share: number, language: Language): string {
  return new Intl.NumberFormat(locale(language), {
    style: 'percent',
    maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0,
  }).format(share);
}

/** `0,3 s`, `4 min`, `2 h`: how long an answer took. */
export function lengthText(seconds: number, language: Language, words: BusinessWords): string {
  const number = (value: number): string =>
    new Intl.NumberFormat(locale(language), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(
      value,
    );
  const { figures } = words;
  if (seconds < 60) {
    return figures.seconds(number(seconds));
  }
  return seconds < 3600
    ? figures.minutes(number(seconds / 60))
    : figures.hours(number(seconds / 3600));
}

/** What is wrong in a field of the public profile, and what to do. */
export function problemText(
  { field, most = 0, why }: ProfileProblemView,
  { formsOf, mistakes }: BusinessWords['profileForm'],
): string {
  switch (why) {
    case 'long':
    case 'many':
      return mistakes[why](most);
    case 'lacking':
      return field === 'imprint.street'
        ? formsOf.street
        : field === 'imprint.telephone'
          ? formsOf.contact
          : mistakes.lacking;
    case 'form':
      return formOf(field, formsOf) ?? mistakes.form;
    case 'missing':
    case 'line':
    case 'space':
    case 'hidden':
    case 'unknown':
    case 'twice':
    case 'order':
    case 'reach':
      return mistakes[why];
  }
}

function formOf(
  field: string,
  formsOf: BusinessWords['profileForm']['formsOf'],
): string | undefined {
  const part = field.slice(field.lastIndexOf('.') + 1);
  if (part === 'url' || part.endsWith('_url')) {
    return formsOf.url;
  }
  return part === 'email' || part === 'telephone' || part === 'postal_code' || part === 'vat_id'
    ? formsOf[part]
    : undefined;
}
