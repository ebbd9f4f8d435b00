/**
 * Is this ratchet tree one that honest members could have made? (RFC 9420 sections 7.9.2,
 * 12.4.3.1). Asked once, on joining; afterwards each change is checked by itself.
 *
 * Checks: `tree-hash`, `tree-parent-hash`, `tree-unmerged-leaves`, `tree-unique-keys`,
 * `tree-parent-key`, and those of `leaf_validation.ts` for every leaf.
 */

import { equalBytes } from '../base/bytes.ts';
import type { CredentialJudge } from './credential.ts';
import { require as ensure } from './errors.ts';
import { LeafBinding } from './leaf_node.ts';
import {
  checkAmongMembers,
  checkPublicKey,
  type GroupDemands,
  validateLeaf,
} from './leaf_validation.ts';
import type { ParentNode, RatchetTree } from './ratchet_tree.ts';
import type { SignatureChecks } from './signature_checks.ts';
import * as treeMath from './tree_math.ts';

/**
 * All checks of a tree that one joins. Throws ValidationError or CredentialRefused.
 *
 * Lifetimes are not looked at: a member's key package may well have expired since it joined
 * (RFC 9420 section 7.3 makes that check optional here); the judge sees the certificates' times.
 */
export function validateTree(
  checks: SignatureChecks,
  tree: RatchetTree,
  demands: GroupDemands,
  groupId: Uint8Array,
  expectedTreeHash: Uint8Array,
  judge: CredentialJudge,
): void {
  checkStructure(tree, expectedTreeHash);
  const leaves = [...tree.leaves()];
  for (const [leafIndex, leaf] of leaves) {
    const binding = new LeafBinding(groupId, leafIndex);
    validateLeaf(checks, leaf, demands, judge, { source: undefined, binding, role: 'member' });
  }
  checkAmongMembers(leaves.map(([, leaf]) => leaf));
}

/** Everything about a tree but its leaves' content. Throws ValidationError. */
export function checkStructure(tree: RatchetTree, expectedTreeHash: Uint8Array): void {
  ensure(
    equalBytes(tree.treeHash(), expectedTreeHash),
    'tree-hash',
    "The ratchet tree is not the one that the group's context names.",
  );
  checkUnmergedLeaves(tree);
  checkUniqueKeys(tree);
  checkParentKeys(tree);
  checkParentHashes(tree);
}

/**
 * `tree-unmerged-leaves`: each entry is a member below the node, and unmerged at every node
 * between them.
 *
 * It is enough to look at the first node below that is not blank: that one answers for the rest.
 */
export function checkUnmergedLeaves(tree: RatchetTree): void {
  const listed = new Map<number, ReadonlySet<number>>();
  for (const [index, node] of tree.parents()) {
    listed.set(index, new Set(node.unmergedLeaves));
  }
  for (const [index, entries] of listed) {
    for (const leafIndex of entries) {
      ensure(
        treeMath.isUnder(2 * leafIndex, index) && tree.leaf(leafIndex) !== undefined,
        'tree-unmerged-leaves',
        `Node ${index} lists leaf ${leafIndex} as unmerged, but no member is there.`,
      );
      const below = nextListed(listed, index, 2 * leafIndex);
      ensure(
        below === undefined || listed.get(below)?.has(leafIndex) === true,
        'tree-unmerged-leaves',
        `Leaf ${leafIndex} is unmerged at node ${index}, but not at ${below ?? 'another'}.`,
      );
    }
  }
}

/** The first of `listed` on the way down from `index`, without itself, to the leaf at `place`. */
function nextListed(
  listed: ReadonlyMap<number, unknown>,
  index: number,
  place: number,
): number | undefined {
  let below = index;
  while (below !== place) {
    below = place < below ? treeMath.left(below) : treeMath.right(below);
    if (listed.has(below)) {
      return below;
    }
  }
  return undefined;
}

/**
 * `tree-unique-keys`: no parent's key stands at another node; `checkAmongMembers` says the same
 * of two leaves. Asked after every Commit, too: one that breaks it would let nobody join.
 */
export function checkUniqueKeys(tree: RatchetTree): void {
  const seen = new Set<string>();
  for (const [, leaf] of tree.leaves()) {
    seen.add(leaf.encryptionKeyName);
  }
  for (const [index, node] of tree.parents()) {
    ensure(
      !seen.has(node.encryptionKeyName),
      'tree-unique-keys',
      `The encryption key of node ${index} stands at another node, too.`,
    );
    seen.add(node.encryptionKeyName);
  }
}

/** `tree-parent-key`: something can be encrypted to every parent. */
export function checkParentKeys(tree: RatchetTree): void {
  for (const [index, node] of tree.parents()) {
    const name = `The encryption key of node ${index}`;
    checkPublicKey(tree.suite, node.encryptionKey, 'tree-parent-key', name);
  }
}

/** `tree-parent-hash`: each parent was set by a commit from below it (section 7.9.2). */
export function checkParentHashes(tree: RatchetTree): void {
  for (const [index, node] of tree.parents()) {
    const [left, right] = [treeMath.left(index), treeMath.right(index)];
    ensure(
      isSetFrom(tree, node, left, right) || isSetFrom(tree, node, right, left),
      'tree-parent-hash',
      `Node ${index} is not bound to any node below it: no commit can have made it.`,
    );
  }
}

/**
 * Whether a node in the resolution of `child` carries the parent hash of `node`, and the
 * rest of that resolution joined later: exactly the unmerged leaves on this side.
 */
function isSetFrom(tree: RatchetTree, node: ParentNode, child: number, beside: number): boolean {
  const [first, last] = treeMath.span(child);
  const places = node.unmergedLeaves.map((leafIndex) => 2 * leafIndex);
  const unmerged = new Set(places.filter((place) => first <= place && place <= last));
  const resolution = tree.resolution(child);
  const [candidate, ...others] = resolution.filter((place) => !unmerged.has(place));
  if (candidate === undefined || others.length > 0 || resolution.length !== unmerged.size + 1) {
    return false;
  }
  const { parentHash } = tree.present(candidate);
  return parentHash.length > 0 && equalBytes(parentHash, tree.parentHash(node, beside));
}
