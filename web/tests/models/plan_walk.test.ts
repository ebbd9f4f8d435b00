import { expect, test } from 'vitest';

import { areasOf, type Row } from '../../src/models/day_plan.ts';
import {
  closedIn,
  isStep,
  keyOf,
  movedBy,
  walkedTo,
  withinAxis,
} from '../../src/models/plan_walk.ts';
import { dayOf, house, ZONE } from './house.ts';

const AXIS = { fromMinute: 1020, toMinute: 1380 };

async function rowsOf(): Promise<readonly Row[]> {
  const home = house();
  return areasOf(await dayOf(home), home.view, ZONE).flatMap((area) => area.rows);
}

test('arrows take a booking in hand to other tables and times', async () => {
  const rows = await rowsOf();
  const from = { resource: 'Tisch 2', minute: 1080 };
  expect(movedBy('ArrowRight', from, rows, AXIS)).toEqual({ ...from, minute: 1095 });
  expect(movedBy('ArrowLeft', from, rows, AXIS)).toEqual({ ...from, minute: 1065 });
  expect(movedBy('PageDown', from, rows, AXIS)).toEqual({ ...from, minute: 1140 });
  expect(movedBy('PageUp', from, rows, AXIS)).toEqual({ ...from, minute: 1020 });
  expect(movedBy('ArrowDown', from, rows, AXIS)).toEqual({ ...from, resource: 'Tisch 3' });
  expect(movedBy('ArrowUp', from, rows, AXIS)).toEqual({ ...from, resource: 'Tisch 1' });
  expect(movedBy('x', from, rows, AXIS)).toBeUndefined();
});

test('they stop at the edges of the picture', async () => {
  const rows = await rowsOf();
  const first = { resource: 'Tisch 1', minute: 1020 };
  expect(movedBy('ArrowUp', first, rows, AXIS)).toEqual(first);
  expect(movedBy('ArrowLeft', first, rows, AXIS)).toEqual(first);
  const last = { resource: 'Tisch 8', minute: 1365 };
  expect(movedBy('ArrowDown', last, rows, AXIS)).toEqual(last);
  expect(movedBy('ArrowRight', last, rows, AXIS)).toEqual(last);
});

test('arrows walk from booking to booking', async () => {
  const rows = await rowsOf();
  const [one, two, three] = rows;
  const [ben, jonas] = one!.pieces;
  expect(walkedTo('ArrowRight', one!, ben!, rows)).toBe(keyOf(one!, jonas!));
  expect(walkedTo('ArrowLeft', one!, jonas!, rows)).toBe(keyOf(one!, ben!));
  expect(walkedTo('ArrowLeft', one!, ben!, rows)).toBeUndefined();
  expect(walkedTo('ArrowUp', one!, ben!, rows)).toBeUndefined();
  expect(walkedTo('ArrowDown', one!, ben!, rows)).toBe(keyOf(two!, two!.pieces[0]!));
  expect(walkedTo('ArrowDown', one!, jonas!, rows)).toBe(keyOf(two!, two!.pieces[1]!));
  expect(walkedTo('ArrowUp', three!, three!.pieces[0]!, rows)).toBe(keyOf(two!, two!.pieces[0]!));
});

test('empty rows are stepped over', async () => {
  const rows = (await rowsOf()).map((row, at) =>
    at === 1 || at === 2 ? { ...row, pieces: [] } : row,
  );
  const [one] = rows;
  expect(walkedTo('ArrowDown', one!, one!.pieces[0]!, rows)).toBe(
    keyOf(rows[3]!, rows[3]!.pieces[0]!),
  );
});

test('only arrows walk', () => {
  expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].every(isStep)).toBe(true);
  expect(['Enter', 'PageUp', 'Tab', 'a', 'ArrowLeftish'].some(isStep)).toBe(false);
});

test('closed stretches are what lies between the hours', () => {
  const span = (opensMinute: number, closesMinute: number) => ({ opensMinute, closesMinute });
  expect(closedIn([], AXIS)).toEqual([[1020, 1380]]);
  expect(closedIn([span(1020, 1380)], AXIS)).toEqual([]);
  expect(closedIn([span(1050, 1200), span(1260, 1500)], AXIS)).toEqual([
    [1020, 1050],
    [1200, 1260],
  ]);
});

test('nothing begins outside of the picture', () => {
  const axis = { fromMinute: 600, toMinute: 1320 };
  expect([0, 700, 4000].map((minute) => withinAxis(minute, axis))).toEqual([600, 700, 1305]);
});
