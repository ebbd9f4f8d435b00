/** RFC 9420's official vectors: array-based trees. */

import { expect, test } from 'vitest';

import * as treeMath from '../../src/mls/tree_math.ts';
import { vectors } from '../mls/vectors.ts';

interface Case {
  readonly n_leaves: number;
  readonly n_nodes: number;
  readonly root: number;
  readonly left: readonly (number | null)[];
  readonly right: readonly (number | null)[];
  readonly parent: readonly (number | null)[];
  readonly sibling: readonly (number | null)[];
}

test('the relations of every node', () => {
  const cases = vectors<Case>('tree-math');
  expect(cases.length).toBe(10);
  for (const item of cases) {
    const root = treeMath.root(item.n_leaves);
    expect(treeMath.nodeCount(item.n_leaves)).toBe(item.n_nodes);
    expect(root).toBe(item.root);
    for (let node = 0; node < item.n_nodes; node += 1) {
      const isLeaf = treeMath.isLeaf(node);
      const relations = [
        isLeaf ? null : treeMath.left(node),
        isLeaf ? null : treeMath.right(node),
        node === root ? null : treeMath.parent(node),
        node === root ? null : treeMath.sibling(node),
      ];
      const theirs = [item.left[node], item.right[node], item.parent[node], item.sibling[node]];
      expect(relations).toEqual(theirs);
    }
  }
});
