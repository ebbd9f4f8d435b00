/** The delivery service's view: it follows a group's whole life without a secret. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, ProtocolError } from '../../src/mls/errors.ts';
import {
  Extension,
  EXTERNAL_SENDERS,
  ExternalSender,
  RATCHET_TREE,
} from '../../src/mls/extension.ts';
import { vector } from '../../src/mls/codec.ts';
import { Credential } from '../../src/mls/credential.ts';
import { Sender, SenderType } from '../../src/mls/framing.ts';
import { type GroupInfo, parseGroupInfo } from '../../src/mls/group_info.ts';
import {
  checkFirstGroupInfo,
  checkNextGroupInfo,
  checkProposal,
  checkStoredGroupInfo,
  effect,
  type Effect,
  ExpectedMembers,
  expectedMembers,
  parseCommit,
  parseProposal,
  PublicCommit,
  type PublicEpoch,
  verifyCommit,
} from '../../src/mls/handshake.ts';
import { LeafBinding } from '../../src/mls/leaf_node.ts';
import {
  Add,
  Commit,
  ExternalInit,
  GroupContextExtensions,
  ProposalRef,
  Remove,
  Update,
} from '../../src/mls/proposal.ts';
import { HERE, type Unverified } from '../../src/mls/signature_checks.ts';
import { suite } from '../../src/mls/suite.ts';
import { UpdatePath, UpdatePathNode } from '../../src/mls/update_path.ts';
import type { ListedProposal } from '../../src/mls/validation.ts';
import { type Made, Stage } from './message_players.ts';
import { Device, GROUP_ID, there, verdictOf } from './tree_players.ts';
import './suites.ts';

type Judged = readonly [commit: PublicCommit, result: Effect, expected: ExpectedMembers];

/** What a delivery service keeps: current GroupInfo, members' keys, this epoch's proposals. */
class Server {
  keys = new Map<number, Uint8Array>();
  proposals = new Map<string, ListedProposal>();

  constructor(public groupInfo: GroupInfo) {
    this.take(checkStoredGroupInfo(groupInfo.toMessage()).settleNow());
  }

  static of(raw: Uint8Array): Server {
    return new Server(parseGroupInfo(raw));
  }

  take(epoch: PublicEpoch): void {
    this.groupInfo = epoch.groupInfo;
    this.keys = new Map(epoch.members.map((item) => [item.leafIndex, item.signatureKey]));
    this.proposals = new Map();
  }

  propose(raw: Uint8Array): Uint8Array {
    const proposal = parseProposal(raw);
    const context = this.groupInfo.groupContext;
    checkProposal(proposal, context, there(this.keys.get(proposal.sender.index))).settleNow();
    const reference = proposal.reference(context.cipherSuite);
    this.proposals.set(toHex(reference), proposal.listed);
    return reference;
  }

  judge(raw: Uint8Array): Judged {
    const commit = parseCommit(raw);
    const key = commit.isExternal
      ? there(commit.pathLeaf).signatureKey
      : (this.keys.get(commit.sender.index) ?? new Uint8Array(0));
    verifyCommit(commit, this.groupInfo.groupContext, key).settleNow();
    const result = effect(commit, this.proposals);
    return [commit, result, expectedMembers(this.keys, commit, result)];
  }

  commit({ commit: raw, groupInfo }: Pick<Made, 'commit' | 'groupInfo'>): Effect {
    const [commit, result, expected] = this.judge(raw);
    this.take(checkNextGroupInfo(groupInfo, this.groupInfo, commit, expected).settleNow());
    return result;
  }
}

/** The check that an operation fails, at once or when its signatures are verified. */
function refusal(operation: () => Unverified<unknown>): string {
  return verdictOf(() => operation().settleNow());
}

/** Three members, and a server that knows their epoch. */
function stage(): readonly [stage: Stage, server: Server] {
  const scene = Stage.of(3);
  return [scene, Server.of(scene.epoch.groupInfo(true, true).toMessage())];
}

function withSender(commit: PublicCommit, sender: Sender): PublicCommit {
  const { groupId, epoch, proposals, references, pathLeaf, commit: body, message } = commit;
  return new PublicCommit(groupId, epoch, sender, proposals, references, pathLeaf, body, message);
}

/** The same Commit with another path, as if nobody had looked at its signature. */
function withPath(commit: PublicCommit, path: UpdatePath): PublicCommit {
  const { groupId, epoch, sender, proposals, references, pathLeaf, message } = commit;
  const body = new Commit(commit.commit.proposals, path);
  return new PublicCommit(groupId, epoch, sender, proposals, references, pathLeaf, body, message);
}

/** The Update that the member at a leaf proposes. */
function update(scene: Stage, leafIndex: number): Update {
  const [, encryptionKey] = scene.epoch.suite.kemGenerate();
  const binding = new LeafBinding(GROUP_ID, leafIndex);
  const content = scene.epoch.leaf(leafIndex).content();
  const changed = content.with({ encryptionKey, lifetime: undefined, parentHash: undefined });
  return new Update(changed.sign(scene.epoch.suite, scene.device(leafIndex).signer, binding));
}

test.each([1, 2, 0xf00d])("the server follows a group's life in suite %i", (suiteId) => {
  const crypto = suite(suiteId);
  const scene = Stage.of(1, { suiteId, epoch: 0n });
  const first = scene.epoch.groupInfo(true, true).toMessage();
  const server = new Server(checkFirstGroupInfo(first).settleNow().groupInfo);
  const newcomers = ['bela', 'cora', 'dora'].map((name) => Device.make(name, crypto));
  const packages = newcomers.map((one) => one.keyPackage());
  const follow = (made: Made): Effect => {
    const result = server.commit(made);
    scene.accept(made);
    return result;
  };
  const added = follow(
    scene.commit(
      0,
      packages.map((item) => new Add(item)),
    ),
  );
  expect(added.added.map((item) => item.toBytes())).toEqual(packages.map((item) => item.toBytes()));
  for (const [at, one] of newcomers.entries()) {
    scene.devices.set(at + 1, one);
  }
  expect(server.keys).toEqual(scene.keys);
  follow(scene.commit(2));
  const references = [
    server.propose(scene.frame(update(scene, 1), 1)),
    server.propose(scene.frame(new Remove(3), 3)),
  ].map((reference) => new ProposalRef(reference));
  const result = follow(scene.commit(0, references, { stored: server.proposals }));
  expect(result.removed).toEqual([3]);
  expect(result.updated.map(([place]) => place)).toEqual([1]);
  expect(server.keys).toEqual(scene.keys);
  const emil = Device.make('emil', crypto);
  const joined = follow(scene.join(emil));
  expect(joined.joiner?.credential).toEqual(Credential.basic(utf8('emil')));
  expect(server.keys.get(3)).toEqual(emil.signatureKey);
  expect(server.groupInfo.groupContext.epoch).toBe(4n);
});

test('a resync takes the leftmost free leaf', () => {
  const [scene, server] = stage();
  const made = scene.join(scene.device(1), [new Remove(1)]);
  const [commit, result, expected] = server.judge(made.commit);
  expect([commit.isExternal, commit.hasPath]).toEqual([true, true]);
  expect([result.removed, expected.committer, expected.added]).toEqual([[1], 1, []]);
  server.commit(made);
});

test('nobody is told anything before the signatures were verified, here or elsewhere', async () => {
  const [scene, server] = stage();
  const made = scene.commit(0);
  const [commit, , expected] = server.judge(made.commit);
  const check = (): Unverified<PublicEpoch> =>
    checkNextGroupInfo(made.groupInfo, server.groupInfo, commit, expected);
  expect(check().count).toBe(2);
  expect((await check().settle(HERE)).context.epoch).toBe(2n);
  const nobody = { verify: () => Promise.resolve([true, false]) };
  await expect(check().settle(nobody)).rejects.toMatchObject({ check: 'leaf-signature' });
});

test('commits that are none', () => {
  const [scene] = stage();
  const removal = scene.frame(new Remove(1));
  expect(verdictOf(() => parseCommit(removal))).toBe('commit-content');
  expect(verdictOf(() => parseProposal(scene.forge([])))).toBe('proposal-content');
  expect(verdictOf(() => parseProposal(scene.frame(utf8('hello'))))).toBe('proposal-content');
  const published = scene.epoch.groupInfo(true, true).toMessage();
  for (const raw of [new Uint8Array(0), Uint8Array.of(0, 1), published]) {
    expect(() => parseCommit(raw)).toThrow(CodecError);
    expect(() => parseProposal(raw)).toThrow(CodecError);
  }
  const external = scene.forge([], new Sender(SenderType.EXTERNAL, 0));
  expect(verdictOf(() => parseCommit(external))).toBe('commit-sender');
});

test('wrong epoch, group or signature', () => {
  const [scene, server] = stage();
  const context = server.groupInfo.groupContext;
  const [anna, bela] = [scene.device(0).signatureKey, scene.device(1).signatureKey];
  const commit = parseCommit(scene.commit(0).commit);
  const verdict = (changed: PublicCommit, about = context, key = anna): string =>
    refusal(() => verifyCommit(changed, about, key));
  expect(verdict(commit)).toBe('');
  expect(verdict(commit, context.with({ epoch: 9n }))).toBe('epoch');
  expect(verdict(commit, context.with({ groupId: utf8('x') }))).toBe('group-id');
  expect(verdict(commit, context, bela)).toBe('message-signature');
  const moved = withSender(commit, new Sender(SenderType.MEMBER, 1));
  expect(verdict(moved)).toBe('leaf-signature');
  const proposal = parseProposal(scene.frame(update(scene, 0)));
  expect(refusal(() => checkProposal(proposal, context, anna))).toBe('');
  expect(refusal(() => checkProposal(proposal, context, bela))).toBe('message-signature');
  expect(refusal(() => checkProposal(proposal, context.with({ epoch: 0n }), anna))).toBe('epoch');
});

test('proposals by senders who may not', () => {
  const [scene, server] = stage();
  const context = server.groupInfo.groupContext;
  const add = new Add(Device.make('dora').keyPackage());
  for (const [body, sender] of [
    [new ExternalInit(utf8('x')), new Sender(SenderType.MEMBER, 0)],
    [new ExternalInit(utf8('x')), new Sender(SenderType.EXTERNAL, 0)],
    [new Remove(1), new Sender(SenderType.NEW_MEMBER_PROPOSAL)],
    [add, new Sender(SenderType.NEW_MEMBER_COMMIT)],
  ] as const) {
    const proposal = parseProposal(scene.frame(body, 0, sender));
    const key = scene.device(0).signatureKey;
    expect(refusal(() => checkProposal(proposal, context, key))).toBe('proposal-sender');
  }
});

test('lists of proposals that may not stand together', () => {
  const [scene, server] = stage();
  const keyPackage = Device.make('dora').keyPackage();
  for (const [check, proposals] of [
    ['remove-of-committer', [new Remove(0)]],
    ['leaf-touched-once', [new Remove(1), new Remove(1)]],
    ['add-once', [new Add(keyPackage), new Add(keyPackage)]],
    ['proposal-known', [new ProposalRef(new Uint8Array(32))]],
    ['path-required', [new Remove(1)]],
    ['path-required', []],
  ] as const) {
    const commit = parseCommit(scene.forge(proposals));
    expect(verdictOf(() => effect(commit, server.proposals))).toBe(check);
  }
});

test('members that do not come out', () => {
  const [scene, server] = stage();
  const add = new Add(Device.make('dora').keyPackage());
  const [commit, result, expected] = server.judge(scene.commit(0, [new Remove(2), add]).commit);
  expect(expected.added).toEqual([2]);
  expect([...expected.leafNodes.keys()].sort()).toEqual([0, 2]);
  const verdict = (keys: Map<number, Uint8Array>, changed = commit): string =>
    verdictOf(() => expectedMembers(keys, changed, result));
  const without = new Map([...server.keys].filter(([place]) => place !== 2));
  expect(verdict(without)).toBe('remove-member');
  const blank = withSender(commit, new Sender(SenderType.MEMBER, 7));
  expect(verdict(server.keys, blank)).toBe('sender-leaf');
  const doubled = new Map(server.keys).set(1, scene.device(0).signatureKey);
  expect(verdict(doubled)).toBe('leaf-unique-signature-key');
  expect(server.keys.size).toBe(3);
});

test('an Update of a blank leaf does not come out', () => {
  const [scene, server] = stage();
  const reference = server.propose(scene.frame(update(scene, 1), 1));
  const stored = server.proposals;
  const made = scene.commit(0, [new ProposalRef(reference)], { stored });
  const [commit, result] = server.judge(made.commit);
  server.keys.delete(1);
  expect(verdictOf(() => expectedMembers(server.keys, commit, result))).toBe('sender-leaf');
});

test('a next GroupInfo must follow from the Commit', () => {
  const [scene, server] = stage();
  const made = scene.commit(0, [new Remove(2)]);
  const [commit, , expected] = server.judge(made.commit);
  const honest = parseGroupInfo(made.groupInfo);
  const crypto = suite(1);
  const [anna, bela] = [scene.device(0).signer, scene.device(1).signer];
  const attempt = (changed: GroupInfo, signer = anna, members = expected): string => {
    const raw = changed.signed(crypto, signer).toMessage();
    return refusal(() => checkNextGroupInfo(raw, server.groupInfo, commit, members));
  };
  expect(attempt(honest)).toBe('');
  const context = honest.groupContext;
  const zeros = new Uint8Array(32);
  for (const [check, changed] of [
    ['next-group', context.with({ epoch: context.epoch + 1n })],
    ['next-group', context.with({ groupId: utf8('elsewhere') })],
    ['next-group', context.with({ cipherSuite: 3 })],
    ['next-transcript', context.with({ confirmedTranscriptHash: zeros })],
    ['tree-hash', context.with({ treeHash: zeros })],
  ] as const) {
    expect(attempt(honest.with({ groupContext: changed }))).toBe(check);
  }
  expect(attempt(honest.with({ signer: 1 }), bela)).toBe('next-signer');
  expect(attempt(honest.with({ confirmationTag: utf8('x') }))).toBe('next-confirmation');
  expect(attempt(honest, bela)).toBe('group-info-signature');
  expect(attempt(honest.with({ extensions: [] }))).toBe('group-info-tree');
  const { signatureKeys, leafNodes, committer, added, proposals } = expected;
  const more = new Map([...signatureKeys, [9, utf8('x')]]);
  const fewer = new Map([...signatureKeys].slice(1));
  const other = new Map([...signatureKeys, [1, utf8('x')]]);
  for (const keys of [more, fewer, other]) {
    const wrong = new ExpectedMembers(keys, leafNodes, committer, added, proposals);
    expect(attempt(honest, anna, wrong)).toBe('next-members');
  }
  const leaves = new Map([[1, there(leafNodes.get(0))]]);
  const moved = new ExpectedMembers(signatureKeys, leaves, committer, added, proposals);
  expect(attempt(honest, anna, moved)).toBe('next-members');
});

test('extensions and tree must follow from the Commit', () => {
  const [scene, server] = stage();
  const made = scene.commit(0);
  const [commit, , expected] = server.judge(made.commit);
  const honest = parseGroupInfo(made.groupInfo);
  const tree = made.next.epoch.tree.copy();
  const attempt = (changed: GroupInfo): string => {
    const raw = changed.signed(tree.suite, scene.device(0).signer).toMessage();
    return refusal(() => checkNextGroupInfo(raw, server.groupInfo, commit, expected));
  };
  const extensions = [new Extension(0x5a5a, new Uint8Array(0))];
  const extended = honest.groupContext.with({ extensions });
  expect(attempt(honest.with({ groupContext: extended }))).toBe('next-extensions');
  tree.updateLeaf(1, there(tree.leaf(1)));
  const blanked = honest.with({
    groupContext: honest.groupContext.with({ treeHash: tree.treeHash() }),
    extensions: [new Extension(RATCHET_TREE, tree.toBytes())],
  });
  expect(attempt(blanked)).toBe('next-tree');
  expect(attempt(honest)).toBe('');
});

test('new extensions are those of the Commit', () => {
  const [scene, server] = stage();
  const sender = scene.device(1);
  const credential = Credential.basic(utf8('office'));
  const body = vector([new ExternalSender(sender.signatureKey, credential).toBytes()]);
  const extensions = [new Extension(EXTERNAL_SENDERS, body)];
  const made = scene.commit(0, [new GroupContextExtensions(extensions)]);
  expect(server.commit(made).extensions).toEqual(extensions);
  scene.accept(made);
  expect(server.groupInfo.groupContext.extensions).toEqual(extensions);
  expect(server.commit(scene.commit(1)).extensions).toBeUndefined();
  expect(server.groupInfo.groupContext.extensions).toEqual(extensions);
});

test('a path that no member would accept', () => {
  const [scene, server] = stage();
  const made = scene.commit(0);
  const [commit, , expected] = server.judge(made.commit);
  const { leafNode, nodes } = there(commit.commit.path);
  const last = there(nodes.at(-1));
  const first = nodes.slice(0, -1);
  for (const [check, changed] of [
    ['path-length', nodes.slice(1)],
    ['path-ciphertexts', [...first, new UpdatePathNode(last.encryptionKey, [])]],
    ['path-usable-keys', [...first, new UpdatePathNode(utf8('none'), last.encryptedPathSecret)]],
  ] as const) {
    const lying = withPath(commit, new UpdatePath(leafNode, changed));
    const { groupInfo } = server;
    expect(refusal(() => checkNextGroupInfo(made.groupInfo, groupInfo, lying, expected))).toBe(
      check,
    );
  }
});

test("a joiner's leaf is signed for its place", () => {
  const [scene, server] = stage();
  const emil = Device.make('emil');
  const made = scene.join(emil);
  const [commit, , expected] = server.judge(made.commit);
  const { leafNode, nodes } = there(commit.commit.path);
  const { signatureKeys, committer, proposals } = expected;
  const honest = parseGroupInfo(made.groupInfo);
  // All that follows from the leaf follows, so that its signature alone can be wrong.
  const verdict = (place: number): string => {
    const binding = new LeafBinding(GROUP_ID, place);
    const leaf = leafNode.content().sign(suite(1), emil.signer, binding);
    const tree = made.next.epoch.tree.copy();
    tree.putLeaf(committer, leaf);
    const raw = honest
      .with({
        groupContext: honest.groupContext.with({ treeHash: tree.treeHash() }),
        extensions: [new Extension(RATCHET_TREE, tree.toBytes())],
      })
      .signed(suite(1), emil.signer)
      .toMessage();
    const changed = withPath(commit, new UpdatePath(leaf, nodes));
    const leaves = new Map([[committer, leaf]]);
    const members = new ExpectedMembers(signatureKeys, leaves, committer, [], proposals);
    return refusal(() => checkNextGroupInfo(raw, server.groupInfo, changed, members));
  };
  expect(verdict(committer + 1)).toBe('leaf-signature');
  expect(verdict(committer)).toBe('');
});

test('a GroupInfo of another Commit does not follow', () => {
  const [scene, server] = stage();
  const [commit, , expected] = server.judge(scene.commit(0).commit);
  const { groupInfo } = scene.commit(0);
  const check = (): Unverified<PublicEpoch> =>
    checkNextGroupInfo(groupInfo, server.groupInfo, commit, expected);
  expect(refusal(check)).toBe('next-transcript');
});

test('first and stored GroupInfos', () => {
  const [scene, server] = stage();
  const raw = scene.epoch.groupInfo(true, true).toMessage();
  expect(refusal(() => checkFirstGroupInfo(raw))).toBe('epoch');
  const bare = scene.epoch.groupInfo(false, true).toMessage();
  expect(refusal(() => checkStoredGroupInfo(bare))).toBe('group-info-tree');
  for (const signer of [3, 99, 2 ** 32 - 1]) {
    const nobody = server.groupInfo.with({ signer }).toMessage();
    expect(refusal(() => checkStoredGroupInfo(nobody))).toBe('group-info-signer');
  }
  const epoch = checkStoredGroupInfo(raw).settleNow();
  expect(epoch.context.groupId).toEqual(GROUP_ID);
  expect(epoch.members.map((item) => item.signatureKey)).toEqual([...scene.keys.values()]);
});

test("no byte of a Commit can change unnoticed but the members' own", () => {
  // The server cannot check the two tags that only members can; everything else it refuses.
  const [scene, server] = stage();
  const made = scene.commit(0, [new Add(Device.make('dora').keyPackage())]);
  const end = made.commit.length;
  const [tags, membershipTag] = [end - 2 * 33, end - 33];
  for (let place = 0; place < membershipTag; place += 1) {
    const commit = made.commit.slice();
    commit[place]! ^= 1;
    const attempt = (): unknown =>
      place < tags ? server.judge(commit) : server.commit({ commit, groupInfo: made.groupInfo });
    expect(attempt).toThrow(ProtocolError);
  }
  server.commit(made);
});

test('an external sender proposes a removal (RFC 9420 section 12.1.8.1)', () => {
  const [scene] = stage();
  const office = Device.make('office');
  const raw = scene.frame(new Remove(2), 0, new Sender(SenderType.EXTERNAL, 0), office);
  const proposal = parseProposal(raw);
  checkProposal(proposal, scene.epoch.context, office.signatureKey).settleNow();
  const reference = proposal.reference(1);
  const stored = new Map([[toHex(reference), proposal.listed]]);
  const made = scene.commit(1, [new ProposalRef(reference)], { stored });
  const commit = parseCommit(made.commit);
  expect([commit.proposals, commit.references]).toEqual([[], [reference]]);
  expect(effect(commit, stored).removed).toEqual([2]);
});

test('it loads nothing that could hold a secret', () => {
  const folder = join(import.meta.dirname, '..', '..', 'src', 'mls');
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) {
      return;
    }
    loaded.add(name);
    const source = readFileSync(join(folder, `${name}.ts`), 'utf8');
    for (const [, kind, other] of source.matchAll(/^(import type|import|export) .*?'(.*?)';$/gms)) {
      const local = /^\.\/(\w+)\.ts$/.exec(other ?? '')?.[1];
      if (local !== undefined && kind !== 'import type') {
        load(local);
      }
    }
  };
  const blind = 'handshake framing key_package validation ratchet_tree group_info welcome_header';
  blind.split(' ').forEach(load);
  const secret =
    'group sending view epoch process commit external join joiner welcome psk saved past ' +
    'receive staged key_schedule secret_tree protection tree_kem';
  expect(secret.split(' ').filter((name) => loaded.has(name))).toEqual([]);
  expect([...loaded]).toContain('update_path');
});
