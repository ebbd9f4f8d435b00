/**
 * Joining by an external commit, anew or in place of one's own old leaf (RFC 9420, 12.4.3.2).
 *
 * Apart from `group.ts`, so that a bundle whose devices join by Welcome only can leave it out.
 */

import { EMPTY } from '../base/bytes.ts';
import { parseWhole } from './codec.ts';
import { Identity, MadeCommit } from './commit.ts';
import type { Credential, CredentialJudge } from './credential.ts';
import { beginEpoch, Change, Circumstances, Member, type NextEpoch } from './epoch.ts';
import { ValidationError } from './errors.ts';
import { EXTERNAL_PUB } from './extension.ts';
import { AuthenticatedContent, FramedContent, Sender, SenderType, WireFormat } from './framing.ts';
import { Group } from './group.ts';
import { type GroupInfo, parseGroupInfo } from './group_info.ts';
import type { ExternalJoinOptions } from './group_options.ts';
import { checkedTree } from './join.ts';
import { ownCapabilities } from './joiner.ts';
import { nextEpochKeys } from './key_schedule.ts';
import { type Capabilities, LeafContent } from './leaf_node.ts';
import { Commit, ExternalInit, PreSharedKey, type Proposal, Remove } from './proposal.ts';
import { protectPublic, signContent } from './protection.ts';
import { combinePsks } from './psk.ts';
import type { PreSharedKeyId } from './psk_id.ts';
import type { RatchetTree } from './ratchet_tree.ts';
import { type SignatureChecks, type Unverified, unverified } from './signature_checks.ts';
import { type Suite, suite } from './suite.ts';
import { confirmedTranscriptHash, interimTranscriptHash } from './transcript.ts';
import { type NewPath, newPath } from './tree_kem.ts';
import {
  type Applied,
  applyProposals,
  checkApplied,
  checkSorted,
  ListedProposal,
  sortProposals,
  Surroundings,
} from './validation.ts';

const SENDER = new Sender(SenderType.NEW_MEMBER_COMMIT);

/** How to join: as whom, in place of which old leaf, with which pre-shared keys. */
export class ExternalPlan {
  constructor(
    readonly identity: Identity,
    readonly resyncLeaf?: number,
    readonly psks: readonly PreSharedKeyId[] = [],
    readonly capabilities?: Capabilities,
  ) {}

  /** The proposals, all by value, with the KEM output for the members. */
  proposals(kemOutput: Uint8Array): Proposal[] {
    return [
      new ExternalInit(kemOutput),
      ...(this.resyncLeaf === undefined ? [] : [new Remove(this.resyncLeaf)]),
      ...this.psks.map((psk) => new PreSharedKey(psk)),
    ];
  }
}

/**
 * A Commit by which a device that is no member joins the group of a GroupInfo.
 *
 * Throws CodecError, ValidationError, CredentialRefused, UnsupportedSuite, KeyRefused.
 */
export function makeExternalCommit(
  checks: SignatureChecks,
  groupInfoRaw: Uint8Array,
  plan: ExternalPlan,
  around: Circumstances,
  ratchetTree?: Uint8Array,
): MadeCommit {
  const groupInfo = parseGroupInfo(groupInfoRaw);
  const context = groupInfo.groupContext;
  const crypto = suite(context.cipherSuite);
  const tree = checkedTree(crypto, checks, groupInfo, around, ratchetTree);
  const [kemOutput, initSecret] = crypto.exportSend(externalPub(groupInfo));
  const byValue = plan.proposals(kemOutput);
  const listed = byValue.map((item) => new ListedProposal(item, SENDER));
  const proposals = sortProposals(listed, SENDER);
  checkSorted(
    checks,
    proposals,
    new Surroundings(crypto, context, tree, around.judge, around.nowS),
  );
  const applied = applyProposals(tree, context.extensions, proposals);
  const made = makePath(crypto, groupInfo, tree, applied, plan);
  around.judge(plan.identity.credential, made.leafNode.signatureKey, 'joiner');
  checkApplied(crypto, applied, true);
  const { confirmedTranscriptHash: confirmed, extensions, groupId, epoch } = context;
  const provisional = context.next(applied.tree.treeHash(), confirmed, extensions);
  const path = made.encrypt(applied.tree, provisional.encoded);
  const content = FramedContent.of(groupId, epoch, SENDER, EMPTY, new Commit(byValue, path));
  const signer = plan.identity.signerPrivate;
  const wireFormat = WireFormat.PUBLIC_MESSAGE;
  const signature = signContent(crypto, signer, wireFormat, content, context.encoded);
  const message = new AuthenticatedContent(wireFormat, content, signature);
  const pskSecret = combinePsks(crypto, proposals.psks, around.psks);
  const begun = begin(groupInfo, message, applied, made, [initSecret, pskSecret], plan, tree);
  return new MadeCommit(
    message.withConfirmationTag(begun.epoch.confirmationTag),
    EMPTY,
    begun.epoch.groupInfo(true, true).toMessage(),
    begun,
  );
}

function makePath(
  crypto: Suite,
  groupInfo: GroupInfo,
  tree: RatchetTree,
  applied: Applied,
  plan: ExternalPlan,
): NewPath {
  // The leaf of the signer, who is a member, holds the place until the path brings the real one.
  const placeholder = tree.leaf(groupInfo.signer);
  if (placeholder === undefined) {
    throw new ValidationError('group-info-signer', 'The signer of the GroupInfo is no member.');
  }
  const ownLeaf = applied.tree.addLeaf(placeholder);
  const { signerPrivate, credential } = plan.identity;
  const leaf = new LeafContent(
    EMPTY,
    crypto.signaturePublicOf(signerPrivate),
    credential,
    plan.capabilities ?? ownCapabilities(credential),
  );
  return newPath(applied.tree, ownLeaf, leaf, signerPrivate, groupInfo.groupContext.groupId);
}

/**
 * The epoch after the external commit; `secrets` are the init secret and the PSK secret. They are
 * used up, with those of the path: overwritten.
 */
function begin(
  groupInfo: GroupInfo,
  message: AuthenticatedContent,
  applied: Applied,
  made: NewPath,
  [initSecret, pskSecret]: readonly [Uint8Array, Uint8Array],
  plan: ExternalPlan,
  before: RatchetTree,
): NextEpoch {
  const { tree } = applied;
  const { suite: crypto } = tree;
  const context = groupInfo.groupContext;
  const confirmed = confirmedTranscriptHash(
    crypto,
    interimTranscriptHash(crypto, context.confirmedTranscriptHash, groupInfo.confirmationTag),
    message.wireFormat,
    message.content.encoded,
    message.signature,
  );
  const following = context.next(tree.treeHash(), confirmed, context.extensions);
  const { commitSecret, leafIndex, treePrivate } = made;
  const keys = nextEpochKeys(crypto, initSecret, commitSecret, pskSecret, following.encoded);
  const used = [initSecret, pskSecret, commitSecret, ...made.secrets, keys.joiner, keys.welcome];
  for (const secret of used) {
    secret.fill(0);
  }
  const gone = applied.removed.flatMap((place) => {
    const leaf = before.leaf(place);
    return leaf === undefined ? [] : [Member.of(place, leaf)];
  });
  const signer = plan.identity.signerPrivate.slice();
  const change = new Change(leafIndex, [leafIndex], gone);
  return beginEpoch(crypto, following, tree, treePrivate, signer, keys, change);
}

function externalPub(groupInfo: GroupInfo): Uint8Array {
  const body = groupInfo.extension(EXTERNAL_PUB);
  if (body === undefined) {
    throw new ValidationError(
      'group-info-external-pub',
      'The GroupInfo does not allow external commits.',
    );
  }
  return parseWhole((reader) => reader.opaque(), body);
}

/** An external commit of ours. Save `accept()`'s group before sending, delete it if refused. */
export class PendingExternalJoin {
  readonly #first: NextEpoch;
  #group: Group | undefined;

  /** `groupInfo`: the encoded GroupInfo of the epoch that the commit leads to. */
  constructor(
    readonly commit: Uint8Array,
    readonly groupInfo: Uint8Array,
    first: NextEpoch,
  ) {
    this.#first = first;
  }

  /** The old leaf of this device, when it was given as `resyncLeaf`. */
  get removed(): readonly Member[] {
    return this.#first.change.removed;
  }

  /** The members of the group, this device included. */
  get members(): readonly Member[] {
    return this.#first.epoch.members();
  }

  /** The delivery service has accepted it: this device is a member. Always the same Group. */
  accept(): Group {
    this.#group ??= Group.begin(this.#first);
    return this.#group;
  }
}

/**
 * Join the group of a GroupInfo without being added, or with `resyncLeaf` in place of this
 * device's own old leaf. The members' policy decides whether they let it pass.
 *
 * Throws ProtocolError: CodecError, ValidationError, CredentialRefused, UnsupportedSuite.
 */
export function externalJoin(
  groupInfoRaw: Uint8Array,
  credential: Credential,
  signerPrivate: Uint8Array,
  judge: CredentialJudge,
  nowS: number,
  { resyncLeaf, ratchetTree, inject, psks, capabilities }: ExternalJoinOptions = {},
): Unverified<PendingExternalJoin> {
  const identity = new Identity(signerPrivate, credential);
  const plan = new ExternalPlan(identity, resyncLeaf, inject, capabilities);
  const around = new Circumstances(judge, nowS, psks);
  return unverified((checks) => {
    const made = makeExternalCommit(checks, groupInfoRaw, plan, around, ratchetTree);
    const { suite: crypto } = made.following.epoch;
    const message = protectPublic(crypto, EMPTY, made.message, EMPTY).toMessage();
    return new PendingExternalJoin(message, made.groupInfo, made.following);
  });
}
