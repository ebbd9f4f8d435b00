/**
 * What a delivery service can check of a handshake message without any secret.
 *
 * RFC 9750 section 5.2: a delivery service that sees handshake messages in the clear can refuse a
 * Commit that would break the group for everybody. This file judges epoch, sender, signature, what
 * is added, removed and updated, the public half of the path, and that the GroupInfo for later
 * joiners follows from the Commit, its extensions and ratchet tree included.
 * It imports nothing that could hold a secret; its test checks that.
 *
 * Only members can check the encrypted path secrets, the membership tag and the confirmation tag.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { encodeExtensions, type Extensions, RATCHET_TREE } from './extension.ts';
import {
  type AuthenticatedContent,
  parsePublicMessage,
  type Sender,
  SenderType,
} from './framing.ts';
import type { GroupContext } from './group_context.ts';
import { type GroupInfo, parseGroupInfo } from './group_info.ts';
import type { KeyPackage } from './key_package.ts';
import { LeafBinding, type LeafNode, SOURCE_COMMIT } from './leaf_node.ts';
import { checkSignature, checkSource } from './leaf_validation.ts';
import { Commit, nameOf, type Proposal, ProposalRef } from './proposal.ts';
import { RatchetTree } from './ratchet_tree.ts';
import { type SignatureChecks, type Unverified, unverified } from './signature_checks.ts';
import { type Suite, suite } from './suite.ts';
import { confirmedTranscriptHash, interimTranscriptHash } from './transcript.ts';
import { applyPath, checkCiphertexts } from './update_path.ts';
import {
  applyProposals,
  checkApplied,
  checkProposalSender,
  type LeafUpdate,
  ListedProposal,
  ProposalList,
  resolve,
  sortProposals,
} from './validation.ts';

const LABEL = 'FramedContentTBS';

/**
 * A Commit as the delivery service sees it; nothing is verified yet.
 *
 * `sender.type` is MEMBER (`sender.index` is the leaf) or NEW_MEMBER_COMMIT (external commit).
 */
export class PublicCommit {
  /**
   * `proposals`: those by value; `references`: of those that were sent before. `pathLeaf`: the
   * committer's new leaf; undefined when the Commit has no path.
   */
  constructor(
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly sender: Sender,
    readonly proposals: readonly Proposal[],
    readonly references: readonly Uint8Array[],
    readonly pathLeaf: LeafNode | undefined,
    readonly commit: Commit,
    readonly message: AuthenticatedContent,
  ) {}

  /** Whether the Commit re-keys its sender's path. */
  get hasPath(): boolean {
    return this.pathLeaf !== undefined;
  }

  /** Whether the sender joins by this Commit. */
  get isExternal(): boolean {
    return this.sender.type === SenderType.NEW_MEMBER_COMMIT;
  }
}

/** A proposal as the delivery service sees it; nothing is verified yet. */
export class PublicProposal {
  constructor(
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly sender: Sender,
    readonly proposal: Proposal,
    readonly message: AuthenticatedContent,
  ) {}

  /** ProposalRef under the group's cipher suite. Throws UnsupportedSuite. */
  reference(suiteId: number): Uint8Array {
    return this.message.reference(suite(suiteId));
  }

  /** As `effect` wants stored proposals. */
  get listed(): ListedProposal {
    return new ListedProposal(this.proposal, this.sender);
  }
}

/** What a Commit does to the members. */
export class Effect {
  /**
   * `removed`: leaf indices. `updated`: leaf index and new leaf of committed Update proposals, not
   * the committer's path. `joiner`: the leaf of somebody who joins by an external commit.
   * `extensions`: the GroupContext's new ones, undefined when they stay. `reinit`: whether the
   * group ends with this Commit.
   */
  constructor(
    readonly added: readonly KeyPackage[],
    readonly removed: readonly number[],
    readonly updated: readonly LeafUpdate[],
    readonly joiner: LeafNode | undefined,
    readonly extensions: Extensions | undefined,
    readonly reinit: boolean,
    readonly proposals: ProposalList,
  ) {}
}

/** A leaf of a public ratchet tree. */
export class PublicMember {
  constructor(
    readonly leafIndex: number,
    readonly leafNode: LeafNode,
  ) {}

  /** The device's public signature key. */
  get signatureKey(): Uint8Array {
    return this.leafNode.signatureKey;
  }
}

/** Who must be where after a Commit: signature keys of all, new leaves where they changed. */
export class ExpectedMembers {
  /**
   * `committer`: the committer's leaf index; a joiner's new one. `added`: leaf indices of the added
   * key packages, in the order of `Effect.added`. `proposals`: what leads there, for the new
   * ratchet tree and extensions.
   */
  constructor(
    readonly signatureKeys: ReadonlyMap<number, Uint8Array>,
    readonly leafNodes: ReadonlyMap<number, LeafNode>,
    readonly committer: number,
    readonly added: readonly number[] = [],
    readonly proposals: ProposalList = new ProposalList(),
  ) {}
}

/** An epoch as its GroupInfo shows it, checked. */
export class PublicEpoch {
  constructor(
    readonly groupInfo: GroupInfo,
    readonly members: readonly PublicMember[],
  ) {}

  /** Group id, epoch, cipher suite and the rest. */
  get context(): GroupContext {
    return this.groupInfo.groupContext;
  }
}

/** A Commit in a PublicMessage. Throws CodecError, ValidationError `commit-content`. */
export function parseCommit(raw: Uint8Array): PublicCommit {
  const message = parsePublicMessage(raw).authenticated;
  const { groupId, epoch, sender, body: commit } = message.content;
  if (!(commit instanceof Commit)) {
    throw new ValidationError('commit-content', 'The message is no Commit.');
  }
  ensure(
    sender.type === SenderType.MEMBER || sender.type === SenderType.NEW_MEMBER_COMMIT,
    'commit-sender',
    `A Commit comes from a sender of type ${nameOf(SenderType, sender.type)}.`,
  );
  return new PublicCommit(
    groupId,
    epoch,
    sender,
    commit.proposals.flatMap((item) => (item instanceof ProposalRef ? [] : [item])),
    commit.proposals.flatMap((item) => (item instanceof ProposalRef ? [item.reference] : [])),
    commit.path?.leafNode,
    commit,
    message,
  );
}

/** A proposal in a PublicMessage. Throws CodecError, ValidationError `proposal-content`. */
export function parseProposal(raw: Uint8Array): PublicProposal {
  const message = parsePublicMessage(raw).authenticated;
  const { groupId, epoch, sender, body: proposal } = message.content;
  if (proposal instanceof Uint8Array || proposal instanceof Commit) {
    throw new ValidationError('proposal-content', 'The message is no proposal.');
  }
  return new PublicProposal(groupId, epoch, sender, proposal, message);
}

/**
 * A proposal's epoch, sender and signature.
 *
 * `signatureKey` belongs to the sender: the member at `sender.index`, the external sender of
 * that index, or the key package's own key for NEW_MEMBER_PROPOSAL.
 * Throws ValidationError `group-id`, `epoch`, `proposal-sender`, `message-signature`; KeyRefused.
 */
export function checkProposal(
  proposal: PublicProposal,
  context: GroupContext,
  signatureKey: Uint8Array,
): Unverified<void> {
  return unverified((checks) => {
    checkAddress(proposal.groupId, proposal.epoch, context);
    checkProposalSender(proposal.proposal, proposal.sender);
    verify(checks, proposal.message, context, signatureKey);
  });
}

/**
 * A Commit's group, epoch and signature, and the signature of the leaf in a member's path;
 * that of a joiner, whose place is not known yet, is up to `checkNextGroupInfo`.
 *
 * `context` is the GroupContext of the current epoch, `signatureKey` the committer's: of the
 * member at `commit.sender.index`, or for an external commit `commit.pathLeaf.signatureKey`.
 * Throws ValidationError `group-id`, `epoch`, `message-signature`, `leaf-source`,
 * `leaf-signature`; KeyRefused.
 */
export function verifyCommit(
  commit: PublicCommit,
  context: GroupContext,
  signatureKey: Uint8Array,
): Unverified<void> {
  return unverified((checks) => {
    checkAddress(commit.groupId, commit.epoch, context);
    verify(checks, commit.message, context, signatureKey);
    if (commit.pathLeaf !== undefined) {
      checkSource(commit.pathLeaf, SOURCE_COMMIT);
      if (!commit.isExternal) {
        const binding = new LeafBinding(context.groupId, commit.sender.index);
        checkSignature(commit.pathLeaf, suite(context.cipherSuite), checks, binding);
      }
    }
  });
}

/**
 * What a Commit does, and whether its proposals may stand together (RFC 9420, 12.2).
 *
 * `stored`: this epoch's proposals by the hexadecimal digits of their references. Key packages are
 * not validated here: ask `KeyPackage.validate` with a judge. Throws ValidationError.
 */
export function effect(commit: PublicCommit, stored: ReadonlyMap<string, ListedProposal>): Effect {
  const sorted = sortProposals(resolve(commit.commit, commit.sender, stored), commit.sender);
  const sentence = 'A Commit that removes, updates, joins or is empty has no update path.';
  ensure(commit.hasPath || !sorted.pathRequired, 'path-required', sentence);
  return new Effect(
    sorted.adds,
    sorted.removes,
    sorted.updates,
    commit.isExternal ? commit.pathLeaf : undefined,
    sorted.extensions,
    sorted.reinit !== undefined,
    sorted,
  );
}

/**
 * The members after a Commit; `before` has the signature key of each leaf index.
 *
 * Newcomers take the leftmost free leaves (RFC 9420 section 7.7).
 * Throws ValidationError `sender-leaf`, `remove-member`, `leaf-unique-signature-key`.
 */
export function expectedMembers(
  before: ReadonlyMap<number, Uint8Array>,
  commit: PublicCommit,
  result: Effect,
): ExpectedMembers {
  const keys = new Map(before);
  const leaves = new Map<number, LeafNode>();
  const put = (leafIndex: number, leaf: LeafNode): void => {
    keys.set(leafIndex, leaf.signatureKey);
    leaves.set(leafIndex, leaf);
  };
  for (const [leafIndex, leaf] of result.updated) {
    ensure(keys.has(leafIndex), 'sender-leaf', `An Update of leaf ${leafIndex}, a blank one.`);
    put(leafIndex, leaf);
  }
  for (const leafIndex of result.removed) {
    ensure(
      keys.delete(leafIndex),
      'remove-member',
      `A Commit removes leaf ${leafIndex}, where there is no member.`,
    );
  }
  const places: number[] = [];
  const newcomers = result.added.map((item) => item.leafNode);
  let free = 0;
  for (const leaf of result.joiner === undefined ? newcomers : [...newcomers, result.joiner]) {
    while (keys.has(free)) {
      free += 1;
    }
    put(free, leaf);
    places.push(free);
  }
  const committer = (result.joiner && places.pop()) ?? commit.sender.index;
  ensure(keys.has(committer), 'sender-leaf', `Leaf ${committer} is blank and cannot commit.`);
  if (commit.pathLeaf !== undefined) {
    put(committer, commit.pathLeaf);
  }
  ensure(
    new Set(Array.from(keys.values(), toHex)).size === keys.size,
    'leaf-unique-signature-key',
    'After this Commit two members would have the same signature key.',
  );
  return new ExpectedMembers(keys, leaves, committer, places, result.proposals);
}

/**
 * The GroupInfo of a new conversation at epoch 0, with its ratchet tree, by its creator.
 *
 * Throws CodecError, UnsupportedSuite, ValidationError.
 */
export function checkFirstGroupInfo(raw: Uint8Array): Unverified<PublicEpoch> {
  return unverified((checks) => {
    const groupInfo = parseGroupInfo(raw);
    const { epoch } = groupInfo.groupContext;
    ensure(epoch === 0n, 'epoch', `A new group begins at epoch 0, not ${epoch}.`);
    return checkGroupInfo(checks, groupInfo);
  });
}

/**
 * The GroupInfo that comes with a Commit: that it is the epoch this Commit leads to.
 *
 * `current` is the GroupInfo stored for the epoch before, with its ratchet tree.
 * Throws CodecError, ValidationError `next-group`, `next-signer`, `next-transcript`,
 * `next-confirmation`, `next-members`, `next-extensions`, `next-tree`, `group-info-signature`,
 * `group-info-tree`, `tree-hash`, and what everybody refuses in a Commit's path or new tree.
 */
export function checkNextGroupInfo(
  raw: Uint8Array,
  current: GroupInfo,
  commit: PublicCommit,
  expected: ExpectedMembers,
): Unverified<PublicEpoch> {
  return unverified((checks) => {
    const groupInfo = parseGroupInfo(raw);
    const crypto = checkHeader(groupInfo, current, commit, expected);
    const epoch = checkGroupInfo(checks, groupInfo);
    ensure(
      areExpected(epoch.members, expected),
      'next-members',
      'The ratchet tree of the new GroupInfo has other members than the Commit leads to.',
    );
    const { extensions, treeHash } = epoch.context;
    const due = expected.proposals.extensions ?? current.groupContext.extensions;
    ensure(
      equalBytes(encodeExtensions(extensions), encodeExtensions(due)),
      'next-extensions',
      'The extensions of the new GroupInfo are not those that the Commit leads to.',
    );
    ensure(
      equalBytes(treeHash, treeAfter(crypto, checks, current, commit, expected).treeHash()),
      'next-tree',
      'The ratchet tree of the new GroupInfo does not follow from the Commit.',
    );
    return epoch;
  });
}

/** What the next GroupInfo says before its tree is read. Throws ValidationError. */
function checkHeader(
  { groupContext: context, signer, confirmationTag }: GroupInfo,
  current: GroupInfo,
  commit: PublicCommit,
  expected: ExpectedMembers,
): Suite {
  const before = current.groupContext;
  ensure(
    equalBytes(context.groupId, before.groupId) &&
      context.cipherSuite === before.cipherSuite &&
      context.epoch === before.epoch + 1n,
    'next-group',
    "The new GroupInfo is not of the same group's next epoch.",
  );
  ensure(
    signer === expected.committer,
    'next-signer',
    'The new GroupInfo is not signed by the committer.',
  );
  const crypto = suite(context.cipherSuite);
  ensure(
    equalBytes(context.confirmedTranscriptHash, transcriptAfter(crypto, current, commit)),
    'next-transcript',
    'The transcript hash of the new GroupInfo does not follow from the Commit.',
  );
  ensure(
    equalBytes(confirmationTag, commit.message.confirmationTag),
    'next-confirmation',
    "The confirmation tag of the new GroupInfo is not the Commit's.",
  );
  return crypto;
}

function areExpected(members: readonly PublicMember[], expected: ExpectedMembers): boolean {
  const { signatureKeys, leafNodes } = expected;
  const actual = new Map(members.map((item) => [item.leafIndex, item.leafNode]));
  return (
    actual.size === signatureKeys.size &&
    [...signatureKeys].every(([index, key]) => {
      const leaf = actual.get(index);
      return leaf !== undefined && equalBytes(leaf.signatureKey, key);
    }) &&
    [...leafNodes].every(([index, leaf]) => leaf.equals(actual.get(index)))
  );
}

/**
 * Any GroupInfo with its ratchet tree: signature, tree hash, leaves. Throws CodecError,
 * UnsupportedSuite, ValidationError.
 */
export function checkStoredGroupInfo(raw: Uint8Array): Unverified<PublicEpoch> {
  return unverified((checks) => checkGroupInfo(checks, parseGroupInfo(raw)));
}

function transcriptAfter(crypto: Suite, current: GroupInfo, commit: PublicCommit): Uint8Array {
  const { confirmedTranscriptHash: confirmed } = current.groupContext;
  const interim = interimTranscriptHash(crypto, confirmed, current.confirmationTag);
  const { wireFormat, content, signature } = commit.message;
  return confirmedTranscriptHash(crypto, interim, wireFormat, content.encoded, signature);
}

/** The ratchet tree a Commit leads to, by the same steps and checks as at its members. */
function treeAfter(
  crypto: Suite,
  checks: SignatureChecks,
  current: GroupInfo,
  commit: PublicCommit,
  expected: ExpectedMembers,
): RatchetTree {
  const { groupId, extensions } = current.groupContext;
  const { committer, proposals } = expected;
  const { path } = commit.commit;
  const before = treeOf(crypto, current);
  const applied = applyProposals(before, extensions, proposals);
  if (path !== undefined) {
    const [first] = before.leaves();
    if (commit.isExternal && first !== undefined) {
      // Any leaf holds the place until the path brings the real one.
      applied.tree.addLeaf(first[1]);
    }
    checkSignature(path.leafNode, crypto, checks, new LeafBinding(groupId, committer));
    applyPath(applied.tree, committer, path);
    checkCiphertexts(applied.tree, committer, path, applied.unpathed);
  }
  checkApplied(crypto, applied, proposals.extensions !== undefined);
  return applied.tree;
}

function treeOf(crypto: Suite, groupInfo: GroupInfo): RatchetTree {
  const rawTree = groupInfo.extension(RATCHET_TREE);
  if (rawTree === undefined) {
    throw new ValidationError('group-info-tree', 'The GroupInfo carries no ratchet tree.');
  }
  return RatchetTree.fromBytes(crypto, rawTree);
}

function checkGroupInfo(checks: SignatureChecks, groupInfo: GroupInfo): PublicEpoch {
  const context = groupInfo.groupContext;
  const crypto = suite(context.cipherSuite);
  const tree = treeOf(crypto, groupInfo);
  ensure(
    equalBytes(tree.treeHash(), context.treeHash),
    'tree-hash',
    'The ratchet tree is not the one that the GroupInfo names.',
  );
  const signer = tree.leaf(groupInfo.signer);
  if (signer === undefined) {
    throw new ValidationError('group-info-signer', 'The signer of the GroupInfo is no member.');
  }
  groupInfo.verify(crypto, checks, signer.signatureKey);
  const members = Array.from(tree.leaves(), ([index, leaf]) => new PublicMember(index, leaf));
  return new PublicEpoch(groupInfo, members);
}

function checkAddress(groupId: Uint8Array, epoch: bigint, context: GroupContext): void {
  ensure(equalBytes(groupId, context.groupId), 'group-id', 'The message is for another group.');
  ensure(
    epoch === context.epoch,
    'epoch',
    `The message is for epoch ${epoch}; the group is in epoch ${context.epoch}.`,
  );
}

function verify(
  checks: SignatureChecks,
  message: AuthenticatedContent,
  context: GroupContext,
  signatureKey: Uint8Array,
): void {
  const signed = message.toBeSigned(context.encoded);
  const failure = (): ValidationError =>
    new ValidationError('message-signature', "The signature of a message is not its sender's.");
  const crypto = suite(context.cipherSuite);
  crypto.verifyWithLabel(checks, signatureKey, LABEL, signed, message.signature, failure);
}
