import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { LocalError } from '../../src/base/errors.ts';
import { DeviceAddress } from '../../src/base/ids.ts';
import { loginPayload, signLogin, verifyLogin } from '../../src/identity/login.ts';
import { keyOf, refusedCode } from './identity_players.ts';

const KEY = keyOf(2);
const OTHER = keyOf(3);
const NONCE = Uint8Array.from({ length: 32 }, (_, at) => at);
const ZEROES = new Uint8Array(32);
const DEVICE = DeviceAddress.parseUri('mimi://example.org/d/anna/0000000000000001');
const LAPTOP = DeviceAddress.parseUri('mimi://example.org/d/anna/0000000000000002');
const ELSEWHERE = DeviceAddress.parseUri('mimi://example.net/d/anna/0000000000000001');
const SIGNATURE = signLogin(KEY, 'example.org', NONCE, DEVICE);

test('the right device at the right server logs in', () => {
  verifyLogin(KEY.public, 'example.org', NONCE, DEVICE, SIGNATURE);
});

test('the payload binds domain, nonce and device', () => {
  const payloads = [
    loginPayload('example.org', NONCE, DEVICE),
    loginPayload('example.net', NONCE, DEVICE),
    loginPayload('example.org', ZEROES, DEVICE),
    loginPayload('example.org', NONCE, LAPTOP),
  ];
  expect(new Set(payloads.map(toHex)).size).toBe(4);
});

test.each([
  ['another key', OTHER.public, 'example.org', NONCE, DEVICE, 'bad_signature'],
  ['an old nonce', KEY.public, 'example.org', ZEROES, DEVICE, 'bad_signature'],
  ['another device', KEY.public, 'example.org', NONCE, LAPTOP, 'bad_signature'],
  ['a device of another domain', KEY.public, 'example.org', NONCE, ELSEWHERE, 'wrong_domain'],
  [
    'a login relayed to another server',
    KEY.public,
    'example.net',
    NONCE,
    ELSEWHERE,
    'bad_signature',
  ],
  ['a key that is none', ZEROES, 'example.org', NONCE, DEVICE, 'bad_key'],
])('%s is refused', (_, publicKey, domain, nonce, device, code) => {
  const step = (): void => {
    verifyLogin(publicKey, domain, nonce, device, SIGNATURE);
  };
  expect(refusedCode(step)).toBe(code);
});

test('a certificate’s signature is no login', () => {
  const signature = KEY.sign('device certificate', loginPayload('example.org', NONCE, DEVICE));
  const step = (): void => {
    verifyLogin(KEY.public, 'example.org', NONCE, DEVICE, signature);
  };
  expect(refusedCode(step)).toBe('bad_signature');
});

test.each([0, 31, 33])('a nonce of %d bytes is not signed', (length) => {
  expect(() => signLogin(KEY, 'example.org', new Uint8Array(length), DEVICE)).toThrow(LocalError);
});

test('a device does not sign for another domain', () => {
  expect(() => signLogin(KEY, 'example.net', NONCE, DEVICE)).toThrow(LocalError);
  expect(() => signLogin(KEY, 'example.org:8080', NONCE, DEVICE)).toThrow(/another domain/);
});
