/** messages.json: every structure is read and written back byte for byte (RFC 9420 section 6). */

import { expect, test } from 'vitest';

import { concat, fromHex, toHex } from '../../src/base/bytes.ts';
import { u16 } from '../../src/mls/codec.ts';
import { parsePrivateMessage, parsePublicMessage } from '../../src/mls/framing.ts';
import { parseGroupInfo } from '../../src/mls/group_info.ts';
import { parseKeyPackage } from '../../src/mls/key_package.ts';
import { Commit, proposalBytes, proposalFromBytes } from '../../src/mls/proposal.ts';
import { RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { GroupSecrets, parseWelcome } from '../../src/mls/welcome.ts';
import { vectors } from '../mls/vectors.ts';

type Again = (raw: Uint8Array) => Uint8Array;

/** The vectors hold proposals without their type. */
function proposalAgain(kind: number): Again {
  return (raw) => proposalBytes(proposalFromBytes(concat(u16(kind), raw))).subarray(2);
}

const publicAgain: Again = (raw) => parsePublicMessage(raw).toMessage();

const AGAIN: Readonly<Record<string, Again>> = {
  mls_welcome: (raw) => parseWelcome(raw).toMessage(),
  mls_group_info: (raw) => parseGroupInfo(raw).toMessage(),
  mls_key_package: (raw) => parseKeyPackage(raw).toMessage(),
  ratchet_tree: (raw) => RatchetTree.fromBytes(suite(1), raw).toBytes(),
  group_secrets: (raw) => GroupSecrets.fromBytes(raw).toBytes(),
  commit: (raw) => Commit.fromBytes(raw).toBytes(),
  public_message_application: publicAgain,
  public_message_proposal: publicAgain,
  public_message_commit: publicAgain,
  private_message: (raw) => parsePrivateMessage(raw).toMessage(),
  add_proposal: proposalAgain(1),
  update_proposal: proposalAgain(2),
  remove_proposal: proposalAgain(3),
  pre_shared_key_proposal: proposalAgain(4),
  re_init_proposal: proposalAgain(5),
  external_init_proposal: proposalAgain(6),
  group_context_extensions_proposal: proposalAgain(7),
};

test.each(Object.keys(AGAIN))('%s comes back in all 300 cases', (name) => {
  const cases = vectors<Readonly<Record<string, string>>>('messages');
  expect(cases.length).toBe(300);
  for (const item of cases) {
    expect(Object.keys(item).sort()).toEqual(Object.keys(AGAIN).sort());
    expect(toHex(AGAIN[name]!(fromHex(item[name]!)))).toBe(item[name]);
  }
});
