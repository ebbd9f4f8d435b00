/**
 * A member's view of a group: the only public holder of group secrets.
 *
 * Everything received is first staged and changes nothing; `accept()` makes it so. Everything that
 * uses up a key (`encrypt`, accepting a message) changes the state in memory at once: the caller
 * saves before anything leaves the device.
 */

// First, so that a bundle holds the libraries together.
import './primitives.ts';

import { EMPTY, toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { CommitPlan, type MadeCommit, makeCommit, parseKeyPackages } from './commit.ts';
import type { Credential, CredentialJudge } from './credential.ts';
import { beginEpoch, Change, Circumstances, Epoch, type Member, type NextEpoch } from './epoch.ts';
import { GroupUsageError } from './errors.ts';
import { Extension, type Extensions } from './extension.ts';
import { type AuthenticatedContent, WireFormat } from './framing.ts';
import { GROUP_ID_LIMIT, GroupContext } from './group_context.ts';
import type { CommitOptions, CreateOptions, JoinOptions, ProcessOptions } from './group_options.ts';
import { joinByWelcome } from './join.ts';
import { CLOCK_SLACK_S, type KeyPackageBundle, ownCapabilities } from './joiner.ts';
import { EpochSecrets, firstEpochKeys } from './key_schedule.ts';
import { LeafContent, Lifetime } from './leaf_node.ts';
import { checkCapabilities, GroupDemands } from './leaf_validation.ts';
import { PAST_EPOCHS_KEPT, PastEpoch } from './past.ts';
import { membersTouched, Pending } from './process.ts';
import { type KnownPsks, NO_PSKS } from './psk.ts';
import { PreSharedKeyId, ResumptionUsage } from './psk_id.ts';
import { RatchetTree } from './ratchet_tree.ts';
import { Receiver, type Staged } from './receive.ts';
import {
  decode,
  encodeEpochState,
  encodeRatchetState,
  GroupState,
  PendingState,
  SavedGroup,
} from './saved.ts';
import { SecretTree } from './secret_tree.ts';
import { GroupSender } from './sending.ts';
import { type Unverified, unverified } from './signature_checks.ts';
import { suite } from './suite.ts';
import { TreePrivate } from './tree_kem.ts';

export type {
  CommitOptions,
  CreateOptions,
  ExternalJoinOptions,
  JoinOptions,
  ProcessOptions,
} from './group_options.ts';
export { KeyPackageBundle } from './joiner.ts';

/** Lifetime in the leaf of a group's creator, until its first commit replaces the leaf. */
const CREATOR_LIFETIME_S = 90 * 86_400;

/** One device's membership in one MLS group. */
export class Group extends GroupSender {
  /**
   * A new group with this device alone in it, at epoch 0 (RFC 9420 section 11).
   *
   * Throws UnsupportedSuite, KeyRefused, CredentialRefused, ValidationError.
   */
  static create(
    suiteId: number,
    groupId: Uint8Array,
    credential: Credential,
    signerPrivate: Uint8Array,
    judge: CredentialJudge,
    nowS: number,
    { extensions = [], capabilities }: CreateOptions = {},
  ): Group {
    if (groupId.length < 1 || groupId.length > GROUP_ID_LIMIT) {
      throw new GroupUsageError(`A group id has 1 to ${GROUP_ID_LIMIT} bytes.`);
    }
    const crypto = suite(suiteId);
    const [encryptionPrivate, encryptionKey] = crypto.kemGenerate();
    const leaf = new LeafContent(
      encryptionKey,
      crypto.signaturePublicOf(signerPrivate),
      credential,
      capabilities ?? ownCapabilities(credential),
      new Lifetime(BigInt(Math.max(0, nowS - CLOCK_SLACK_S)), BigInt(nowS + CREATOR_LIFETIME_S)),
    ).sign(crypto, signerPrivate);
    judge(credential, leaf.signatureKey, 'member');
    checkCapabilities(leaf, GroupDemands.ofContext(crypto, extensions));
    const tree = RatchetTree.ofOne(crypto, leaf);
    const context = new GroupContext(
      suiteId,
      groupId.slice(),
      0n,
      tree.treeHash(),
      EMPTY,
      copied(extensions),
    );
    const keys = firstEpochKeys(crypto, randomBytes(crypto.hashLength));
    const treePrivate = TreePrivate.ofLeaf(0, encryptionPrivate);
    encryptionPrivate.fill(0);
    const signer = signerPrivate.slice();
    return Group.begin(beginEpoch(crypto, context, tree, treePrivate, signer, keys, new Change(0)));
  }

  /** A group at the first epoch this device knows. */
  static begin(first: NextEpoch): Group {
    const { epoch, messages } = first;
    const resumption = new Map([[epoch.number, epoch.secrets.resumption]]);
    return new Group(new GroupState(epoch, messages, { resumption }));
  }

  // -- committing

  /**
   * A Commit of the given changes, and with `byReference` of all proposals that wait.
   *
   * Nothing changes until the result is accepted; once its signatures are verified, it is part of
   * what `save` saves. Throws ValidationError, CredentialRefused, CodecError, GroupUsageError; the
   * last also in the end when the group has moved on meanwhile.
   */
  commit(
    judge: CredentialJudge,
    nowS: number,
    options: CommitOptions = {},
  ): Unverified<PendingCommit> {
    this.requireOpen();
    this.#requireNonePending();
    const { psks = NO_PSKS, inject, extensions, adds = [], ...plan } = options;
    const { epoch } = this.current;
    const whole = new CommitPlan({
      ...plan,
      adds: parseKeyPackages(adds),
      psks: inject,
      extensions: extensions === undefined ? undefined : copied(extensions),
      wireFormat: options.private ? WireFormat.PRIVATE_MESSAGE : WireFormat.PUBLIC_MESSAGE,
    });
    const pending = this.#pendingFor(psks);
    const around = new Circumstances(judge, nowS, psks, options.maxLifetimeS);
    return unverified((checks) => makeCommit(checks, epoch, pending, around, whole)).followedBy(
      (made) => this.#await(epoch, made),
    );
  }

  #await(epoch: Epoch, made: MadeCommit): PendingCommit {
    if (this.current.epoch !== epoch) {
      throw new GroupUsageError(
        'The group has moved on since this commit was made: make it again.',
      );
    }
    this.#requireNonePending();
    const commit = this.protect(made.message);
    const pending = new PendingState(commit, made.welcome, made.groupInfo, made.following);
    this.current.pending = pending;
    this.epochState = undefined;
    return new PendingCommit(this, pending);
  }

  #requireNonePending(): void {
    if (this.current.pending !== undefined) {
      throw new GroupUsageError('A commit is pending already: accept or drop it first.');
    }
  }

  /** The Commit that waits for the delivery service's answer, also after `load`. */
  get pending(): PendingCommit | undefined {
    const { pending } = this.current;
    return pending === undefined ? undefined : new PendingCommit(this, pending);
  }

  /** A fresh use of an external pre-shared key, for `inject` or `proposePsk`. */
  externalPsk(pskId: Uint8Array): PreSharedKeyId {
    return PreSharedKeyId.external(pskId, this.#nonce());
  }

  /** A fresh use of the resumption secret of one of this group's epochs. */
  resumptionPsk(
    epoch: bigint,
    usage: ResumptionUsage = ResumptionUsage.APPLICATION,
  ): PreSharedKeyId {
    return PreSharedKeyId.resumption(usage, this.groupId, epoch, this.#nonce());
  }

  #nonce(): Uint8Array {
    return randomBytes(this.current.epoch.suite.hashLength);
  }

  #pendingFor(psks: KnownPsks): Pending {
    const known = psks.withResumption(this.resumptionSecrets());
    return new Pending(this.proposals, this.current.ownUpdates, known);
  }

  // -- receiving

  /**
   * Check a PublicMessage or PrivateMessage; nothing changes until it is accepted.
   *
   * External commits are refused unless `allowExternal` lets them pass. While an own Commit is
   * pending, another member's can still be accepted; it drops the pending one.
   * Throws ProtocolError: CodecError, ValidationError, CredentialRefused, DecryptionFailed;
   * GroupUsageError when this device is no member any more.
   */
  process(
    raw: Uint8Array,
    judge: CredentialJudge,
    nowS: number,
    { psks = NO_PSKS, allowExternal, maxLifetimeS }: ProcessOptions = {},
  ): Unverified<Staged> {
    this.requireActive();
    const around = new Circumstances(judge, nowS, psks, maxLifetimeS);
    const pending = this.#pendingFor(psks);
    return unverified((checks) =>
      new Receiver(checks, this.current, pending, around, allowExternal).stage(raw, this),
    );
  }

  /** Called by an accepted StagedProposal. */
  keepProposal(message: AuthenticatedContent, reference: Uint8Array): void {
    this.current.proposals.set(toHex(reference), message);
    this.epochState = undefined;
  }

  /** Called by an accepted Commit: retire this epoch, forget what it needed. */
  moveTo(following: NextEpoch): void {
    const { epoch, messages, past, resumption: known } = this.current;
    const before = membersTouched(epoch.tree, following.change);
    past.forEach((item) => {
      item.remember(before);
    });
    const retired = PastEpoch.of(epoch, messages);
    retired.remember(before);
    const { number, secrets } = following.epoch;
    const resumption = new Map(known).set(number, secrets.resumption);
    const numbers = [...resumption.keys()].sort((one, other) => (one < other ? -1 : 1));
    for (const oldest of numbers.slice(0, -(PAST_EPOCHS_KEPT + 1))) {
      resumption.delete(oldest);
    }
    this.#become(
      new GroupState(following.epoch, following.messages, {
        past: [retired, ...past].slice(0, PAST_EPOCHS_KEPT),
        resumption,
      }),
    );
  }

  /** Called when an accepted Commit removes this device: delete every secret. */
  leave(): void {
    const { epoch } = this.current;
    const { suite: crypto, context, tree, ownLeaf } = epoch;
    const gone = new Epoch(
      crypto,
      context,
      tree,
      new TreePrivate(ownLeaf, new Map()),
      EMPTY,
      new EpochSecrets(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY),
      epoch.interimTranscriptHash,
      epoch.confirmationTag,
      epoch.ended,
    );
    const empty = new SecretTree(crypto, tree.leafCount, new Map(), new Map());
    this.#become(new GroupState(gone, empty, { active: false }));
  }

  /** Take a state over; what the old one alone held of secrets is overwritten. */
  #become(state: GroupState): void {
    this.current.giveWayTo(state);
    this.current = state;
    this.epochState = undefined;
  }

  /** Forget the pending Commit: the delivery service refused it. */
  dropPending(): void {
    this.#become(this.current.withoutPending());
  }

  // -- saving

  /**
   * The whole group as two byte strings; write both in one transaction.
   *
   * After `encrypt` and after accepting a message only `ratchetState` has changed, and it must be
   * on disk before the ciphertext leaves or the plaintext is shown. `epochState` is remembered, and
   * the very same buffer until it changes: do not write into it, nor transfer it.
   */
  save(): SavedGroup {
    this.epochState ??= encodeEpochState(this.current);
    return new SavedGroup(this.epochState, encodeRatchetState(this.current));
  }

  /** The group that `save` saved. Throws SavedStateRefused, UnsupportedSuite. */
  static load(epochState: Uint8Array, ratchetState: Uint8Array): Group {
    return new Group(decode(new SavedGroup(epochState, ratchetState)));
  }
}

/**
 * A Commit of ours: send it, then accept or drop it as the delivery service answers.
 *
 * Only after its acceptance may `welcome` be delivered, or newcomers would join an epoch that
 * does not exist.
 */
export class PendingCommit {
  readonly #group: Group;
  readonly #state: PendingState;

  constructor(group: Group, state: PendingState) {
    this.#group = group;
    this.#state = state;
  }

  /** The encoded MLSMessage for the group. */
  get commit(): Uint8Array {
    return this.#state.commit.slice();
  }

  /** The encoded Welcome for all that are added; empty when nobody is. */
  get welcome(): Uint8Array {
    return this.#state.welcome.slice();
  }

  /** The encoded GroupInfo of the next epoch, with its ratchet tree. */
  get groupInfo(): Uint8Array {
    return this.#state.groupInfo.slice();
  }

  /** The epoch that accepting leads to. */
  get epoch(): bigint {
    return this.#state.following.epoch.number;
  }

  /** The members this Commit adds. */
  get added(): readonly Member[] {
    const { epoch, change } = this.#state.following;
    return change.added.map((place) => epoch.member(place));
  }

  /** The members this Commit removes, as they were. */
  get removed(): readonly Member[] {
    return this.#state.following.change.removed;
  }

  /**
   * The delivery service has accepted it: the group moves to the next epoch.
   *
   * Throws GroupUsageError when another Commit was accepted instead.
   */
  accept(): void {
    if (this.#group.state.pending !== this.#state) {
      throw new GroupUsageError('This commit is not pending any more.');
    }
    this.#group.moveTo(this.#state.following);
  }

  /** The delivery service has refused it: forget it. Does nothing when it is gone. */
  drop(): void {
    if (this.#group.state.pending === this.#state) {
      this.#group.dropPending();
    }
  }
}

/** A valid Welcome: who is in the group, before this device takes part. */
export class StagedJoin {
  readonly context: GroupContext;
  readonly members: readonly Member[];

  /** Who signed the GroupInfo of the Welcome. */
  readonly sender: Member;
  readonly ownLeaf: number;
  readonly #first: NextEpoch;
  #group: Group | undefined;

  constructor(first: NextEpoch) {
    const { epoch, change } = first;
    this.context = epoch.context;
    this.members = epoch.members();
    this.sender = epoch.member(change.committer);
    this.ownLeaf = epoch.ownLeaf;
    this.#first = first;
  }

  /** The group's id. The caller refuses one it is in already. */
  get groupId(): Uint8Array {
    return this.context.groupId;
  }

  /**
   * Become a member; always the same Group. Then delete the key package's bundle unless it is a
   * last resort.
   */
  accept(): Group {
    this.#group ??= Group.begin(this.#first);
    return this.#group;
  }
}

/**
 * Check a Welcome that names the key package of `bundle`.
 *
 * Throws ProtocolError: CodecError, ValidationError, CredentialRefused, DecryptionFailed,
 * UnsupportedSuite.
 */
export function join(
  welcomeRaw: Uint8Array,
  bundle: KeyPackageBundle,
  judge: CredentialJudge,
  nowS: number,
  { ratchetTree, psks }: JoinOptions = {},
): Unverified<StagedJoin> {
  const around = new Circumstances(judge, nowS, psks);
  return unverified(
    (checks) => new StagedJoin(joinByWelcome(checks, welcomeRaw, bundle, around, ratchetTree)),
  );
}

/** The same extensions in buffers of their own. */
function copied(extensions: Extensions): Extensions {
  return extensions.map((item) => new Extension(item.type, item.body.slice()));
}
