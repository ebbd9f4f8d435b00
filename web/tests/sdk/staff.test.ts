/** Staff is renewed with each connection and once a day, by owners only. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { SigningKey } from '../../src/identity/keys.ts';
import { addDevice, STAFF_LIFETIME_S, STAFF_RENEWED_S } from '../../src/sdk/own_devices.ts';
import { LOOK_MS, Staff } from '../../src/sdk/staff.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let staff: Staff;

beforeEach(async () => {
  [anna, ben] = await annaAndBen(new Delivery());
  anna.core.own = { ...anna.core.own, kind: 'business' };
  await addDevice(anna.rooms.keeper(), SigningKey.generate().public, true);
  staff = new Staff(anna.core, () => anna.rooms.keeper());
});

afterEach(async () => {
  await Promise.all([anna.crash(), ben.crash()]);
});

const list = () => anna.core.trust.deviceList(anna.core.address);
const leftS = (): number => list().staff[0]![1] - anna.core.nowS;

test('with a connection, and not before it is due', async () => {
  const { seq } = list();
  staff.kick();
  await quiet(anna);
  expect([list().seq, leftS()]).toEqual([seq, STAFF_LIFETIME_S]);
});

test('a device that stays connected does it when it is due', async () => {
  staff.kick();
  await quiet(anna);
  const days = Math.ceil((STAFF_LIFETIME_S - STAFF_RENEWED_S) / 86_400) + 2;
  for (let day = 0; day < days; day += 1) {
    await anna.timers.pass(LOOK_MS);
    await quiet(anna);
  }
  expect(leftS()).toBeGreaterThan(STAFF_RENEWED_S);
});

test('what is refused is told, and tried with the next connection', async () => {
  const late = { ...anna.rooms.keeper(), nowS: anna.core.nowS + STAFF_LIFETIME_S - 60 };
  const hurried = new Staff(anna.core, () => late);
  anna.line.refuse('publishDeviceList', 'rate_limited', { retryAfterMs: 1 });
  hurried.kick();
  await quiet(anna);
  expect(anna.problems()).toEqual(['rate_limited']);
  const { seq } = list();
  hurried.kick();
  await quiet(anna);
  expect(list().seq).toBe(seq + 1);
});
