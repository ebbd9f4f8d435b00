/** Adoption: the recovery key's own signature, over this server, nonce, account and list. */

import { expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { adoptionPayload, signAdoption, verifyAdoption } from '../../src/identity/adoption.ts';
import { IdentityRefused } from '../../src/identity/errors.ts';
import { SigningKey } from '../../src/identity/keys.ts';

const NONCE = Uint8Array.from({ length: 32 }, (_, at) => at);
const ANNA = new AccountAddress('anna', 'localhost');
const LIST = Uint8Array.of(1, 2, 3);
const KEY = SigningKey.generate();

const refusal = (check: () => void): string => {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(IdentityRefused);
    return (error as IdentityRefused).code;
  }
  return '';
};

test('the right key is believed', () => {
  const signature = signAdoption(KEY, 'localhost', NONCE, ANNA, LIST);
  verifyAdoption(KEY.public, 'localhost', NONCE, ANNA, LIST, signature);
});

test.each([
  ['key', SigningKey.generate().public, NONCE, ANNA, LIST],
  ['nonce', KEY.public, new Uint8Array(32), ANNA, LIST],
  ['account', KEY.public, NONCE, new AccountAddress('cem', 'localhost'), LIST],
  ['list', KEY.public, NONCE, ANNA, Uint8Array.of(1, 2)],
] as const)('another %s is not', (_, publicKey, nonce, account, list) => {
  const signature = signAdoption(KEY, 'localhost', NONCE, ANNA, LIST);
  expect(
    refusal(() => {
      verifyAdoption(publicKey, 'localhost', nonce, account, list, signature);
    }),
  ).toBe('bad_signature');
});

test('another server cannot pass it on', () => {
  expect(() => signAdoption(KEY, 'evil.example', NONCE, ANNA, LIST)).toThrow(LocalError);
  const signature = signAdoption(KEY, 'localhost', NONCE, ANNA, LIST);
  expect(
    refusal(() => {
      verifyAdoption(KEY.public, 'evil.example', NONCE, ANNA, LIST, signature);
    }),
  ).toBe('wrong_domain');
});

test('a nonce has its length', () => {
  expect(() => signAdoption(KEY, 'localhost', NONCE.slice(1), ANNA, LIST)).toThrow('32 bytes');
});

test('a login of the same bytes is none', () => {
  const login = KEY.sign('login', adoptionPayload('localhost', NONCE, ANNA, LIST));
  expect(
    refusal(() => {
      verifyAdoption(KEY.public, 'localhost', NONCE, ANNA, LIST, login);
    }),
  ).toBe('bad_signature');
});
