import { expect, test } from 'vitest';

import {
  hoursIn,
  isPastMidnight,
  mistakesIn,
  newKey,
  spanIn,
  STATES,
  typedHours,
  typedSpan,
  type TypedHours,
} from '../../src/models/hours.ts';
import { house } from './house.ts';

const { hours } = house().view;
const span = (opens: string, closes: string) => ({ key: newKey(), opens, closes });
const week = (...monday: readonly ReturnType<typeof span>[]): TypedHours => ({
  weekly: [monday, [], [], [], [], [], []],
  specials: [],
  holidays: null,
});

test('hours that are typed back are the same', () => {
  expect(hoursIn(typedHours(hours))).toEqual(hours);
});

test('there are sixteen states', () => {
  expect(new Set(STATES).size).toBe(16);
});

test('a span that closes before it opens ends on the next day', () => {
  expect(spanIn(span('18:00', '23:30'))).toEqual({ opensMinute: 1080, closesMinute: 1410 });
  expect(spanIn(span('18:00', '2:00'))).toEqual({ opensMinute: 1080, closesMinute: 1560 });
  expect(spanIn(span('18:00', '24:00'))).toEqual({ opensMinute: 1080, closesMinute: 1440 });
  expect(spanIn(span('18:00', '0:00'))).toEqual({ opensMinute: 1080, closesMinute: 1440 });
  expect(isPastMidnight(span('18:00', '2:00'))).toBe(true);
  expect(isPastMidnight(span('18:00', '24:00'))).toBe(false);
  expect(isPastMidnight(span('x', 'y'))).toBe(false);
});

test('what is no time is no span', () => {
  for (const [opens, closes] of [
    ['', '20:00'],
    ['18:00', ''],
    ['abends', '20:00'],
    ['18:00', '25:00'],
    ['24:00', '2:00'],
  ] as const) {
    expect(spanIn(span(opens, closes)), `${opens}-${closes}`).toBeUndefined();
  }
});

test('a span is typed as it stands on the door', () => {
  expect(typedSpan({ opensMinute: 690, closesMinute: 900 })).toMatchObject({
    opens: '11:30',
    closes: '15:00',
  });
  expect(typedSpan({ opensMinute: 1080, closesMinute: 1560 }).closes).toBe('02:00');
  expect(typedSpan({ opensMinute: 1080, closesMinute: 1440 }).closes).toBe('24:00');
});

test('mistakes are named where they are', () => {
  const [good, wrong, same] = [span('9', '12'), span('x', '12'), span('13:00', '13:00')];
  const found = mistakesIn(week(good, wrong, same));
  expect([...found]).toEqual([
    [wrong.key, 'time'],
    [same.key, 'same'],
  ]);
});

test('spans of one day do not overlap, in whichever order they are typed', () => {
  const [evening, noon, late] = [span('17:00', '23:00'), span('11:00', '17:00'), span('22', '2')];
  expect(mistakesIn(week(evening, noon)).size).toBe(0);
  expect([...mistakesIn(week(late, evening, noon))]).toEqual([[late.key, 'overlap']]);
});

test('special days exist, each once', () => {
  const special = (date: string) => ({ key: newKey(), date, note: '', spans: [] });
  const specials = ['2026-12-24', '2026-02-30', '2026-12-24', ''].map(special);
  const found = mistakesIn({ ...week(), specials });
  expect(specials.map(({ key }) => found.get(key))).toEqual([undefined, 'date', 'twice', 'date']);
  expect(hoursIn({ ...week(), specials })).toBeUndefined();
});

test('spans and special days are handed on in order', () => {
  const special = (date: string, note: string) => ({
    key: newKey(),
    date,
    note,
    spans: [span('18', '20'), span('9', '10')],
  });
  const typed = {
    ...week(span('17', '23'), span('11', '14')),
    specials: [special('2026-12-31', ' Silvester '), special('2026-12-24', '')],
  };
  const read = hoursIn(typed);
  expect(read?.weekly[0]?.map(({ opensMinute }) => opensMinute)).toEqual([660, 1020]);
  expect(read?.specialDays.map(({ date, note }) => [date, note])).toEqual([
    ['2026-12-24', ''],
    ['2026-12-31', 'Silvester'],
  ]);
  expect(read?.specialDays[0]?.spans[0]?.opensMinute).toBe(540);
});
