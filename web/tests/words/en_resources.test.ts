import { expect, test } from 'vitest';

import { enResources } from '../../src/words/en_resources.ts';
import { expectWhole } from './business_catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  expectWhole(enResources);
});

test('what is no table is not called one', () => {
  const { table, ...others } = enResources;
  expect(JSON.stringify(table)).toMatch(/table/);
  expect(JSON.stringify(others)).not.toMatch(/table/i);
});

test('they are counted, with their seats where seats say something', () => {
  const { table, person } = enResources;
  expect(table.sum(1, 4)).toBe('1 table, 4 seats');
  expect(person.sum(3, 3)).toBe('3 people');
});
