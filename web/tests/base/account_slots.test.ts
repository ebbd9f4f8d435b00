import { expect, test } from 'vitest';

import { accountsIn, keyIn, slotIn } from '../../src/base/account_slots.ts';

test('the first slot keeps the keys that there were before there was a second one', () => {
  expect(keyIn('device', 'plausch.preferences')).toBe('plausch.preferences');
  expect(keyIn('device-2', 'plausch.preferences')).toBe('plausch.preferences device-2');
});

test.each([undefined, null, '', 'device-3', 2, {}])('%j is no slot', (name) => {
  expect(slotIn(name)).toBeUndefined();
});

test('accounts are taken out of whatever was kept', () => {
  const linde = { slot: 'device-2', address: 'linde@example.org' };
  expect(accountsIn([linde, { slot: 'device', address: '' }, { slot: 'device' }, 7])).toEqual([
    linde,
  ]);
  expect(accountsIn({ 0: linde })).toEqual([]);
});
