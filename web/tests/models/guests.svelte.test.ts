import { expect, test } from 'vitest';

import { fileName, Guests } from '../../src/models/guests.svelte.ts';
import { Clock, settled } from './clock.ts';
import { house } from './house.ts';

async function open() {
  const home = house();
  const clock = new Clock();
  const guests = new Guests(home.side, clock);
  await guests.load();
  return { ...home, guests, clock };
}

test('guests are listed, page by page', async () => {
  const { guests, device } = await open();
  expect(guests.list).toHaveLength(16);
  expect(guests.hasMore).toBe(false);
  const [first] = device.agent.guests;
  device.agent.guests = Array.from({ length: 70 }, (_, at) => ({ ...first!, id: `g${at}` }));
  await guests.load();
  expect([guests.list?.length, guests.hasMore]).toEqual([50, true]);
  await guests.more();
  expect([guests.list?.length, guests.hasMore]).toEqual([70, false]);
  await guests.more();
  expect(guests.list).toHaveLength(70);
});

test('the search waits for the last letter', async () => {
  const { guests, clock, operations } = await open();
  const before = operations().length;
  guests.find('roth');
  guests.find('ida roth');
  expect(operations()).toHaveLength(before);
  await clock.pass(200);
  expect(guests.list?.map(({ name }) => name)).toEqual(['Ida Roth']);
  expect(operations()).toHaveLength(before + 1);
});

test('one guest is shown at once, and then as the agent knows them', async () => {
  const { guests, device } = await open();
  const showing = guests.show('k2');
  expect(guests.open?.name).toBe('Petra Sommer');
  device.agent.guests = device.agent.guests.map((one) => ({ ...one, visits: 99 }));
  await showing;
  await settled();
  expect(guests.open?.visits).toBe(99);
  expect(guests.list?.[1]?.visits).toBe(99);
  await guests.show('');
  expect(guests.open).toBeUndefined();
});

test('a note is kept', async () => {
  const { guests } = await open();
  await guests.show('k2');
  expect(await guests.write('k2', 'Fensterplatz')).toBe(true);
  expect(guests.open?.note).toBe('Fensterplatz');
});

test('everything that is kept is handed over as a file', async () => {
  const { guests } = await open();
  await guests.show('k3');
  const file = await guests.export(guests.open!);
  expect(file).toMatchObject({ name: 'Familie-Novak.json', mediaType: 'application/json' });
  expect(JSON.parse(file!.file)).toMatchObject({ id: 'k3' });
});

test('erased is erased', async () => {
  const { guests, refused } = await open();
  await guests.show('k3');
  expect(await guests.erase('k3')).toBe(6);
  expect(guests.open).toBeUndefined();
  expect(guests.list?.some(({ id }) => id === 'k3')).toBe(false);
  expect(await guests.erase('k3')).toBeUndefined();
  expect(refused).toEqual(['unknown']);
});

test('a refused erasure leaves the guest where it is', async () => {
  const { guests, device } = await open();
  await guests.show('k3');
  device.agent.refusing.set('customers.erase', 'not_allowed');
  expect(await guests.erase('k3')).toBeUndefined();
  expect(guests.open?.id).toBe('k3');
});

test('a change elsewhere is read once somebody looks', async () => {
  const home = house();
  const guests = new Guests(home.side, new Clock());
  await guests.changed();
  expect(home.operations()).toEqual([]);
  await guests.load();
  home.device.agent.guests = home.device.agent.guests.slice(0, 2);
  await guests.changed();
  expect(guests.list).toHaveLength(2);
});

test('an answer that comes too late is not shown', async () => {
  const { guests } = await open();
  guests.query = 'ben';
  const first = guests.load();
  guests.query = 'ida';
  const second = guests.load();
  await Promise.all([first, second]);
  expect(guests.list?.map(({ name }) => name)).toEqual(['Ida Roth', 'Familie Novak'].slice(0, 1));
});

test('files have names that any disk takes', () => {
  expect(fileName('Ben Weber', 'application/json')).toBe('Ben-Weber.json');
  expect(fileName('../../etc', 'text/csv')).toBe('etc.csv');
  expect(fileName('', 'text/plain')).toBe('guest.txt');
  expect(fileName('Ä'.repeat(100), 'text/plain').length).toBeLessThan(70);
});

test('two records become one, in the list too', async () => {
  const { guests, device } = await open();
  await guests.show('k2');
  const one = await guests.merge('k2', 'k1');
  expect(device.agent.asked.at(-1)?.params).toEqual({ id: 'k2', into: 'k1' });
  expect(one).toMatchObject({ id: 'k1', note: 'Nussallergie. Sitzt gern am Fenster.' });
  expect(guests.list?.map(({ id }) => id)).not.toContain('k2');
  expect([guests.open?.id, guests.list?.[0]]).toEqual(['k1', one]);
});

test('what is refused leaves both', async () => {
  const { guests, device, refused } = await open();
  device.agent.refusing.set('customers.merge', 'not_allowed');
  expect(await guests.merge('k2', 'k1')).toBeUndefined();
  expect(refused).toEqual(['not_allowed']);
  expect(guests.list).toHaveLength(16);
});
