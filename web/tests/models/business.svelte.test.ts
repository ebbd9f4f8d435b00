import { afterEach, expect, test } from 'vitest';

import { Business } from '../../src/models/business.svelte.ts';
import { momentOf } from '../../src/models/local_time.ts';
import { speak } from '../../src/words/words.svelte.ts';
import { FakeDevice } from '../stage/fake.ts';
import { AGENT_DEVICE } from '../stage/linde.ts';
import { IDS } from '../stage/people.ts';
import { Clock, settled } from './clock.ts';
import { TODAY, ZONE } from './house.ts';

const running: Business[] = [];

afterEach(() => {
  for (const business of running.splice(0)) {
    business.end();
  }
});

async function open(isThere = true) {
  const clock = new Clock();
  const device = new FakeDevice(() => clock.now());
  device.agent.open();
  device.agent.isThere = isThere;
  const notes: string[] = [];
  const business = new Business({
    messenger: device,
    timers: clock,
    note: ({ sentence }) => notes.push(sentence),
  });
  running.push(business);
  await business.begin();
  return { business, device, clock, notes };
}

test('it begins with the house and the team', async () => {
  const { business } = await open();
  expect(business.view?.name).toBe('Zur Linde');
  expect(business.team.staff).toHaveLength(3);
  expect([business.today, business.zone, business.isAway]).toEqual([TODAY, ZONE, false]);
});

test('an agent that is away is no sentence, only a banner', async () => {
  const { business, notes } = await open(false);
  expect([business.isAway, business.view]).toEqual([true, undefined]);
  expect(notes).toEqual([]);
});

test('its return is noticed, and everything read anew', async () => {
  const { business, device } = await open();
  await business.plan.show(TODAY);
  device.agent.turn(false);
  expect(business.isAway).toBe(true);
  expect(business.lastThereMs).toBe(device.nowMs() - 5_400_000);
  const before = device.agent.asked.length;
  device.agent.turn(true);
  await settled();
  expect(business.isAway).toBe(false);
  const operations = device.agent.asked.slice(before).map(({ operation }) => operation);
  expect(operations).toEqual(['business.get', 'bookings.plan']);
});

test('a booking made in the chat is in the open plan within a second', async () => {
  const { business, device, clock } = await open();
  await business.plan.show(TODAY);
  device.agent.guestBooks({ startsAtS: momentOf(TODAY, 1080, ZONE), underName: 'Neu' });
  await clock.pass(900);
  const names = business.plan.day(TODAY)?.bookings.map(({ underName }) => underName);
  expect(names).toContain('Neu');
});

test('many changes at once are read once', async () => {
  const { business, device, clock } = await open();
  await business.plan.show(TODAY);
  const before = device.agent.asked.length;
  for (let at = 0; at < 30; at += 1) {
    device.agent.guestBooks({ startsAtS: momentOf(TODAY, 1080, ZONE) });
  }
  await clock.pass(900);
  expect(device.agent.asked).toHaveLength(before + 1);
});

test('refusals are said in words, by their code', async () => {
  const { business, device, notes } = await open();
  speak('en');
  device.agent.refusing.set('figures.get', 'outdated');
  await business.figures.load(TODAY);
  device.agent.refusing.set('figures.get', 'never_heard_of');
  await business.figures.load(TODAY);
  expect(notes[0]).toContain('Somebody changed this booking');
  expect(notes[1]).toContain('The fake refused');
});

test('the inbox shows what the filter takes, and marks rows', async () => {
  const { business } = await open();
  speak('en');
  business.filter = { kind: 'unassigned' };
  expect([IDS.ben, IDS.request].map((id) => business.takes(id))).toEqual([false, true]);
  expect(business.marksOf(IDS.ben)).toEqual(['# Stammgast', 'You']);
  expect(business.marksOf(IDS.long)).toEqual(['# Lieferung', 'Cem']);
  expect(business.marksOf(IDS.left)).toEqual([]);
});

test('what is said to the team comes back', async () => {
  const { business } = await open();
  const device = business.team.staff[2]!.device;
  const fact = { kind: 'assignment', conversation: IDS.request, device } as const;
  expect(await business.tellTeam(fact)).toBe(true);
  expect(business.marksOf(IDS.request)).toEqual(['# Feier', 'Olga']);
});

test('answering is said when somebody types, and not with every key', async () => {
  const { business, device, clock } = await open();
  const said = () => device.asked.filter(({ operation }) => operation === 'tellTeam').length;
  business.answering(IDS.ben);
  business.answering(IDS.ben);
  await settled();
  expect(said()).toBe(1);
  await clock.pass(21_000);
  business.answering(IDS.ben);
  await settled();
  expect(said()).toBe(2);
});

test('the clock goes on, until the end', async () => {
  const { business, clock } = await open();
  const before = business.nowMs;
  await clock.pass(60_000);
  expect(business.nowMs).toBe(before + 60_000);
  business.end();
  await clock.pass(60_000);
  expect(business.nowMs).toBe(before + 60_000);
});

test('another house is taken, nothing is not', async () => {
  const { business, device, clock } = await open();
  const { view } = business;
  business.became(undefined);
  expect(business.view).toBe(view);
  await device.ask('askAgent', {
    operation: 'business.setTables',
    params: { resources: [], combinations: [] },
  });
  await clock.pass(900);
  expect(business.view?.resources).toEqual([]);
});

test('whoever is not known by name is called what they are, and never by a device', async () => {
  const { business } = await open();
  speak('en');
  const one = { device: 'd', name: '', isThis: false, isGone: false };
  expect(business.calls({ ...one, name: 'Kim', role: 'staff' })).toBe('Kim');
  expect(business.calls({ ...one, name: 'Kim', role: 'staff', isThis: true })).toBe('You');
  expect(business.calls({ ...one, role: 'staff' })).toBe('Somebody of the team');
  expect(business.calls({ ...one, role: 'owner' })).toBe('The owner');
  expect(business.calls(undefined)).toBe('Somebody from before');
});

test('a note is signed by who wrote it: one of the team, the agent, or somebody from before', async () => {
  const { business } = await open();
  speak('de');
  expect(business.authorOf('fedcba9876543210')).toBe('Cem');
  expect(business.authorOf(AGENT_DEVICE)).toBe('Agent');
  expect(business.authorOf('gone')).toBe('Jemand von früher');
});
