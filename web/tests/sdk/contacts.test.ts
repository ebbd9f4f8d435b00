import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { contactOf, firstSeen, looksOther, settled } from '../../src/sdk/contacts.ts';
import type { KeptAccount } from '../../src/vault/accounts.ts';
import { Person } from './identities.ts';

const CEM = new Person('cem', 'business');
const SEEN = firstSeen(CEM.address, 'business', parseDeviceList(CEM.list));
const CHANGED: KeptAccount = {
  ...SEEN,
  state: 'changed',
  isKnown: true,
  offeredKey: utf8('key'),
  offeredList: utf8('list'),
};

test('whoever is seen first is pinned, a stranger, and waits for nothing', () => {
  expect(SEEN).toMatchObject({ kind: 'business', state: 'pinned', isKnown: false });
  expect([SEEN.identityKey, SEEN.deviceList]).toEqual([CEM.identity.public, CEM.list]);
  expect([SEEN.offeredKey.length, SEEN.offeredList.length, SEEN.isBlocked]).toEqual([0, 0, false]);
});

test('what programs see has no keys in it', () => {
  expect(contactOf(CHANGED)).toEqual({
    address: CEM.address,
    kind: 'business',
    state: 'changed',
    isKnown: true,
    isBlocked: false,
  });
});

test('when nothing waits any more the pinned key stays, not compared', () => {
  expect(settled(CHANGED)).toEqual({ ...SEEN, isKnown: true });
});

test('people are told of what they can see', () => {
  expect(looksOther(undefined, SEEN)).toBe(true);
  expect(looksOther(SEEN, { ...SEEN })).toBe(false);
  expect(looksOther(SEEN, { ...SEEN, deviceList: utf8('newer') })).toBe(false);
  expect(looksOther(CHANGED, { ...CHANGED, offeredList: utf8('newer') })).toBe(false);
  const visible: Partial<KeptAccount>[] = [
    { state: 'verified' },
    { isKnown: true },
    { isBlocked: true },
    { identityKey: utf8('other') },
    { offeredKey: utf8('other') },
  ];
  for (const change of visible) {
    expect(looksOther(SEEN, { ...SEEN, ...change })).toBe(true);
  }
});
