/** An epoch as a value. */

import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import {
  Change,
  Circumstances,
  Member,
  beginEpoch,
  checkConfirmationTag,
} from '../../src/mls/epoch.ts';
import { EXTERNAL_PUB, RATCHET_TREE } from '../../src/mls/extension.ts';
import { firstEpochKeys } from '../../src/mls/key_schedule.ts';
import { MAX_LIFETIME_S } from '../../src/mls/leaf_validation.ts';
import { NO_PSKS } from '../../src/mls/psk.ts';
import { RatchetKind } from '../../src/mls/secret_tree.ts';
import { interimTranscriptHash } from '../../src/mls/transcript.ts';
import { Stage } from './message_players.ts';
import { anybody, NOW_S, verdictOf } from './tree_players.ts';

test('members and leaves', () => {
  const scene = Stage.of(2);
  const epoch = scene.as(1);
  expect([epoch.ownLeaf, epoch.number, epoch.ended]).toEqual([1, 1n, false]);
  expect(epoch.members()).toEqual([epoch.member(0), epoch.member(1)]);
  const { credential, signatureKey } = epoch.leaf(0);
  expect(epoch.member(0)).toEqual(new Member(0, credential, scene.device(0).signatureKey));
  expect(Member.of(1, epoch.leaf(1)).equals(epoch.member(1))).toBe(true);
  expect(epoch.member(0).equals(epoch.member(1))).toBe(false);
  expect(new Member(1, credential, signatureKey).equals(epoch.member(0))).toBe(false);
  for (const blank of [2, 3, 99, -1, 2 ** 32 - 1]) {
    expect(verdictOf(() => epoch.leaf(blank))).toBe('sender-leaf');
    expect(verdictOf(() => epoch.member(blank))).toBe('sender-leaf');
  }
});

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('its GroupInfo, tree %s, external key %s', (withTree, withExternalPub) => {
  const scene = Stage.of(2);
  const epoch = scene.as(1);
  const groupInfo = epoch.groupInfo(withTree, withExternalPub);
  expect(groupInfo.signer).toBe(1);
  const { signatureKey } = scene.device(1);
  expect(
    verdictOf((checks) => {
      groupInfo.verify(epoch.suite, checks, signatureKey);
    }),
  ).toBe('');
  expect(groupInfo.extension(RATCHET_TREE) !== undefined).toBe(withTree);
  expect(groupInfo.extension(EXTERNAL_PUB) !== undefined).toBe(withExternalPub);
  expect(groupInfo.confirmationTag).toEqual(epoch.confirmationTag);
});

test('the keys decide its confirmation tag', () => {
  const { suite: crypto, context, tree, treePrivate, signerPrivate } = Stage.of(1).epoch;
  const seen = new Set<string>();
  for (const byte of [0x61, 0x62]) {
    const keys = firstEpochKeys(crypto, new Uint8Array(32).fill(byte));
    const change = new Change(0);
    const begun = beginEpoch(crypto, context, tree, treePrivate, signerPrivate, keys, change).epoch;
    const transcript = context.confirmedTranscriptHash;
    const tag = begun.confirmationTag;
    expect(tag).toEqual(crypto.mac(keys.secrets.confirmationKey, transcript));
    expect(begun.interimTranscriptHash).toEqual(interimTranscriptHash(crypto, transcript, tag));
    const check = (given: Uint8Array): string =>
      verdictOf(() => {
        checkConfirmationTag(begun, given);
      });
    expect(check(tag.slice())).toBe('');
    expect(check(new Uint8Array(32))).toBe('confirmation-tag');
    expect(check(new Uint8Array(0))).toBe('confirmation-tag');
    seen.add(toHex(tag));
  }
  expect(seen.size).toBe(2);
});

test('the encryption secret lives on in the message keys alone', () => {
  const { suite: crypto, context, tree, treePrivate, signerPrivate } = Stage.of(2).epoch;
  const keys = firstEpochKeys(crypto, new Uint8Array(32).fill(1));
  const secret = keys.encryption.slice();
  const change = new Change(0);
  const begun = beginEpoch(crypto, context, tree, treePrivate, signerPrivate, keys, change, true);
  expect(begun.epoch.ended).toBe(true);
  expect(keys.encryption).toEqual(new Uint8Array(32));
  expect(toHex(begun.messages.toBytes())).toContain(toHex(secret));
  const [generation] = begun.messages.nextKey(1, RatchetKind.APPLICATION);
  expect(generation).toBe(0);
  expect(toHex(begun.messages.toBytes())).not.toContain(toHex(secret));
});

test('circumstances have defaults', () => {
  const around = new Circumstances(anybody, NOW_S);
  expect([around.psks, around.maxLifetimeS]).toEqual([NO_PSKS, MAX_LIFETIME_S]);
  const change = new Change(3);
  expect([change.committer, change.added, change.removed, change.updated]).toEqual([3, [], [], []]);
});
