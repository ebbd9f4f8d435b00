/** The error of this room. */

import { expect, test } from 'vitest';

import { RemoteError } from '../../src/base/errors.ts';
import { ContentError } from '../../src/content/errors.ts';

test('it is the other side’s fault and has a stable code', () => {
  const error = new ContentError('A sentence.');
  expect(error).toBeInstanceOf(RemoteError);
  expect([error.fault, error.code, error.message, error.name]).toEqual([
    'remote',
    'bad_content',
    'A sentence.',
    'ContentError',
  ]);
  expect(new ContentError('A sentence.', { code: 'too_deep' }).code).toBe('too_deep');
});
