/** Everything that a hostile peer can cause is one family; what the caller did wrong is another. */

import { expect, test } from 'vitest';

import { LocalError, RemoteError } from '../../src/base/errors.ts';
import * as errors from '../../src/mls/errors.ts';

test.each([
  errors.CodecError,
  errors.CredentialRefused,
  errors.SignatureRefused,
  errors.DecryptionFailed,
  errors.KeyRefused,
  errors.UnsupportedSuite,
])('%o is the peer’s fault', (kind) => {
  const error = new kind('A sentence.');
  expect(error).toBeInstanceOf(errors.ProtocolError);
  expect(error).toBeInstanceOf(RemoteError);
  expect(error.message).toBe('A sentence.');
});

test.each([errors.SavedStateRefused, errors.GroupUsageError])('%o is the caller’s', (kind) => {
  expect(new kind('A sentence.')).toBeInstanceOf(LocalError);
  expect(new kind('A sentence.')).not.toBeInstanceOf(errors.ProtocolError);
});

test('a failed check is named, also as the code', () => {
  const error = new errors.ValidationError('leaf-signature', 'The signature is wrong.');
  expect([error.check, error.code, error.fault]).toEqual([
    'leaf-signature',
    'leaf-signature',
    'remote',
  ]);
});

test('codes are stable and differ', () => {
  const codes = Object.values(errors)
    .map((kind): unknown => Reflect.get(kind, 'code'))
    .filter((code) => typeof code === 'string');
  expect(new Set(codes).size).toBeGreaterThanOrEqual(9);
});

test('numbers of registries are told as people know them', () => {
  expect([1, 0xf00d, 0x12345].map(errors.codePoint)).toEqual(['0x0001', '0xf00d', '0x12345']);
});
