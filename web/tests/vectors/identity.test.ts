/** The cases of spec/vectors/identity.json, as the Python code wrote them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import { DeviceCertificate, parseCertificate } from '../../src/identity/certificate.ts';
import { DeviceList, type ListedStaff, parseDeviceList } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { loginPayload, signLogin, verifyLogin } from '../../src/identity/login.ts';
import { parseQrPayload, qrPayload, safetyNumber } from '../../src/identity/safety_number.ts';
import { refusedCode } from '../identity/identity_players.ts';

interface Signed {
  readonly signed: string;
}

interface Refused {
  readonly code: string;
}

interface Cases {
  readonly keys: Readonly<Record<string, string>>;
  readonly certificate: Signed & {
    readonly device: string;
    readonly not_before_s: number;
    readonly expires_s: number;
  };
  readonly device_lists: readonly (Signed & {
    readonly account: string;
    readonly seq: number;
    readonly issued_at_s: number;
    readonly staff?: readonly ListedStaff[];
  })[];
  readonly login: Readonly<Record<'domain' | 'nonce' | 'device' | 'payload' | 'signature', string>>;
  readonly safety_number: Readonly<Record<'one' | 'other' | 'digits' | 'qr_shown_by_one', string>>;
  readonly refused: {
    readonly certificates: readonly (Signed & Refused)[];
    readonly device_lists: readonly (Signed & Refused)[];
    readonly qr: readonly (Refused & { readonly text: string })[];
  };
  readonly successions: readonly (Refused & { readonly known: string; readonly shown: string })[];
}

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors');
const CASES = JSON.parse(readFileSync(join(FOLDER, 'identity.json'), 'utf8')) as Cases;

const key = (name: string): Uint8Array => fromHex(CASES.keys[name]!);
const IDENTITY = SigningKey.fromBytes(key('identity_private'));
const PHONE = SigningKey.fromBytes(key('phone_private'));

test('the keys are the same', () => {
  expect(IDENTITY.public).toEqual(key('identity_public'));
  expect(PHONE.public).toEqual(key('phone_public'));
});

test('the certificate is written and read alike', () => {
  const { device, not_before_s: fromS, expires_s: toS, signed } = CASES.certificate;
  const address = DeviceAddress.parseUri(device);
  expect(toHex(DeviceCertificate.issue(IDENTITY, address, PHONE.public, fromS, toS))).toBe(signed);
  const parsed = parseCertificate(fromHex(signed));
  expect(parsed).toEqual(new DeviceCertificate(address, PHONE.public, IDENTITY.public, fromS, toS));
});

test('the lists are written and read alike', () => {
  const [first, second] = CASES.device_lists.map(({ signed }) => parseDeviceList(fromHex(signed)));
  let before: Uint8Array | undefined;
  for (const { account, seq, issued_at_s: atS, signed, staff = [] } of CASES.device_lists) {
    const parsed = parseDeviceList(fromHex(signed));
    expect([parsed.account.uri, parsed.seq, parsed.issuedAtS]).toEqual([account, seq, atS]);
    expect(parsed.staff).toEqual(staff);
    const address = AccountAddress.parseUri(account);
    const devices = parsed.devices.toReversed();
    const issued = DeviceList.issue(IDENTITY, address, devices, atS, before, staff);
    expect(toHex(issued)).toBe(signed);
    before = issued;
  }
  second!.follows(first!.raw);
  expect(second!.devices[1]![1]).toEqual(key('laptop_public'));
});

test('the login is signed and verified alike', () => {
  const { domain, nonce, device, payload, signature } = CASES.login;
  const address = DeviceAddress.parseUri(device);
  expect(toHex(loginPayload(domain, fromHex(nonce), address))).toBe(payload);
  expect(toHex(signLogin(PHONE, domain, fromHex(nonce), address))).toBe(signature);
  verifyLogin(PHONE.public, domain, fromHex(nonce), address, fromHex(signature));
});

test('the safety number and the code are the same', () => {
  const { one, other, digits, qr_shown_by_one: code } = CASES.safety_number;
  const shownBy = { account: AccountAddress.parseUri(one), identityKey: IDENTITY.public };
  const shownTo = {
    account: AccountAddress.parseUri(other),
    identityKey: key('other_identity_public'),
  };
  expect(safetyNumber(shownBy, shownTo)).toBe(digits);
  expect(qrPayload(shownBy, shownTo)).toBe(code);
  expect(parseQrPayload(code)).toEqual({ shownBy, shownTo });
});

test.each(CASES.refused.certificates)('a certificate is refused (%#): $code', (refused) => {
  expect(refusedCode(() => parseCertificate(fromHex(refused.signed)))).toBe(refused.code);
});

test.each(CASES.refused.device_lists)('a device list is refused (%#): $code', (refused) => {
  expect(refusedCode(() => parseDeviceList(fromHex(refused.signed)))).toBe(refused.code);
});

test.each(CASES.refused.qr)('a verification code is refused (%#): $code', (refused) => {
  expect(refusedCode(() => parseQrPayload(refused.text))).toBe(refused.code);
});

test.each(CASES.successions)('a list after another is judged alike (%#): $code', (succession) => {
  const { known, shown, code } = succession;
  const list = parseDeviceList(fromHex(shown));
  expect(refusedCode(() => list.supersedes(fromHex(known)))).toBe(code);
  if (code === '') {
    expect(list.supersedes(fromHex(known))).toBe(shown !== known);
  }
});
