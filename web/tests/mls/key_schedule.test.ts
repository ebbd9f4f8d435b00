/** The key schedule beyond the vectors: independence, sensitivity, saving. */

import { expect, test } from 'vitest';

import { concat, toHex, utf8 } from '../../src/base/bytes.ts';
import { parseWhole } from '../../src/mls/codec.ts';
import {
  epochKeys,
  EpochSecrets,
  firstEpochKeys,
  joinerSecret,
  nextEpochKeys,
  welcomeSecret,
} from '../../src/mls/key_schedule.ts';
import { suite } from '../../src/mls/suite.ts';
import { ALL_SUITES } from './suites.ts';

const seed = (length: number): Uint8Array => new Uint8Array(length).fill(0x65);

test.each(ALL_SUITES)("all secrets of suite %i differ and have the hash's length", (id) => {
  const crypto = suite(id);
  const keys = firstEpochKeys(crypto, seed(crypto.hashLength));
  const secrets = [...keys.secrets.all(), keys.encryption];
  expect(new Set(secrets.map(toHex)).size).toBe(9);
  expect(new Set(secrets.map((secret) => secret.length))).toEqual(new Set([crypto.hashLength]));
});

test('the secret of an epoch is overwritten once all others are derived', () => {
  const secret = seed(32);
  firstEpochKeys(suite(1), secret);
  expect(secret).toEqual(new Uint8Array(32));
});

test('every input counts', () => {
  const base = [utf8('init'), utf8('commit'), new Uint8Array(32), utf8('context')] as const;
  const authenticator = (place: number): string => {
    const [init, commit, psk, context] = base.map((input, index) =>
      index === place ? concat(input, utf8('x')) : input,
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    return toHex(nextEpochKeys(suite(1), init, commit, psk, context).secrets.authenticator);
  };
  expect(new Set([-1, 0, 1, 2, 3].map(authenticator)).size).toBe(5);
});

test('a joiner comes to the same epoch', () => {
  const crypto = suite(1);
  const context = utf8('context');
  const keys = nextEpochKeys(crypto, utf8('init'), utf8('commit'), utf8('psk'), context);
  const joiner = joinerSecret(crypto, utf8('init'), utf8('commit'), context);
  expect(keys.joiner).toEqual(joiner);
  expect(keys.welcome).toEqual(welcomeSecret(crypto, joiner, utf8('psk')));
  expect(epochKeys(crypto, joiner, utf8('psk'), context)).toEqual(keys);
});

test('exported secrets differ by label, context and length', () => {
  const crypto = suite(0xf00d);
  const { secrets } = firstEpochKeys(crypto, seed(64));
  const exported = [
    secrets.export(crypto, 'a', utf8('x'), 32),
    secrets.export(crypto, 'b', utf8('x'), 32),
    secrets.export(crypto, 'a', utf8('y'), 32),
    secrets.export(crypto, 'a', utf8('x'), 33).slice(0, 32),
  ];
  expect(new Set(exported.map(toHex)).size).toBe(4);
  expect(secrets.export(crypto, 'long', new Uint8Array(0), 500).length).toBe(500);
});

test('secrets come back from saved bytes', () => {
  const { secrets } = firstEpochKeys(suite(1), seed(32));
  expect(parseWhole((reader) => EpochSecrets.read(reader), secrets.toBytes())).toEqual(secrets);
});
