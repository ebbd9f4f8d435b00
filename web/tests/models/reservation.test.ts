import { expect, test } from 'vitest';

import {
  dayOfRequest,
  DAYS_SHOWN,
  nameFromAccount,
  offeredDays,
} from '../../src/models/reservation.ts';

const at = (hour: number, day = 27): number => new Date(2026, 10, day, hour, 30).getTime();

test('the days begin with today', () => {
  const days = offeredDays(at(9));
  expect(days).toHaveLength(DAYS_SHOWN);
  expect(days.map(dayOfRequest).slice(0, 3)).toEqual(['2026-11-27', '2026-11-28', '2026-11-29']);
});

test('just after midnight it is the new day', () => {
  expect(offeredDays(at(0)).map(dayOfRequest)[0]).toBe('2026-11-27');
});

test('late in the evening nobody means today', () => {
  expect(offeredDays(at(20)).map(dayOfRequest)[0]).toBe('2026-11-27');
  expect(offeredDays(at(21)).map(dayOfRequest)[0]).toBe('2026-11-28');
});

test('no day is left out or twice where clocks are changed', () => {
  for (const month of [2, 9]) {
    const days = offeredDays(new Date(2026, month, 20, 10).getTime()).map(dayOfRequest);
    expect(new Set(days).size).toBe(DAYS_SHOWN);
    expect(days.at(-1)).toBe(`2026-${month === 2 ? '04-02' : '11-02'}`);
  }
});

test.each([
  ['anna.mueller', 'Anna Mueller'],
  ['cem', 'Cem'],
  ['zur-linde_2', 'Zur Linde 2'],
  ['', ''],
])('%s is called %s', (account, name) => {
  expect(nameFromAccount(account)).toBe(name);
});
