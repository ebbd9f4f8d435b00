/**
 * Processing a Commit from somebody else (RFC 9420 section 12.4.2).
 *
 * Nothing is changed here: the result is the next epoch, which the group takes over or forgets.
 */

import { toHex } from '../base/bytes.ts';
import type { Role } from './credential.ts';
import {
  beginEpoch,
  Change,
  checkConfirmationTag,
  type Circumstances,
  type Epoch,
  Member,
  type NextEpoch,
} from './epoch.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { type AuthenticatedContent, SenderType } from './framing.ts';
import { nextEpochKeys } from './key_schedule.ts';
import { LeafBinding, type LeafNode, SOURCE_COMMIT } from './leaf_node.ts';
import { GroupDemands, validateLeaf } from './leaf_validation.ts';
import { Commit } from './proposal.ts';
import { combinePsks, type KnownPsks } from './psk.ts';
import type { RatchetTree } from './ratchet_tree.ts';
import type { SignatureChecks } from './signature_checks.ts';
import { confirmedTranscriptHash } from './transcript.ts';
import type { TreePrivate } from './tree_kem.ts';
import { applyPath, type UpdatePath } from './update_path.ts';
import {
  type Applied,
  applyProposals,
  checkApplied,
  checkSorted,
  type ListedProposal,
  type ProposalList,
  resolve,
  sortProposals,
  Surroundings,
} from './validation.ts';

/** Somebody who wants in by an external commit, and whom they would replace (resync). */
export class ExternalJoin {
  constructor(
    readonly newcomer: Member,
    readonly replaces: Member | undefined,
  ) {}
}

/**
 * The application's word on external commits; throws CredentialRefused to refuse. Like the judge,
 * it only answers: the signatures of what it is shown are not verified yet.
 */
export type AllowExternal = (request: ExternalJoin) => void;

/** The private keys of an Update this member has proposed. */
export class OwnUpdate {
  constructor(
    readonly encryptionPrivate: Uint8Array,
    readonly signerPrivate: Uint8Array,
  ) {}
}

/** What this member keeps for a Commit to refer to: proposals seen, keys of own Updates. */
export class Pending {
  /**
   * `proposals` by the hexadecimal digits of their references, `ownUpdates` by those of the
   * proposed leaf's public encryption key. `psks`: all at hand, own resumption secrets included.
   */
  constructor(
    readonly proposals: ReadonlyMap<string, ListedProposal>,
    readonly ownUpdates: ReadonlyMap<string, OwnUpdate>,
    readonly psks: KnownPsks,
  ) {}
}

/** What `validation.ts` judges against; `adding` is "added" for what others have sent. */
export function surroundings(
  epoch: Epoch,
  around: Circumstances,
  adding: Role = 'key_package',
): Surroundings {
  return new Surroundings(
    epoch.suite,
    epoch.context,
    epoch.tree,
    around.judge,
    around.nowS,
    around.maxLifetimeS,
    adding,
  );
}

/**
 * The epoch after a Commit whose own signature is among `checks`; undefined when it removes us.
 *
 * Throws ValidationError, CredentialRefused, DecryptionFailed, CodecError.
 */
export function processCommit(
  checks: SignatureChecks,
  epoch: Epoch,
  message: AuthenticatedContent,
  pending: Pending,
  around: Circumstances,
  allowExternal: AllowExternal | undefined,
): NextEpoch | undefined {
  const { body: commit, sender } = message.content;
  if (!(commit instanceof Commit)) {
    throw new ValidationError('commit-content', 'The message is no Commit.');
  }
  const { path } = commit;
  const proposals = sortProposals(resolve(commit, sender, pending.proposals), sender);
  checkSorted(checks, proposals, surroundings(epoch, around, 'added'));
  ensure(
    path !== undefined || !proposals.pathRequired,
    'path-required',
    'A Commit that removes, updates, joins or is empty has no update path.',
  );
  const external = sender.type === SenderType.NEW_MEMBER_COMMIT;
  if (external && path !== undefined) {
    checkExternalPolicy(epoch, proposals, path.leafNode, allowExternal);
  }
  const applied = applyProposals(epoch.tree, epoch.context.extensions, proposals);
  const committer = external ? applied.tree.addLeaf(epoch.leaf(epoch.ownLeaf)) : sender.index;
  if (path !== undefined) {
    const role = external ? 'joiner' : 'member';
    applyCommitPath(checks, epoch, applied, committer, path, around, role);
  }
  checkApplied(epoch.suite, applied, proposals.extensions !== undefined);
  if (proposals.removes.includes(epoch.ownLeaf)) {
    return undefined;
  }
  const change = describeChange(epoch, applied, committer, external, path !== undefined);
  const following = derive(epoch, message, path, pending, proposals, applied, change);
  checkConfirmationTag(following.epoch, message.confirmationTag);
  return following;
}

function checkExternalPolicy(
  epoch: Epoch,
  proposals: ProposalList,
  leaf: LeafNode,
  allow: AllowExternal | undefined,
): void {
  if (allow === undefined) {
    throw new ValidationError(
      'external-refused',
      'External commits are not accepted in this group.',
    );
  }
  const [removed] = proposals.removes;
  const replaces = removed === undefined ? undefined : epoch.member(removed);
  allow(new ExternalJoin(new Member(-1, leaf.credential, leaf.signatureKey), replaces));
}

function applyCommitPath(
  checks: SignatureChecks,
  epoch: Epoch,
  applied: Applied,
  committer: number,
  path: UpdatePath,
  around: Circumstances,
  role: Role,
): void {
  const demands = GroupDemands.ofContext(epoch.suite, applied.extensions);
  validateLeaf(checks, path.leafNode, demands, around.judge, {
    source: SOURCE_COMMIT,
    binding: new LeafBinding(epoch.context.groupId, committer),
    role,
  });
  applyPath(applied.tree, committer, path);
}

/** Who came, went and changed, for the application. */
export function describeChange(
  epoch: Epoch,
  applied: Applied,
  committer: number,
  external: boolean,
  hasPath: boolean,
): Change {
  const added = applied.added.map(([leafIndex]) => leafIndex);
  const updated = [...applied.updated];
  if (external) {
    added.push(committer);
  } else if (hasPath) {
    updated.push(committer);
  }
  const before = (leafIndex: number): Member => epoch.member(leafIndex);
  return new Change(committer, added, applied.removed.map(before), updated.map(before));
}

function derive(
  epoch: Epoch,
  message: AuthenticatedContent,
  path: UpdatePath | undefined,
  pending: Pending,
  proposals: ProposalList,
  applied: Applied,
  change: Change,
): NextEpoch {
  const { suite, context: before } = epoch;
  const { tree, extensions, unpathed } = applied;
  const [own, signerPrivate] = ownKeys(epoch, proposals, pending);
  const provisional = before.next(tree.treeHash(), before.confirmedTranscriptHash, extensions);
  const [treePrivate, commitSecret] =
    path === undefined
      ? [own.pruned(tree), new Uint8Array(suite.hashLength)]
      : own.openPath(tree, change.committer, path, provisional.encoded, unpathed);
  const confirmed = confirmedTranscriptHash(
    suite,
    epoch.interimTranscriptHash,
    message.wireFormat,
    message.content.encoded,
    message.signature,
  );
  const context = before.next(provisional.treeHash, confirmed, extensions);
  const initSecret = initSecretOf(epoch, proposals);
  const pskSecret = combinePsks(suite, proposals.psks, pending.psks);
  const keys = nextEpochKeys(suite, initSecret, commitSecret, pskSecret, context.encoded);
  for (const used of [initSecret, commitSecret, pskSecret, keys.joiner, keys.welcome]) {
    used.fill(0);
  }
  const ended = proposals.reinit !== undefined;
  return beginEpoch(suite, context, tree, treePrivate, signerPrivate, keys, change, ended);
}

/** Our private keys once our own Update, if one is committed, has taken effect. */
function ownKeys(
  epoch: Epoch,
  proposals: ProposalList,
  pending: Pending,
): readonly [treePrivate: TreePrivate, signerPrivate: Uint8Array] {
  const update = proposals.updates.find(([leafIndex]) => leafIndex === epoch.ownLeaf);
  if (update === undefined) {
    return [epoch.treePrivate, epoch.signerPrivate];
  }
  const own = pending.ownUpdates.get(toHex(update[1].encryptionKey));
  if (own === undefined) {
    throw new ValidationError(
      'own-update-known',
      'A Commit contains an Update of this device whose keys it does not have.',
    );
  }
  return [epoch.treePrivate.withLeafKey(own.encryptionPrivate), own.signerPrivate];
}

/** A copy that the caller overwrites. */
function initSecretOf(epoch: Epoch, proposals: ProposalList): Uint8Array {
  if (proposals.externalInit === undefined) {
    return epoch.secrets.init.slice();
  }
  const [privateKey] = epoch.suite.kemDeriveKeyPair(epoch.secrets.external);
  const initSecret = epoch.suite.exportReceive(privateKey, proposals.externalInit.kemOutput);
  privateKey.fill(0);
  return initSecret;
}

/** The members at leaves that a change replaced, as they were before (undefined: blank). */
export function membersTouched(
  before: RatchetTree,
  change: Change,
): Map<number, Member | undefined> {
  const replaced = [...change.removed, ...change.updated].map((item) => item.leafIndex);
  const touched = [change.committer, ...change.added, ...replaced];
  const members = new Map<number, Member | undefined>();
  for (const leafIndex of touched) {
    const leaf = before.leaf(leafIndex);
    members.set(leafIndex, leaf === undefined ? undefined : Member.of(leafIndex, leaf));
  }
  return members;
}
