import { expect, test } from 'vitest';

import { lookalike } from '../../src/base/lookalike.ts';

test.each([
  ['Zur Linde', 'zur-linde'],
  ['Anna', 'АNNA'], // Cyrillic А
  ['anna', 'ａｎｎａ'],
  ['anna', 'Ánná'],
  ['paypal', 'раураӏ'],
  ['olga', '0lga'],
  ['mia', 'rnia'],
  ['ilse', 'llse'],
  ['Ilse', '1lse'],
  ['Straße', 'STRASSE'],
  ['cem', 'ϲem'],
  ['ben', 'b\u200be\u0301n'],
])('%j looks like %j', (one, other) => {
  expect(lookalike(one)).toBe(lookalike(other));
});

test.each([
  ['Zur Linde', 'Zur Eiche'],
  ['anna', 'anne'],
  ['ben', 'ben2'],
])('%j does not look like %j', (one, other) => {
  expect(lookalike(one)).not.toBe(lookalike(other));
});

test('signs alone look like nobody', () => {
  expect(lookalike(' …!-')).toBe('l'); // an exclamation mark stands in for a letter
  expect(lookalike(' … - ')).toBe('');
  expect(lookalike('')).toBe('');
});

test('names of other scripts keep apart', () => {
  expect(lookalike('寿司')).not.toBe(lookalike('蕎麦'));
  expect(lookalike('寿司')).not.toBe('');
});
