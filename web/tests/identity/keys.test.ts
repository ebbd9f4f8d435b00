import { expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { LocalError } from '../../src/base/errors.ts';
import { checkPublicKey, SigningKey, signedBytes, verify } from '../../src/identity/keys.ts';
import { forAll } from '../mls/random.ts';
import { altered, refusedCode } from './identity_players.ts';

const KEY = SigningKey.fromBytes(Uint8Array.from({ length: 32 }, (_, at) => at));
const OTHER = SigningKey.fromBytes(new Uint8Array(32));
const PAYLOAD = utf8('payload');

const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0100000000000000000000000000000000000000000000000000000000000080',
];

test('RFC 8032 section 7.1, test 1', () => {
  const key = SigningKey.fromBytes(
    fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
  );
  expect(toHex(key.public)).toBe(
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
  expect(toHex(key.signRaw(utf8('')))).toMatch(/^e5564300c360ac729086e2cc806e828a/);
});

test('a signature verifies under its key, label and payload', () => {
  verify(KEY.public, 'login', PAYLOAD, KEY.sign('login', PAYLOAD));
});

test('the signature covers context, label and payload', () => {
  expect(signedBytes('login', utf8('x'))).toEqual(utf8('Plausch 1.0 login\0x'));
  expect(KEY.sign('login', utf8('x'))).toEqual(KEY.signRaw(utf8('Plausch 1.0 login\0x')));
});

test.each([
  ['another key', OTHER.public, 'login', PAYLOAD, 0],
  ['another label', KEY.public, 'device list', PAYLOAD, 0],
  ['another payload', KEY.public, 'login', utf8('Payload'), 0],
  ['another signature', KEY.public, 'login', PAYLOAD, 1],
])('%s is refused', (_, publicKey, label, payload, change) => {
  const signature = altered(KEY.sign('login', PAYLOAD), 40, change);
  expect(
    refusedCode(() => {
      verify(publicKey, label, payload, signature);
    }),
  ).toBe('bad_signature');
});

test.each([0, 63, 65])('a signature of %d bytes is refused', (length) => {
  const signature = new Uint8Array(length);
  expect(
    refusedCode(() => {
      verify(KEY.public, 'login', PAYLOAD, signature);
    }),
  ).toBe('bad_signature');
});

test.each([0, 31, 33])('a key of %d bytes is refused', (length) => {
  const key = new Uint8Array(length);
  expect(
    refusedCode(() => {
      verify(key, 'login', PAYLOAD, new Uint8Array(64));
    }),
  ).toBe('bad_key');
});

test.each(SMALL_ORDER)('a point of small order is refused: %s', (publicKey) => {
  expect(
    refusedCode(() => {
      checkPublicKey(fromHex(publicKey));
    }),
  ).toBe('bad_key');
});

test('a forgery under the neutral element is refused', () => {
  const neutral = fromHex(SMALL_ORDER[1]!);
  const signature = concat(neutral, new Uint8Array(32));
  expect(
    refusedCode(() => {
      verify(neutral, 'login', utf8('any'), signature);
    }),
  ).toBe('bad_key');
});

test('a private key comes back from its bytes and stays out of what is shown of it', () => {
  const key = SigningKey.generate();
  const secret = key.toBytes();
  expect(SigningKey.fromBytes(secret).public).toEqual(key.public);
  expect(`${key.toString()}${JSON.stringify(key)}`).not.toContain(toHex(secret));
  expect(Object.values(key)).toEqual([key.public]);
  secret.fill(0);
  expect(toHex(key.toBytes())).not.toBe('00'.repeat(32));
});

test('a key does not change with the bytes that it was made of', () => {
  const raw = new Uint8Array(32).fill(7);
  const key = SigningKey.fromBytes(raw);
  raw.fill(8);
  expect(key.toBytes()).toEqual(new Uint8Array(32).fill(7));
});

test.each([0, 31, 64])('a private key of %d bytes is the caller’s fault', (length) => {
  expect(() => SigningKey.fromBytes(new Uint8Array(length))).toThrow(LocalError);
});

test('generated keys differ', () => {
  expect(SigningKey.generate().public).not.toEqual(SigningKey.generate().public);
});

test('random keys and signatures only ever are refused', () => {
  forAll(200, (chance) => {
    const [publicKey, payload] = [chance.bytes(40, 28), chance.bytes(40)];
    const signature = chance.bytes(70, 60);
    expect(
      refusedCode(() => {
        verify(publicKey, 'login', payload, signature);
      }),
    ).toMatch(/^bad_/);
  });
});
