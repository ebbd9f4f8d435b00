import { expect, test } from 'vitest';

import { momentOf } from '../../src/models/local_time.ts';
import { Plan, steppedDate } from '../../src/models/plan.svelte.ts';
import { type House, house, named, TODAY, ZONE } from './house.ts';

interface Open extends House {
  readonly plan: Plan;
}

async function open(): Promise<Open> {
  const home = house();
  const plan = new Plan(home.side);
  await plan.show(TODAY);
  return { ...home, plan };
}

const booked = ({ plan }: Open, name: string) => named(plan.day(TODAY)!, name);

test('a day is read when it is shown, a week as seven', async () => {
  const { plan, device } = await open();
  expect(plan.day(TODAY)?.bookings).toHaveLength(9);
  expect(plan.isLoading).toBe(false);
  await plan.show(TODAY, 'week');
  expect(plan.dates).toHaveLength(7);
  expect(device.agent.asked.at(-1)?.params).toEqual({ from: '2026-11-23', days: 7 });
  expect(plan.day('2026-11-29')?.opening.spans).toHaveLength(1);
});

test('without the agent the days read last stay to be read', async () => {
  const { plan, device, refused } = await open();
  device.agent.isThere = false;
  await plan.load();
  expect(refused).toEqual(['agent_away']);
  expect(plan.day(TODAY)?.bookings).toHaveLength(9);
});

test('a change elsewhere is read when it is of a shown day', async () => {
  const { plan, device, operations } = await open();
  const before = operations().length;
  await plan.changed(['2026-12-24']);
  expect(operations()).toHaveLength(before);
  device.agent.guestBooks({ startsAtS: momentOf(TODAY, 1080, ZONE), underName: 'Neu' });
  await plan.changed([TODAY]);
  expect(plan.day(TODAY)?.bookings.map(({ underName }) => underName)).toContain('Neu');
  await plan.changed([]);
  expect(operations()).toHaveLength(before + 2);
});

test('a plan that nobody looks at is not read', async () => {
  const { side, operations } = house();
  await new Plan(side).changed([]);
  expect(operations()).toEqual([]);
});

test('a booking is taken up, moved in steps, and put down at another table and time', async () => {
  const world = await open();
  const { plan, device } = world;
  const ben = booked(world, 'Ben Weber');
  plan.take(ben, 'Tisch 1');
  expect(plan.moving).toMatchObject({ resource: 'Tisch 1', minute: 1080 });
  expect(plan.verdict).toBe('same');
  plan.moveTo({ resource: 'Tisch 3', minute: 1021 });
  expect(plan.moving?.minute).toBe(1020);
  expect(plan.verdict).toBe('free');
  expect(await plan.putDown()).toBe(true);
  expect(plan.moving).toBeUndefined();
  expect(device.agent.asked.at(-1)).toEqual({
    operation: 'bookings.move',
    params: {
      uid: ben.uid,
      sequence: 1,
      startsAtS: momentOf(TODAY, 1020, ZONE),
      resources: ['Tisch 3'],
    },
  });
  expect(plan.booking(ben.uid)).toMatchObject({ sequence: 2, resources: ['Tisch 3'] });
});

test('only what is another is asked for', async () => {
  const world = await open();
  world.plan.take(booked(world, 'Petra Sommer'), 'Tisch 4');
  world.plan.moveTo({ minute: 1080 });
  await world.plan.putDown();
  expect(world.device.agent.asked.at(-1)?.params).not.toHaveProperty('resources');
});

test('put down where it was, or put back, nothing is asked', async () => {
  const world = await open();
  const { plan, operations } = world;
  plan.take(booked(world, 'Ben Weber'), 'Tisch 1');
  expect(await plan.putDown()).toBe(false);
  plan.take(booked(world, 'Ben Weber'), 'Tisch 1');
  plan.moveTo({ resource: 'Tisch 3' });
  plan.putBack();
  expect(await plan.putDown()).toBe(false);
  plan.moveTo({ minute: 0 });
  expect(plan.moving).toBeUndefined();
  expect(operations()).not.toContain('bookings.move');
});

test('at a table that is too small it stays in hand', async () => {
  const world = await open();
  const { plan } = world;
  plan.take(booked(world, 'Kegelclub Gut Holz'), 'Tisch 8');
  plan.moveTo({ resource: 'Tisch 1' });
  expect(plan.verdict).toBe('small');
  expect(await plan.putDown()).toBe(false);
  expect(plan.moving).toBeDefined();
});

test('who saw an older state is refused, and sees the present one', async () => {
  const world = await open();
  const { plan, device, refused } = world;
  const ben = booked(world, 'Ben Weber');
  await device.ask('askAgent', {
    operation: 'bookings.confirm',
    params: { uid: ben.uid, sequence: 1 },
  });
  expect(await plan.move(ben, { party: 3 })).toBeUndefined();
  expect(refused).toEqual(['outdated']);
  await plan.load();
  expect(plan.booking(ben.uid)?.sequence).toBe(2);
});

test.each([
  ['confirm', 'confirmed'],
  ['decline', 'declined'],
  ['cancel', 'cancelled'],
  ['seated', 'seated'],
  ['completed', 'completed'],
  ['no_show', 'no_show'],
] as const)('%s makes it %s', async (step, state) => {
  const world = await open();
  const changed = await world.plan.takeStep(booked(world, 'Mia Fischer'), step);
  expect(changed?.state).toBe(state);
  expect(world.plan.booking(changed!.uid)?.state).toBe(state);
});

test('another time is proposed, a note written', async () => {
  const world = await open();
  const { plan, device } = world;
  const mia = booked(world, 'Mia Fischer');
  const startsAtS = momentOf(TODAY, 1200, ZONE);
  await plan.counter(mia, startsAtS);
  expect(device.agent.asked.at(-1)?.params).toEqual({ uid: mia.uid, sequence: 1, startsAtS });
  await plan.write(plan.booking(mia.uid)!, 'Geburtstag');
  expect(plan.booking(mia.uid)?.note).toBe('Geburtstag');
});

test('a time is blocked, and opened again', async () => {
  const { plan, device } = await open();
  expect(await plan.block(['Tisch 1'], 720, 780, 'Handwerker')).toBe(true);
  expect(device.agent.asked.at(-2)?.params).toEqual({
    resources: ['Tisch 1'],
    startsAtS: momentOf(TODAY, 720, ZONE),
    endsAtS: momentOf(TODAY, 780, ZONE),
    note: 'Handwerker',
  });
  const block = plan.day(TODAY)?.blocks.find(({ note }) => note === 'Handwerker');
  await plan.unblock(block!.id);
  expect(plan.day(TODAY)?.blocks.map(({ note }) => note)).toEqual(['Blumen werden geliefert']);
  device.agent.refusing.set('blocks.add', 'bad_request');
  expect(await plan.block([], 0, 10, '')).toBe(false);
});

test('a booking that goes to another day leaves this one', async () => {
  const world = await open();
  const ben = booked(world, 'Ben Weber');
  world.plan.apply({ ...ben, startsAtS: ben.startsAtS + 86_400 });
  expect(world.plan.booking(ben.uid)).toBeUndefined();
  world.plan.apply(ben);
  expect(world.plan.booking(ben.uid)).toBe(ben);
});

test('going elsewhere puts a booking back', async () => {
  const world = await open();
  world.plan.take(booked(world, 'Ben Weber'), 'Tisch 1');
  await world.plan.show('2026-11-27');
  expect(world.plan.moving).toBeUndefined();
});

test('steps are a day, or a week', () => {
  expect(steppedDate(TODAY, 'day', 1)).toBe('2026-11-27');
  expect(steppedDate(TODAY, 'list', -1)).toBe('2026-11-25');
  expect(steppedDate(TODAY, 'week', 1)).toBe('2026-12-03');
});

test('what is off is counted in what is shown, and hidden until somebody wants to see it', async () => {
  const home = await open();
  const { plan } = home;
  expect([plan.showsOff, plan.offCount]).toEqual([false, 0]);
  await plan.takeStep(booked(home, 'Ben Weber'), 'cancel');
  await plan.takeStep(booked(home, 'Mia Fischer'), 'decline');
  expect(plan.offCount).toBe(2);
  await plan.show('2026-11-27');
  expect(plan.offCount).toBe(0);
});
