/** What a linked device is handed: read whole, and refused when anything does not fit together. */

import { expect, test } from 'vitest';

import { concat, toHex } from '../../src/base/bytes.ts';
import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import { DeviceCertificate } from '../../src/identity/certificate.ts';
import { DeviceList, parseDeviceList } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { newNotePlace } from '../../src/sdk/archive_ref.ts';
import { type Handover, handoverBytes, readHandover } from '../../src/sdk/handover.ts';
import { PairingRefused } from '../../src/sdk/pairing.ts';
import { DOMAIN, NOW_S, Person, SECOND, YEAR_S } from './identities.ts';

const anna = new Person('anna');
anna.addDevice(SECOND);
const deviceKey = anna.devices.get(SECOND)!;
const RECOVERY = {
  lookup: new Uint8Array(32).fill(1),
  adoptionKey: new Uint8Array(32).fill(2),
  sealingKey: new Uint8Array(1216).fill(3),
};
const GIVEN: Handover = {
  kind: 'person',
  identity: anna.identity,
  device: anna.deviceAddress(SECOND),
  certificate: anna.certificate(SECOND),
  deviceList: anna.list,
  note: newNotePlace(),
  recovery: RECOVERY,
};

const read = (given: Handover, key = deviceKey, domain = DOMAIN, nowS = NOW_S): Handover =>
  readHandover(handoverBytes(given), key, domain, nowS);

function refusal(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    expect(error).toBeInstanceOf(PairingRefused);
    expect((error as PairingRefused).code).toBe('link_unfit');
    return (error as PairingRefused).message;
  }
  return '';
}

const STAFFS: Handover = {
  ...GIVEN,
  identity: undefined,
  deviceList: staffList(NOW_S + 1_000),
  recovery: undefined,
};

/** The list on which the second device is one of staff until then. */
function staffList(untilS: number): Uint8Array {
  const { devices } = parseDeviceList(anna.list);
  return DeviceList.issue(anna.identity, anna.address, devices, NOW_S, undefined, [
    [SECOND, untilS],
  ]);
}

test('staff is handed no identity key', () => {
  const came = read(STAFFS);
  expect(came.identity).toBeUndefined();
  expect(came.deviceList).toEqual(STAFFS.deviceList);
  const hex = toHex(anna.identity.toBytes());
  expect(toHex(handoverBytes(GIVEN))).toContain(hex);
  expect(toHex(handoverBytes(STAFFS))).not.toContain(hex);
});

test('who is staff on the list has no identity key, and nobody else is without', () => {
  for (const given of [
    { ...STAFFS, identity: anna.identity },
    { ...GIVEN, identity: undefined },
  ]) {
    expect(refusal(() => read(given))).toContain('do not belong together');
  }
  const over = { ...STAFFS, deviceList: staffList(NOW_S) };
  expect(refusal(() => read(over))).toContain('must renew it');
});

test.each([0, 1, 2])('another version, kind or role is refused (byte %d)', (at) => {
  const raw = handoverBytes(GIVEN);
  raw[at] = 9;
  expect(refusal(() => readHandover(raw, deviceKey, DOMAIN, NOW_S))).not.toBe('');
});

test('everything comes back, with or without history and backups', () => {
  const { identity, ...rest } = read(GIVEN);
  const { identity: given, ...expected } = GIVEN;
  expect(rest).toEqual(expected);
  expect(identity!.toBytes()).toEqual(given!.toBytes());
  const bare = read({ ...GIVEN, note: undefined, recovery: undefined });
  expect([bare.note, bare.recovery]).toEqual([undefined, undefined]);
});

test('an account of another server is refused', () => {
  expect(refusal(() => read(GIVEN, deviceKey, 'evil.example'))).toContain('evil.example');
});

test('what does not belong together is refused', () => {
  const stranger = new Person('anna');
  stranger.addDevice(SECOND);
  const elsewhere = new DeviceAddress(new AccountAddress('cem', DOMAIN), SECOND);
  for (const [given, key] of [
    [GIVEN, SigningKey.generate()],
    [{ ...GIVEN, identity: SigningKey.generate() }, deviceKey],
    [{ ...GIVEN, device: anna.deviceAddress() }, deviceKey],
    [{ ...GIVEN, device: elsewhere }, deviceKey],
    [{ ...GIVEN, certificate: anna.certificate() }, deviceKey],
    [{ ...GIVEN, certificate: stranger.certificate(SECOND) }, deviceKey],
    [{ ...GIVEN, deviceList: anna.lists[0]! }, deviceKey],
    [{ ...GIVEN, deviceList: stranger.list }, deviceKey],
  ] as const) {
    expect(refusal(() => read(given, key))).toContain('do not belong together');
  }
});

test('a certificate that is not valid now is refused', () => {
  expect(refusal(() => read(GIVEN, deviceKey, DOMAIN, NOW_S + 2 * YEAR_S))).not.toBe('');
  const early = DeviceCertificate.issue(
    ...([anna.identity, GIVEN.device, deviceKey.public, NOW_S + 1, NOW_S + 2] as const),
  );
  expect(refusal(() => read({ ...GIVEN, certificate: early }))).not.toBe('');
});

test('a list that was altered is refused', () => {
  const forged = DeviceList.issue(
    ...([SigningKey.generate(), anna.address, [[SECOND, deviceKey.public]], NOW_S] as const),
  );
  expect(refusal(() => read({ ...GIVEN, deviceList: forged }))).not.toBe('');
  const altered = anna.list.slice();
  altered[altered.length - 1]! ^= 1;
  expect(refusal(() => read({ ...GIVEN, deviceList: altered }))).not.toBe('');
});

test('nonsense is refused', () => {
  const raw = handoverBytes(GIVEN);
  for (const bytes of [
    new Uint8Array(0),
    raw.slice(0, -1),
    concat(raw, Uint8Array.of(0)),
    concat(Uint8Array.of(1), raw.slice(1)),
    concat(Uint8Array.of(2, 9), raw.slice(2)),
    new Uint8Array(500).fill(0xff),
  ]) {
    expect(refusal(() => readHandover(bytes, deviceKey, DOMAIN, NOW_S))).not.toBe('');
  }
});
