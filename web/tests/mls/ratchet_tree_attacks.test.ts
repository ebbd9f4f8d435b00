/**
 * What a hostile member, inviter or server may try with a ratchet tree, end to end: bytes in,
 * and never a tree out. The attacker recomputes the tree hash, so nothing hides behind it.
 */

import { expect, test } from 'vitest';

import { concat, equalBytes } from '../../src/base/bytes.ts';
import { CodecError, u8, vector } from '../../src/mls/codec.ts';
import { ProtocolError } from '../../src/mls/errors.ts';
import { LeafNode, SOURCE_COMMIT, SOURCE_KEY_PACKAGE } from '../../src/mls/leaf_node.ts';
import { GroupDemands } from '../../src/mls/leaf_validation.ts';
import { MAX_LEAVES, type Node, ParentNode, RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { validateTree } from '../../src/mls/tree_validation.ts';
import { forAll } from './random.ts';
import {
  anybody,
  type Circle,
  circle,
  CRYPTO,
  Device,
  GROUP_ID,
  settled,
  there,
  verdictOf,
} from './tree_players.ts';

type Nodes = (Node | undefined)[];

/** Blank leaves, blank parents, unmerged leaves, leaves of key packages and of commits. */
function eventful(): Circle {
  const group = circle(8);
  for (const leafIndex of [5, 3]) {
    group.tree.removeLeaf(leafIndex);
  }
  group.commit(0);
  group.commit(6);
  group.add('new at 3');
  return group;
}

const GROUP = eventful();
const RAW = GROUP.tree.toBytes();
const NODES: Nodes = Array.from({ length: GROUP.tree.nodeCount }, (_, place) =>
  GROUP.tree.node(place),
);
const EMPTY = new Uint8Array(0);

/** What a joiner does with a tree; by default the attacker's GroupInfo names its hash. */
function join(raw: Uint8Array, treeHash?: Uint8Array): RatchetTree {
  return settled((checks) => {
    const tree = RatchetTree.fromBytes(CRYPTO, raw);
    const expected = treeHash ?? tree.treeHash();
    validateTree(checks, tree, new GroupDemands(CRYPTO), GROUP_ID, expected, anybody);
    return tree;
  });
}

/** The check that refuses the tree after a change of its nodes. */
function refused(change: (nodes: Nodes) => void): string {
  const nodes = NODES.slice();
  change(nodes);
  return verdictOf(() => join(new RatchetTree(CRYPTO, nodes).toBytes()));
}

/** The same when one node is exchanged. */
function refusedWith(index: number, node: Node | undefined): string {
  return refused((nodes) => {
    nodes[index] = node;
  });
}

function parent(index: number): ParentNode {
  return there(GROUP.tree.parentNode(index));
}

function freshKey(): Uint8Array {
  return CRYPTO.kemGenerate()[1];
}

test('the honest tree is joined', () => {
  expect(join(RAW).toBytes()).toEqual(RAW);
  expect(join(RAW, GROUP.tree.treeHash()).toBytes()).toEqual(RAW);
  const sources = new Set([...GROUP.tree.leaves()].map(([, leaf]) => leaf.source));
  expect(sources).toEqual(new Set([SOURCE_KEY_PACKAGE, SOURCE_COMMIT]));
});

test('any changed byte is noticed', () => {
  forAll(200, (chance) => {
    const raw = RAW.slice();
    const position = chance.integer(0, raw.length - 1);
    raw[position] = (raw[position] ?? 0) ^ chance.integer(1, 255);
    expect(() => join(raw)).toThrow(ProtocolError);
  });
});

test('any splice is noticed', () => {
  forAll(200, (chance) => {
    const position = chance.integer(0, RAW.length);
    const rest = RAW.subarray(position + chance.integer(0, 40));
    const raw = concat(RAW.subarray(0, position), chance.bytes(40), rest);
    if (!equalBytes(raw, RAW)) {
      expect(() => join(raw)).toThrow(ProtocolError);
    }
  });
});

test('another tree than the context names', () => {
  expect(verdictOf(() => join(RAW, circle(3).tree.treeHash()))).toBe('tree-hash');
});

test('a ghost in a blank place', () => {
  expect(refusedWith(10, Device.make('ghost').leaf())).toBe('tree-parent-hash');
});

test('a ghost at the end', () => {
  const check = refused((nodes) => {
    nodes.push(...new Array<undefined>(nodes.length + 1).fill(undefined));
    nodes[16] = Device.make('ghost').leaf();
    nodes[15] = ParentNode.build(freshKey(), EMPTY, [8]);
  });
  expect(check).toBe('tree-parent-hash');
});

test.each([0, 2, 12, 14])('a member at node %i made to vanish', (place) => {
  expect(refusedWith(place, undefined)).toBe('tree-parent-hash');
});

test('an older leaf of a member', () => {
  expect(refusedWith(0, GROUP.device(0).leaf())).toBe('tree-parent-hash');
});

test('leaves that change places', () => {
  const check = refused((nodes) => {
    [nodes[0], nodes[12]] = [nodes[12], nodes[0]];
  });
  expect(['tree-parent-hash', 'leaf-signature']).toContain(check);
});

test("a parent key of the attacker's", () => {
  for (const [index, { parentHash, unmergedLeaves }] of GROUP.tree.parents()) {
    const forged = ParentNode.build(freshKey(), parentHash, unmergedLeaves);
    expect(refusedWith(index, forged)).toBe('tree-parent-hash');
  }
});

test('a blanked parent cannot hide its unmerged leaf', () => {
  // Whoever is unmerged at the root stays listed there, whatever lies between.
  const top = parent(7);
  expect(top.unmergedLeaves).toEqual([3]);
  expect(refusedWith(7, top.withUnmerged([]))).toBe('tree-parent-hash');
});

test.each([5, 7, 100, 2 ** 32 - 1])('an unmerged leaf %i that is nobody', (entry) => {
  const check = refusedWith(7, parent(7).withUnmerged([3, entry]));
  expect(['tree-unmerged-leaves', 'tree-parent-hash']).toContain(check);
});

test('a key that stands twice', () => {
  const leaf = there(GROUP.tree.leaf(6));
  const copied = ParentNode.build(leaf.encryptionKey, parent(7).parentHash, [3]);
  expect(refusedWith(7, copied)).toBe('tree-unique-keys');
});

test('one device twice', () => {
  const group = circle(3, CRYPTO, { commits: false });
  const device = group.device(1);
  group.tree.updateLeaf(2, device.leaf({ encryptionKey: freshKey() }));
  expect(verdictOf(() => join(group.tree.toBytes()))).toBe('leaf-unique-signature-key');
  const { encryptionKey } = device;
  group.tree.updateLeaf(2, Device.make('eve').leaf({ encryptionKey }));
  expect(verdictOf(() => join(group.tree.toBytes()))).toBe('leaf-unique-encryption-key');
});

test('lengths that are not shortest', () => {
  const longer = concat(u8(0x40), there(GROUP.tree.leaf(0)).encoded);
  const raw = vector([Uint8Array.of(1, 1), longer]);
  expect(() => RatchetTree.fromBytes(CRYPTO, raw)).toThrow(/shortest/);
  expect(() => LeafNode.fromBytes(longer)).toThrow(/shortest/);
});

test('vectors that claim more than there is', () => {
  const giant = Uint8Array.of(0xbf, 0xff, 0xff, 0xff);
  const large = concat(Uint8Array.of(0x7f, 0xff), new Uint8Array(100));
  for (const raw of [giant, concat(giant, RAW), large]) {
    expect(() => RatchetTree.fromBytes(CRYPTO, raw)).toThrow(CodecError);
  }
});

test('a million blank nodes', () => {
  const leaf = there(GROUP.tree.leaf(0)).encoded;
  const raw = vector([new Uint8Array(1_000_000), Uint8Array.of(1, 1), leaf]);
  expect(() => RatchetTree.fromBytes(CRYPTO, raw)).toThrow(String(MAX_LEAVES));
});

test('unmerged leaves without end', () => {
  const many = Array.from({ length: MAX_LEAVES + 1 }, (_, number) => number);
  const raw = ParentNode.build(freshKey(), EMPTY, many).toBytes();
  expect(() => ParentNode.fromBytes(raw)).toThrow(/at most/);
  const few = many.slice(0, 2000);
  expect(refusedWith(7, parent(7).withUnmerged(few))).toBe('tree-unmerged-leaves');
});

test('a tall sparse tree is refused', () => {
  // One leaf far to the right, one parent at the top: 65,536 places, two nodes.
  const nodes: Nodes = new Array<undefined>(2 * MAX_LEAVES - 1).fill(undefined);
  nodes[2 * MAX_LEAVES - 2] = Device.make('far').leaf();
  nodes[MAX_LEAVES - 1] = ParentNode.build(freshKey(), EMPTY);
  const raw = new RatchetTree(CRYPTO, nodes).toBytes();
  expect(verdictOf(() => join(raw))).toBe('tree-parent-hash');
});
