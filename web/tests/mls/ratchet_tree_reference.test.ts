/** The fast tree against the definitions of RFC 9420, after random histories. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { LeafBinding } from '../../src/mls/leaf_node.ts';
import { GroupDemands } from '../../src/mls/leaf_validation.ts';
import { ParentNode, type PathStep, RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { directPath, span } from '../../src/mls/tree_math.ts';
import { checkParentHashes, validateTree } from '../../src/mls/tree_validation.ts';
import { type Chance, forAll } from './random.ts';
import {
  anybody,
  type Circle,
  circle,
  CRYPTO,
  Device,
  GROUP_ID,
  there,
  verdictOf,
} from './tree_players.ts';
import * as reference from './tree_reference.ts';

/** A group after some adds, removes, updates and commits. */
function lived(chance: Chance, steps: number): Circle {
  const commits = chance.integer(0, 1) === 1;
  const group = circle(chance.integer(1, 9), CRYPTO, { commits });
  for (let step = 0; step < steps; step += 1) {
    const chosen = chance.pick([...group.devices.keys()]);
    const action = chance.pick(['add', 'add', 'remove', 'update', 'commit', 'commit']);
    if (action === 'add') {
      group.add(`step ${step}`);
    } else if (action === 'remove' && group.devices.size > 1) {
      group.devices.delete(chosen);
      group.tree.removeLeaf(chosen);
    } else if (action === 'update') {
      const device = Device.make(`new ${step}`);
      const content = device.content({ lifetime: undefined });
      const leaf = content.sign(CRYPTO, device.signer, new LeafBinding(GROUP_ID, chosen));
      group.tree.updateLeaf(chosen, leaf);
      group.devices.set(chosen, device);
    } else {
      group.commit(chosen);
    }
  }
  return group;
}

/** A leaf's filtered direct path by its definition. */
function filtered(
  parts: ReadonlyMap<number, reference.Subtree>,
  leafIndex: number,
  leafCount: number,
): PathStep[] {
  const steps: PathStep[] = [];
  let below = 2 * leafIndex;
  for (const above of directPath(below, leafCount)) {
    const branch = parts.get(above) as reference.Branch;
    const beside = below > above ? branch.left : branch.right;
    if (reference.resolution(beside).length > 0) {
      steps.push([above, beside.nodeIndex]);
    }
    below = above;
  }
  return steps;
}

function nodesOf(tree: RatchetTree): ReturnType<RatchetTree['node']>[] {
  return Array.from({ length: tree.nodeCount }, (_, place) => tree.node(place));
}

test('hashes, resolutions and paths', () => {
  forAll(30, (chance) => {
    const { tree, devices } = lived(chance, 10);
    const whole = reference.grown(tree);
    const parts = new Map(reference.every(whole).map((part) => [part.nodeIndex, part]));
    expect(parts.size).toBe(tree.nodeCount);
    for (const [index, part] of parts) {
      expect(tree.resolution(index)).toEqual(reference.resolution(part));
      expect(tree.treeHash(index)).toEqual(reference.treeHash(CRYPTO, part));
      const within = reference.every(part);
      expect(span(index)).toEqual([within[0]?.nodeIndex, within.at(-1)?.nodeIndex]);
    }
    const members = reference.members(whole);
    expect([...tree.leaves()].map(([leafIndex]) => leafIndex)).toEqual(members);
    expect(new Set(members)).toEqual(new Set(devices.keys()));
    for (const leafIndex of members) {
      const expected = filtered(parts, leafIndex, tree.leafCount);
      expect(tree.filteredDirectPath(leafIndex)).toEqual(expected);
    }
  });
});

test('parent hashes', () => {
  forAll(30, (chance) => {
    const { tree } = lived(chance, 12);
    for (const branch of reference.branches(reference.grown(tree))) {
      for (const beside of [branch.left, branch.right]) {
        const expected = reference.parentHash(CRYPTO, branch.node, beside);
        expect(tree.parentHash(branch.node, beside.nodeIndex)).toEqual(expected);
      }
      expect(reference.isParentHashValid(CRYPTO, branch)).toBe(true);
    }
    const verdict = verdictOf((checks) => {
      const demands = new GroupDemands(CRYPTO);
      validateTree(checks, tree, demands, GROUP_ID, tree.treeHash(), anybody);
    });
    expect(verdict).toBe('');
  });
});

/** One parent of a tree changed by chance, or left as it is. */
function lyingParent(chance: Chance, tree: RatchetTree, index: number): ParentNode {
  const node = there(tree.parentNode(index));
  const [first, last] = span(index);
  const inside = [...tree.leaves()].map(([leafIndex]) => leafIndex);
  switch (chance.integer(0, 3)) {
    case 0:
      return ParentNode.build(CRYPTO.kemGenerate()[1], node.parentHash, node.unmergedLeaves);
    case 1:
      return ParentNode.build(node.encryptionKey, utf8('another'), node.unmergedLeaves);
    case 2:
      return node.withUnmerged(
        inside.filter(
          (leaf) => first <= 2 * leaf && 2 * leaf <= last && chance.integer(0, 1) === 1,
        ),
      );
    default:
      return node;
  }
}

test('both refuse the same trees', () => {
  // One parent is changed at random; the fast check and the definition agree on the verdict.
  forAll(60, (chance) => {
    const { tree } = lived(chance, 12);
    const parents = [...tree.parents()];
    if (parents.length === 0) {
      return;
    }
    const [index, node] = chance.pick(parents);
    const changed = lyingParent(chance, tree, index);
    const lying = new RatchetTree(CRYPTO, nodesOf(tree).with(index, changed));
    const valid = reference
      .branches(reference.grown(lying))
      .every((branch) => reference.isParentHashValid(CRYPTO, branch));
    expect(valid).toBe(changed.equals(node));
    const verdict = verdictOf(() => {
      checkParentHashes(lying);
    });
    expect(verdict).toBe(valid ? '' : 'tree-parent-hash');
  });
});

test('a tree travels unharmed', () => {
  forAll(30, (chance) => {
    const { tree } = lived(chance, 8);
    const again = RatchetTree.fromBytes(CRYPTO, tree.toBytes());
    const encodings = (one: RatchetTree) => nodesOf(one).map((node) => node?.encoded);
    expect(encodings(again)).toEqual(encodings(tree));
    expect(again.treeHash()).toEqual(tree.treeHash());
  });
});

test('the old tree stays as it was', () => {
  forAll(30, (chance) => {
    const group = lived(chance, 6);
    const old = group.tree;
    const [raw, digest] = [old.toBytes(), old.treeHash()];
    group.tree = old.copy();
    group.add('new');
    group.commit(chance.pick([...group.devices.keys()]));
    if (group.devices.size > 2) {
      group.tree.removeLeaf(chance.pick([...group.devices.keys()]));
    }
    expect(old.toBytes()).toEqual(raw);
    expect(old.treeHash()).toEqual(digest);
    expect(reference.treeHash(CRYPTO, reference.grown(old))).toEqual(digest);
  });
});
