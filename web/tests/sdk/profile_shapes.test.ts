/** The page is told a profile in a shape that can be cloned by `postMessage`. */

import { expect, test } from 'vitest';

import type { ProfileView } from '../../src/sdk/profile_shapes.ts';
import { LINDE_PROFILE } from '../stage/profiles.ts';

test('a profile survives being told', () => {
  const told: ProfileView = structuredClone(LINDE_PROFILE);
  expect(told).toEqual(LINDE_PROFILE);
  expect(told.weekly).toHaveLength(7);
});
