import { expect, test } from 'vitest';

import { PlauschError } from '../../src/base/errors.ts';
import { IdentityRefused } from '../../src/identity/errors.ts';

test('it is the other side’s fault and carries a code', () => {
  const error = new IdentityRefused('A sentence.', { code: 'bad_key' });
  expect(error).toBeInstanceOf(PlauschError);
  expect([error.fault, error.code, error.message]).toEqual(['remote', 'bad_key', 'A sentence.']);
});

test('without a code it still has a stable one', () => {
  expect(new IdentityRefused('A sentence.').code).toBe('identity_refused');
});
