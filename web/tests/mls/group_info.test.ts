/** GroupInfo: signed, read back, its extensions found. */

import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { CodecError, KeyRefused, ProtocolError } from '../../src/mls/errors.ts';
import { EXTERNAL_PUB, RATCHET_TREE } from '../../src/mls/extension.ts';
import { mlsMessage, WireFormat } from '../../src/mls/framing.ts';
import { GroupInfo, parseGroupInfo } from '../../src/mls/group_info.ts';
import { SignatureChecks } from '../../src/mls/signature_checks.ts';
import { suite } from '../../src/mls/suite.ts';
import { Stage } from './message_players.ts';
import { verdictOf } from './tree_players.ts';

const EMPTY = new Uint8Array(0);
const STAGE = Stage.of(1);
const KEY = STAGE.device(0).signatureKey;
const RAW = STAGE.epoch.groupInfo(true, true).toMessage();

function verdict(groupInfo: GroupInfo): string {
  return verdictOf((checks) => {
    groupInfo.verify(suite(1), checks, KEY);
  });
}

test('it comes back and verifies', () => {
  const groupInfo = parseGroupInfo(RAW);
  expect(groupInfo.toMessage()).toEqual(RAW);
  expect(GroupInfo.fromBytes(groupInfo.toBytes()).equals(groupInfo)).toBe(true);
  expect(verdict(groupInfo)).toBe('');
  expect(groupInfo.extension(RATCHET_TREE)).toEqual(STAGE.epoch.tree.toBytes());
  expect(groupInfo.extension(EXTERNAL_PUB)).toBeDefined();
  expect(groupInfo.extension(0x7777)).toBeUndefined();
  expect(groupInfo.groupContext.equals(STAGE.epoch.context)).toBe(true);
});

test('every field is signed', () => {
  const groupInfo = parseGroupInfo(RAW);
  for (const changed of [
    groupInfo.with({ signer: 1 }),
    groupInfo.with({ confirmationTag: utf8('x') }),
    groupInfo.with({ extensions: [] }),
    groupInfo.with({ groupContext: groupInfo.groupContext.with({ epoch: 2n }) }),
    groupInfo.with({ signature: new Uint8Array(64).fill(0x78) }),
    groupInfo.with({ signature: EMPTY }),
  ]) {
    expect(changed.equals(groupInfo)).toBe(false);
    expect(verdict(changed)).toBe('group-info-signature');
  }
  expect(() => {
    groupInfo.verify(suite(1), new SignatureChecks(), utf8('short'));
  }).toThrow(KeyRefused);
});

test('what is none', () => {
  expect(() => parseGroupInfo(mlsMessage(WireFormat.WELCOME, EMPTY))).toThrow(CodecError);
  expect(() => parseGroupInfo(concat(RAW, Uint8Array.of(0)))).toThrow(CodecError);
  for (let end = 0; end < RAW.length; end += 7) {
    expect(() => parseGroupInfo(RAW.subarray(0, end))).toThrow(ProtocolError);
  }
});
