import { expect, test } from 'vitest';

import { BookingForm } from '../../src/models/booking_form.svelte.ts';
import { house, TODAY } from './house.ts';

async function open() {
  const home = house();
  const form = new BookingForm(home.side, 'token-1', TODAY);
  await form.look();
  return { ...home, form };
}

test('free times are looked up for two, today', async () => {
  const { form, device } = await open();
  expect(form.available?.slots.length).toBeGreaterThan(3);
  expect(device.agent.asked[0]?.params).toEqual({ date: TODAY, party: 2, service: 'table' });
});

test('it takes a time and a name', async () => {
  const { form, operations } = await open();
  expect(form.canSend).toBe(false);
  form.startsAtS = form.available!.slots[1]!.startsAtS;
  expect(form.canSend).toBe(false);
  expect(await form.send()).toBeUndefined();
  form.underName = '  Theo  ';
  expect(form.canSend).toBe(true);
  expect(operations()).not.toContain('bookings.book');
});

test('what is said is what is booked', async () => {
  const { form, device } = await open();
  const startsAtS = form.available!.slots[1]!.startsAtS;
  Object.assign(form, { startsAtS, underName: ' Theo ', telephone: '030 1', note: ' Hund ' });
  expect((await form.send())?.underName).toBe('Theo');
  const asked = device.agent.asked.find(({ operation }) => operation === 'bookings.book');
  expect(asked?.params).toEqual({
    token: 'token-1',
    service: 'table',
    startsAtS,
    party: 2,
    underName: 'Theo',
    telephone: '030 1',
    note: 'Hund',
    source: 'staff',
  });
});

test('another size has other times, and forgets a time that is gone', async () => {
  const { form } = await open();
  form.startsAtS = form.available!.slots[1]!.startsAtS;
  await form.set({ party: 4 });
  expect(form.startsAtS).toBeGreaterThan(0);
  await form.set({ party: 9 });
  expect(form.available).toEqual({ slots: [], why: 'party_too_large' });
  expect(form.startsAtS).toBe(0);
});

test('a closed day says so', async () => {
  const { form } = await open();
  await form.set({ date: '2026-11-30' });
  expect(form.available?.why).toBe('closed');
});

test('a party is a whole number of people', async () => {
  const { form } = await open();
  for (const [typed, party] of [
    [0, 1],
    [-3, 1],
    [2.5, 1],
    [Number.NaN, 1],
    [9999, 500],
  ] as const) {
    await form.set({ party: typed });
    expect(form.party).toBe(party);
  }
});

test('a time that was taken meanwhile is refused, and the free ones looked up again', async () => {
  const { form, device, refused, operations } = await open();
  Object.assign(form, { startsAtS: form.available!.slots[0]!.startsAtS, underName: 'Theo' });
  device.agent.refusing.set('bookings.book', 'full');
  expect(await form.send()).toBeUndefined();
  expect(refused).toEqual(['full']);
  expect(operations().at(-1)).toBe('bookings.available');
  expect(form.isSending).toBe(false);
});

test('the same form sent twice is one booking', async () => {
  const { form, device } = await open();
  Object.assign(form, { startsAtS: form.available!.slots[0]!.startsAtS, underName: 'Theo' });
  const [one, two] = [await form.send(), await form.send()];
  expect(one?.uid).toBe(two?.uid);
  expect(device.agent.asked.filter(({ operation }) => operation === 'bookings.book')).toHaveLength(
    2,
  );
});

test('without the agent there are no times', async () => {
  const { form, device } = await open();
  device.agent.isThere = false;
  await form.look();
  expect(form.available).toEqual({ slots: [], why: '' });
});
