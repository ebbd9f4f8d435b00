import { expect, test } from 'vitest';

import { enMore } from '../../src/words/en_more.ts';

test('removing a device and erasing say what happens', () => {
  expect(enMore.settings.removeDeviceWhy).toContain('read nothing');
  expect(enMore.settings.device('0123')).toBe('Device 0123');
  expect(enMore.settings.storageUsed('3 MB')).toBe('3 MB used in this browser.');
});
