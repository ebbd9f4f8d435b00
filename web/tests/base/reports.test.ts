import { expect, test } from 'vitest';

import { MOST_REPORTED, NOTE_CHARACTERS, REPORT_REASONS } from '../../src/base/reports.ts';
import { REPORT_CLIENT_FRAMES } from '../../src/wire/reports.ts';

test('every reason is a word of the wire', () => {
  expect(REPORT_REASONS).toEqual(['spam', 'abuse', 'illegal', 'other']);
  expect(REPORT_REASONS.every((reason) => reason.length <= 64)).toBe(true);
});

test('the page and the wire have the same limits', () => {
  const { messages, note } = REPORT_CLIENT_FRAMES.Report.fields;
  expect([messages.most, note.most]).toEqual([MOST_REPORTED, NOTE_CHARACTERS]);
});
