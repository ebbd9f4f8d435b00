import { flushSync } from 'svelte';
import { afterEach, expect, test } from 'vitest';

import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { language, preferred, sentenceOf, speak, words } from '../../src/words/words.svelte.ts';

afterEach(() => {
  speak('en');
});

test('the spoken language is the one that was chosen', () => {
  expect(words()).toBe(en);
  speak('de');
  expect(words()).toBe(de);
  expect(language()).toBe('de');
});

test('a guest reads of no table, for who takes bookings may be a hairdresser', () => {
  for (const { card } of [de, en]) {
    const said = [card.wish('2', 'Friday', 'Anna'), card.table('Linde'), JSON.stringify(card)];
    expect(said.join()).not.toMatch(/tisch|\btable(?!":)|seated(?!":)/i);
  }
});

test('what is written in another language is said in it', () => {
  expect(words('de')).toBe(de);
  expect(language()).toBe('en');
});

test('who reads words is told of a change', () => {
  const seen: string[] = [];
  const stop = $effect.root(() => {
    $effect(() => {
      seen.push(words().common.send);
    });
  });
  flushSync();
  speak('de');
  flushSync();
  expect(seen).toEqual(['Send', 'Senden']);
  stop();
});

test.each([
  [['de-AT'], 'de'],
  [['DE'], 'de'],
  [['fr-FR', 'de', 'en'], 'de'],
  [['en-GB', 'de'], 'en'],
  [['fr'], 'en'],
  [[], 'en'],
])('whose browser wishes %j reads %j', (wishes, spoken) => {
  expect(preferred(wishes)).toBe(spoken);
});

test('a failure is told in our words, an unknown one in its own', () => {
  expect(sentenceOf('name_taken', 'x')).toBe(en.failure.name_taken);
  expect(sentenceOf('never_heard', 'The moon is full.')).toBe('The moon is full.');
  expect(sentenceOf('never_heard', '')).toBe(en.failure.unknown);
  expect(sentenceOf('toString', 'Own sentence.')).toBe('Own sentence.');
  speak('de');
  expect(sentenceOf('name_taken', 'x')).toBe(de.failure.name_taken);
});

test.each(['commit-content', 'group-info-external-pub', 'mls_decryption'])(
  'whatever check of MLS failed, here %s, is one sentence for people',
  (code) => {
    expect(sentenceOf(code, 'The message is no Commit.')).toBe(en.failure.mls_protocol);
    speak('de');
    expect(sentenceOf(code, 'The message is no Commit.')).toBe(de.failure.mls_protocol);
  },
);
