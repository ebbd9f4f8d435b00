import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { LocalError } from '../../src/base/errors.ts';
import { DeviceAddress } from '../../src/base/ids.ts';
import {
  CREDENTIAL_TYPE,
  DeviceCertificate,
  LABEL,
  parseCertificate,
} from '../../src/identity/certificate.ts';
import { IdentityRefused } from '../../src/identity/errors.ts';
import { type SigningKey } from '../../src/identity/keys.ts';
import { forAll } from '../mls/random.ts';
import { altered, forgedObject, keyOf, NOW_S, refusedCode } from './identity_players.ts';

const IDENTITY = keyOf(1);
const DEVICE_KEY = keyOf(2);
const DEVICE = DeviceAddress.parseUri('mimi://example.org/d/anna/0000000000000001');
const FIELDS: Readonly<Record<string, unknown>> = {
  version: 1,
  device: DEVICE.uri,
  signatureKey: DEVICE_KEY.public,
  identityKey: IDENTITY.public,
  notBeforeS: NOW_S,
  expiresS: NOW_S + 100,
};

function forged(
  changed: Record<string, unknown> = {},
  signer: SigningKey = IDENTITY,
  label = LABEL,
) {
  return forgedObject(signer, label, Object.values({ ...FIELDS, ...changed }));
}

const refused = (raw: Uint8Array): string => refusedCode(() => parseCertificate(raw));

test('an issued certificate says what went in', () => {
  const raw = DeviceCertificate.issue(IDENTITY, DEVICE, DEVICE_KEY.public, NOW_S, NOW_S + 100);
  expect(raw).toEqual(forged());
  expect(parseCertificate(raw)).toEqual(
    new DeviceCertificate(DEVICE, DEVICE_KEY.public, IDENTITY.public, NOW_S, NOW_S + 100),
  );
  expect(parseCertificate(raw).account.toString()).toBe('anna@example.org');
  expect(CREDENTIAL_TYPE).toBe(0xf0a1);
});

test('another key’s signature, and one for another kind of object, are refused', () => {
  expect(refused(forged({}, DEVICE_KEY))).toBe('bad_signature');
  expect(refused(forged({}, IDENTITY, 'device list'))).toBe('bad_signature');
});

test('every byte counts', () => {
  const raw = forged();
  for (let position = 0; position < raw.length; position += 1) {
    expect(() => parseCertificate(altered(raw, position))).toThrow(IdentityRefused);
  }
});

test.each<[Record<string, unknown>, string]>([
  [{ version: 0 }, 'unknown_version'],
  [{ version: 2 }, 'unknown_version'],
  [{ device: 'mimi://example.org/u/anna' }, 'malformed'],
  [{ device: 'mimi://example.org/d/Anna/0000000000000001' }, 'malformed'],
  [{ device: 'mimi://example.org/d/anna/0000000000000001\n' }, 'malformed'],
  [{ device: 'x'.repeat(4000) }, 'malformed'],
  [{ signatureKey: new Uint8Array(31) }, 'bad_key'],
  [{ signatureKey: new Uint8Array(32) }, 'bad_key'],
  [{ identityKey: new Uint8Array(33) }, 'bad_key'],
  [{ identityKey: new Uint8Array(32) }, 'bad_key'],
  [{ signatureKey: IDENTITY.public }, 'key_reuse'],
  [{ notBeforeS: -1 }, 'malformed'],
  [{ expiresS: 2 ** 53 }, 'malformed'],
  [{ expiresS: Infinity }, 'malformed'],
  [{ notBeforeS: NOW_S + 100 }, 'certificate_never_valid'],
  [{ extra: 0 }, 'malformed'],
])('a wrong field is refused: %o as %s', (changed, code) => {
  expect(refused(forged(changed))).toBe(code);
});

test('truncated certificates are refused', () => {
  const raw = forged();
  for (let length = 0; length < raw.length; length += 1) {
    expect(refused(raw.subarray(0, length))).toBe('malformed');
  }
});

test.each([
  [NOW_S - 1, 'certificate_not_yet_valid'],
  [NOW_S, ''],
  [NOW_S + 99, ''],
  [NOW_S + 100, 'certificate_expired'],
  [0, 'certificate_not_yet_valid'],
  [Number.MAX_SAFE_INTEGER, 'certificate_expired'],
])('the time is checked to the second: %d', (nowS, code) => {
  const certificate = parseCertificate(forged());
  expect(
    refusedCode(() => {
      certificate.check(nowS);
    }),
  ).toBe(code);
});

test('who is out of time is named', () => {
  expect(() => {
    parseCertificate(forged()).check(0);
  }).toThrow(DEVICE.uri);
});

test.each([
  [-1, 5],
  [5, 5],
  [6, 5],
  [0, 2 ** 53],
  [0.5, 5],
  [0, Number.NaN],
])('impossible times are the issuer’s fault: %d to %d', (startS, endS) => {
  const issue = () => DeviceCertificate.issue(IDENTITY, DEVICE, DEVICE_KEY.public, startS, endS);
  expect(issue).toThrow(LocalError);
});

test.each([utf8(''), new Uint8Array(32), IDENTITY.public])(
  'impossible keys are the issuer’s fault',
  (key) => {
    expect(() => DeviceCertificate.issue(IDENTITY, DEVICE, key, 0, 5)).toThrow(LocalError);
  },
);

test('random bytes raise nothing but the room’s error', () => {
  forAll(500, (chance) => {
    expect(() => parseCertificate(chance.bytes(300))).toThrow(IdentityRefused);
  });
});
