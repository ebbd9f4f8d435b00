/** Linking from its code to its end, both ways, and what goes wrong on the way. */

import { expect, test } from 'vitest';

import { type PlauschError } from '../../src/base/errors.ts';
import { parseCertificate } from '../../src/identity/certificate.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { SdkError, ServerRefused } from '../../src/sdk/errors.ts';
import { callOff, ExistingSide, NewSide } from '../../src/sdk/linking.ts';
import { PAIRING_MS } from '../../src/sdk/pairing_line.ts';
import { Meeting, SERVER_URL } from './linking_players.ts';
import { failure } from './scripted.ts';

async function codeOf(step: Promise<unknown>): Promise<string> {
  return ((await failure(step)) as PlauschError).code;
}

test('the existing device scans the code of the new one', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const { code } = await phone.heard.stage('showing');
  expect(code.shownBy).toBe('new');
  const computer = meeting.existingSide(code);
  expect(await computer.heard.stage('asking')).toEqual({ stage: 'asking', name: 'Phone' });
  computer.agree();
  const { own, note } = await phone.done;
  await phone.side.finish();
  const enrolled = await computer.done;
  const { anna } = meeting;
  expect(own.device).toEqual(enrolled.device);
  expect(own.identity?.public).toEqual(anna.own.identity?.public);
  expect([own.isRegistered, own.kind, own.serverUrl]).toEqual([true, 'person', SERVER_URL]);
  expect(parseDeviceList(own.deviceList).lists(own.device, own.deviceKey.public)).toBe(true);
  expect(parseCertificate(own.certificate).device).toEqual(own.device);
  expect(anna.published).toEqual([own.deviceList]);
  expect([anna.notes, note === undefined]).toEqual([['Phone'], false]);
  expect(meeting.server.count).toBe(0);
});

test('the new device scans the code of the existing one: both show the same digits', async () => {
  const meeting = new Meeting();
  const computer = meeting.existingSide();
  const { code } = await computer.heard.stage('showing');
  expect([code.shownBy, code.keysHash.length]).toEqual(['existing', 0]);
  const phone = meeting.newSide(code, 'Tablet');
  const asking = await computer.heard.stage('asking');
  const comparing = await phone.heard.stage('comparing');
  expect(asking).toEqual({ stage: 'asking', name: 'Tablet', digits: comparing.digits });
  expect(comparing.digits).toMatch(/^[0-9]{6}$/);
  computer.agree();
  const { own } = await phone.done;
  await phone.side.finish();
  expect((await computer.done).device).toEqual(own.device);
});

test('a device of staff gets everything but the identity key', async () => {
  const meeting = new Meeting();
  const { anna } = meeting;
  anna.own = { ...anna.own, kind: 'business' };
  anna.isStaffs = true;
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  const { own } = await phone.done;
  await phone.side.finish();
  expect((await computer.done).device).toEqual(own.device);
  expect([own.identity, own.kind]).toEqual([undefined, 'business']);
  expect(parseDeviceList(own.deviceList).isStaff(own.device)).toBe(true);
});

test('a link that was pasted or opened asks for digits: the new device shows them', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const { code } = await phone.heard.stage('showing');
  const computer = meeting.existingSide(code, meeting.anna.giver, false);
  const { digits } = await computer.heard.stage('asking');
  expect((await phone.heard.stage('comparing')).digits).toBe(digits);
  expect(digits).toMatch(/^[0-9]{6}$/);
  computer.agree();
  const { own } = await phone.done;
  await phone.side.finish();
  expect((await computer.done).device).toEqual(own.device);
});

test('they are others each time, so that nobody knows them when he sends the link', async () => {
  const digits = new Set<string>();
  for (let time = 0; time < 5; time += 1) {
    const meeting = new Meeting();
    const phone = meeting.newSide();
    const { code } = await phone.heard.stage('showing');
    const computer = meeting.existingSide(code, meeting.anna.giver, false);
    digits.add((await computer.heard.stage('asking')).digits!);
    await callOff(computer.side.line);
  }
  expect(digits.size).toBeGreaterThan(3);
});

test('the new device asks whether it is to be one of this account', async () => {
  const meeting = new Meeting();
  const wanted = Promise.withResolvers<undefined>();
  const phone = meeting.newSide(undefined, 'Phone', wanted.promise);
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  const { account } = await phone.heard.stage('joining');
  expect(account).toBe(meeting.anna.own.device.account.toString());
  let isLinked = false;
  void phone.done.then(() => {
    isLinked = true;
  });
  await meeting.server.timers.pass(60_000);
  expect(isLinked).toBe(false);
  wanted.resolve(undefined);
  await phone.done;
});

test('a no there takes it off the list again', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide(undefined, 'Phone', new Promise(() => undefined));
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  await phone.heard.stage('joining');
  await callOff(phone.side.line);
  expect(await codeOf(phone.done)).toBe('link_cancelled');
  expect(await codeOf(computer.done)).toBe('link_declined');
  const listed = parseDeviceList(meeting.anna.own.deviceList).addresses();
  const others = listed.filter((one) => !one.equals(meeting.anna.own.device));
  expect(meeting.anna.withdrawn).toEqual(others.map(({ uri }) => uri));
  expect(others).toHaveLength(1);
});

test('where that cannot be, it is told that it is on the list', async () => {
  const meeting = new Meeting();
  meeting.anna.isStuck = true;
  const phone = meeting.newSide(undefined, 'Phone', new Promise(() => undefined));
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  await phone.heard.stage('joining');
  await callOff(phone.side.line);
  expect(await codeOf(computer.done)).toBe('link_unfinished');
});

test('a no of the existing device is heard while the new one asks', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide(undefined, 'Phone', new Promise(() => undefined));
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  await phone.heard.stage('joining');
  await callOff(computer.side.line);
  expect(await codeOf(phone.done)).toBe('link_declined');
  expect(await codeOf(computer.done)).toBe('link_unfinished');
});

test('nothing is published or sent before the yes', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  await meeting.server.timers.pass(60_000);
  expect([meeting.anna.published, meeting.anna.notes]).toEqual([[], []]);
  expect(phone.heard.told.map(({ stage }) => stage)).toEqual(['showing']);
});

test('a no is heard on the other side', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  await callOff(computer.side.line);
  expect(await codeOf(phone.done)).toBe('link_declined');
  expect(await codeOf(computer.done)).toBe('link_cancelled');
  expect(meeting.anna.published).toEqual([]);
});

test('a new device that goes away while it is asked about is not linked', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  await callOff(phone.side.line);
  expect(await codeOf(computer.done)).toBe('link_declined');
  computer.agree();
  expect(meeting.anna.published).toEqual([]);
});

test('nobody comes: both are told when the time is over', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  await phone.heard.stage('showing');
  await meeting.server.timers.pass(PAIRING_MS);
  expect(await codeOf(phone.done)).toBe('pairing_over');
});

test('a second device that scans the same code is refused', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const { code } = await phone.heard.stage('showing');
  const first = meeting.existingSide(code);
  await first.heard.stage('asking');
  const other = new Meeting().anna;
  const second = meeting.existingSide(code, other.giver);
  expect(await codeOf(second.done)).toBe('pairing_taken');
  first.agree();
  await phone.done;
});

test('a device that was killed after the yes comes back to the same code', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const { code } = await phone.heard.stage('showing');
  const { anna } = meeting;
  const killed = meeting.existingSide(code, {
    ...anna.giver,
    note: () => new Promise(() => undefined), // published, and then nothing more
  });
  await killed.heard.stage('asking');
  killed.agree();
  await killed.heard.stage('working');
  await expect.poll(() => anna.published.length).toBe(1);
  const again = meeting.existingSide(code);
  await again.heard.stage('asking');
  again.agree();
  const { own } = await phone.done;
  await phone.side.finish();
  await again.done;
  expect(anna.published).toHaveLength(1); // the same key is the same device
  expect(parseDeviceList(anna.own.deviceList).devices).toHaveLength(2);
  expect(parseDeviceList(anna.own.deviceList).lists(own.device, own.deviceKey.public)).toBe(true);
});

test('a list that the server refuses ends it, and the sentence is the server’s', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  meeting.anna.refusal = new ServerRefused('Too many.', {
    code: 'too_many_devices',
    fault: 'local',
  });
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  expect(await codeOf(computer.done)).toBe('too_many_devices');
  await callOff(computer.side.line);
  expect(await codeOf(phone.done)).toBe('link_declined');
});

test('a new device that never says that it has its keys is on the list: that is told', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  await phone.done; // and it is killed before it says so
  await meeting.server.timers.pass(PAIRING_MS);
  const error = await failure(computer.done);
  expect(error).toBeInstanceOf(SdkError);
  expect([(error as SdkError).code, meeting.anna.published.length]).toEqual(['link_unfinished', 1]);
});

test('the server may be restarted in the middle', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  meeting.server.cut(true);
  computer.agree();
  await meeting.server.timers.pass(5_000);
  const { own } = await phone.done;
  const finished = phone.side.finish();
  await meeting.server.timers.pass(5_000);
  await finished;
  expect((await computer.done).device).toEqual(own.device);
});

test('two devices that both have an account do not link each other', () => {
  const meeting = new Meeting();
  const { outside } = meeting.server;
  const code = { shownBy: 'existing', pairing: new Uint8Array(16), keysHash: new Uint8Array(0) };
  const make = (): ExistingSide =>
    new ExistingSide({ outside, serverUrl: SERVER_URL }, meeting.anna.giver, code as never, true);
  expect(make).toThrow(/already has an account/);
});

test('a device without the identity key links nobody', async () => {
  const meeting = new Meeting();
  meeting.anna.own = { ...meeting.anna.own, identity: undefined };
  const phone = meeting.newSide();
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  await computer.heard.stage('asking');
  computer.agree();
  expect(await codeOf(computer.done)).toBe('not_owner');
  expect(meeting.anna.published).toEqual([]);
});

test('a name is cut to what may be shown', async () => {
  const meeting = new Meeting();
  const phone = meeting.newSide(undefined, 'x'.repeat(500));
  const computer = meeting.existingSide((await phone.heard.stage('showing')).code);
  expect((await computer.heard.stage('asking')).name).toHaveLength(64);
  expect(phone.side).toBeInstanceOf(NewSide);
});
