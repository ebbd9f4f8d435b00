import { expect, test } from 'vitest';

import { deBusiness } from '../../src/words/de_business.ts';
import { enBusiness } from '../../src/words/en_business.ts';
import { expectWhole } from './business_catalogue.ts';
import { sentencesIn } from './catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  expectWhole(deBusiness);
});

test('both languages have the same places', () => {
  const paths = (part: unknown): readonly string[] =>
    sentencesIn(part)
      .map(({ path }) => path)
      .sort();
  expect(paths(deBusiness)).toEqual(paths(enBusiness));
});

test('long sentences are translated', () => {
  const english = new Map(sentencesIn(enBusiness).map(({ path, text }) => [path, text]));
  const same = sentencesIn(deBusiness)
    .filter(({ path, text }) => english.get(path) === text && text.length > 14)
    .map(({ path }) => path)
    .filter((path) => !path.includes('states.'));
  expect(same).toEqual([]);
});

test('it speaks to people as du', () => {
  for (const { path, text } of sentencesIn(deBusiness)) {
    expect(text, path).not.toMatch(/\b(?:Ihnen|Ihre[mnrs]?|können Sie|wählen Sie)\b/);
  }
});
