/** Which days and times of day exist (proleptic Gregorian, years 1 to 9999). */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether `2026-12-24` is a day of the calendar. */
export function isDate(text: string): boolean {
  const [year, month, day] = numbers(text, '-');
  return year >= 1 && day >= 1 && day <= daysIn(year, month);
}

/** Whether `19:00` is a time of day. */
export function isTime(text: string): boolean {
  const [hour, minute] = numbers(text, ':');
  return hour < 24 && minute < 60;
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS[month - 1] ?? 0) + (isLeap && month === 2 ? 1 : 0);
}

function numbers(text: string, separator: string): [number, number, number] {
  const [first, second, third] = text.split(separator, 3).map(Number);
  return [first ?? NaN, second ?? NaN, third ?? NaN];
}
