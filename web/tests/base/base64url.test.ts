/** Bytes as text in links. */

import { expect, test } from 'vitest';

import { fromBase64Url, toBase64Url } from '../../src/base/base64url.ts';

test('bytes of every length come back from their text, which is that of Node', () => {
  for (let length = 1; length < 100; length += 1) {
    const raw = Uint8Array.from({ length }, (_, at) => (at * 89 + length) % 256);
    const text = toBase64Url(raw);
    expect(text).toBe(Buffer.from(raw).toString('base64url'));
    expect(fromBase64Url(text)).toEqual(raw);
  }
});

test.each([
  ['nothing', ''],
  ['padding', 'AQ=='],
  ['a lone character', 'A'],
  ['bits that are left over', 'AR'],
  ['the characters of base64', '+/8'],
  ['a space', 'AQ ID'],
  ['a character that is none of them', 'AQöD'],
])('%s is no such text', (_, text) => {
  expect(fromBase64Url(text)).toBeUndefined();
});
