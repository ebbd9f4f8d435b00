import { expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { ServerRefused, Unreachable } from '../../src/sdk/errors.ts';
import { failureOf } from '../../src/sdk/failure.ts';

test('an error of the house travels with its code, fault and sentence', () => {
  expect(failureOf(new LocalError('Choose another.', { code: 'taken' }))).toEqual({
    code: 'taken',
    fault: 'local',
    sentence: 'Choose another.',
  });
});

test('when to try again is said where it is known', () => {
  const refused = new ServerRefused('Wait.', { code: 'busy', fault: 'operator', retryAfterMs: 50 });
  expect(failureOf(refused)).toMatchObject({ retryAfterMs: 50, fault: 'operator' });
  expect(failureOf(new Unreachable('Gone.'))).not.toHaveProperty('retryAfterMs');
});

test.each([
  [new TypeError('the secret text'), 'TypeError'],
  [Object.assign(new Error('the secret text'), { stack: 'the secret text' }), 'Error'],
  [Object.assign(new Error('x'), { name: 'the secret text' }), 'Error'],
  ['the secret text', 'unknown'],
  [undefined, 'unknown'],
])('a defect says where it is and none of its words: %s', (error, kind) => {
  const { code, fault, sentence } = failureOf(error);
  expect([code, fault]).toEqual(['internal', 'local']);
  expect(sentence).toContain(kind);
  expect(sentence).not.toContain('secret');
});

test('a place in the program is named with its line', () => {
  expect(failureOf(new RangeError('x')).sentence).toMatch(/RangeError at [\w.-]+:\d+:\d+/);
});
