import { expect, test } from 'vitest';

import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { sentencesIn } from './catalogue.ts';

/** The same in both languages, and rightly so. */
const SAME: ReadonlySet<string> = new Set([
  'app.name',
  'conversation.details',
  'settings.languages.de',
  'settings.languages.en',
  'shortcuts.rows.2.0',
]);

test('both languages have the same places', () => {
  const paths = (part: unknown): readonly string[] => sentencesIn(part).map(({ path }) => path);
  expect(paths(de).filter((path) => !/\.rows\.|learns|cannots/.test(path))).toEqual(
    paths(en).filter((path) => !/\.rows\.|learns|cannots/.test(path)),
  );
  expect(de.privacy.learns).toHaveLength(en.privacy.learns.length);
  expect(de.privacy.cannots).toHaveLength(en.privacy.cannots.length);
  expect(de.shortcuts.rows).toHaveLength(en.shortcuts.rows.length);
  expect(de.emoji.groups).toHaveLength(en.emoji.groups.length);
});

test('nothing is empty, and nothing is left to be filled in', () => {
  for (const { path, text } of sentencesIn(de)) {
    expect(text.trim(), path).not.toBe('');
    expect(text, path).not.toMatch(/undefined|NaN|\[object|#(?!\d)|"|\.\.\./);
  }
});

test('long sentences are translated', () => {
  const english = new Map(sentencesIn(en).map(({ path, text }) => [path, text]));
  const same = sentencesIn(de)
    .filter(({ path, text }) => english.get(path) === text && text.length > 12 && !SAME.has(path))
    .map(({ path }) => path);
  expect(same).toEqual([]);
});

test('it speaks to people as du', () => {
  for (const { path, text } of sentencesIn(de)) {
    expect(text, path).not.toMatch(/\b(?:Ihnen|Ihre[mnrs]?|können Sie|wählen Sie)\b/);
  }
});
