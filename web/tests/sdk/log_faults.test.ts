/** Each fault of a log has its code and says the numbers. */

import { expect, test } from 'vitest';

import { beyond, gap, shortened, torn } from '../../src/sdk/log_faults.ts';

test.each([
  [
    shortened(150, 101),
    'log_shortened',
    'has 101 envelopes of a log of which this device has read 150',
  ],
  [beyond(7), 'beyond_log', 'which it says is at 7'],
  [gap(4, 9), 'log_gap', 'left out envelopes 5 to 8'],
  [torn(), 'fork_suspected', 'another state of this conversation'],
])('%s', (error, code, said) => {
  expect(error.code).toBe(code);
  expect(error.message).toContain(said);
  expect(error.fault).toBe('remote');
});
