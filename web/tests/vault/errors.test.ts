/** Errors of the vault say whose fault they are, in stable words. */

import { expect, test } from 'vitest';

import { OperatorError } from '../../src/base/errors.ts';
import { VaultBusy, VaultDamaged, VaultError } from '../../src/vault/errors.ts';

test.each([
  [new VaultError('It cannot be read.'), 'operator', 'vault'],
  [new VaultBusy('Another tab has it.'), 'local', 'vault_busy'],
  [new VaultDamaged('It was altered.'), 'operator', 'vault_damaged'],
] as const)('%s', (error, fault, code) => {
  expect([error.fault, error.code]).toEqual([fault, code]);
});

test('what the vault cannot do can be caught together', () => {
  expect(new VaultBusy('x')).toBeInstanceOf(VaultError);
  expect(new VaultDamaged('x')).toBeInstanceOf(OperatorError);
});
