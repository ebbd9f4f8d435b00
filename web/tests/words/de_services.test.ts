import { expect, test } from 'vitest';

import { deServices } from '../../src/words/de_services.ts';
import { expectWhole } from './business_catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  expectWhole(deServices);
});

test('limits are said', () => {
  expect(deServices.number(5, 240)).toMatch(/5.*240/);
});
