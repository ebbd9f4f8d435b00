import { expect, test } from 'vitest';

import { deMore } from '../../src/words/de_more.ts';

test('sentences are put together', () => {
  expect(deMore.settings.since('26. November 2026')).toBe('Seit 26. November 2026');
  expect(deMore.settings.device('0123')).toBe('Gerät 0123');
});
