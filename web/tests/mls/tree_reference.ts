/**
 * The ratchet tree as RFC 9420 defines it, slowly and without an array: the measure for the
 * fast one. Nothing here shares code with `ratchet_tree.ts` but the nodes themselves.
 */

import { concat, equalBytes } from '../../src/base/bytes.ts';
import { opaque, u32 } from '../../src/mls/codec.ts';
import { LeafNode } from '../../src/mls/leaf_node.ts';
import { ParentNode, type RatchetTree } from '../../src/mls/ratchet_tree.ts';
import type { Suite } from '../../src/mls/suite.ts';

/** A place for a member. */
export class Leaf {
  constructor(
    readonly leafIndex: number,
    readonly node: LeafNode | undefined,
  ) {}

  get nodeIndex(): number {
    return 2 * this.leafIndex;
  }
}

/** A parent, blank or not, and what is below it. */
export class Branch {
  constructor(
    readonly nodeIndex: number,
    readonly node: ParentNode | undefined,
    readonly left: Subtree,
    readonly right: Subtree,
  ) {}
}

export type Subtree = Leaf | Branch;

/** The same tree as nested objects. */
export function grown(tree: RatchetTree): Subtree {
  const build = (first: number, count: number): Subtree => {
    if (count === 1) {
      return new Leaf(first, tree.leaf(first));
    }
    const half = count / 2;
    const index = 2 * first + count - 1;
    const node = tree.node(index);
    if (node instanceof LeafNode) {
      throw new Error(`Node ${index} is a leaf.`);
    }
    return new Branch(index, node, build(first, half), build(first + half, half));
  };
  return build(0, tree.leafCount);
}

/** The subtree and all within it. */
export function every(subtree: Subtree): Subtree[] {
  if (subtree instanceof Leaf) {
    return [subtree];
  }
  return [...every(subtree.left), subtree, ...every(subtree.right)];
}

/** The branches within that are not blank. */
export function branches(subtree: Subtree): (Branch & { readonly node: ParentNode })[] {
  return every(subtree).filter(
    (part): part is Branch & { readonly node: ParentNode } =>
      part instanceof Branch && part.node !== undefined,
  );
}

/** Leaf indices of the members below. */
export function members(subtree: Subtree): number[] {
  return every(subtree).flatMap((part) =>
    part instanceof Leaf && part.node !== undefined ? [part.leafIndex] : [],
  );
}

/** Section 4.1.1, sentence by sentence. */
export function resolution(subtree: Subtree): number[] {
  if (subtree.node !== undefined) {
    const unmerged = subtree.node instanceof ParentNode ? subtree.node.unmergedLeaves : [];
    return [subtree.nodeIndex, ...unmerged.map((leafIndex) => 2 * leafIndex)];
  }
  if (subtree instanceof Leaf) {
    return [];
  }
  return [...resolution(subtree.left), ...resolution(subtree.right)];
}

/** Section 7.8. */
export function treeHash(suite: Suite, subtree: Subtree): Uint8Array {
  const encoded =
    subtree.node === undefined
      ? Uint8Array.of(0)
      : concat(Uint8Array.of(1), subtree.node.toBytes());
  if (subtree instanceof Leaf) {
    return suite.hash(concat(Uint8Array.of(1), u32(subtree.leafIndex), encoded));
  }
  const left = opaque(treeHash(suite, subtree.left));
  return suite.hash(
    concat(Uint8Array.of(2), encoded, left, opaque(treeHash(suite, subtree.right))),
  );
}

/** The subtree before some members joined (section 7.9: the original sibling). */
function without(subtree: Subtree, gone: ReadonlySet<number>): Subtree {
  if (subtree instanceof Leaf) {
    const { leafIndex, node } = subtree;
    return new Leaf(leafIndex, gone.has(leafIndex) ? undefined : node);
  }
  const unmerged = subtree.node?.unmergedLeaves.filter((leafIndex) => !gone.has(leafIndex));
  return new Branch(
    subtree.nodeIndex,
    subtree.node?.withUnmerged(unmerged ?? []),
    without(subtree.left, gone),
    without(subtree.right, gone),
  );
}

/** Section 7.9. */
export function parentHash(suite: Suite, node: ParentNode, beside: Subtree): Uint8Array {
  const sibling = treeHash(suite, without(beside, new Set(node.unmergedLeaves)));
  return suite.hash(concat(opaque(node.encryptionKey), opaque(node.parentHash), opaque(sibling)));
}

/** Section 7.9.2: some node below was set together with this one. */
export function isParentHashValid(
  suite: Suite,
  branch: Branch & { readonly node: ParentNode },
): boolean {
  const parts = new Map(every(branch).map((part) => [part.nodeIndex, part]));
  const unmerged = branch.node.unmergedLeaves.map((leafIndex) => 2 * leafIndex);
  return [[branch.left, branch.right] as const, [branch.right, branch.left] as const].some(
    ([child, beside]) => {
      const expected = parentHash(suite, branch.node, beside);
      const reached = resolution(child);
      const inChild = new Set(every(child).map((part) => part.nodeIndex));
      const within = unmerged.filter((place) => inChild.has(place));
      return reached.some((place) => {
        const rest = new Set(reached.filter((other) => other !== place));
        const below = parts.get(place)?.node;
        return (
          below !== undefined &&
          equalBytes(below.parentHash, expected) &&
          rest.size === within.length &&
          within.every((other) => rest.has(other))
        );
      });
    },
  );
}
