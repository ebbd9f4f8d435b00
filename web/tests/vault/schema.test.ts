import { expect, test } from 'vitest';

import { ACCOUNT_SLOTS } from '../../src/base/account_slots.ts';
import { LINKING_SLOTS, STORES, vaultName } from '../../src/vault/schema.ts';

test('each account slot has a database of its own, and the first keeps its name', () => {
  const names = ACCOUNT_SLOTS.map((slot) => vaultName(slot));
  expect(names[0]).toBe('plausch vault device');
  expect(new Set(names).size).toBe(ACCOUNT_SLOTS.length);
});

test('no two stores and no two rows of the device have one name', () => {
  expect(new Set(STORES.map(({ name }) => name)).size).toBe(STORES.length);
  expect(new Set(LINKING_SLOTS).size).toBe(LINKING_SLOTS.length);
});
