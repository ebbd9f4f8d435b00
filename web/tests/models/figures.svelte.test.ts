import { expect, test } from 'vitest';

import {
  daysWithout,
  drawnOf,
  Figures,
  namedEvery,
  noShowShare,
  scaleFor,
  totalOf,
} from '../../src/models/figures.svelte.ts';
import type { FigureDay } from '../../src/sdk/protocol.ts';
import { figureDays } from '../stage/linde.ts';
import { house, TODAY } from './house.ts';

const day = (fields: Partial<FigureDay>): FigureDay => ({
  date: TODAY,
  covers: 0,
  bookings: 0,
  cancelled: 0,
  noShows: 0,
  walkIns: 0,
  ...fields,
});

test('a stretch ends today', async () => {
  const { side, device } = house();
  const figures = new Figures(side);
  await figures.load(TODAY);
  expect(device.agent.asked.at(-1)?.params).toEqual({ from: '2026-10-30', days: 28 });
  await figures.load(TODAY, 7);
  expect(device.agent.asked.at(-1)?.params).toEqual({ from: '2026-11-20', days: 7 });
  expect(figures.view?.days).toHaveLength(7);
});

test('only the last stretch that was asked for is shown', async () => {
  const { side } = house();
  const figures = new Figures(side);
  await Promise.all([figures.load(TODAY, 84), figures.load(TODAY, 7)]);
  expect(figures.view?.days).toHaveLength(7);
});

test('without the agent the figures stay', async () => {
  const { side, device, refused } = house();
  const figures = new Figures(side);
  await figures.load(TODAY);
  device.agent.isThere = false;
  await figures.load(TODAY, 7);
  expect(figures.view?.days).toHaveLength(28);
  expect(refused).toEqual(['agent_away']);
});

test('days add up', () => {
  const days = [day({ covers: 3, bookings: 2, walkIns: 1 }), day({ covers: 4, noShows: 1 })];
  expect(totalOf(days)).toEqual({ covers: 7, bookings: 2, cancelled: 0, noShows: 1, walkIns: 1 });
  expect(totalOf([]).covers).toBe(0);
});

test('the share of those who never came is of the bookings that stood', () => {
  expect(noShowShare({ bookings: 12, cancelled: 2, noShows: 1 })).toBe(0.1);
  expect(noShowShare({ bookings: 0, cancelled: 0, noShows: 0 })).toBe(0);
  expect(noShowShare({ bookings: 2, cancelled: 2, noShows: 1 })).toBe(0);
  expect(noShowShare({ bookings: 1, cancelled: 0, noShows: 9 })).toBe(1);
});

test('many days are drawn by week', () => {
  const few = figureDays(TODAY, 28);
  expect(drawnOf(few)).toEqual({ bars: few, areWeeks: false });
  const many = figureDays('2026-09-03', 84);
  const { bars, areWeeks } = drawnOf(many);
  expect(areWeeks).toBe(true);
  expect(bars).toHaveLength(13);
  expect(bars[0]?.date).toBe('2026-08-31');
  expect(totalOf(bars)).toEqual(totalOf(many));
  expect(drawnOf([])).toEqual({ bars: [], areWeeks: false });
});

test('a scale ends at a round number, not far above', () => {
  for (let highest = 0; highest < 3000; highest += 7) {
    const { top, lines } = scaleFor(highest);
    expect(top, `${highest}`).toBeGreaterThanOrEqual(highest);
    expect(top, `${highest}`).toBeLessThanOrEqual(Math.max(4, highest * 2));
    expect(lines[0]).toBe(0);
    expect(lines.at(-1)).toBe(top);
    expect(lines.length, `${highest}`).toBeLessThanOrEqual(6);
    expect(lines.every(Number.isInteger), `${highest}`).toBe(true);
  }
});

test('names of bars do not touch', () => {
  expect(namedEvery(7, 10)).toBe(1);
  expect(namedEvery(28, 10)).toBe(3);
  expect(namedEvery(0, 10)).toBe(1);
});

test('days without anything are counted up to the first that has something', () => {
  const days = figureDays('2026-11-23', 7);
  expect(daysWithout(days)).toBe(1);
  expect(daysWithout([day({}), day({})])).toBe(2);
  expect(daysWithout([])).toBe(0);
});
