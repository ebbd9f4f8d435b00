import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { Credential, CredentialRefused, type Role } from '../../src/mls/credential.ts';
import { judgeOf } from '../../src/sync/policy.ts';
import type { PinnedDevice } from '../../src/sync/protocol.ts';
import { pinned } from './device_players.ts';

const ANNA: PinnedDevice = {
  credentialType: 1,
  credential: utf8('anna'),
  signatureKey: utf8('key of anna'),
};

function judge(
  devices: readonly PinnedDevice[],
  own: PinnedDevice | undefined,
  shown: PinnedDevice,
  role: Role = 'member',
): void {
  const credential = new Credential(shown.credentialType, shown.credential);
  judgeOf(pinned(...devices), own)(credential, shown.signatureKey, role);
}

test('who is on the list is accepted, and our own device', () => {
  judge([ANNA], undefined, ANNA);
  judge([ANNA], undefined, ANNA, 'key_package');
  judge([], ANNA, ANNA);
});

test.each<[string, PinnedDevice]>([
  ['another credential', { ...ANNA, credential: utf8('ben') }],
  ['another key', { ...ANNA, signatureKey: utf8('key of eve') }],
  ['another type', { ...ANNA, credentialType: 2 }],
  [
    'bytes that moved from the key to the credential',
    { ...ANNA, credential: utf8('annak'), signatureKey: utf8('ey of anna') },
  ],
])('%s is refused', (_, shown) => {
  expect(() => {
    judge([ANNA], undefined, shown);
  }).toThrow(CredentialRefused);
});

test('an empty list accepts nobody', () => {
  expect(() => {
    judge([], undefined, ANNA);
  }).toThrow(CredentialRefused);
});

test('nobody is an external sender, known or not', () => {
  expect(() => {
    judge([ANNA], ANNA, ANNA, 'external_sender');
  }).toThrow(CredentialRefused);
});
