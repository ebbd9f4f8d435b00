/**
 * The list of proposals in a Commit: what may stand together (RFC 9420 sections 12.1 to 12.3).
 *
 * Public values only, so the delivery service asks the same questions with the same code. Each
 * check has a name, listed in spec/mls.md.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import type { CredentialJudge, Role } from './credential.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { type Extensions, EXTERNAL_SENDERS, externalSenders, findExtension } from './extension.ts';
import { type Sender, SenderType } from './framing.ts';
import type { GroupContext } from './group_context.ts';
import type { KeyPackage } from './key_package.ts';
import { LeafBinding, type LeafNode, MLS10, SOURCE_UPDATE } from './leaf_node.ts';
import {
  checkAmongMembers,
  checkCapabilities,
  GroupDemands,
  MAX_LIFETIME_S,
  validateLeaf,
} from './leaf_validation.ts';
import {
  Add,
  BY_EXTERNAL_SENDER,
  type Commit,
  ExternalInit,
  GroupContextExtensions,
  nameOf,
  PATH_REQUIRED,
  PreSharedKey,
  type Proposal,
  ProposalRef,
  ProposalType,
  ReInit,
  Remove,
  Update,
} from './proposal.ts';
import { checkPskProposals, type PreSharedKeyId } from './psk_id.ts';
import type { RatchetTree } from './ratchet_tree.ts';
import type { SignatureChecks } from './signature_checks.ts';
import type { Suite } from './suite.ts';
import { checkUniqueKeys } from './tree_validation.ts';

/** A proposal with the sender who is responsible for it. */
export class ListedProposal {
  constructor(
    readonly proposal: Proposal,
    readonly sender: Sender,
  ) {}
}

/** A leaf index and the leaf that an Update puts there. */
export type LeafUpdate = readonly [leafIndex: number, leaf: LeafNode];

/** The fields of a ProposalList; what is left out is empty. */
export interface ProposalListFields {
  readonly adds?: readonly KeyPackage[];
  readonly updates?: readonly LeafUpdate[];
  readonly removes?: readonly number[];
  readonly psks?: readonly PreSharedKeyId[];
  readonly reinit?: ReInit | undefined;
  readonly externalInit?: ExternalInit | undefined;
  readonly extensions?: Extensions | undefined;
  readonly pathRequired?: boolean;
}

/** The proposals of one Commit, sorted by kind in the order of the Commit. */
export class ProposalList {
  readonly adds: readonly KeyPackage[];
  readonly updates: readonly LeafUpdate[];
  readonly removes: readonly number[];
  readonly psks: readonly PreSharedKeyId[];
  readonly reinit: ReInit | undefined;
  readonly externalInit: ExternalInit | undefined;
  readonly extensions: Extensions | undefined;
  readonly pathRequired: boolean;

  constructor(fields: ProposalListFields = {}) {
    this.adds = fields.adds ?? [];
    this.updates = fields.updates ?? [];
    this.removes = fields.removes ?? [];
    this.psks = fields.psks ?? [];
    this.reinit = fields.reinit;
    this.externalInit = fields.externalInit;
    this.extensions = fields.extensions;
    this.pathRequired = fields.pathRequired ?? true;
  }
}

/**
 * The Commit's proposals, references replaced by what they name: `stored` holds the proposals
 * that were sent before by the hexadecimal digits of their references.
 *
 * Throws ValidationError `proposal-known`, `external-by-value`, `proposal-once`.
 */
export function resolve(
  commit: Commit,
  committer: Sender,
  stored: ReadonlyMap<string, ListedProposal>,
): ListedProposal[] {
  const listed: ListedProposal[] = [];
  const seen = new Set<string>();
  for (const item of commit.proposals) {
    if (!(item instanceof ProposalRef)) {
      listed.push(new ListedProposal(item, committer));
      continue;
    }
    ensure(
      committer.type === SenderType.MEMBER,
      'external-by-value',
      'An external commit refers to a proposal; it may only contain its own.',
    );
    const reference = toHex(item.reference);
    ensure(!seen.has(reference), 'proposal-once', 'A Commit refers to the same proposal twice.');
    seen.add(reference);
    const known = stored.get(reference);
    if (known === undefined) {
      throw new ValidationError(
        'proposal-known',
        `A Commit refers to proposal ${reference.slice(0, 16)}, which never arrived.`,
      );
    }
    listed.push(known);
  }
  return listed;
}

/** What is an instance of `kind`, in the same order. */
function only<T extends Proposal>(
  proposals: readonly Proposal[],
  kind: abstract new (...fields: never[]) => T,
): T[] {
  return proposals.filter((item): item is T => item instanceof kind);
}

/**
 * Check what may stand together in one Commit (RFC 9420 section 12.2), and sort it.
 *
 * Throws ValidationError; the checks are named in spec/mls.md.
 */
export function sortProposals(listed: readonly ListedProposal[], committer: Sender): ProposalList {
  const proposals = listed.map((item) => item.proposal);
  const updates: LeafUpdate[] = [];
  for (const { proposal, sender } of listed) {
    if (proposal instanceof Update) {
      ensure(
        sender.type === SenderType.MEMBER,
        'update-sender',
        'Somebody who is no member proposes an Update.',
      );
      updates.push([sender.index, proposal.leafNode]);
    }
  }
  const contexts = only(proposals, GroupContextExtensions);
  const reinits = only(proposals, ReInit);
  const inits = only(proposals, ExternalInit);
  const result = new ProposalList({
    adds: only(proposals, Add).map((item) => item.keyPackage),
    updates,
    removes: only(proposals, Remove).map((item) => item.removed),
    psks: only(proposals, PreSharedKey).map((item) => item.psk),
    reinit: reinits[0],
    externalInit: inits[0],
    extensions: contexts[0]?.extensions,
    pathRequired: proposals.length === 0 || proposals.some((item) => PATH_REQUIRED.has(item.type)),
  });
  ensure(
    contexts.length <= 1,
    'context-extensions-once',
    "One Commit replaces the group's extensions twice.",
  );
  ensure(
    reinits.length === 0 || proposals.length === 1,
    'reinit-alone',
    'A ReInit stands beside other proposals; it must be the only one.',
  );
  if (committer.type === SenderType.MEMBER) {
    checkRegular(result, committer);
  } else {
    checkExternal(result, inits.length);
  }
  return result;
}

function checkRegular(result: ProposalList, committer: Sender): void {
  ensure(
    result.externalInit === undefined,
    'external-init-by-member',
    "A member's Commit contains an ExternalInit.",
  );
  const updated = result.updates.map(([leafIndex]) => leafIndex);
  ensure(
    !updated.includes(committer.index),
    'update-by-committer',
    'A Commit contains an Update of its own sender; its path already is one.',
  );
  ensure(
    !result.removes.includes(committer.index),
    'remove-of-committer',
    'A Commit removes its own sender; somebody else must commit that.',
  );
  const touched = [...updated, ...result.removes];
  ensure(
    new Set(touched).size === touched.length,
    'leaf-touched-once',
    'A Commit updates or removes the same member twice.',
  );
  const keys = new Set(result.adds.map((item) => toHex(item.leafNode.signatureKey)));
  ensure(keys.size === result.adds.length, 'add-once', 'A Commit adds the same device twice.');
}

function checkExternal(result: ProposalList, externalInits: number): void {
  ensure(
    externalInits === 1,
    'external-init-once',
    `An external commit contains ${externalInits} ExternalInit proposals, not one.`,
  );
  ensure(
    result.removes.length <= 1,
    'external-remove-once',
    "An external commit removes more than its sender's own old leaf.",
  );
  ensure(
    result.adds.length === 0 &&
      result.updates.length === 0 &&
      result.reinit === undefined &&
      result.extensions === undefined,
    'external-types',
    'An external commit contains other proposals than ExternalInit, Remove and PSK.',
  );
}

/** What proposals are judged against: the group as it is, the judge, and the time. */
export class Surroundings {
  /**
   * `maxLifetimeS` Infinity accepts key packages of any lifetime. `adding`: as what key packages are
   * judged: "added" in what others have sent.
   */
  constructor(
    readonly suite: Suite,
    readonly context: GroupContext,
    readonly tree: RatchetTree,
    readonly judge: CredentialJudge,
    readonly nowS: number,
    readonly maxLifetimeS: number = MAX_LIFETIME_S,
    readonly adding: Role = 'key_package',
  ) {}
}

/** `proposal-sender`: who may propose what on its own. Throws ValidationError. */
export function checkProposalSender(proposal: Proposal, sender: Sender): void {
  let allowed: boolean;
  if (sender.type === SenderType.MEMBER) {
    allowed = !(proposal instanceof ExternalInit);
  } else if (sender.type === SenderType.EXTERNAL) {
    allowed = BY_EXTERNAL_SENDER.has(proposal.type);
  } else {
    allowed = sender.type === SenderType.NEW_MEMBER_PROPOSAL && proposal instanceof Add;
  }
  ensure(
    allowed,
    'proposal-sender',
    `A sender of type ${nameOf(SenderType, sender.type)} may not propose ` +
      `${nameOf(ProposalType, proposal.type)}.`,
  );
}

/**
 * Check each proposal of a Commit by itself (RFC 9420 section 12.1). Throws ValidationError,
 * CredentialRefused.
 */
export function checkSorted(
  checks: SignatureChecks,
  result: ProposalList,
  around: Surroundings,
): void {
  const { suite, judge, nowS, maxLifetimeS, adding: role } = around;
  const demands = GroupDemands.ofContext(suite, result.extensions ?? around.context.extensions);
  for (const keyPackage of result.adds) {
    keyPackage.validate(suite, checks, judge, nowS, { demands, maxLifetimeS, role });
  }
  for (const [leafIndex, leaf] of result.updates) {
    checkUpdate(checks, leafIndex, leaf, demands, around);
  }
  for (const leafIndex of result.removes) {
    ensure(
      around.tree.leaf(leafIndex) !== undefined,
      'remove-member',
      `A proposal removes leaf ${leafIndex}, where there is no member.`,
    );
  }
  checkPskProposals(suite, result.psks, around.context.epoch === 0n);
  if (result.reinit !== undefined) {
    ensure(
      result.reinit.version >= MLS10,
      'reinit-version',
      'A ReInit goes back to an older protocol version.',
    );
  }
  if (result.extensions !== undefined) {
    checkContextExtensions(result.extensions, judge);
  }
}

/** Check a proposal that arrived on its own. Throws ValidationError, CredentialRefused. */
export function checkAlone(
  checks: SignatureChecks,
  proposal: Proposal,
  sender: Sender,
  around: Surroundings,
): void {
  checkProposalSender(proposal, sender);
  const sole = new ProposalList({
    adds: proposal instanceof Add ? [proposal.keyPackage] : [],
    updates: proposal instanceof Update ? [[sender.index, proposal.leafNode]] : [],
    removes: proposal instanceof Remove ? [proposal.removed] : [],
    psks: proposal instanceof PreSharedKey ? [proposal.psk] : [],
    reinit: proposal instanceof ReInit ? proposal : undefined,
    extensions: proposal instanceof GroupContextExtensions ? proposal.extensions : undefined,
  });
  checkSorted(checks, sole, around);
  if (sole.extensions !== undefined) {
    checkMembersSupport(around.suite, around.tree, sole.extensions);
  }
}

function checkUpdate(
  checks: SignatureChecks,
  leafIndex: number,
  leaf: LeafNode,
  demands: GroupDemands,
  around: Surroundings,
): void {
  const current = around.tree.leaf(leafIndex);
  ensure(
    current !== undefined && !equalBytes(current.encryptionKey, leaf.encryptionKey),
    'update-fresh-key',
    `The Update of leaf ${leafIndex} does not bring a new encryption key.`,
  );
  validateLeaf(checks, leaf, demands, around.judge, {
    source: SOURCE_UPDATE,
    binding: new LeafBinding(around.context.groupId, leafIndex),
    role: 'member',
  });
}

function checkContextExtensions(extensions: Extensions, judge: CredentialJudge): void {
  if (findExtension(extensions, EXTERNAL_SENDERS) !== undefined) {
    for (const sender of externalSenders(extensions)) {
      judge(sender.credential, sender.signatureKey, 'external_sender');
    }
  }
}

/**
 * Every member supports the group's extensions and required capabilities.
 *
 * Throws ValidationError of `checkCapabilities`, CodecError.
 */
function checkMembersSupport(suite: Suite, tree: RatchetTree, extensions: Extensions): void {
  const demands = GroupDemands.ofContext(suite, extensions);
  for (const [, leaf] of tree.leaves()) {
    checkCapabilities(leaf, demands);
  }
}

/** The leaf index and key package of a newcomer. */
export type AddedMember = readonly [leafIndex: number, keyPackage: KeyPackage];

/** The tree and extensions once the proposals have taken effect, before the path. */
export class Applied {
  /**
   * `unpathed`: leaves to which no path secret is encrypted: they learn theirs from the Welcome.
   */
  constructor(
    readonly tree: RatchetTree,
    readonly extensions: Extensions,
    readonly added: readonly AddedMember[] = [],
    readonly removed: readonly number[] = [],
    readonly updated: readonly number[] = [],
    readonly unpathed: readonly number[] = [],
  ) {}
}

/** Put sorted, checked proposals into effect on a copy (RFC 9420 section 12.3). */
export function applyProposals(
  tree: RatchetTree,
  extensions: Extensions,
  result: ProposalList,
): Applied {
  const changed = tree.copy();
  for (const [leafIndex, leaf] of result.updates) {
    changed.updateLeaf(leafIndex, leaf);
  }
  for (const leafIndex of result.removes) {
    changed.removeLeaf(leafIndex);
  }
  const added = result.adds.map((item) => [changed.addLeaf(item.leafNode), item] as const);
  return new Applied(
    changed,
    result.extensions ?? extensions,
    added,
    result.removes,
    result.updates.map(([leafIndex]) => leafIndex),
    added.map(([leafIndex]) => leafIndex),
  );
}

/** The checks of the whole tree, once all leaves are in place. Throws ValidationError. */
export function checkApplied(suite: Suite, applied: Applied, contextChanged: boolean): void {
  ensure(
    applied.tree.isReadable,
    'tree-limit',
    'After this Commit the ratchet tree would be larger than anybody reads.',
  );
  checkAmongMembers(Array.from(applied.tree.leaves(), ([, leaf]) => leaf));
  checkUniqueKeys(applied.tree);
  if (contextChanged) {
    checkMembersSupport(suite, applied.tree, applied.extensions);
  }
}
