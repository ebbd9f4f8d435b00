/** Errors say whose fault they are. */

import { expect, test } from 'vitest';

import { LocalError, OperatorError, PlauschError, RemoteError } from '../../src/base/errors.ts';
import {
  CodecError,
  GroupUsageError,
  ProtocolError,
  require,
  ValidationError,
} from '../../src/mls/errors.ts';

test('each class has its fault and code', () => {
  const known: [PlauschError, string, string][] = [
    [new PlauschError('x'), 'local', 'error'],
    [new LocalError('x'), 'local', 'usage'],
    [new RemoteError('x'), 'remote', 'protocol'],
    [new OperatorError('x'), 'operator', 'unavailable'],
    [new ProtocolError('x'), 'remote', 'mls_protocol'],
    [new CodecError('x'), 'remote', 'mls_codec'],
    [new GroupUsageError('x'), 'local', 'mls_usage'],
  ];
  for (const [error, fault, code] of known) {
    expect([error.fault, error.code]).toEqual([fault, code]);
    expect(error).toBeInstanceOf(Error);
  }
});

test('one error may have its own code, fault and cause', () => {
  const cause = new Error('y');
  const error = new RemoteError('x', { code: 'special', fault: 'operator', cause });
  expect([error.code, error.fault, error.cause]).toEqual(['special', 'operator', cause]);
  expect('cause' in new RemoteError('x')).toBe(false);
});

test('a failed check is named', () => {
  require(true, 'leaf-signature', 'never');
  try {
    require(false, 'leaf-signature', 'The sentence.');
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      check: 'leaf-signature',
      code: 'leaf-signature',
      fault: 'remote',
      message: 'The sentence.',
    });
    return;
  }
  expect.unreachable();
});
