import { expect, test } from 'vitest';

import { comparePlaces, type Place } from '../../src/base/place.ts';

test('time goes before the place in the log, and that before the place in the vault', () => {
  const sorted: readonly Place[] = [
    [1, 9, 9],
    [2, 1, 9],
    [2, 2, 1],
    [2, 2, 3],
    [10, 0, 0],
  ];
  expect([...sorted].reverse().sort(comparePlaces)).toEqual(sorted);
  expect(comparePlaces([1, 2, 3], [1, 2, 3])).toBe(0);
});
