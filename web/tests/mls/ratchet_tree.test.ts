/** The ratchet tree: shapes, copies, hashes, and hostile encodings. */

import { describe, expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, opaque, Reader, vector } from '../../src/mls/codec.ts';
import { GroupUsageError } from '../../src/mls/errors.ts';
import { Extension } from '../../src/mls/extension.ts';
import { KeyPackage } from '../../src/mls/key_package.ts';
import { keyName, LeafNode } from '../../src/mls/leaf_node.ts';
import { MAX_LEAVES, ParentNode, RatchetTree, TREE_LIMIT } from '../../src/mls/ratchet_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { paddedLeafCount } from '../../src/mls/tree_math.ts';
import { type Chance, forAll } from './random.ts';
import { ALL_SUITES } from './suites.ts';
import { type Circle, circle, CRYPTO, Device, there } from './tree_players.ts';
import { vectors } from './vectors.ts';

const EMPTY = new Uint8Array(0);

/** The tree hash without anything remembered. */
function freshHash(tree: RatchetTree): Uint8Array {
  const nodes = Array.from({ length: tree.nodeCount }, (_, place) => tree.node(place));
  return new RatchetTree(tree.suite, nodes).treeHash();
}

function parent(unmerged: readonly number[] = []): ParentNode {
  return ParentNode.build(utf8('key'), EMPTY, unmerged);
}

/** The members' leaf indices. */
function places(tree: RatchetTree): number[] {
  return [...tree.leaves()].map(([leafIndex]) => leafIndex);
}

test('a parent node comes back', () => {
  forAll(100, (chance) => {
    const unmerged = new Set(chance.list(20, () => chance.integer(0, 2 ** 32 - 2)));
    const increasing = [...unmerged].sort((one, other) => one - other);
    const node = ParentNode.build(chance.bytes(40), chance.bytes(64), increasing);
    const again = ParentNode.fromBytes(node.toBytes());
    expect(again).toEqual(node);
    expect(again.equals(node)).toBe(true);
    const other = node.withUnmerged([...increasing, 2 ** 32 - 1]);
    expect(again.equals(other)).toBe(false);
    expect(node.equals('a node')).toBe(false);
    expect(node.encryptionKeyName).toBe(keyName(node.encryptionKey));
  });
});

test.each([[[1, 1]], [[2, 1]]])('unmerged leaves increase: not %j', (unmerged) => {
  const raw = parent(unmerged).toBytes();
  expect(() => ParentNode.fromBytes(raw)).toThrow(/increasing/);
  expect(() => ParentNode.fromBytes(raw)).toThrow(CodecError);
});

describe.each(ALL_SUITES)('suite %i', (number) => {
  test.each([1, 2, 3, 5, 8])('a tree of %i comes back', (size) => {
    const tree = circle(size, suite(number)).tree;
    const again = RatchetTree.fromBytes(tree.suite, tree.toBytes());
    expect(again.toBytes()).toEqual(tree.toBytes());
    expect(again.treeHash()).toEqual(tree.treeHash());
    expect(freshHash(tree)).toEqual(tree.treeHash());
    expect(again.leafCount).toBe(paddedLeafCount(size));
    expect(again.isReadable).toBe(true);
  });
});

test('members fill the leftmost place', () => {
  const group = circle(5);
  for (const leafIndex of [3, 1]) {
    group.tree.removeLeaf(leafIndex);
  }
  expect(places(group.tree)).toEqual([0, 2, 4]);
  expect([group.add('new'), group.add('new'), group.add('new')]).toEqual([1, 3, 5]);
  expect(group.tree.leafCount).toBe(8);
});

test('the tree doubles and shrinks', () => {
  const group = circle(4);
  expect(group.tree.nodeCount).toBe(7);
  group.add('fifth');
  expect(group.tree.nodeCount).toBe(15);
  group.tree.removeLeaf(4);
  expect(group.tree.nodeCount).toBe(7);
  for (const leafIndex of [3, 2, 1]) {
    group.tree.removeLeaf(leafIndex);
  }
  expect(group.tree.nodeCount).toBe(1);
  const alone = RatchetTree.ofOne(CRYPTO, there(group.tree.leaf(0)));
  expect(group.tree.toBytes()).toEqual(alone.toBytes());
});

test('a newcomer is unmerged above', () => {
  const group = circle(4);
  group.tree.removeLeaf(1);
  group.commit(0);
  expect(group.add('new')).toBe(1);
  expect(group.tree.parentNode(1)).toBeUndefined();
  expect(group.tree.parentNode(3)?.unmergedLeaves).toEqual([1]);
  expect(group.tree.resolution(3)).toEqual([3, 2]);
  group.commit(2);
  expect(group.tree.parentNode(3)?.unmergedLeaves).toEqual([]);
});

test('unmerged leaves are kept in order', () => {
  const group = circle(4);
  for (const leafIndex of [3, 1]) {
    group.tree.removeLeaf(leafIndex);
  }
  group.commit(0);
  group.add('new at 1');
  group.add('new at 3');
  expect(group.tree.parentNode(3)?.unmergedLeaves).toEqual([1, 3]);
  const late = circle(4);
  late.tree.removeLeaf(1);
  late.tree.removeLeaf(2);
  late.commit(0);
  const root = there(late.tree.parentNode(3)).withUnmerged([3]);
  const nodes = Array.from({ length: 7 }, (_, place) => late.tree.node(place));
  const tree = new RatchetTree(CRYPTO, nodes.with(3, root));
  tree.addLeaf(Device.make('ann').leaf());
  expect(tree.parentNode(3)?.unmergedLeaves).toEqual([1, 3]);
});

test('update and remove blank the path', () => {
  const tree = circle(8).tree;
  const parents = (): number[] => [...tree.parents()].map(([index]) => index);
  expect(parents().length).toBe(7);
  tree.updateLeaf(2, Device.make('ann').leaf());
  expect(parents()).toEqual([1, 9, 11, 13]);
  tree.removeLeaf(7);
  expect(parents()).toEqual([1, 9]);
});

test.each([-1, 1, 4, 99, 2 ** 32 - 1])('only members leave or update, not %i', (leafIndex) => {
  const tree = circle(4).tree;
  tree.removeLeaf(1);
  const before = tree.toBytes();
  const leaf = Device.make('ann').leaf();
  for (const step of [
    () => {
      tree.removeLeaf(leafIndex);
    },
    () => {
      tree.updateLeaf(leafIndex, leaf);
    },
  ]) {
    expect(step).toThrow(/blank/);
    expect(step).toThrow(GroupUsageError);
  }
  expect(tree.leaf(leafIndex)).toBeUndefined();
  expect(tree.toBytes()).toEqual(before);
});

test('a node that must be there', () => {
  const tree = circle(3, CRYPTO, { commits: false }).tree;
  expect(tree.present(4)).toBe(tree.node(4));
  for (const blank of [1, 6, 7, -1]) {
    expect(() => tree.present(blank)).toThrow(GroupUsageError);
  }
});

test('a copy is another tree', () => {
  const group = circle(6);
  const raw = group.tree.toBytes();
  const digest = group.tree.treeHash();
  const twin = group.tree.copy();
  twin.removeLeaf(5);
  twin.removeLeaf(0);
  twin.addLeaf(Device.make('ann').leaf());
  expect(twin.treeHash()).toEqual(freshHash(twin));
  expect(twin.treeHash()).not.toEqual(digest);
  expect(group.tree.toBytes()).toEqual(raw);
  expect(group.tree.treeHash()).toEqual(digest);
  expect(freshHash(group.tree)).toEqual(digest);
});

test('a copy remembers the hashes', () => {
  const tree = circle(6).tree;
  const digest = tree.treeHash();
  expect(tree.copy().treeHash()).toBe(digest);
  const twin = tree.copy();
  const kept = tree.treeHash(3);
  twin.updateLeaf(5, Device.make('ann').leaf());
  expect(twin.treeHash(3)).toBe(kept);
  expect(twin.treeHash()).not.toEqual(digest);
});

test('resolution and filtered path in a sparse tree', () => {
  const tree = circle(8, CRYPTO, { commits: false }).tree;
  for (const leafIndex of [2, 3, 5]) {
    tree.removeLeaf(leafIndex);
  }
  expect(tree.resolution(7)).toEqual([0, 2, 8, 12, 14]);
  expect(tree.resolution(5)).toEqual([]);
  expect(tree.filteredDirectPath(0)).toEqual([
    [1, 2],
    [7, 11],
  ]);
  expect(tree.filteredDirectPath(4)).toEqual([
    [11, 13],
    [7, 3],
  ]);
  expect(tree.directPath(4)).toEqual([9, 11, 7]);
});

test('a tree of one has no path', () => {
  const tree = circle(1).tree;
  expect(tree.directPath(0)).toEqual([]);
  expect(tree.filteredDirectPath(0)).toEqual([]);
  expect(tree.putPath(0, [])).toEqual(EMPTY);
});

test('a path has a key for each of its nodes', () => {
  const tree = circle(4).tree;
  const digest = tree.treeHash();
  expect(() => tree.putPath(0, [utf8('key')])).toThrow(RangeError);
  expect(freshHash(tree)).toEqual(digest);
});

test("the original sibling's hash forgets newcomers", () => {
  const group = circle(4);
  group.tree.removeLeaf(3);
  group.commit(0);
  const before = group.tree.parentHash(there(group.tree.parentNode(3)), 5);
  group.add('new');
  const joined = there(group.tree.parentNode(3));
  expect(joined.unmergedLeaves).toEqual([3]);
  expect(group.tree.parentHash(joined, 5)).toEqual(before);
  expect(group.tree.parentHash(joined.withUnmerged([]), 5)).not.toEqual(before);
});

/** One event in a group's life, by chance. */
function live(group: Circle, chance: Chance): void {
  const chosen = chance.pick(places(group.tree));
  switch (chance.pick(['add', 'remove', 'update', 'commit', 'copy'] as const)) {
    case 'add':
      group.add('somebody');
      break;
    case 'remove':
      if (places(group.tree).length > 1) {
        group.tree.removeLeaf(chosen);
      }
      break;
    case 'update':
      group.tree.updateLeaf(chosen, Device.make('new').leaf());
      break;
    case 'commit':
      if (toHex(there(group.tree.leaf(chosen)).signatureKey) === signerOf(group, chosen)) {
        group.commit(chosen);
      }
      break;
    case 'copy':
      group.tree = group.tree.copy();
      break;
  }
}

function signerOf(group: Circle, leafIndex: number): string {
  return toHex(group.device(leafIndex).signatureKey);
}

test('remembered hashes are right after any history', () => {
  forAll(30, (chance) => {
    const group = circle(chance.integer(1, 5), CRYPTO, { commits: false });
    for (let step = 0; step < 12; step += 1) {
      live(group, chance);
      expect(group.tree.treeHash()).toEqual(freshHash(group.tree));
      const again = RatchetTree.fromBytes(CRYPTO, group.tree.toBytes());
      expect(again.treeHash()).toEqual(group.tree.treeHash());
    }
  });
});

test('hostile shapes', () => {
  const bare = Device.make('ann').leaf().toBytes();
  const leaf = concat(Uint8Array.of(1, 1), bare);
  const node = concat(Uint8Array.of(1, 2), parent().toBytes());
  const blank = Uint8Array.of(0);
  const cases: [Uint8Array[], RegExp][] = [
    [[], /not blank/],
    [[leaf, blank], /not blank/],
    [[blank], /not blank/],
    [[node], /wrong type/],
    [[leaf, leaf], /wrong type/],
    [[leaf, node, node], /wrong type/],
    [[concat(Uint8Array.of(2, 1), bare)], /presence/],
    [[concat(Uint8Array.of(1, 3), bare)], /leaf \(1\)/],
    [[Uint8Array.of(1, 0)], /leaf \(1\)/],
    [[leaf.subarray(0, -1)], /left/],
  ];
  for (const [nodes, text] of cases) {
    expect(() => RatchetTree.fromBytes(CRYPTO, vector(nodes))).toThrow(text);
    expect(() => RatchetTree.fromBytes(CRYPTO, vector(nodes))).toThrow(CodecError);
  }
});

test('an even number of nodes may have a parent at the end', () => {
  const leaf = concat(Uint8Array.of(1, 1), Device.make('ann').leaf().toBytes());
  const node = concat(Uint8Array.of(1, 2), parent().toBytes());
  const tree = RatchetTree.fromBytes(CRYPTO, vector([leaf, node]));
  expect(tree.nodeCount).toBe(3);
  expect(tree.leaf(1)).toBeUndefined();
});

test('trailing bytes', () => {
  const raw = concat(circle(1).tree.toBytes(), Uint8Array.of(0));
  expect(() => RatchetTree.fromBytes(CRYPTO, raw)).toThrow(/follow/);
});

test('giant trees are refused', () => {
  const blank = opaque(new Uint8Array(2 * MAX_LEAVES));
  expect(() => RatchetTree.fromBytes(CRYPTO, blank)).toThrow(/leaves/);
  const long = opaque(new Uint8Array(TREE_LIMIT + 1));
  expect(() => RatchetTree.fromBytes(CRYPTO, long)).toThrow(/at most/);
});

test('a tree that is too large to be read says so', () => {
  const leaf = Device.make('ann').leaf();
  const wide = new Array<LeafNode | undefined>(4 * MAX_LEAVES - 1).fill(undefined);
  expect(new RatchetTree(CRYPTO, wide.with(0, leaf)).isReadable).toBe(false);
  const full = new Array<LeafNode | undefined>(2 * MAX_LEAVES - 1).fill(undefined);
  expect(new RatchetTree(CRYPTO, full.with(-1, leaf)).isReadable).toBe(true);
  const heavy = Device.make('ann').leaf({ extensions: [new Extension(1, new Uint8Array(300))] });
  const packed = full.map((_, place) => (place % 2 === 0 ? heavy : undefined));
  expect(new RatchetTree(CRYPTO, packed).isReadable).toBe(false);
});

test('a full tree of the largest size grows', () => {
  const leaf = Device.make('ann').leaf();
  const nodes = Array.from({ length: 2 * MAX_LEAVES - 1 }, (_, place) =>
    place % 2 === 0 ? leaf : undefined,
  );
  const tree = new RatchetTree(CRYPTO, nodes);
  expect(tree.addLeaf(leaf)).toBe(MAX_LEAVES);
  expect(tree.leafCount).toBe(2 * MAX_LEAVES);
  expect(tree.isReadable).toBe(false);
});

test('random bytes throw nothing but codec errors', () => {
  forAll(300, (chance) => {
    const raw = chance.bytes(400);
    for (const hostile of [raw, opaque(raw)]) {
      expect(() => RatchetTree.fromBytes(CRYPTO, hostile)).toThrow(CodecError);
    }
    let node: ParentNode;
    try {
      node = ParentNode.fromBytes(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      return;
    }
    expect(node.toBytes()).toEqual(raw);
  });
});

describe('official vectors', () => {
  interface Case {
    readonly cipher_suite: number;
    readonly proposal: string;
    readonly proposal_sender: number;
    readonly tree_before: string;
    readonly tree_hash_before: string;
    readonly tree_after: string;
    readonly tree_hash_after: string;
  }

  function apply(tree: RatchetTree, proposal: Uint8Array, sender: number): void {
    const reader = new Reader(proposal);
    const kind = reader.u16();
    if (kind === 1) {
      tree.addLeaf(KeyPackage.read(reader).leafNode);
    } else if (kind === 2) {
      tree.updateLeaf(sender, LeafNode.read(reader));
    } else {
      expect(kind).toBe(3);
      tree.removeLeaf(reader.u32());
    }
    reader.finish();
  }

  test('the tree after a proposal', () => {
    const cases = vectors<Case>('tree-operations');
    expect(cases.length).toBe(5);
    for (const one of cases) {
      const before = RatchetTree.fromBytes(suite(one.cipher_suite), fromHex(one.tree_before));
      expect(toHex(before.treeHash())).toBe(one.tree_hash_before);
      const after = before.copy();
      apply(after, fromHex(one.proposal), one.proposal_sender);
      expect(toHex(after.toBytes())).toBe(one.tree_after);
      expect(toHex(after.treeHash())).toBe(one.tree_hash_after);
      expect(toHex(before.toBytes())).toBe(one.tree_before);
      expect(toHex(before.treeHash())).toBe(one.tree_hash_before);
    }
  });
});
