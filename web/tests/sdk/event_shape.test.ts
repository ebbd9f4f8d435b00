import { expect, test } from 'vitest';

import { isEvent } from '../../src/sdk/event_shape.ts';

const LINE = { what: 'joined', by: 'anna@localhost', who: ['ben@localhost'] };

test.each([LINE, { ...LINE, who: [] }, { ...LINE, what: 'titled', title: 'Team' }])(
  'a line is one: %j',
  (line) => {
    expect(isEvent(line)).toBe(true);
  },
);

test.each([
  undefined,
  null,
  'joined',
  {},
  { ...LINE, what: 'exploded' },
  { ...LINE, by: 5 },
  { ...LINE, who: 'ben' },
  { ...LINE, who: [5] },
  { ...LINE, title: {} },
  { ...LINE, expiresAfterS: 0.5 },
])('anything else is none: %j', (value) => {
  expect(isEvent(value)).toBe(false);
});
