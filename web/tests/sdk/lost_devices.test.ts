/** Devices that were lost go when this one can take their places, and not before. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { parseDeviceList } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { LostDevices, lostSlot } from '../../src/sdk/lost_devices.ts';
import { addDevice } from '../../src/sdk/own_devices.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let phone: Player;
let conversation: string;

beforeEach(async () => {
  [anna, ben, conversation] = await annaAndBen(new Delivery());
  phone = await anna.secondDevice();
  const { core } = phone;
  core.own = { ...core.own, identity: anna.core.own.identity };
  await core.vault.write(await core.ownTable.put(core.own));
  await anna.crash(); // lost
  await core.vault.write([await lostSlot(core.vault).put([anna.core.device])]);
});

afterEach(async () => {
  await Promise.all([ben, phone].map((player) => player.crash()));
});

const lost = (): LostDevices => new LostDevices(phone.core, () => phone.rooms.keeper());
const listed = (): number =>
  parseDeviceList(phone.delivery.accounts.get('anna')!.deviceList).devices.length;

test('the lost device goes from the list, and the account stays in its conversations', async () => {
  lost().kick();
  await quiet(phone, ben);
  await ben.timers.pass(30_000);
  await quiet(phone, ben);
  expect([listed(), await lostSlot(phone.core.vault).get()]).toEqual([1, undefined]);
  const members = ben.live(conversation).kept.members.map(({ uri }) => uri);
  expect(members).toContain(phone.core.device.uri);
  expect(members).not.toContain(anna.core.device.uri);
  await ben.say(conversation, 'are you back?');
  await quiet(phone, ben);
  expect(await phone.texts(conversation)).toContain('are you back?');
});

test('not before this device has left key packages', async () => {
  const uploaded = phone.core.keyPackages.uploaded.bind(phone.core.keyPackages);
  let count = 0;
  phone.core.keyPackages.uploaded = () => Promise.resolve(count);
  lost().kick();
  await quiet(phone);
  await phone.timers.pass(5_000);
  expect(listed()).toBe(2);
  count = await uploaded();
  await phone.timers.pass(5_000);
  await quiet(phone, ben);
  expect(listed()).toBe(1);
});

test('after a lost connection it is done with the next one; what is refused is told', async () => {
  phone.line.refuse('publishDeviceList', 'rate_limited', { retryAfterMs: 1 });
  lost().kick();
  await quiet(phone);
  expect([listed(), phone.problems()]).toEqual([2, ['rate_limited']]);
  phone.line.refuse('publishDeviceList', 'quota_exceeded');
  lost().kick();
  await quiet(phone);
  expect(await lostSlot(phone.core.vault).get()).toHaveLength(1); // they are still there
  phone.line.loseAnswers('publishDeviceList');
  lost().kick();
  await quiet(phone);
  await phone.connect();
  lost().kick();
  await quiet(phone, ben);
  expect([listed(), await lostSlot(phone.core.vault).get()]).toEqual([1, undefined]);
});

test('a device that came onto the list after the question goes too', async () => {
  const { core } = phone;
  const keeper = phone.rooms.keeper();
  const { device } = await addDevice(keeper, SigningKey.generate().public);
  await quiet(phone);
  expect(listed()).toBe(3);
  lost().kick();
  await quiet(phone, ben);
  expect([listed(), await lostSlot(core.vault).get()]).toEqual([1, undefined]);
  expect(core.trust.deviceList(core.address).addresses()).toEqual([core.device]);
  expect(device.equals(core.device)).toBe(false);
});

test('nothing happens where nothing was lost', async () => {
  await phone.core.vault.write([lostSlot(phone.core.vault).remove()]);
  const { length } = phone.line.asked;
  lost().kick();
  await quiet(phone);
  expect(phone.line.asked).toHaveLength(length);
});
