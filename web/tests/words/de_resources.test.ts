import { expect, test } from 'vitest';

import { deResources } from '../../src/words/de_resources.ts';
import { expectWhole } from './business_catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  expectWhole(deResources);
});

test('what is no table is not called one', () => {
  const { table, ...others } = deResources;
  expect(JSON.stringify(table)).toMatch(/Tisch/);
  expect(JSON.stringify(others)).not.toMatch(/Tisch/i);
});

test('they are counted, with their seats where seats say something', () => {
  const { table, person } = deResources;
  expect(table.sum(1, 4)).toBe('1 Tisch, 4 Plätze');
  expect(person.sum(3, 3)).toBe('3 Personen');
});
