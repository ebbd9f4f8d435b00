import { expect, test } from 'vitest';

import { DeviceCertificate, parseCertificate } from '../../src/identity/certificate.ts';
import { DeviceList, parseDeviceList } from '../../src/identity/device_list.ts';
import { judgeLeaf } from '../../src/identity/judge.ts';
import { ANNA, BEN, NOW_S, type Person, refusedCode, YEAR_S } from './identity_players.ts';

interface Wrong {
  readonly certificate?: Uint8Array;
  readonly leafKey?: Uint8Array;
  readonly pinned?: Uint8Array;
  readonly devices?: Uint8Array;
  readonly nowS?: number;
}

/** The refusal's code, empty when the leaf is good; everything not given is right. */
function judged(person: Person, wrong: Wrong = {}): string {
  return refusedCode(() => {
    judgeLeaf(
      parseCertificate(wrong.certificate ?? person.certificateRaw),
      wrong.leafKey ?? person.deviceKey.public,
      wrong.pinned ?? person.identity.public,
      parseDeviceList(wrong.devices ?? person.listRaw),
      wrong.nowS ?? NOW_S,
    );
  });
}

test('a listed device in time under the pinned key is good', () => {
  expect(judged(ANNA)).toBe('');
});

test('somebody else’s certificate on a leaf is refused', () => {
  expect(judged(ANNA, { leafKey: BEN.deviceKey.public })).toBe('leaf_key_mismatch');
});

test('the certificate of another account is refused, whatever is right with it', () => {
  const bens = { certificate: BEN.certificateRaw, leafKey: BEN.deviceKey.public };
  expect(judged(ANNA, bens)).toBe('identity_key_changed');
  expect(judged(ANNA, { ...bens, pinned: BEN.identity.public })).toBe('device_list_account');
});

test('a certificate under a key that is not pinned is refused', () => {
  const byServer = DeviceCertificate.issue(
    BEN.identity,
    ANNA.device,
    ANNA.deviceKey.public,
    NOW_S,
    NOW_S + 10,
  );
  expect(judged(ANNA, { certificate: byServer })).toBe('identity_key_changed');
  expect(judged(ANNA, { pinned: BEN.identity.public })).toBe('identity_key_changed');
});

test('a list under a key that is not pinned is refused', () => {
  const byServer = DeviceList.issue(
    BEN.identity,
    ANNA.account,
    [[ANNA.device.device, ANNA.deviceKey.public]],
    NOW_S,
  );
  expect(judged(ANNA, { devices: byServer })).toBe('identity_key_changed');
});

test('the list must be the account’s own', () => {
  expect(judged(ANNA, { devices: BEN.listRaw })).toBe('device_list_account');
});

test('an unlisted device is refused', () => {
  const other = DeviceList.issue(
    ANNA.identity,
    ANNA.account,
    [['00000000000000ff', BEN.deviceKey.public]],
    NOW_S,
  );
  expect(judged(ANNA, { devices: other })).toBe('device_not_listed');
});

test('a device listed with another key is refused', () => {
  const other = DeviceList.issue(
    ANNA.identity,
    ANNA.account,
    [[ANNA.device.device, BEN.deviceKey.public]],
    NOW_S,
  );
  expect(judged(ANNA, { devices: other })).toBe('device_not_listed');
});

test.each([
  [NOW_S - 1, 'certificate_not_yet_valid'],
  [NOW_S + YEAR_S, 'certificate_expired'],
])('a certificate out of time is refused: %d', (nowS, code) => {
  expect(judged(ANNA, { nowS })).toBe(code);
});

test('staff whose time on the list is over is refused', () => {
  const listed = (untilS: number): Uint8Array =>
    DeviceList.issue(
      ANNA.identity,
      ANNA.account,
      [
        [ANNA.device.device, ANNA.deviceKey.public],
        ['00000000000000ff', BEN.deviceKey.public],
      ],
      NOW_S,
      undefined,
      [[ANNA.device.device, untilS]],
    );
  expect(judged(ANNA, { devices: listed(NOW_S + 1) })).toBe('');
  expect(judged(ANNA, { devices: listed(NOW_S) })).toBe('staff_expired');
});
