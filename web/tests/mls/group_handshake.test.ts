/** The delivery service's view of real groups: it follows their whole life without a secret. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { header, member, parsePublicMessage } from '../../src/mls/framing.ts';
import type { CommitOptions } from '../../src/mls/group.ts';
import {
  checkFirstGroupInfo,
  checkNextGroupInfo,
  checkProposal,
  type Effect,
  effect,
  expectedMembers,
  parseCommit,
  parseProposal,
  type PublicEpoch,
  verifyCommit,
} from '../../src/mls/handshake.ts';
import { Remove } from '../../src/mls/proposal.ts';
import type { ListedProposal } from '../../src/mls/validation.ts';
import { GROUP_ID, type Player, Scene } from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

/** What a delivery service keeps: current GroupInfo, members' keys, this epoch's proposals. */
class Server {
  keys = new Map<number, Uint8Array>();
  proposals = new Map<string, ListedProposal>();

  constructor(public epoch: PublicEpoch) {
    this.take(epoch);
  }

  take(epoch: PublicEpoch): void {
    this.epoch = epoch;
    this.keys = new Map(epoch.members.map((item) => [item.leafIndex, item.signatureKey]));
    this.proposals = new Map();
  }

  propose(raw: Uint8Array): void {
    const proposal = parseProposal(raw);
    const { context } = this.epoch;
    checkProposal(proposal, context, there(this.keys.get(proposal.sender.index))).settleNow();
    this.proposals.set(toHex(proposal.reference(context.cipherSuite)), proposal.listed);
  }

  commit(raw: Uint8Array, groupInfo: Uint8Array): Effect {
    const commit = parseCommit(raw);
    const key = commit.isExternal
      ? commit.pathLeaf?.signatureKey
      : this.keys.get(commit.sender.index);
    verifyCommit(commit, this.epoch.context, there(key)).settleNow();
    const result = effect(commit, this.proposals);
    const expected = expectedMembers(this.keys, commit, result);
    const current = this.epoch.groupInfo;
    this.take(checkNextGroupInfo(groupInfo, current, commit, expected).settleNow());
    return result;
  }
}

/** A commit through the server to everybody. */
function follow(server: Server, scene: Scene, player: Player, options: CommitOptions = {}): Effect {
  const pending = player.commit(options);
  const result = server.commit(pending.commit, pending.groupInfo);
  scene.deliver(player, pending.commit);
  pending.accept();
  return result;
}

test.each(ALL_SUITES)("the server follows a group's life in suite %i", (suiteId) => {
  const scene = Scene.of(['anna'], { suiteId });
  const anna = scene.player('anna');
  const server = new Server(checkFirstGroupInfo(anna.group.groupInfo()).settleNow());
  const newcomers = ['bela', 'cora', 'dora'].map((name) => scene.newcomer(name));
  const bundles = newcomers.map((one) => one.bundle());
  const pending = anna.commit({ adds: bundles.map((item) => item.message) });
  const added = server.commit(pending.commit, pending.groupInfo);
  expect(added.added.map((item) => item.toBytes())).toEqual(
    bundles.map((item) => item.keyPackage.toBytes()),
  );
  pending.accept();
  for (const [index, one] of newcomers.entries()) {
    one.join(pending.welcome, there(bundles[index]));
    scene.players.set(one.name, one);
  }
  expect([...server.keys.values()]).toEqual([anna, ...newcomers].map((one) => one.signatureKey));
  const { bela, cora, dora } = scene.cast('bela', 'cora', 'dora');
  follow(server, scene, cora);
  const update = bela.group.proposeUpdate({ identity: bela.newIdentity() });
  server.propose(update);
  scene.deliver(bela, update);
  const removal = dora.group.proposeRemove(3);
  server.propose(removal);
  scene.deliver(dora, removal);
  const result = follow(server, scene, anna);
  expect(result.removed).toEqual([3]);
  expect(result.updated.map(([place]) => place)).toEqual([1]);
  scene.tidy();
  scene.agree();
  expect([...server.keys]).toEqual(
    anna.group.members().map((item) => [item.leafIndex, item.signatureKey]),
  );
  const emil = scene.newcomer('emil');
  const joining = emil.knock(anna.group.groupInfo());
  const joined = server.commit(joining.commit, joining.groupInfo);
  expect(joined.joiner?.credential.equals(emil.credential)).toBe(true);
  expect(server.keys.get(3)).toEqual(emil.signatureKey);
});

test('headers are read without the rest', () => {
  const { anna } = Scene.of(['anna', 'bela']).cast('anna');
  const seen = header(anna.group.encrypt(utf8('secret')).subarray(0, 40));
  expect([seen.groupId, seen.epoch, seen.sender]).toEqual([GROUP_ID, 1n, undefined]);
  expect(header(anna.commit().commit).sender).toEqual(member(0));
  const { body } = parsePublicMessage(anna.frame(new Remove(1))).authenticated.content;
  expect(body).toEqual(new Remove(1));
});
