import { expect, test } from 'vitest';

import { STATES } from '../../src/models/hours.ts';
import { enHouse } from '../../src/words/en_house.ts';

test('every state has a name, every weekday too', () => {
  expect(Object.keys(enHouse.hours.states).sort()).toEqual([...STATES].sort());
  expect(enHouse.hours.weekdays).toHaveLength(7);
});

test('waiting times are said as people say them', () => {
  expect(enHouse.waiting.estimated(0)).toBe('next');
  expect(enHouse.waiting.estimated(1)).toBe('about 1 minute');
  expect(enHouse.waiting.since(-1)).toBe('just now');
  expect(enHouse.waiting.since(12)).toBe('for 12 minutes');
});

test('erasing says what goes and what stays', () => {
  expect(enHouse.guests.eraseLong).toContain('Nobody can bring them back');
});
