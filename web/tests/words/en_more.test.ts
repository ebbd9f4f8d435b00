import { expect, test } from 'vitest';

import { enMore } from '../../src/words/en_more.ts';

test('every failure says what to do', () => {
  for (const [code, sentence] of Object.entries(enMore.failure)) {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(sentence, code).toMatch(/^[A-Z].*\.$/);
  }
});

test('removing a device and erasing say what happens', () => {
  expect(enMore.settings.removeDeviceWhy).toContain('read nothing');
  expect(enMore.settings.device('0123')).toBe('Device 0123');
  expect(enMore.settings.storageUsed('3 MB')).toBe('3 MB used in this browser.');
});
