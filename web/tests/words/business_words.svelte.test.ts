import { expect, test } from 'vitest';

import {
  agentSentence,
  businessWords,
  stateWords,
  stepWords,
} from '../../src/words/business_words.svelte.ts';
import { speak } from '../../src/words/words.svelte.ts';

test('the words are of the language that is spoken', () => {
  speak('de');
  expect(businessWords().nav.inbox).toBe('Eingang');
  speak('en');
  expect(businessWords().nav.inbox).toBe('Inbox');
  expect(businessWords('de').nav.inbox).toBe('Eingang');
});

test('a code of the agent has its sentence, another one that of the app', () => {
  speak('en');
  expect(agentSentence('outdated', 'x')).toContain('meanwhile');
  expect(agentSentence('storage_full', 'x')).not.toBe('x');
  expect(agentSentence('never_heard_of', 'What the agent said.')).toBe('What the agent said.');
  expect(agentSentence('toString', 'x')).toBe('x');
});

test('who has come is at a table only where there are tables', () => {
  speak('de');
  const { person, table } = businessWords().resources;
  expect([stateWords(table).seated, stepWords(table).seated]).toEqual(['Am Tisch', 'Am Tisch']);
  expect([stateWords(person).seated, stepWords(person).seated]).toEqual(['Ist da', 'Ist da']);
  expect(stateWords(person).declined).toBe('Abgelehnt');
  expect(stepWords(person).confirm).toBe('Bestätigen');
});

test('what is written in a language has its examples in it, whatever is spoken', () => {
  speak('en');
  expect(businessWords('de').said.examples.away).toContain('{opens}');
  expect(businessWords('de').said.examples.greeting).toContain('Schön');
});
