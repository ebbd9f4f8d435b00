import { describe, expect, test } from 'vitest';

import { compared, cutAround, holds } from '../../src/base/letters.ts';

const isFound = (text: string, words: string): boolean => holds(compared(text), compared(words));

test.each([
  ['Müller', 'muller'],
  ['Müller', 'mueller'],
  ['Müller', 'MÜLLER'],
  ['Mu\u0308ller', 'mueller'],
  ['Mueller', 'Müller'],
  ['Muller', 'muller'],
  ['Straße', 'strasse'],
  ['STRASSE', 'straße'],
  ['STRAẞE', 'strasse'],
  ['Café', 'cafe'],
  ['Cafe\u0301', 'café'],
  ['ﬁnally', 'finally'],
  ['aktuell', 'ell'],
  ['neuer Bauer', 'euer bau'],
  ['Привет', 'привет'],
  ['Größe', 'groesse'],
  ['日本語', '本'],
])('%s is found by %s', (text, words) => {
  expect(isFound(text, words)).toBe(true);
});

test.each([
  ['Mueller', 'muller'],
  ['neu', 'neue'],
  ['Masse', 'maß e'],
  ['aktuell', 'aktull'],
  ['', 'a'],
])('%s is not found by %s', (text, words) => {
  expect(isFound(text, words)).toBe(false);
});

test('what needs no second way is kept once', () => {
  const { short, long } = compared('Nothing special');
  expect([short, long]).toEqual(['nothing special', 'nothing special']);
  expect(compared('Übermut')).toEqual({ short: 'ubermut', long: 'uebermut' });
});

describe('a text is cut around a match', () => {
  test.each([
    ['Frau Müller kommt', 'muller', ['Frau ', 'Müller', ' kommt']],
    ['Frau Müller kommt', 'mueller', ['Frau ', 'Müller', ' kommt']],
    ['Frau Mueller kommt', 'müller', ['Frau ', 'Mueller', ' kommt']],
    ['Frau Mu\u0308ller kommt', 'MUELL', ['Frau ', 'Mu\u0308ll', 'er kommt']],
    ['\u0301 marks', 'marks', ['\u0301 ', 'marks', '']],
    ['in der Hauptstraße', 'strass', ['in der Haupt', 'straß', 'e']],
    ['ﬁnally', 'fin', ['', 'ﬁn', 'ally']],
    ['ﬁnally', 'f', ['', 'ﬁ', 'nally']],
    ['🎉🎉 Fest', 'fest', ['🎉🎉 ', 'Fest', '']],
    ['erst dann erst', 'erst', ['', 'erst', ' dann erst']],
  ])('%s by %s', (text, word, parts) => {
    expect(cutAround(text, word)).toEqual(parts);
    expect(parts.join('')).toBe(text);
  });

  test('unless it is not there', () => {
    expect(cutAround('Frau Müller', 'meier')).toBeUndefined();
    expect(cutAround('', 'a')).toBeUndefined();
    expect(cutAround('a', '')).toBeUndefined();
  });
});
