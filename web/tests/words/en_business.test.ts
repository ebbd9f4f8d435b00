import { expect, test } from 'vitest';

import { enBusiness } from '../../src/words/en_business.ts';
import { expectWhole } from './business_catalogue.ts';
import { sentencesIn } from './catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  expectWhole(enBusiness);
});

test('it is English', () => {
  for (const { path, text } of sentencesIn(enBusiness)) {
    expect(text, path).not.toMatch(/\b(?:und|nicht|oder|ist|wird|dein)\b/i);
  }
});

test('numbers are said in their forms', () => {
  expect([1, 2].map(enBusiness.guestCount)).toEqual(['1 guest', '2 guests']);
  expect(enBusiness.plan.seats(2, 4)).toBe('2–4');
  expect(enBusiness.plan.seats(4, 4)).toBe('4');
});

test('an agent that was never there is told from one that is away', () => {
  expect(enBusiness.agent.away('')).toContain('known last');
  expect(enBusiness.agent.away('12:00')).toContain('last there 12:00');
});
