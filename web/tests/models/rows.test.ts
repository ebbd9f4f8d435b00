import { expect, test } from 'vitest';

import { comparePlaces } from '../../src/base/place.ts';
import { GROUP_MS, merged, type Row, Rows } from '../../src/models/rows.ts';
import type { MessageView } from '../../src/sdk/protocol.ts';
import { ANNA, BEN, message, MINUTE_MS, NOON_MS, series } from './writing.ts';

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

function rowsOf(
  messages: readonly MessageView[],
  fields: { before?: string } = {},
): readonly Row[] {
  const unread = fields.before === undefined ? undefined : { before: fields.before, count: 2 };
  return new Rows().of(messages, { unread, isWhole: false, dayOf });
}

const shape = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) =>
    row.kind === 'message'
      ? `${row.key}${row.isFirst ? ' first' : ''}${row.isLast ? ' last' : ''}`
      : row.kind,
  );

test('messages of one sender are a group', () => {
  expect(shape(rowsOf(series(3)))).toEqual(['day', 'm0 first', 'm1', 'm2 last']);
});

test('another sender begins another group', () => {
  const messages = [
    message({ id: 'a' }),
    message({ id: 'b', sender: ANNA }),
    message({ id: 'c', sender: ANNA }),
  ];
  expect(shape(rowsOf(messages))).toEqual(['day', 'a first last', 'b first', 'c last']);
});

test('a pause begins another group', () => {
  const messages = [message({ id: 'a' }), message({ id: 'b', sentAtMs: NOON_MS + GROUP_MS })];
  expect(shape(rowsOf(messages))).toEqual(['day', 'a first last', 'b first last']);
});

test('a day begins with its date and another group', () => {
  const midnight = Date.UTC(2026, 10, 27);
  const messages = [
    message({ id: 'a', sentAtMs: midnight - 1 }),
    message({ id: 'b', sentAtMs: midnight }),
  ];
  expect(shape(rowsOf(messages))).toEqual(['day', 'a first last', 'day', 'b first last']);
});

test('an event stands between groups', () => {
  const event = message({ id: 'e', kind: 'event', event: { what: 'left', by: BEN, who: [BEN] } });
  const messages = [message({ id: 'a' }), event, message({ id: 'b' })];
  expect(shape(rowsOf(messages))).toEqual(['day', 'a first last', 'event', 'b first last']);
});

test('the new ones begin with a line and another group', () => {
  const rows = rowsOf(series(3), { before: 'm1' });
  expect(shape(rows)).toEqual(['day', 'm0 first last', 'unread', 'm1 first', 'm2 last']);
  expect(rows[2]).toEqual({ kind: 'unread', key: 'unread', count: 2 });
});

test('a whole log begins with its beginning', () => {
  const rows = new Rows().of(series(1), { isWhole: true, dayOf });
  expect(shape(rows)).toEqual(['start', 'day', 'm0 first last']);
});

test('what did not change is the same object again', () => {
  const rows = new Rows();
  const messages = series(4);
  const before = rows.of(messages, { isWhole: false, dayOf });
  const changed = { ...messages[1]!, text: 'edited' };
  const after = rows.of([messages[0]!, changed, messages[2]!, messages[3]!], {
    isWhole: false,
    dayOf,
  });
  expect(after.map((row, at) => row === before[at])).toEqual([true, true, false, true, true]);
});

test('the last of a group changes when one more comes', () => {
  const rows = new Rows();
  const messages = series(3);
  const before = rows.of(messages.slice(0, 2), { isWhole: false, dayOf });
  const after = rows.of(messages, { isWhole: false, dayOf });
  expect(after[1]).toBe(before[1]);
  expect(after[2]).not.toBe(before[2]);
});

test('keys are never twice', () => {
  const rows = rowsOf(series(2000), { before: 'm5' });
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
});

test('places are compared number by number', () => {
  expect(comparePlaces([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(comparePlaces([1, 2, 3], [1, 2, 4])).toBeLessThan(0);
  expect(comparePlaces([1, 3, 0], [1, 2, 9])).toBeGreaterThan(0);
  expect(comparePlaces([2, 0, 0], [1, 9, 9])).toBeGreaterThan(0);
});

test('a new message goes to its place', () => {
  const messages = series(4);
  const late = message({ id: 'late', sentAtMs: NOON_MS + 1.5 * MINUTE_MS });
  expect(merged(messages, [late]).map(({ id }) => id)).toEqual(['m0', 'm1', 'late', 'm2', 'm3']);
});

test('a changed one stays where it is', () => {
  const messages = series(3);
  const edited = { ...messages[1]!, text: 'edited' };
  const after = merged(messages, [edited]);
  expect(after[1]).toBe(edited);
  expect(after.length).toBe(3);
});

test('one that got its place from the server moves there', () => {
  const messages = series(3);
  const moved = message({ id: 'm0', sentAtMs: NOON_MS + 9 * MINUTE_MS });
  expect(merged(messages, [moved]).map(({ id }) => id)).toEqual(['m1', 'm2', 'm0']);
});

test('merging many in any order is the same as sorting', () => {
  const all = series(200);
  const shuffled = [...all].sort((one, other) => (one.id + '7').localeCompare(other.id + '3'));
  expect(merged(merged([], shuffled.slice(0, 90)), shuffled.slice(50))).toEqual(all);
});
