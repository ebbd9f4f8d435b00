/** The machine's clock counts milliseconds since 1970. */

import { expect, test } from 'vitest';

import { CLOCK } from '../../src/platform/clock.ts';

test('it lies between two looks at the same clock', () => {
  const before = Date.now();
  const now = CLOCK.nowMs();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
