/** What the page knows of businesses' profiles. */

import { expect, test } from 'vitest';

import { BusinessProfiles } from '../../src/models/profiles.svelte.ts';
import { FakeDevice } from '../stage/fake.ts';
import { LINDE } from '../stage/people.ts';
import { LINDE_PROFILE } from '../stage/profiles.ts';

test('a profile is asked for once and then shown', async () => {
  const device = new FakeDevice();
  device.profiles.set(LINDE, LINDE_PROFILE);
  const profiles = new BusinessProfiles(device);
  expect(profiles.of(LINDE)).toBeUndefined();
  await Promise.all([profiles.ask(LINDE), profiles.ask(LINDE)]);
  expect(profiles.of(LINDE)).toEqual(LINDE_PROFILE);
  expect(device.asked.filter(({ operation }) => operation === 'profile')).toHaveLength(1);
});

test('a business without a profile has none', async () => {
  const profiles = new BusinessProfiles(new FakeDevice());
  await profiles.ask(LINDE);
  expect(profiles.of(LINDE)).toBeUndefined();
  expect(profiles.failure(LINDE)).toBeUndefined();
});

test('why a profile is not believed is known, and it is asked for again', async () => {
  const device = new FakeDevice();
  device.profiles.set(LINDE, LINDE_PROFILE);
  device.refusing.set('profile', 'profile_forged');
  const profiles = new BusinessProfiles(device);
  await profiles.ask(LINDE);
  expect(profiles.failure(LINDE)?.code).toBe('profile_forged');
  device.refusing.clear();
  await profiles.ask(LINDE);
  expect(profiles.of(LINDE)).toEqual(LINDE_PROFILE);
  expect(profiles.failure(LINDE)).toBeUndefined();
});
