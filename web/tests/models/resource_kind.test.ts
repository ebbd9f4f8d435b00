import { expect, test } from 'vitest';

import { FIRST_KINDS, namedKindOf } from '../../src/models/resource_kind.ts';

const of = (...kinds: ('table' | 'person' | 'room' | 'chair')[]) => kinds.map((kind) => ({ kind }));

test('what is booked is called by its one kind, and a place when there are several', () => {
  expect(namedKindOf(of('table', 'table'), 'hairdresser')).toBe('table');
  expect(namedKindOf(of('chair'), 'restaurant')).toBe('chair');
  expect(namedKindOf(of('room', 'room'), 'shop')).toBe('room');
  expect(namedKindOf(of('person', 'room'), 'shop')).toBe('place');
});

test('a business that has nothing to book yet is asked for what is usual', () => {
  expect(namedKindOf([], 'restaurant')).toBe('table');
  expect(namedKindOf([], 'hairdresser')).toBe('person');
  expect(namedKindOf([])).toBe('table');
  expect(FIRST_KINDS.shop).toBe('person');
});
