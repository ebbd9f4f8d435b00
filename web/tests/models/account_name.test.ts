import { expect, test } from 'vitest';

import { parseName } from '../../src/base/ids.ts';
import { accountName, alternatives, MAX_NAME_CHARACTERS } from '../../src/models/account_name.ts';

test.each([
  ['Anna Müller', 'anna.mueller'],
  ['  Anna   Müller  ', 'anna.mueller'],
  ['anna', 'anna'],
  ['ANNA_99', 'anna_99'],
  ['Jean-Luc Picard', 'jean-luc.picard'],
  ['Zoë Großmann', 'zoe.grossmann'],
  ["Seán O'Brien", 'sean.o.brien'],
  ['Łukasz Ångström', 'lukasz.angstroem'],
  ['Ольга Петрова', 'olga.petrova'],
  ['Щукин Ёжиков', 'shchukin.ezhikov'],
  ['Νίκος', 'nikos'],
  ['Ülkü Şahin', 'uelkue.sahin'],
  ['anna@example.org', 'annaexample.org'],
  ['...anna...', 'anna'],
  ['a..--__b', 'a.b'],
  ['😀 Anna 😀', 'anna'],
  ['Anna\u202emülleR', 'annamueller'],
  ['', ''],
  ['   ', ''],
  ['😀', ''],
  ['山田', ''],
  ['-', ''],
])('%j becomes %j', (written, name) => {
  expect(accountName(written)).toBe(name);
});

test('whatever is written, the name is valid or empty', () => {
  const pieces = [
    'Ä',
    'ß',
    '.',
    '-',
    '_',
    ' ',
    'x',
    '9',
    '\u0301',
    '\u200d',
    '😀',
    '/',
    '@',
    'Я',
    '\n',
  ];
  for (let seed = 0; seed < 3000; seed += 1) {
    let state = seed * 2654435761;
    let written = '';
    for (let at = 0; at < seed % 60; at += 1) {
      state = (state * 1103515245 + 12345) % 2147483648;
      written += pieces[state % pieces.length] ?? '';
    }
    const name = accountName(written);
    expect(name.length).toBeLessThanOrEqual(MAX_NAME_CHARACTERS);
    if (name !== '') {
      expect(parseName(name)).toBe(name);
    }
  }
});

test('a long name is cut to a valid one', () => {
  const name = accountName(`${'a'.repeat(31)}.${'b'.repeat(60)}`);
  expect(name).toBe('a'.repeat(31));
  expect(parseName(name)).toBe(name);
});

test('there are others when it is taken, all valid, none twice', () => {
  for (const written of ['Anna Müller', 'Anna', 'x', 'A B C', 'a'.repeat(40)]) {
    const name = accountName(written);
    const found = alternatives(name, written, 2026);
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(new Set(found).size).toBe(found.length);
    expect(found).not.toContain(name);
    for (const one of found) {
      expect(parseName(one)).toBe(one);
    }
  }
});

test('the likeliest come first', () => {
  expect(alternatives('anna.mueller', 'Anna Müller', 2026).slice(0, 4)).toEqual([
    'anna.m',
    'a.mueller',
    'mueller.anna',
    'anna.mueller.26',
  ]);
});
