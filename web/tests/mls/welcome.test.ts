/** Welcome: sealed for some, opened by each of them, by nobody else. */

import { expect, test } from 'vitest';

import { concat, fromHex, utf8 } from '../../src/base/bytes.ts';
import { Credential } from '../../src/mls/credential.ts';
import { CodecError, DecryptionFailed, KeyRefused } from '../../src/mls/errors.ts';
import { mlsMessage, WireFormat } from '../../src/mls/framing.ts';
import { KeyPackageBundle } from '../../src/mls/joiner.ts';
import { KeyPackage } from '../../src/mls/key_package.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { GroupSecrets, parseWelcome, sealWelcome, Welcome } from '../../src/mls/welcome.ts';
import { SealedWelcome, welcomeReferences } from '../../src/mls/welcome_header.ts';
import { Stage } from './message_players.ts';
import { ALL_SUITES } from './suites.ts';
import { Device, NOW_S, there, verdictOf } from './tree_players.ts';

const EMPTY = new Uint8Array(0);

function bundle(crypto: Suite, name: string): KeyPackageBundle {
  const [signer] = crypto.signatureGenerate();
  return KeyPackageBundle.create(crypto.id, Credential.basic(utf8(name)), signer, NOW_S, 86_400);
}

test.each(ALL_SUITES)('each newcomer opens its own secrets in suite %i', (suiteId) => {
  const crypto = suite(suiteId);
  const filled = (byte: number): Uint8Array => new Uint8Array(crypto.hashLength).fill(byte);
  const groupInfo = Stage.of(1, { suiteId }).epoch.groupInfo(true, false);
  const bundles = [bundle(crypto, 'bela'), bundle(crypto, 'cora')];
  const psk = PreSharedKeyId.external(utf8('id'), filled(0x6e));
  const sent = [
    new GroupSecrets(filled(0x6a), filled(0x70), [psk]),
    new GroupSecrets(filled(0x6a), undefined, []),
  ];
  const secret = filled(0x77);
  const entries = bundles.map((item, at) => [item.keyPackage, there(sent[at])] as const);
  const raw = sealWelcome(crypto, groupInfo, secret, entries).toMessage();
  const welcome = parseWelcome(raw);
  expect(welcome).toBeInstanceOf(Welcome);
  expect(welcome.toMessage()).toEqual(raw);
  expect(welcomeReferences(raw)).toEqual(bundles.map((item) => item.ref));
  for (const [at, { ref, initPrivate }] of bundles.entries()) {
    expect(welcome.openSecrets(crypto, ref, initPrivate)).toEqual(sent[at]);
  }
  expect(welcome.openGroupInfo(crypto, secret).equals(groupInfo)).toBe(true);
  const [one, two] = [there(bundles[0]), there(bundles[1])];
  expect(() => welcome.openSecrets(crypto, one.ref, two.initPrivate)).toThrow(DecryptionFailed);
  expect(() => welcome.openGroupInfo(crypto, filled(0x78))).toThrow(DecryptionFailed);
  const unknown = filled(0x3f);
  expect(verdictOf(() => welcome.openSecrets(crypto, unknown, one.initPrivate))).toBe(
    'welcome-for-us',
  );
});

test('secrets that are sealed stay with their owner', () => {
  const crypto = suite(1);
  const groupInfo = Stage.of(1).epoch.groupInfo(false, false);
  const secret = new Uint8Array(32).fill(1);
  const secrets = new GroupSecrets(new Uint8Array(32).fill(2), new Uint8Array(32).fill(3), []);
  sealWelcome(crypto, groupInfo, secret, [[bundle(crypto, 'bela').keyPackage, secrets]]);
  expect([secret, secrets.joinerSecret, secrets.pathSecret].map((item) => item?.[31])).toEqual([
    1, 2, 3,
  ]);
});

test('an init key that is none is refused', () => {
  const crypto = suite(1);
  const dora = Device.make('dora');
  const groupInfo = Stage.of(1).epoch.groupInfo(false, false);
  const broken = KeyPackage.sign(crypto, dora.signer, utf8('none'), dora.leaf());
  const secrets = new GroupSecrets(utf8('joiner'), undefined, []);
  const seal = (): Welcome => sealWelcome(crypto, groupInfo, utf8('w'), [[broken, secrets]]);
  expect(seal).toThrow(KeyRefused);
});

test('group secrets come back', () => {
  for (const secrets of [
    new GroupSecrets(utf8('joiner'), undefined, []),
    new GroupSecrets(utf8('joiner'), utf8('path'), [PreSharedKeyId.external(utf8('i'), utf8('n'))]),
  ]) {
    expect(GroupSecrets.fromBytes(secrets.toBytes())).toEqual(secrets);
  }
  const long = concat(fromHex('4041'), new Uint8Array(65), fromHex('0000'));
  expect(() => GroupSecrets.fromBytes(long)).toThrow(CodecError);
});

test('what is no Welcome', () => {
  for (const raw of [
    EMPTY,
    mlsMessage(WireFormat.GROUP_INFO, EMPTY),
    mlsMessage(WireFormat.WELCOME, EMPTY),
  ]) {
    expect(() => parseWelcome(raw)).toThrow(CodecError);
  }
  expect(Welcome.fromMessage(new SealedWelcome(1, [], EMPTY).toMessage())).toBeInstanceOf(Welcome);
});
