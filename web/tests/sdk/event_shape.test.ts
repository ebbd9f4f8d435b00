/** What is a line of a log, and what only looks like one. */

import { expect, test } from 'vitest';

import { isEvent } from '../../src/sdk/event_shape.ts';

const LINE = { what: 'joined', by: 'anna@localhost', who: ['ben@localhost'] };

test.each([
  LINE,
  { ...LINE, who: [] },
  { ...LINE, what: 'titled', title: 'Chess' },
  { ...LINE, what: 'expiry', expiresAfterS: 3600 },
])('%j is one', (line) => {
  expect(isEvent(line)).toBe(true);
});

test.each([
  null,
  undefined,
  'joined',
  [],
  {},
  { ...LINE, what: 'exploded' },
  { ...LINE, by: 7 },
  { ...LINE, who: 'ben@localhost' },
  { ...LINE, who: [7] },
  { ...LINE, title: 7 },
  { ...LINE, expiresAfterS: 0.5 },
])('%j is none', (line) => {
  expect(isEvent(line)).toBe(false);
});
