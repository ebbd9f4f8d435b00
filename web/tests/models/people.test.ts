import { expect, test } from 'vitest';

import {
  domainOf,
  initialsOf,
  isOfNumber,
  nameIn,
  nameOf,
  titleOf,
  toneOf,
  TONES,
} from '../../src/models/people.ts';

const OWN = 'anna@example.org';

test('an account of our own server is called by its name, another by its address', () => {
  expect(nameOf('ben@example.org', 'example.org')).toBe('ben');
  expect(nameOf('ben@elsewhere.example', 'example.org')).toBe('ben@elsewhere.example');
  expect(nameOf('', 'example.org')).toBe('?');
  expect(domainOf('ben@elsewhere.example:7480')).toBe('elsewhere.example:7480');
});

test('a group is called by its title, cleaned of what deceives', () => {
  const view = { title: 'Chor\u202e\u200b', participants: [OWN, 'ben@example.org'] };
  expect(titleOf(view, OWN)).toBe('Chor');
});

test('a conversation of two by the other account', () => {
  const view = { title: '', peer: 'ben@example.org', participants: [OWN, 'ben@example.org'] };
  expect(titleOf(view, OWN)).toBe('ben');
});

test('a conversation with a business by what it calls itself, cleaned, and so is the business in it', () => {
  const linde = 'zur-linde@example.org';
  const view = { title: '', peer: linde, participants: [OWN, linde] };
  const named = { ...view, businessName: 'Zur\u202e Linde' };
  expect(titleOf(named, OWN)).toBe('Zur Linde');
  expect(nameIn(named, linde, OWN)).toBe('Zur Linde');
  expect(nameIn(named, OWN, OWN)).toBe('anna');
  expect(nameIn(view, linde, OWN)).toBe('zur-linde');
});

test('a title that people gave goes before what a business calls itself', () => {
  const view = { title: 'Mein Lokal', businessName: 'Zur Linde', participants: [OWN] };
  expect(titleOf(view, OWN)).toBe('Mein Lokal');
});

test('a group without a title by who is in it, but for ourselves', () => {
  const others = ['ben', 'cem', 'ida', 'mia', 'zoe'].map((name) => `${name}@example.org`);
  expect(titleOf({ title: '', participants: [OWN, ...others] }, OWN)).toBe('ben, cem, ida, mia');
  expect(titleOf({ title: '', participants: [OWN] }, OWN)).toBe('anna');
});

test.each([
  ['anna', 'A'],
  ['anna.mueller', 'AM'],
  ['jean-luc.picard', 'JP'],
  ['ben_weber', 'BW'],
  ['ben@elsewhere.example', 'B'],
  ['Éric', 'É'],
  ['👩‍👧 Familie', '👩‍👧F'],
  ['', '?'],
  ['...', '?'],
])('the letters of %j are %j', (name, letters) => {
  expect(initialsOf(name)).toBe(letters);
});

test('a tone is always the same, in range, and not one for all', () => {
  const tones = Array.from({ length: 500 }, (_, at) => toneOf(`person${at}@example.org`));
  expect(toneOf(OWN)).toBe(toneOf(OWN));
  expect(tones.every((tone) => Number.isInteger(tone) && tone >= 0 && tone < TONES)).toBe(true);
  expect(new Set(tones).size).toBe(TONES);
});

test('names stay right however many are asked for', () => {
  for (let at = 0; at < 11_000; at += 1) {
    expect(nameOf(`p${at}@example.org`, 'example.org')).toBe(`p${at}`);
  }
  expect(nameOf('p1@example.org', 'elsewhere.example')).toBe('p1@example.org');
});

test.each([
  ['safety_number_differs', true],
  ['wrong_party', true],
  ['identity_key_changed', true],
  ['unreachable', false],
  ['vault_busy', false],
  ['trust_refused', false],
])('%s says that the numbers do not belong together: %s', (code, isIt) => {
  expect(isOfNumber(code)).toBe(isIt);
});
