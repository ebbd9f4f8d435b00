import { expect, test } from 'vitest';

import { en } from '../../src/words/en.ts';
import { sentencesIn } from './catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  for (const { path, text } of sentencesIn(en)) {
    expect(text.trim(), path).not.toBe('');
    expect(text, path).not.toMatch(/undefined|NaN|\[object|#(?!\d)/);
    expect(text, path).toBe(text.trim());
  }
});

test('it is English', () => {
  for (const { path, text } of sentencesIn(en)) {
    expect(text, path).not.toMatch(/\b(?:und|nicht|oder|ist|wird|dein)\b/i);
  }
});

test('quotes and apostrophes are typographic where people read them', () => {
  for (const { path, text } of sentencesIn(en)) {
    expect(text, path).not.toMatch(/"|\.\.\./);
  }
});
