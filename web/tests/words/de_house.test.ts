import { expect, test } from 'vitest';

import { STATES } from '../../src/models/hours.ts';
import { deHouse } from '../../src/words/de_house.ts';

test('every state has a name, every weekday too', () => {
  expect(Object.keys(deHouse.hours.states).sort()).toEqual([...STATES].sort());
  expect(deHouse.hours.weekdays[0]).toBe('Montag');
  expect(deHouse.hours.weekdays).toHaveLength(7);
});

test('numbers are said in their forms', () => {
  expect(deHouse.guests.noShows(1)).toBe('einmal nicht gekommen');
  expect(deHouse.guests.noShows(3)).toBe('3-mal nicht gekommen');
  expect(deHouse.waiting.since(1)).toBe('seit 1 Minute');
  expect(deHouse.figures.returning(1)).toBe('1 kam wieder');
});
