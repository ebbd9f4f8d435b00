/** Fields are asked for exactly once, and are what they should be. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { CardError, Fields } from '../../src/content/card_fields.ts';
import { Float, type Key, type Value } from '../../src/content/cbor.ts';

function of(...entries: readonly (readonly [Key, Value])[]): Fields {
  return new Fields(new Map(entries), 'It');
}

test('a field is taken once', () => {
  const fields = of(['a', null], ['b', 2]);
  expect(fields.has('a')).toBe(true);
  expect(fields.take('a')).toBeNull();
  expect(fields.has('a')).toBe(false);
  expect(() => fields.take('a')).toThrow("It lacks 'a'.");
  expect(() => fields.take('c')).toThrow(CardError);
});

test('what is left over is named, but not at length', () => {
  const fields = of(['a', 1]);
  expect(() => {
    fields.finish();
  }).toThrow('It has unknown fields: "a".');
  fields.take('a');
  fields.finish();
  const many = of(
    ...Array.from({ length: 50 }, (_, at) => [`${at}${'x'.repeat(1000)}`, 1] as const),
    [utf8('bytes'), 1],
    [-7, 1],
  );
  try {
    many.finish();
  } catch (error) {
    expect((error as Error).message.length).toBeLessThan(300);
    return;
  }
  expect.unreachable();
});

test('the map that was given does not change', () => {
  const given = new Map([['a', 1]]);
  new Fields(given, 'It').take('a');
  expect(given.size).toBe(1);
});

test.each([null, [], 'x', 7, utf8('x')])('%j is no map', (value) => {
  expect(() => new Fields(value, 'It')).toThrow('It must be a map.');
});

test.each<[Value, boolean]>([
  [1, true],
  [5, true],
  [0, false],
  [6, false],
  [2n ** 60n, false],
  [true, false],
  ['3', false],
  [new Float(3), false],
])('a number from 1 to 5: %s', (value, isGood) => {
  const read = () => of(['n', value]).number('n', 1, 5);
  if (isGood) {
    expect(read()).toBe(value);
  } else {
    expect(read).toThrow("'n' must be an integer from 1 to 5.");
  }
});

test.each<[Value, boolean]>([
  ['', true],
  ['abc', true],
  ['🙂🙂🙂', true],
  ['abcd', false],
  ['a\nb', false],
  ['a\u200b', false],
  [7, false],
  [utf8('a'), false],
])('a text of at most three characters: %s', (value, isGood) => {
  const read = () => of(['t', value]).text('t', 3);
  if (isGood) {
    expect(read()).toBe(value);
  } else {
    expect(read).toThrow("'t' must be a text of at most 3 printable characters.");
  }
});

test('a text of a form', () => {
  expect(of(['t', 'ab']).matching('t', /^[a-z]+$/)).toBe('ab');
  for (const value of ['A', '', 'ab\n', 7, null]) {
    expect(() => of(['t', value]).matching('t', /^[a-z]+$/)).toThrow('of the form ^[a-z]+$');
  }
});

test('a list of items', () => {
  const read = (value: Value) => of(['l', value]).items('l', 1, 2, String);
  expect(read([1, 'b'])).toEqual(['1', 'b']);
  for (const value of [[], [1, 2, 3], new Map(), 'ab', null]) {
    expect(() => read(value)).toThrow("'l' must be a list of 1 to 2 items.");
  }
});
