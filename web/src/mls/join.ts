/** Joining a group by a Welcome (RFC 9420 section 12.4.3.1). */

import {
  beginEpoch,
  Change,
  checkConfirmationTag,
  type Circumstances,
  type NextEpoch,
} from './epoch.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { RATCHET_TREE } from './extension.ts';
import type { GroupInfo } from './group_info.ts';
import type { KeyPackageBundle } from './joiner.ts';
import { epochKeys, welcomeSecret } from './key_schedule.ts';
import { GroupDemands, LATE_GRACE_S } from './leaf_validation.ts';
import { combinePsks } from './psk.ts';
import type { PreSharedKeyId } from './psk_id.ts';
import { RatchetTree } from './ratchet_tree.ts';
import type { SignatureChecks } from './signature_checks.ts';
import { type Suite, suite } from './suite.ts';
import { TreePrivate } from './tree_kem.ts';
import { validateTree } from './tree_validation.ts';
import { type GroupSecrets, parseWelcome } from './welcome.ts';

/**
 * The first epoch of a new member.
 *
 * Throws CodecError, ValidationError, CredentialRefused, DecryptionFailed, UnsupportedSuite.
 */
export function joinByWelcome(
  checks: SignatureChecks,
  welcomeRaw: Uint8Array,
  bundle: KeyPackageBundle,
  around: Circumstances,
  ratchetTree: Uint8Array | undefined,
): NextEpoch {
  const welcome = parseWelcome(welcomeRaw);
  const crypto = suite(bundle.suiteId);
  ensure(
    welcome.cipherSuite === bundle.suiteId,
    'welcome-suite',
    'The Welcome is for another cipher suite than the key package it names.',
  );
  const secrets = welcome.openSecrets(crypto, bundle.ref, bundle.initPrivate);
  checkBundleLifetime(bundle, around);
  const pskSecret = combinePsks(crypto, secrets.psks, around.psks);
  const sealedUnder = welcomeSecret(crypto, secrets.joinerSecret, pskSecret);
  const groupInfo = welcome.openGroupInfo(crypto, sealedUnder);
  sealedUnder.fill(0);
  checkResumption(secrets.psks, groupInfo);
  const tree = checkedTree(crypto, checks, groupInfo, around, ratchetTree);
  const ownLeaf = findOwnLeaf(tree, bundle);
  let treePrivate = TreePrivate.ofLeaf(ownLeaf, bundle.encryptionPrivate);
  if (secrets.pathSecret !== undefined) {
    treePrivate = treePrivate.withPathSecret(tree, groupInfo.signer, secrets.pathSecret);
  }
  ensure(
    treePrivate.isComplete(tree),
    'welcome-path-secret',
    'The Welcome lacks the path secret without which later Commits could not be followed.',
  );
  return begin(crypto, groupInfo, tree, treePrivate, bundle, secrets, pskSecret);
}

function begin(
  crypto: Suite,
  groupInfo: GroupInfo,
  tree: RatchetTree,
  treePrivate: TreePrivate,
  bundle: KeyPackageBundle,
  secrets: GroupSecrets,
  pskSecret: Uint8Array,
): NextEpoch {
  const context = groupInfo.groupContext;
  const keys = epochKeys(crypto, secrets.joinerSecret, pskSecret, context.encoded);
  for (const used of [secrets.joinerSecret, secrets.pathSecret, pskSecret, keys.welcome]) {
    used?.fill(0);
  }
  const change = new Change(groupInfo.signer, [treePrivate.leafIndex]);
  const signer = bundle.signerPrivate.slice();
  const joined = beginEpoch(crypto, context, tree, treePrivate, signer, keys, change);
  checkConfirmationTag(joined.epoch, groupInfo.confirmationTag);
  return joined;
}

/**
 * The group's tree from the GroupInfo or beside it, fully validated; the signatures of its leaves
 * and of the GroupInfo are among `checks`. Throws CodecError, ValidationError, CredentialRefused.
 */
export function checkedTree(
  crypto: Suite,
  checks: SignatureChecks,
  groupInfo: GroupInfo,
  around: Circumstances,
  ratchetTree: Uint8Array | undefined,
): RatchetTree {
  const context = groupInfo.groupContext;
  ensure(
    context.cipherSuite === crypto.id,
    'group-info-suite',
    'The GroupInfo is for another cipher suite than the message it came in.',
  );
  const inside = groupInfo.extension(RATCHET_TREE);
  const rawTree = inside !== undefined && inside.length > 0 ? inside : ratchetTree;
  if (rawTree === undefined) {
    throw new ValidationError(
      'group-info-tree',
      'The ratchet tree is missing: it is neither inside nor beside.',
    );
  }
  const tree = RatchetTree.fromBytes(crypto, rawTree);
  const signer = tree.leaf(groupInfo.signer);
  if (signer === undefined) {
    throw new ValidationError('group-info-signer', 'The signer of the GroupInfo is no member.');
  }
  groupInfo.verify(crypto, checks, signer.signatureKey);
  const demands = GroupDemands.ofContext(crypto, context.extensions);
  validateTree(checks, tree, demands, context.groupId, context.treeHash, around.judge);
  return tree;
}

/** Later than this, a Welcome can only be a replay to an init key that should be gone. */
function checkBundleLifetime(bundle: KeyPackageBundle, around: Circumstances): void {
  const { lifetime } = bundle.keyPackage.leafNode;
  ensure(
    lifetime !== undefined && around.nowS <= lifetime.notAfterS + BigInt(LATE_GRACE_S),
    'welcome-lifetime',
    'The key package that this Welcome uses expired too long ago.',
  );
}

/** At most one PSK for reinit or branch, and then only in epoch 1 (RFC 9420, 12.4.3.1). */
function checkResumption(psks: readonly PreSharedKeyId[], groupInfo: GroupInfo): void {
  const continued = psks.filter((psk) => psk.continuesGroup);
  ensure(
    continued.length === 0 || (continued.length === 1 && groupInfo.groupContext.epoch === 1n),
    'welcome-resumption',
    'A Welcome continues another group although it does not begin a new one.',
  );
}

function findOwnLeaf(tree: RatchetTree, bundle: KeyPackageBundle): number {
  for (const [leafIndex, leaf] of tree.leaves()) {
    if (leaf.equals(bundle.keyPackage.leafNode)) {
      return leafIndex;
    }
  }
  throw new ValidationError(
    'welcome-own-leaf',
    "The group's tree does not contain the leaf that was to be added.",
  );
}
