import { expect, test } from 'vitest';

import { lists, plurals } from '../../src/words/plural.ts';

test('one is one, everything else is many', () => {
  const n = plurals('en');
  const forms = { one: '# message', other: '# messages' };
  expect([0, 1, 2, 11].map((count) => n(count, forms))).toEqual([
    '0 messages',
    '1 message',
    '2 messages',
    '11 messages',
  ]);
});

test('numbers are written as the language writes them', () => {
  expect(plurals('de')(12_345, { one: '#', other: '#' })).toBe('12.345');
  expect(plurals('en')(12_345, { one: '#', other: '#' })).toBe('12,345');
});

test('so are lists', () => {
  expect(lists('de')(['Anna', 'Ben', 'Cem'])).toBe('Anna, Ben und Cem');
  expect(lists('en')(['Anna', 'Ben'])).toBe('Anna and Ben');
  expect(lists('en')([])).toBe('');
});
