/** What is taken out of a server's sentence about its maintenance. */

import { expect, test } from 'vitest';

import { maintenanceOf } from '../../src/base/maintenance.ts';

const BEGINNING = 'This server takes nothing new at the moment.';

test.each([
  [BEGINNING, { words: '' }],
  [`${BEGINNING} Wir ziehen um.`, { words: 'Wir ziehen um.' }],
  [`${BEGINNING} (until 2027-01-15T08:00Z)`, { until: '2027-01-15T08:00Z', words: '' }],
  [
    `${BEGINNING} (until 2027-01-15T08:00Z) Wir (until 5) ziehen um.`,
    { until: '2027-01-15T08:00Z', words: 'Wir (until 5) ziehen um.' },
  ],
  [`${BEGINNING} (until tomorrow)`, { words: '(until tomorrow)' }],
  ['Something else.', { words: '' }],
  ['', { words: '' }],
])('%s', (sentence, expected) => {
  expect(maintenanceOf(sentence)).toEqual(expected);
});
