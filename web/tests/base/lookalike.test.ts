import { expect, test } from 'vitest';

import { looksOf } from '../../src/base/lookalike.ts';

function areAlike(one: string, other: string): boolean {
  const looks = looksOf(other);
  return [...looksOf(one)].some((look) => looks.has(look));
}

test.each([
  ['Zur Linde', 'zur-linde'],
  ['Zur Linde', 'Zur Linde!'],
  ['Zur Linde', '!!Zur Linde!!'],
  ['Zur Linde', 'Zur Linde |'],
  ['Zur Linde', 'Zur L!nde'],
  ['Zur Linde', 'Zur L!nde!'],
  ['Anna', 'ΑΝΝΑ'], // Greek
  ['Anna', 'А NNA'], // Cyrillic А, a word of its own
  ['anna', 'ａｎｎａ'],
  ['anna', 'Ánná'],
  ['Anna', 'Annaʼ'], // U+02BC
  ['Anna', 'An\u3164na'], // a letter that nobody sees
  ['Zum', 'Ζ um'], // Greek Zeta, a word of its own
  ['paypal', 'раураӏ'],
  ['Rosa', 'Ro$a'],
  ['olga', '0lga'],
  ['mia', 'rnia'],
  ['ilse', 'llse'],
  ['Ilse', '1lse'],
  ['Ilse', '!lse'],
  ['Anni', 'Ann!'],
  ['Straße', 'STRASSE'],
  ['Βήτα', 'ΒΗΤΑ'],
  ['Νίκος', 'ΝΙΚΟΣ'],
  ['cem', 'сем'],
  ['ben', 'b\u200be\u0301n'],
])('%j looks like %j', (one, other) => {
  expect(areAlike(one, other)).toBe(true);
});

test.each([
  ['Zur Linde', 'Zur Eiche'],
  ['anna', 'anne'],
  ['ben', 'ben2'],
  ['寿司', '蕎麦'],
])('%j does not look like %j', (one, other) => {
  expect(areAlike(one, other)).toBe(false);
});

test.each([
  '寿司',
  'ラーメンABC',
  '비빔밥',
  'Ольга',
  'Νίκος',
  'مطعم ٣',
  'Łódź',
  'Smørrebrød',
  'Bar 7',
])('%j has a look', (name) => {
  expect(looksOf(name).size).toBeGreaterThan(0);
});

test.each([
  'АNNA', // Cyrillic А
  'AΝΝA', // Greek Nu
  'Ζum Löwen', // Greek Zeta
  'ϲem', // Greek lunate sigma
  'Ꭺnna', // Cherokee
  'ꓮꓠꓠꓮ', // Lisu
  'ᴀnna',
  'ɑnna',
  'Annaǃ', // a click
  'o٥a', // an Arabic digit
])('%j cannot be judged', (name) => {
  expect(looksOf(name)).toEqual(new Set());
});

test('signs alone look like nobody', () => {
  for (const name of [' …!-', ' … - ', '!', '']) {
    expect(looksOf(name)).toEqual(new Set());
  }
});

test('a name of nothing but stand-ins is not compared for ever', () => {
  expect(looksOf(`Anna${'!$'.repeat(200)}`)).toEqual(new Set());
});
