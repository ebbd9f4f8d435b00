/**
 * Indices in a complete binary tree kept in an array (RFC 9420 section 4.1, appendix C).
 *
 * Leaf `i` is node `2 * i`; a parent at level `k` lies between its subtrees. A tree always has a
 * power of two leaves, so `leafCount` below is one of 1, 2, 4, 8, ...
 *
 * Indices are 32-bit integers here: a tree has at most 2^30 leaves. Whoever takes an index from a
 * message compares it with the tree's size before it comes here.
 */

/** Nodes of a tree with `leafCount` leaves. */
export function nodeCount(leafCount: number): number {
  return 2 * leafCount - 1;
}

/** The smallest power of two that is not below `leafCount` (at least 1). */
export function paddedLeafCount(leafCount: number): number {
  return leafCount <= 1 ? 1 : 2 ** (32 - Math.clz32(leafCount - 1));
}

/** Height above the leaves: the number of trailing one bits. */
export function level(node: number): number {
  return 31 - Math.clz32(~node & (node + 1));
}

/** Whether a node index is a leaf's. */
export function isLeaf(node: number): boolean {
  return (node & 1) === 0;
}

/** The root's node index. */
export function root(leafCount: number): number {
  return leafCount - 1;
}

/** The left child of a parent node. */
export function left(node: number): number {
  return node ^ (1 << (level(node) - 1));
}

/** The right child of a parent node. */
export function right(node: number): number {
  return node ^ (3 << (level(node) - 1));
}

/** The parent of a node; meaningless for the root. */
export function parent(node: number): number {
  const height = level(node);
  return (node | (1 << height)) & ~(1 << (height + 1));
}

/** The other child of a node's parent; meaningless for the root. */
export function sibling(node: number): number {
  return node ^ (2 << level(node));
}

/** The ancestors of a node from its parent to the root; empty for the root. */
export function directPath(node: number, leafCount: number): number[] {
  const top = root(leafCount);
  const path: number[] = [];
  for (let at = node; at !== top;) {
    at = parent(at);
    path.push(at);
  }
  return path;
}

/** The siblings of a node and of each of its ancestors below the root, bottom up. */
export function copath(node: number, leafCount: number): number[] {
  const top = root(leafCount);
  const path: number[] = [];
  for (let at = node; at !== top; at = parent(at)) {
    path.push(sibling(at));
  }
  return path;
}

/** The first and last node index of the subtree under `node`; both are leaves. */
export function span(node: number): readonly [first: number, last: number] {
  const reach = 2 ** level(node) - 1;
  return [node - reach, node + reach];
}

/** Whether `node` lies in the subtree of `ancestor`, itself included. */
export function isUnder(node: number, ancestor: number): boolean {
  const [first, last] = span(ancestor);
  return first <= node && node <= last;
}

/** The lowest node whose subtree holds both. */
export function commonAncestor(one: number, other: number): number {
  let meeting = one;
  while (!isUnder(other, meeting)) {
    meeting = parent(meeting);
  }
  return meeting;
}
