/** key-schedule.json: every secret of a run of epochs (RFC 9420 section 8). */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { epochKeys, joinerSecret, welcomeSecret } from '../../src/mls/key_schedule.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

interface Epoch {
  readonly group_context: string;
  readonly commit_secret: string;
  readonly psk_secret: string;
  readonly joiner_secret: string;
  readonly welcome_secret: string;
  readonly encryption_secret: string;
  readonly sender_data_secret: string;
  readonly exporter_secret: string;
  readonly external_secret: string;
  readonly confirmation_key: string;
  readonly membership_key: string;
  readonly resumption_psk: string;
  readonly epoch_authenticator: string;
  readonly init_secret: string;
  readonly external_pub: string;
  readonly exporter: { label: string; context: string; length: number; secret: string };
}

interface Case {
  readonly cipher_suite: number;
  readonly initial_init_secret: string;
  readonly epochs: readonly Epoch[];
}

/** All secrets of one epoch; returns the next init secret. */
function checkEpoch(crypto: Suite, init: Uint8Array, epoch: Epoch): Uint8Array {
  const context = fromHex(epoch.group_context);
  const pskSecret = fromHex(epoch.psk_secret);
  const joiner = joinerSecret(crypto, init, fromHex(epoch.commit_secret), context);
  expect(toHex(joiner)).toBe(epoch.joiner_secret);
  expect(toHex(welcomeSecret(crypto, joiner, pskSecret))).toBe(epoch.welcome_secret);
  const { secrets, welcome, encryption } = epochKeys(crypto, joiner, pskSecret, context);
  expect([welcome, encryption, ...secrets.all()].map(toHex)).toEqual([
    epoch.welcome_secret,
    epoch.encryption_secret,
    epoch.sender_data_secret,
    epoch.exporter_secret,
    epoch.external_secret,
    epoch.confirmation_key,
    epoch.membership_key,
    epoch.resumption_psk,
    epoch.epoch_authenticator,
    epoch.init_secret,
  ]);
  expect(toHex(crypto.kemDeriveKeyPair(secrets.external)[1])).toBe(epoch.external_pub);
  const { label, context: about, length, secret } = epoch.exporter;
  expect(toHex(secrets.export(crypto, label, fromHex(about), length))).toBe(secret);
  return secrets.init;
}

test.each(VECTOR_SUITES)('every epoch of suite %i', (id) => {
  const cases = vectors<Case>('key-schedule').filter((item) => item.cipher_suite === id);
  expect(cases.length).toBe(1);
  for (const item of cases) {
    let init = fromHex(item.initial_init_secret);
    for (const epoch of item.epochs) {
      init = checkEpoch(suite(id), init, epoch);
    }
    expect(item.epochs.length).toBeGreaterThan(3);
  }
});
