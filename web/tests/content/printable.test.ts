/** What is one line of visible characters, and how long it is. */

import { expect, test } from 'vitest';

import { isPrintable, lengthOf } from '../../src/content/printable.ts';
import { forAll } from '../mls/random.ts';
import { anyText } from './chance.ts';

test.each(['', ' ', 'a b', 'Käfer', '山', '🙂', '❤️', 'a\u0301', '<>&"', '\u00b7', 'א'])(
  '%j is printable',
  (text) => {
    expect(isPrintable(text)).toBe(true);
  },
);

test.each([
  ...['\n', '\t', '\x00', '\x7f', '\x85', '\u00a0', '\u00ad', '\u200b', '\u200d', '\u2028'],
  ...['\u2029', '\u202e', '\u2066', '\u3000', '\ufeff', '\ue000', '\ud800', '\u0378', '\u{e0041}'],
])('%j is not', (text) => {
  expect(isPrintable(text)).toBe(false);
  expect(isPrintable(`a ${text}b`)).toBe(false);
});

test('each character counts once, however it is stored', () => {
  forAll(200, (chance) => {
    const text = anyText(chance, 50);
    expect(lengthOf(text)).toBe(Array.from(text).length);
  });
  expect(lengthOf('\ud83d')).toBe(1);
  expect(lengthOf('🙂'.repeat(1000))).toBe(1000);
});
