import { expect, test } from 'vitest';

import {
  areasOf,
  axisOf,
  coversOf,
  isLive,
  isOff,
  placesAt,
  seatingAt,
  stepsOf,
  verdictOn,
} from '../../src/models/day_plan.ts';
import { momentOf } from '../../src/models/local_time.ts';
import type { BookingView, DayPlanView } from '../../src/sdk/protocol.ts';
import { dayOf, house, named, TODAY, ZONE } from './house.ts';

const empty: DayPlanView = {
  opening: { date: TODAY, spans: [], note: '', holiday: '' },
  bookings: [],
  blocks: [],
  waiting: [],
};

async function booking(fields: Partial<BookingView> = {}): Promise<BookingView> {
  return { ...named(await dayOf(house()), 'Clara Vogel'), ...fields };
}

test('the picture reaches from opening to closing, on the hour', () => {
  const spans = [{ opensMinute: 1050, closesMinute: 1380 }];
  const day = { ...empty, opening: { ...empty.opening, spans } };
  expect(axisOf([day], ZONE)).toEqual({ fromMinute: 1020, toMinute: 1380 });
  expect(axisOf([empty], ZONE)).toEqual({ fromMinute: 600, toMinute: 1320 });
});

test('it reaches as far as anything is booked, also past midnight', async () => {
  const late = await booking({
    startsAtS: momentOf(TODAY, 1410, ZONE),
    endsAtS: momentOf(TODAY, 1530, ZONE),
  });
  const spans = [{ opensMinute: 1080, closesMinute: 1440 }];
  const day = { ...empty, opening: { ...empty.opening, spans }, bookings: [late] };
  expect(axisOf([day], ZONE)).toEqual({ fromMinute: 1080, toMinute: 1560 });
  const off = { ...day, bookings: [{ ...late, state: 'cancelled' as const }] };
  expect(axisOf([off], ZONE).toMinute).toBe(1440);
});

test('what is off has a row of its own, below, and only when it is shown', async () => {
  const home = house();
  const off = await booking({ uid: 'off', state: 'cancelled', resources: [] });
  const declined = await booking({ uid: 'no', state: 'declined', startsAtS: 0 });
  const day = await dayOf(home);
  const both = { ...day, bookings: [...day.bookings, off, declined] };
  const uids = (showsOff: boolean): readonly string[] =>
    areasOf(both, home.view, ZONE, showsOff)
      .flatMap(({ rows }) => rows.filter((row) => row.isOff))
      .flatMap(({ pieces }) => pieces.map(({ key }) => key));
  expect(uids(false)).toEqual([]);
  expect(uids(true)).toEqual(['no', 'off']);
  const last = areasOf(both, home.view, ZONE, true).at(-1);
  expect(last?.rows).toMatchObject([{ identifier: '', isOff: true, resource: undefined }]);
  expect(areasOf(both, home.view, ZONE, true).slice(0, -1)).toEqual(areasOf(day, home.view, ZONE));
  const early = await booking({ state: 'declined', startsAtS: momentOf(TODAY, 480, ZONE) });
  expect(axisOf([{ ...day, bookings: [early] }], ZONE, true).fromMinute).toBe(480);
});

test('a short day still has room', () => {
  const spans = [{ opensMinute: 720, closesMinute: 780 }];
  const day = { ...empty, opening: { ...empty.opening, spans } };
  expect(axisOf([day], ZONE)).toEqual({ fromMinute: 720, toMinute: 1080 });
});

test('rows are in the order of the business, by area', async () => {
  const home = house();
  const areas = areasOf(await dayOf(home), home.view, ZONE);
  expect(areas.map(({ name }) => name)).toEqual(['Gaststube', 'Terrasse', 'Nebenzimmer']);
  expect(areas[0]?.rows.map(({ identifier }) => identifier)).toEqual([
    ...['Tisch 1', 'Tisch 2', 'Tisch 3', 'Tisch 4', 'Tisch 5'],
  ]);
});

test('a booking lies on the row of each of its tables', async () => {
  const home = house();
  const rows = areasOf(await dayOf(home), home.view, ZONE).flatMap((area) => area.rows);
  const on = rows.filter(({ pieces }) =>
    pieces.some((piece) => piece.booking?.underName === 'Petra Sommer'),
  );
  expect(on.map(({ identifier }) => identifier)).toEqual(['Tisch 3', 'Tisch 4']);
  const [piece] = on[0]?.pieces ?? [];
  expect(piece).toMatchObject({ fromMinute: 1140, toMinute: 1260, lane: 0, lanes: 1 });
});

test('what overlaps lies in lanes, and what follows takes the first free one', async () => {
  const home = house();
  const at = (from: number, to: number, uid: string): BookingView => ({
    ...one,
    uid,
    startsAtS: momentOf(TODAY, from, ZONE),
    endsAtS: momentOf(TODAY, to, ZONE),
  });
  const one = await booking({ resources: ['Tisch 1'] });
  const bookings = [at(1080, 1200, 'a'), at(1140, 1260, 'b'), at(1200, 1320, 'c')];
  const [area] = areasOf({ ...empty, bookings }, home.view, ZONE);
  expect(area?.rows[0]?.pieces.map(({ key, lane, lanes }) => [key, lane, lanes])).toEqual([
    ['a', 0, 2],
    ['b', 1, 2],
    ['c', 0, 2],
  ]);
});

test('bookings without a table, or with one that is gone, have a row of their own', async () => {
  const home = house();
  const lost = await booking({ uid: 'x', resources: ['Tisch 99'] });
  const none = await booking({ uid: 'y', resources: [] });
  const [first, ...rest] = areasOf({ ...empty, bookings: [lost, none] }, home.view, ZONE);
  expect(first?.rows.map(({ identifier }) => identifier)).toEqual(['']);
  expect(first?.rows[0]?.pieces).toHaveLength(2);
  expect(rest.every(({ name }) => name !== '')).toBe(true);
  expect(areasOf(empty, home.view, ZONE)[0]?.name).toBe('Gaststube');
});

test('a block of everything lies on every row, and what is off on none', async () => {
  const home = house();
  const block = {
    id: 'b1',
    resources: [],
    startsAtS: momentOf(TODAY, 1080, ZONE),
    endsAtS: momentOf(TODAY, 1140, ZONE),
    note: '',
    source: 'staff' as const,
  };
  const off = await booking({ state: 'declined' });
  const day = { ...empty, blocks: [block], bookings: [off] };
  const rows = areasOf(day, home.view, ZONE).flatMap((area) => area.rows);
  expect(rows.map(({ pieces }) => pieces.map(({ key }) => key))).toEqual(rows.map(() => ['b1']));
});

test('states say who takes a place, and who comes', async () => {
  const states = ['pending', 'held', 'confirmed', 'seated', 'completed', 'no_show'] as const;
  const all = await Promise.all(
    [...states, 'declined' as const, 'cancelled' as const].map((state) => booking({ state })),
  );
  expect(all.filter(isLive).map(({ state }) => state)).toEqual(states.slice(0, 4));
  expect(all.filter(isOff).map(({ state }) => state)).toEqual(['declined', 'cancelled']);
  expect(coversOf({ ...empty, bookings: all })).toBe(2 * 5);
});

test('a party sits at the table, or at the smallest combination with it', () => {
  const { view } = house();
  expect(seatingAt(view, 'Tisch 3', 4)).toEqual(['Tisch 3']);
  expect(seatingAt(view, 'Tisch 3', 1)).toEqual(['Tisch 3']);
  expect(seatingAt(view, 'Tisch 3', 6)).toEqual(['Tisch 3', 'Tisch 4']);
  expect(seatingAt(view, 'Tisch 1', 3)).toBeUndefined();
  expect(seatingAt(view, 'Tisch 99', 2)).toBeUndefined();
  const more = {
    ...view,
    combinations: [
      { resources: ['Tisch 3', 'Tisch 4', 'Tisch 5'], minParty: 9, maxParty: 14 },
      ...view.combinations,
    ],
  };
  expect(seatingAt(more, 'Tisch 4', 8)).toEqual(['Tisch 3', 'Tisch 4']);
  expect(seatingAt(more, 'Tisch 4', 9)).toEqual(['Tisch 3', 'Tisch 4', 'Tisch 5']);
});

test('on one of its own rows a booking keeps all its tables', async () => {
  const home = house();
  const petra = named(await dayOf(home), 'Petra Sommer');
  expect(placesAt(home.view, petra, 'Tisch 4')).toBe(petra.resources);
  expect(placesAt(home.view, petra, 'Tisch 8')).toEqual(['Tisch 8']);
  expect(placesAt(home.view, { ...petra, resources: [] }, '')).toEqual([]);
});

test('what speaks against a place is said before the agent is asked', async () => {
  const home = house();
  const day = await dayOf(home);
  const ben = named(day, 'Ben Weber');
  const on = (resource: string, minute: number): string =>
    verdictOn(day, home.view, ben, { resource, minute });
  expect(on('Tisch 1', 1080)).toBe('same');
  expect(on('Tisch 1', 1095)).toBe('free');
  expect(on('Tisch 1', 1200)).toBe('taken');
  expect(on('Tisch 2', 1080)).toBe('taken');
  expect(on('Tisch 6', 1080)).toBe('blocked');
  expect(on('Tisch 3', 1020)).toBe('free');
  const club = named(day, 'Kegelclub Gut Holz');
  expect(verdictOn(day, home.view, club, { resource: 'Tisch 1', minute: 1140 })).toBe('small');
});

test('who is gone takes no place', async () => {
  const home = house();
  const day = await dayOf(home);
  const ben = named(day, 'Ben Weber');
  const target = { resource: 'Tisch 2', minute: 1110 };
  expect(verdictOn(day, home.view, ben, target)).toBe('taken');
  const bookings = day.bookings.map((one) =>
    one.underName === 'Yilmaz' ? { ...one, state: 'no_show' as const } : one,
  );
  expect(verdictOn({ ...day, bookings }, home.view, ben, target)).toBe('free');
});

test('nobody sits down before the day, or is missing before the time', async () => {
  const startsAtS = momentOf(TODAY, 19 * 60, ZONE);
  const one = await booking({ startsAtS, state: 'confirmed' });
  const steps = (atS: number): readonly string[] => stepsOf(one, atS * 1000);
  expect(steps(momentOf(TODAY, -1, ZONE))).toEqual([]);
  expect(steps(momentOf(TODAY, 0, ZONE))).toEqual(['seated']);
  expect(steps(startsAtS - 1)).toEqual(['seated']);
  expect(steps(startsAtS)).toEqual(['seated', 'no_show']);
  expect(steps(momentOf(TODAY, 2 * 24 * 60, ZONE))).toEqual(['seated', 'no_show']);
});

test('what the agent refuses is not offered', async () => {
  const nowMs = momentOf(TODAY, 23 * 60, ZONE) * 1000;
  const states = ['pending', 'seated', 'completed', 'no_show', 'cancelled'] as const;
  const next = await Promise.all(
    states.map(async (state) => stepsOf(await booking({ state }), nowMs)),
  );
  expect(next).toEqual([['confirm', 'decline'], ['completed'], [], [], []]);
});
