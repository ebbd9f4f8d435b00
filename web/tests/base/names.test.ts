/** A name that a stranger chose cannot turn, hide or push away what stands around it. */

import { expect, test } from 'vitest';

import { displayName, MAX_DISPLAY_CHARACTERS, MAX_MARKS } from '../../src/base/names.ts';
import { anyText, textOfPieces } from '../content/chance.ts';
import { forAll } from '../mls/random.ts';

const HIDDEN = /[\p{C}\p{Bidi_Control}\u2028\u2029\u3164\u115f\u1160\uffa0\u2800]|\u034f/u;

test.each([
  'Anna Käfer',
  'Zur Linde',
  'O’Brien-Smith, Jr.',
  '山田太郎',
  'محمد',
  'दीपक',
  'เสาวณีย์',
  'Nguyễn Thị Ánh',
  '👩🏽‍🍳 Lena',
  '👨‍👩‍👧‍👦',
  '❤️ 1️⃣',
  '🏳️‍🌈',
  '*bold* <b>',
])('%s stays as it is', (name) => {
  expect(displayName(name)).toBe(name.normalize('NFC'));
});

test.each([
  ['override', 'Anna \u202egnp.exe', 'Anna gnp.exe'],
  ['isolates', '\u2066a\u2069\u2067b\u2068', 'ab'],
  ['embedding', '\u202aa\u202bb\u202cc\u202d', 'abc'],
  ['marks of direction', '\u200ea\u200fb\u061c', 'ab'],
  ['zero width', 'An\u200bn\u200ca\ufeff\u2060', 'Anna'],
  ['soft hyphen', 'An\u00adna', 'Anna'],
  ['tags', 'Anna\u{e0041}\u{e007f}', 'Anna'],
  ['variation selectors', 'A\ufe0fn\ufe00n\u{e0100}a', 'Anna'],
  ['fillers of Hangul', '\u3164An\u115fna\uffa0', 'Anna'],
  ['blank Braille', '\u2800Anna', 'Anna'],
  ['controls', 'A\x00n\x1bn\x7fa\x9b', 'Anna'],
  ['interlinear notes', 'A\ufff9n\ufffana', 'Anna'],
  ['private', 'A\ue000nna', 'Anna'],
  ['half a surrogate pair', 'An\ud800na', 'An\ufffdna'],
  ['lines', 'Anna\n\n\tKäfer\u2028x\u2029y', 'Anna Käfer x y'],
  ['all kinds of spaces', '\u00a0 Anna \u3000\u2003 K ', 'Anna K'],
  ['a space that is hidden', 'Anna \u200b \u200b K', 'Anna K'],
  ['a mark without a letter', '\u0301Anna \u0301\u0302x', 'Anna x'],
  ['a joiner between letters', 'a\u200db', 'ab'],
  ['a joiner at the end', '👍\u200d', '👍'],
  ['a joiner before a letter', '👍\u200da', '👍a'],
  ['a style without an emoji', '1\ufe0f2', '12'],
])('%s', (_, claimed, shown) => {
  expect(displayName(claimed)).toBe(shown);
});

test('decomposed letters are composed', () => {
  expect(displayName('Ka\u0308fer')).toBe('Käfer');
  expect(displayName('a\u200b\u0308')).toBe('ä');
});

test('a tower of marks is cut to what scripts use', () => {
  expect(displayName(`x${'\u0335'.repeat(500)}y`)).toBe(`x${'\u0335'.repeat(MAX_MARKS)}y`);
  expect(displayName('\u0301'.repeat(200), 'anna')).toBe('anna');
});

test('what nothing is left of has the name that it falls back to', () => {
  for (const nothing of ['', ' ', '\u200b\u202e', '\x00', '\u3164', '\u0301', '\ufe0f', '\n']) {
    expect(displayName(nothing, 'anna')).toBe('anna');
    expect(displayName(nothing, nothing)).toBe('?');
    expect(displayName(nothing)).toBe('?');
  }
  expect(displayName('', ' a\u202eb ')).toBe('ab');
});

test('a long name is cut, and one can see it', () => {
  const longest = 'x'.repeat(MAX_DISPLAY_CHARACTERS);
  expect(displayName(longest)).toBe(longest);
  expect(displayName(`${longest}y`)).toBe(`${'x'.repeat(MAX_DISPLAY_CHARACTERS - 1)}…`);
  expect(displayName(`${'x'.repeat(MAX_DISPLAY_CHARACTERS - 2)} yz`)).toBe(
    `${'x'.repeat(MAX_DISPLAY_CHARACTERS - 2)}…`,
  );
  expect(Array.from(displayName('🙂'.repeat(1000)))).toHaveLength(MAX_DISPLAY_CHARACTERS);
  expect(displayName('👩‍'.repeat(1000))).toMatch(/👩…$/u);
});

test('what hides beyond a megabyte of nothing is no name', () => {
  expect(displayName('\u200b'.repeat(1_000_000) + 'Anna', 'ben')).toBe('ben');
  expect(displayName('Anna' + '\u200b'.repeat(1_000_000))).toBe('Anna…');
  expect(displayName('x' + '\u0301'.repeat(1_000_000)).length).toBeLessThan(10);
});

const PIECES = [
  ...['a', 'Z', 'ä', 'e\u0301', '\u0301', '\u0335', ' ', '\n', '\u00a0', '👩', '🏽', '🍳', '❤'],
  ...['\u200d', '\ufe0f', '1', '\u20e3', '\u202e', '\u2066', '\u200b', 'א', 'ح', '한', '\u1112'],
  ...[
    '\u{1fad9}',
    '\u{1faff}',
    '\u{1fc00}',
    '\u1161',
    '\u11ab',
    '\u0fb2',
    '\u0f71',
    '\ud83d',
    '\u034f',
    '\u3164',
    '…',
    '@',
    '.',
  ],
];

test('whatever is claimed, the name is one line of visible characters and then stays', () => {
  forAll(3000, (chance) => {
    const claimed = chance.pick([anyText(chance, 100), textOfPieces(chance, PIECES, 90)]);
    const shown = displayName(claimed);
    expect(shown).not.toBe('');
    expect(shown).toBe(shown.trim());
    expect(Array.from(shown).length).toBeLessThanOrEqual(MAX_DISPLAY_CHARACTERS);
    expect(shown.replaceAll('\u200d', '')).not.toMatch(HIDDEN);
    expect(shown).not.toMatch(/ {2}|^\p{M}|\p{M}{8}/u);
    expect(shown.isWellFormed()).toBe(true);
    expect(displayName(shown)).toBe(shown);
  });
});
