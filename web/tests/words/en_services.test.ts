import { expect, test } from 'vitest';

import { enServices } from '../../src/words/en_services.ts';
import { expectWhole } from './business_catalogue.ts';

test('nothing is empty, and nothing is left to be filled in', () => {
  expectWhole(enServices);
});

test('limits are said', () => {
  expect(enServices.number(5, 240)).toMatch(/5.*240/);
});
