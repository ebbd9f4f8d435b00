import { expect, test } from 'vitest';

import { profileRefused } from '../../src/identity/profile_refused.ts';

test('the sentence says where', () => {
  const { code, message } = profileRefused('imprint.email', 'is missing.');
  expect([code, message]).toEqual(['bad_profile', "The profile's imprint.email is missing."]);
});
