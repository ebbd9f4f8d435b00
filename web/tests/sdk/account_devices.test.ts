/** What a device does for the others of its account, wired together. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { equalBytes } from '../../src/base/bytes.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { AccountDevices } from '../../src/sdk/account_devices.ts';
import { HISTORY_TRANSFER } from '../../src/sdk/arrival.ts';
import { PATIENCE_MS } from '../../src/sdk/departures.ts';
import type { Giver } from '../../src/sdk/linking.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';
import { codeOf } from '../vault/vault_players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let devices: AccountDevices;
let introduced: (readonly [device: string, name: string, isStaff: boolean])[];

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben] = await annaAndBen(delivery);
  introduced = [];
  devices = new AccountDevices(anna.parts.device, anna.rooms, (told) => anna.told.push(told), {
    introduce: (device, name, isStaff) => {
      introduced.push([device.uri, name, isStaff]);
      return Promise.resolve();
    },
  });
});

afterEach(async () => {
  await Promise.all([anna.crash(), ben.crash()]);
});

const listed = (): readonly string[] =>
  anna.core.trust
    .deviceList(anna.core.address)
    .addresses()
    .map(({ uri }) => uri);
const kept = () => delivery.backups.get('anna');

async function passes(): Promise<void> {
  await quiet(anna);
  await anna.timers.pass(PATIENCE_MS + 1_000);
  await quiet(anna);
}

test('what is given is this device’s own, and nothing of backups where there are none', async () => {
  const { own, recovery } = await devices.giver();
  expect(own).toBe(anna.core.own);
  expect(recovery).toBeUndefined();
});

test('with backups what makes them is given too', async () => {
  await devices.backups.setUp('');
  const { recovery } = await devices.giver();
  expect(recovery).toBeDefined();
  expect(equalBytes(recovery!.lookup, kept()!.recovery.lookup)).toBe(true);
});

test('staff is given no identity key, nothing of backups, and the name of the person', async () => {
  await devices.backups.setUp('');
  expect(await codeOf(devices.giver('Marie'))).toBe('not_business');
  anna.core.own = { ...anna.core.own, kind: 'business' };
  const giver = await devices.giver('Marie');
  expect([giver.identity, giver.recovery]).toEqual([undefined, undefined]);
  const enrolled = await enrols(giver);
  await giver.note(enrolled, 'Firefox, Android');
  expect(anna.core.naming.of(enrolled.device)).toBe('Marie');
  const shown = anna.rooms.devices().find(({ device }) => device === enrolled.device.uri);
  expect([shown?.isStaff, shown?.isThis]).toEqual([true, false]);
  expect(introduced).toEqual([[enrolled.device.uri, 'Marie', true]]);
  await devices.name({ device: enrolled.device.uri, name: 'Marie B.' });
  expect(anna.core.naming.of(enrolled.device)).toBe('Marie B.');
  expect(introduced.at(-1)).toEqual([enrolled.device.uri, 'Marie B.', true]);
});

test('what the team is told is the name that is kept', async () => {
  anna.core.own = { ...anna.core.own, kind: 'business' };
  const [long, kept] = [`Marie\n \u202eB${'x'.repeat(90)}`, `Marie B${'x'.repeat(56)}`];
  const giver = await devices.giver(long);
  const { device, ...enrolled } = await enrols(giver);
  await giver.note({ device, ...enrolled }, 'Firefox, Android');
  expect(anna.core.naming.of(device)).toBe(kept);
  await devices.name({ device: device.uri, name: `${long} ` });
  expect(anna.core.naming.of(device)).toBe(kept);
  expect(introduced.map(([, name]) => name)).toEqual([kept, kept]);
});

test('a device of staff gives nothing, names nothing and sets nothing up', async () => {
  anna.core.own = { ...anna.core.own, identity: undefined };
  const device = anna.core.device.uri;
  for (const step of [
    devices.giver(),
    devices.name({ device, name: 'Mine' }),
    devices.backups.setUp(''),
    devices.backups.stop(),
  ]) {
    expect(await codeOf(step)).toBe('not_owner');
  }
  expect(introduced).toEqual([]);
});

async function enrols(giver: Giver): Promise<Awaited<ReturnType<Giver['enrol']>>> {
  return giver.enrol(SigningKey.generate().public);
}

test('who was enrolled has a name, and the history on its way', async () => {
  const giver = await devices.giver();
  const enrolled = await enrols(giver);
  expect(listed()).toContain(enrolled.device.uri);
  await giver.note(enrolled, 'Firefox, Android');
  expect(anna.core.naming.of(enrolled.device)).toBe('Firefox, Android');
  expect(delivery.blobs.size).toBe(0); // nothing before it has its keys
  devices.linked();
  await passes();
  expect(delivery.blobs.size).toBe(2); // the archive and the note
  expect(anna.problems()).toEqual([]);
});

test('how far its upload came is told once there was a connection', async () => {
  const giver = await devices.giver();
  await giver.note(await enrols(giver), 'Phone');
  devices.kick();
  await passes();
  const transfers = anna.told.filter(({ what }) => what === 'transfer');
  expect(transfers.length).toBeGreaterThan(0);
  expect(transfers.every((told) => 'transfer' in told && told.transfer === HISTORY_TRANSFER)).toBe(
    true,
  );
});

test('an enrolment that came to nothing is taken back', async () => {
  const giver = await devices.giver();
  const enrolled = await enrols(giver);
  await giver.withdraw(enrolled);
  expect(listed()).toEqual([anna.core.device.uri]);
  await passes();
  expect(delivery.blobs.size).toBe(0);
});

test('after a removal there is another backup, if there are any at all', async () => {
  devices.removed();
  await passes();
  expect(kept()).toBeUndefined();
  await devices.backups.setUp('');
  const before = kept()!.blob;
  devices.removed();
  await passes();
  expect(equalBytes(kept()!.blob, before)).toBe(false);
});
