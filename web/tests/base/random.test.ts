/** Randomness has the length that was asked for, and is new each time. */

import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { randomBytes } from '../../src/base/random.ts';

test.each([0, 1, 16, 65_536, 65_537, 200_000])('%i bytes', (length) => {
  expect(randomBytes(length)).toHaveLength(length);
});

test('no two are alike', () => {
  const seen = new Set(Array.from({ length: 200 }, () => toHex(randomBytes(16))));
  expect(seen.size).toBe(200);
});

test('what comes after the first chunk is random too', () => {
  const raw = randomBytes(65_536 + 64);
  expect(raw.subarray(65_536).some((byte) => byte !== 0)).toBe(true);
});
