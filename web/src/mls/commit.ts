/**
 * Making a Commit, with its Welcome and GroupInfo (RFC 9420 sections 12.4.1, 12.4.3).
 *
 * Nothing is changed here: the result holds the next epoch, which the group takes over once the
 * delivery service has accepted the Commit.
 */

import { EMPTY, fromHex, toHex } from '../base/bytes.ts';
import type { Credential } from './credential.ts';
import { beginEpoch, type Circumstances, type Epoch, type NextEpoch } from './epoch.ts';
import { GroupUsageError, ProtocolError } from './errors.ts';
import type { Extensions } from './extension.ts';
import { AuthenticatedContent, FramedContent, member, WireFormat } from './framing.ts';
import { KeyPackage, parseKeyPackage } from './key_package.ts';
import { type EpochKeys, nextEpochKeys } from './key_schedule.ts';
import { Capabilities, LeafBinding, type LeafContent, type LeafNode } from './leaf_node.ts';
import { checkCapabilities, GroupDemands } from './leaf_validation.ts';
import { describeChange, type Pending, surroundings } from './process.ts';
import {
  Add,
  Commit,
  GroupContextExtensions,
  PreSharedKey,
  type Proposal,
  ProposalRef,
  ReInit,
  Remove,
  Update,
} from './proposal.ts';
import { signContent } from './protection.ts';
import { combinePsks, PSK_COUNT_LIMIT } from './psk.ts';
import type { PreSharedKeyId } from './psk_id.ts';
import { SignatureChecks } from './signature_checks.ts';
import { confirmedTranscriptHash } from './transcript.ts';
import { type NewPath, newPath } from './tree_kem.ts';
import {
  type Applied,
  applyProposals,
  checkAlone,
  checkApplied,
  checkSorted,
  ListedProposal,
  type ProposalList,
  sortProposals,
} from './validation.ts';
import { GroupSecrets, type Newcomer, sealWelcome } from './welcome.ts';

/** A new signature key and credential for this member's leaf. */
export class Identity {
  constructor(
    readonly signerPrivate: Uint8Array,
    readonly credential: Credential,
  ) {}
}

/** The fields of a CommitPlan; what is left out has the value that it has there. */
export interface CommitPlanFields {
  readonly adds?: readonly KeyPackage[] | undefined;
  readonly removes?: readonly number[] | undefined;
  readonly extensions?: Extensions | undefined;
  readonly psks?: readonly PreSharedKeyId[] | undefined;
  readonly reinit?: ReInit | undefined;
  readonly byReference?: boolean | undefined;
  readonly forcePath?: boolean | undefined;
  readonly identity?: Identity | undefined;
  readonly authenticated?: Uint8Array | undefined;
  readonly wireFormat?: WireFormat | undefined;
  readonly treeInWelcome?: boolean | undefined;
}

/** What a Commit shall do beside the proposals it refers to. */
export class CommitPlan {
  readonly adds: readonly KeyPackage[];
  readonly removes: readonly number[];
  readonly extensions: Extensions | undefined;
  readonly psks: readonly PreSharedKeyId[];
  readonly reinit: ReInit | undefined;
  readonly byReference: boolean;
  readonly forcePath: boolean;
  readonly identity: Identity | undefined;
  readonly authenticated: Uint8Array;
  readonly wireFormat: WireFormat;
  readonly treeInWelcome: boolean;

  constructor(fields: CommitPlanFields = {}) {
    this.adds = fields.adds ?? [];
    this.removes = fields.removes ?? [];
    this.extensions = fields.extensions;
    this.psks = fields.psks ?? [];
    this.reinit = fields.reinit;
    this.byReference = fields.byReference ?? true;
    this.forcePath = fields.forcePath ?? true;
    this.identity = fields.identity;
    this.authenticated = fields.authenticated ?? EMPTY;
    this.wireFormat = fields.wireFormat ?? WireFormat.PUBLIC_MESSAGE;
    this.treeInWelcome = fields.treeInWelcome ?? true;
  }

  /** The proposals by value. */
  proposals(): Proposal[] {
    const proposals: Proposal[] = [
      ...this.removes.map((leafIndex) => new Remove(leafIndex)),
      ...this.adds.map((keyPackage) => new Add(keyPackage)),
      ...this.psks.map((psk) => new PreSharedKey(psk)),
    ];
    if (this.extensions !== undefined) {
      proposals.push(new GroupContextExtensions(this.extensions));
    }
    if (this.reinit !== undefined) {
      proposals.push(this.reinit);
    }
    return proposals;
  }
}

/** A Commit ready to be framed, and where it leads. */
export class MadeCommit {
  /**
   * `welcome` and `groupInfo` are encoded MLSMessages; the Welcome is empty when nobody is added.
   */
  constructor(
    readonly message: AuthenticatedContent,
    readonly welcome: Uint8Array,
    readonly groupInfo: Uint8Array,
    readonly following: NextEpoch,
  ) {}
}

/** A proposal with the hexadecimal digits of its reference. */
type Referred = readonly [reference: string, item: ListedProposal];

/**
 * Of the proposals seen, those that one Commit of ours may contain (RFC 9420, 12.2).
 *
 * Left out: our own Updates and anybody's wish to remove us (others must commit these), what is
 * not valid any more, what the plan already does, and the lesser of two that contradict each
 * other: an Update beside a Remove, an older Update beside a newer one, whatever else makes the
 * rest invalid. A proposal that nobody could commit must not keep everybody from committing, nor
 * make them slow: what can be told from the proposal alone never comes to `standing`.
 */
export function committable(
  epoch: Epoch,
  pending: Pending,
  around: Circumstances,
  plan: CommitPlan,
): Map<string, ListedProposal> {
  if (!plan.byReference || pending.proposals.size === 0) {
    return new Map();
  }
  const removed = new Set(plan.removes.map(leafSubject));
  for (const { proposal } of pending.proposals.values()) {
    if (proposal instanceof Remove) {
      removed.add(leafSubject(proposal.removed));
    }
  }
  const taken = new Set(plan.removes.map(leafSubject));
  plan.adds.forEach((item) => taken.add(keySubject(item.leafNode)));
  plan.psks.forEach((psk) => taken.add(pskSubject(psk)));
  if (plan.extensions !== undefined) {
    taken.add('extensions');
  }
  const places = new Map<string, string>();
  for (const [leafIndex, leaf] of epoch.tree.leaves()) {
    places.set(keySubject(leaf), leafSubject(leafIndex));
  }
  let room = PSK_COUNT_LIMIT - plan.psks.length;
  const chosen: Referred[] = [];
  for (const [reference, item] of [...pending.proposals].reverse()) {
    const subject = subjectOf(item);
    if (subject === undefined || taken.has(subject) || subject === leafSubject(epoch.ownLeaf)) {
      continue;
    }
    const { proposal } = item;
    const isPsk = proposal instanceof PreSharedKey;
    const stays = places.get(subject);
    if (
      (proposal instanceof Update && removed.has(subject)) ||
      (isPsk && (room <= 0 || !pending.psks.has(proposal.psk))) ||
      (stays !== undefined && !removed.has(stays))
    ) {
      continue;
    }
    if (isValid(epoch, around, item)) {
      taken.add(subject);
      chosen.push([reference, item]);
      room -= isPsk ? 1 : 0;
    }
  }
  const isReinit = ({ proposal }: ListedProposal): boolean => proposal instanceof ReInit;
  const others = chosen.length > 1 || plan.proposals().length > 0;
  const sole = others ? chosen.filter(([, item]) => !isReinit(item)) : chosen;
  const valid = standing(epoch, pending, plan, new Map(), sole);
  return new Map(sole.filter(([reference]) => valid.has(reference)).reverse());
}

/**
 * Whether a proposal still is what `checkAlone` lets pass. Signatures on what others proposed were
 * verified when it was accepted, in this very epoch; our own proposals meet their first check here.
 */
function isValid(epoch: Epoch, around: Circumstances, item: ListedProposal): boolean {
  const checks = new SignatureChecks();
  try {
    checkAlone(checks, item.proposal, item.sender, surroundings(epoch, around));
    if (item.sender.equals(member(epoch.ownLeaf))) {
      checks.settleNow();
    }
  } catch (error) {
    if (error instanceof ProtocolError) {
      return false;
    }
    throw error;
  }
  return true;
}

/**
 * `sure` and as much of `more` as can stand with it, earlier items first; found by halving,
 * because nearly always everything can.
 */
function standing(
  epoch: Epoch,
  pending: Pending,
  plan: CommitPlan,
  sure: ReadonlyMap<string, ListedProposal>,
  more: readonly Referred[],
): ReadonlyMap<string, ListedProposal> {
  const everything = new Map([...sure, ...more]);
  if (more.length === 0 || standTogether(epoch, pending, plan, everything)) {
    return everything;
  }
  if (more.length === 1) {
    return sure;
  }
  const half = Math.floor(more.length / 2);
  const first = standing(epoch, pending, plan, sure, more.slice(0, half));
  return standing(epoch, pending, plan, first, more.slice(half));
}

/** Whether a Commit of these proposals, each valid alone, and of the plan would be accepted. */
function standTogether(
  epoch: Epoch,
  pending: Pending,
  plan: CommitPlan,
  referred: ReadonlyMap<string, ListedProposal>,
): boolean {
  const sender = member(epoch.ownLeaf);
  const byValue = plan.proposals().map((item) => new ListedProposal(item, sender));
  try {
    const proposals = sortProposals([...referred.values(), ...byValue], sender);
    const applied = applyProposals(epoch.tree, epoch.context.extensions, proposals);
    checkApplied(epoch.suite, applied, true);
    combinePsks(epoch.suite, proposals.psks, pending.psks).fill(0);
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof GroupUsageError) {
      return false;
    }
    throw error;
  }
  return true;
}

/** What a proposal is about; one Commit may contain only one proposal about each. */
function subjectOf({ proposal, sender }: ListedProposal): string | undefined {
  if (proposal instanceof Update) {
    return leafSubject(sender.index);
  }
  if (proposal instanceof Remove) {
    return leafSubject(proposal.removed);
  }
  if (proposal instanceof Add) {
    return keySubject(proposal.keyPackage.leafNode);
  }
  if (proposal instanceof PreSharedKey) {
    return pskSubject(proposal.psk);
  }
  if (proposal instanceof GroupContextExtensions) {
    return 'extensions';
  }
  return proposal instanceof ReInit ? 'reinit' : undefined;
}

function leafSubject(leafIndex: number): string {
  return `leaf ${leafIndex}`;
}

function keySubject({ signatureKey }: LeafNode): string {
  return `key ${toHex(signatureKey)}`;
}

function pskSubject(psk: PreSharedKeyId): string {
  return `psk ${toHex(psk.toBytes())}`;
}

/**
 * A Commit of this member. Throws ValidationError, CredentialRefused, CodecError.
 */
export function makeCommit(
  checks: SignatureChecks,
  epoch: Epoch,
  pending: Pending,
  around: Circumstances,
  plan: CommitPlan,
): MadeCommit {
  const { suite, context } = epoch;
  const referred = committable(epoch, pending, around, plan);
  const sender = member(epoch.ownLeaf);
  const byValue = plan.proposals();
  const listed = [...referred.values(), ...byValue.map((item) => new ListedProposal(item, sender))];
  const proposals = sortProposals(listed, sender);
  checkSorted(checks, proposals, surroundings(epoch, around));
  const applied = applyProposals(epoch.tree, context.extensions, proposals);
  const needsPath = proposals.pathRequired || plan.forcePath || plan.identity !== undefined;
  const made = needsPath ? makePath(epoch, applied, plan.identity, around) : undefined;
  checkApplied(suite, applied, proposals.extensions !== undefined);
  const { tree, extensions, unpathed } = applied;
  const provisional = context.next(tree.treeHash(), context.confirmedTranscriptHash, extensions);
  const path = made?.encrypt(tree, provisional.encoded, unpathed);
  const entries = [
    ...Array.from(referred.keys(), (reference) => new ProposalRef(fromHex(reference))),
    ...byValue,
  ];
  const content = FramedContent.of(
    context.groupId,
    epoch.number,
    sender,
    plan.authenticated,
    new Commit(entries, path),
  );
  const { wireFormat } = plan;
  const signature = signContent(suite, epoch.signerPrivate, wireFormat, content, context.encoded);
  const unconfirmed = new AuthenticatedContent(wireFormat, content, signature);
  const pskSecret = combinePsks(suite, proposals.psks, pending.psks);
  const [following, keys] = follow(epoch, unconfirmed, proposals, applied, made, pskSecret, plan);
  const commit = new MadeCommit(
    ownBuffers(unconfirmed.withConfirmationTag(following.epoch.confirmationTag)),
    welcome(following.epoch, keys, applied, made, proposals, plan.treeInWelcome),
    following.epoch.groupInfo(true, true).toMessage(),
    following,
  );
  forget(keys, made, pskSecret);
  return commit;
}

/**
 * A PrivateMessage is encoded once more when it is encrypted, which is later: it is read again,
 * because authenticated data and proposals may hold buffers of the caller.
 */
function ownBuffers(message: AuthenticatedContent): AuthenticatedContent {
  return message.wireFormat === WireFormat.PRIVATE_MESSAGE
    ? AuthenticatedContent.fromBytes(message.toBytes())
    : message;
}

/** Overwrite what only the Commit and its Welcome needed. */
function forget(keys: EpochKeys, made: NewPath | undefined, pskSecret: Uint8Array): void {
  for (const used of [keys.joiner, keys.welcome, pskSecret, ...(made?.secrets ?? [])]) {
    used.fill(0);
  }
  made?.commitSecret.fill(0);
}

/** Our new path, whose leaf passes the checks that the others will make of it. */
function makePath(
  epoch: Epoch,
  applied: Applied,
  identity: Identity | undefined,
  around: Circumstances,
): NewPath {
  let leaf = epoch.leaf(epoch.ownLeaf).content();
  let signer = epoch.signerPrivate;
  if (identity !== undefined) {
    signer = identity.signerPrivate;
    leaf = withIdentity(epoch, leaf, identity);
  }
  const made = newPath(applied.tree, epoch.ownLeaf, leaf, signer, epoch.context.groupId);
  checkCapabilities(made.leafNode, GroupDemands.ofContext(epoch.suite, applied.extensions));
  around.judge(made.leafNode.credential, made.leafNode.signatureKey, 'member');
  return made;
}

/** The leaf under a new identity; what the device can do, which the group may require, stays. */
function withIdentity(epoch: Epoch, leaf: LeafContent, identity: Identity): LeafContent {
  const { versions, cipherSuites, extensions, proposals, credentials } = leaf.capabilities;
  const types = [...new Set([...credentials, identity.credential.type])];
  return leaf.with({
    credential: identity.credential,
    signatureKey: epoch.suite.signaturePublicOf(identity.signerPrivate),
    capabilities: new Capabilities(versions, cipherSuites, extensions, proposals, types),
  });
}

/** The epoch that our own Commit leads to, and the secrets that its Welcome needs. */
export function follow(
  epoch: Epoch,
  message: AuthenticatedContent,
  proposals: ProposalList,
  applied: Applied,
  made: NewPath | undefined,
  pskSecret: Uint8Array,
  plan: CommitPlan,
): readonly [following: NextEpoch, keys: EpochKeys] {
  const { suite } = epoch;
  const { tree, extensions } = applied;
  const confirmed = confirmedTranscriptHash(
    suite,
    epoch.interimTranscriptHash,
    message.wireFormat,
    message.content.encoded,
    message.signature,
  );
  const context = epoch.context.next(tree.treeHash(), confirmed, extensions);
  const treePrivate = made?.treePrivate ?? epoch.treePrivate.pruned(tree);
  const commitSecret = made?.commitSecret ?? new Uint8Array(suite.hashLength);
  const initSecret = epoch.secrets.init;
  const keys = nextEpochKeys(suite, initSecret, commitSecret, pskSecret, context.encoded);
  const signer = plan.identity?.signerPrivate.slice() ?? epoch.signerPrivate;
  const change = describeChange(epoch, applied, epoch.ownLeaf, false, made !== undefined);
  const ended = proposals.reinit !== undefined;
  return [beginEpoch(suite, context, tree, treePrivate, signer, keys, change, ended), keys];
}

function welcome(
  epoch: Epoch,
  keys: EpochKeys,
  applied: Applied,
  made: NewPath | undefined,
  proposals: ProposalList,
  withTree: boolean,
): Uint8Array {
  if (applied.added.length === 0) {
    return EMPTY;
  }
  const newcomers = applied.added.map(([leafIndex, keyPackage]): Newcomer => {
    const pathSecret = made?.secretFor(leafIndex);
    return [keyPackage, new GroupSecrets(keys.joiner, pathSecret, proposals.psks)];
  });
  const groupInfo = epoch.groupInfo(withTree, false);
  return sealWelcome(epoch.suite, groupInfo, keys.welcome, newcomers).toMessage();
}

/** An Update proposal with fresh keys: the proposal, its leaf's private key, its signer. */
export function makeUpdate(
  epoch: Epoch,
  identity: Identity | undefined,
): readonly [proposal: Update, encryptionPrivate: Uint8Array, signerPrivate: Uint8Array] {
  const [encryptionPrivate, encryptionKey] = epoch.suite.kemGenerate();
  let leaf = epoch
    .leaf(epoch.ownLeaf)
    .content()
    .with({ encryptionKey, lifetime: undefined, parentHash: undefined });
  let signer = epoch.signerPrivate;
  if (identity !== undefined) {
    signer = identity.signerPrivate;
    leaf = withIdentity(epoch, leaf, identity);
  }
  const binding = new LeafBinding(epoch.context.groupId, epoch.ownLeaf);
  return [new Update(leaf.sign(epoch.suite, signer, binding)), encryptionPrivate, signer.slice()];
}

/** Key packages from MLSMessages; parsed ones pass. Throws CodecError. */
export function parseKeyPackages(
  messages: Iterable<Uint8Array | KeyPackage>,
): readonly KeyPackage[] {
  return Array.from(messages, (item) =>
    item instanceof KeyPackage ? item : parseKeyPackage(item),
  );
}
