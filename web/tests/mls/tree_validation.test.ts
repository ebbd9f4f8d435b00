/** Trees one may join, and one lie for each check. */

import { describe, expect, test } from 'vitest';

import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import type { CredentialJudge } from '../../src/mls/credential.ts';
import { CredentialRefused } from '../../src/mls/errors.ts';
import { LeafBinding } from '../../src/mls/leaf_node.ts';
import { GroupDemands } from '../../src/mls/leaf_validation.ts';
import { type Node, ParentNode, RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { HERE, signatureRefused, unverified } from '../../src/mls/signature_checks.ts';
import { suite } from '../../src/mls/suite.ts';
import {
  checkParentHashes,
  checkParentKeys,
  checkStructure,
  checkUniqueKeys,
  checkUnmergedLeaves,
  validateTree,
} from '../../src/mls/tree_validation.ts';
import { ALL_SUITES, VECTOR_SUITES } from './suites.ts';
import {
  able,
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
import { vectors } from './vectors.ts';

const EMPTY = new Uint8Array(0);

/** The check that fails, or nothing. */
function verdict(tree: RatchetTree): string {
  return verdictOf((checks) => {
    const demands = new GroupDemands(tree.suite);
    validateTree(checks, tree, demands, GROUP_ID, tree.treeHash(), anybody);
  });
}

/** What one check alone says. */
function verdictBy(check: (tree: RatchetTree) => void, tree: RatchetTree): string {
  return verdictOf(() => {
    check(tree);
  });
}

/** The tree with one node exchanged behind its back. */
function withNode(tree: RatchetTree, index: number, node: Node | undefined): RatchetTree {
  const nodes = Array.from({ length: tree.nodeCount }, (_, place) => tree.node(place));
  return new RatchetTree(tree.suite, nodes.with(index, node));
}

function parentAt(tree: RatchetTree, index: number): ParentNode {
  return there(tree.parentNode(index));
}

function freshKey(): Uint8Array {
  return CRYPTO.kemGenerate()[1];
}

/** Seven members after removes, adds and commits: blanks and unmerged leaves. */
function eventful(): Circle {
  const group = circle(8);
  group.tree.removeLeaf(5);
  group.tree.removeLeaf(3);
  group.commit(0);
  group.commit(6);
  group.add('new at 3');
  return group;
}

test.each(ALL_SUITES)('honest trees pass, suite %i', (number) => {
  for (const size of [1, 2, 3, 7]) {
    expect(verdict(circle(size, suite(number)).tree)).toBe('');
    expect(verdict(circle(size, suite(number), { commits: false }).tree)).toBe('');
  }
});

test('an eventful tree passes', () => {
  const group = eventful();
  expect(parentAt(group.tree, 7).unmergedLeaves).toEqual([3]);
  expect(verdict(group.tree)).toBe('');
  group.add('new at 5');
  expect(parentAt(group.tree, 7).unmergedLeaves).toEqual([3, 5]);
  expect(verdict(group.tree)).toBe('');
  group.commit(3);
  expect(verdict(group.tree)).toBe('');
});

test.each([4, 7])('a newcomer at the edge of a subtree, leaf %i, passes', (leafIndex) => {
  const group = circle(8);
  group.tree.removeLeaf(leafIndex);
  group.commit(0);
  group.commit(5);
  expect(group.add('new')).toBe(leafIndex);
  expect(parentAt(group.tree, 7).unmergedLeaves).toEqual([leafIndex]);
  expect(parentAt(group.tree, 11).unmergedLeaves).toEqual([leafIndex]);
  expect(verdict(group.tree)).toBe('');
});

test('tree-hash', () => {
  const tree = circle(4).tree;
  for (const expected of [EMPTY, new Uint8Array(32), circle(4).tree.treeHash()]) {
    const check = verdictOf(() => {
      checkStructure(tree, expected);
    });
    expect(check).toBe('tree-hash');
  }
});

test('tree-parent-hash after a swapped key', () => {
  const { tree } = eventful();
  const { parentHash, unmergedLeaves } = parentAt(tree, 7);
  const forged = ParentNode.build(freshKey(), parentHash, unmergedLeaves);
  expect(verdict(withNode(tree, 7, forged))).toBe('tree-parent-hash');
});

test('tree-parent-hash after an invented parent', () => {
  const { tree } = circle(4, CRYPTO, { commits: false });
  const invented = ParentNode.build(freshKey(), EMPTY);
  for (const index of [1, 3]) {
    expect(verdict(withNode(tree, index, invented))).toBe('tree-parent-hash');
  }
});

test('tree-parent-hash after a changed sibling', () => {
  // A node beside the last committer's path is exchanged for a key of the attacker's.
  const group = circle(8);
  group.commit(0);
  const forged = ParentNode.build(freshKey(), parentAt(group.tree, 11).parentHash);
  expect(verdict(withNode(group.tree, 11, forged))).toBe('tree-parent-hash');
});

test('tree-parent-hash when a newcomer is hidden', () => {
  // Leaving a member out of the unmerged leaves would make others encrypt past it.
  const { tree } = eventful();
  const hiding = parentAt(tree, 7).withUnmerged([]);
  expect(verdict(withNode(tree, 7, hiding))).toBe('tree-parent-hash');
});

test('tree-unmerged-leaves', () => {
  const { tree } = eventful();
  for (const entry of [5, 8, 4000, 2 ** 31 + 3, 2 ** 32 - 1]) {
    const lying = withNode(tree, 7, parentAt(tree, 7).withUnmerged([3, entry]));
    expect(verdict(lying)).toBe('tree-unmerged-leaves');
  }
  const outside = parentAt(tree, 13).withUnmerged([3]);
  expect(verdict(withNode(tree, 13, outside))).toBe('tree-unmerged-leaves');
});

test('unmerged above, but merged below', () => {
  const { tree } = circle(4);
  const lying = withNode(tree, 3, parentAt(tree, 3).withUnmerged([0]));
  expect(verdictBy(checkUnmergedLeaves, lying)).toBe('tree-unmerged-leaves');
});

test('a merged member declared unmerged', () => {
  const { tree } = circle(4);
  const lying = withNode(tree, 3, parentAt(tree, 3).withUnmerged([2]));
  expect(['tree-unmerged-leaves', 'tree-parent-hash']).toContain(verdict(lying));
});

test.each([0, 1, 11])('tree-unique-keys: not that of node %i', (source) => {
  const { tree } = circle(8);
  const copied = ParentNode.build(tree.present(source).encryptionKey, parentAt(tree, 7).parentHash);
  expect(verdictBy(checkUniqueKeys, withNode(tree, 7, copied))).toBe('tree-unique-keys');
  expect(verdict(withNode(tree, 7, copied))).toBe('tree-unique-keys');
});

test.each([EMPTY, new Uint8Array(32), new Uint8Array(31).fill(107)])('tree-parent-key', (key) => {
  const lying = withNode(circle(4).tree, 3, ParentNode.build(key, EMPTY));
  expect(verdictBy(checkParentKeys, lying)).toBe('tree-parent-key');
  expect(verdict(lying)).toBe('tree-parent-key');
});

test('a parent over nobody', () => {
  const { tree } = circle(8);
  for (const leafIndex of [2, 3]) {
    tree.removeLeaf(leafIndex);
  }
  const lying = withNode(tree, 5, ParentNode.build(freshKey(), EMPTY));
  expect(verdictBy(checkParentHashes, lying)).toBe('tree-parent-hash');
});

test('leaves are checked one by one', () => {
  const { tree } = circle(4);
  const eve = Device.make('eve');
  tree.updateLeaf(2, eve.leaf({ capabilities: able(CRYPTO, { versions: [] }) }));
  expect(verdict(tree)).toBe('leaf-capabilities-version');
  const elsewhere = new LeafBinding(GROUP_ID, 1);
  tree.updateLeaf(2, eve.content({ lifetime: undefined }).sign(CRYPTO, eve.signer, elsewhere));
  expect(verdict(tree)).toBe('leaf-signature');
});

test('leaves are checked together', () => {
  const group = circle(4);
  group.tree.updateLeaf(2, group.device(1).leaf({ encryptionKey: freshKey() }));
  expect(verdict(group.tree)).toBe('leaf-unique-signature-key');
});

test('each member is judged', () => {
  const { tree } = circle(3);
  const seen: Uint8Array[] = [];
  const judge: CredentialJudge = (credential, _key, role) => {
    expect(role).toBe('member');
    seen.push(credential.body);
    if (seen.length === 3) {
      throw new CredentialRefused('Member 2 is not known here.');
    }
  };
  expect(() => {
    settled((checks) => {
      validateTree(checks, tree, new GroupDemands(CRYPTO), GROUP_ID, tree.treeHash(), judge);
    });
  }).toThrow(CredentialRefused);
  expect(seen).toEqual(['member 0', 'member 1', 'member 2'].map(utf8));
});

test("every leaf's signature waits to be verified elsewhere", async () => {
  const group = circle(5);
  const validate = (tree: RatchetTree) =>
    unverified((checks) => {
      validateTree(checks, tree, new GroupDemands(CRYPTO), GROUP_ID, tree.treeHash(), anybody);
      return 'valid';
    });
  const open = validate(group.tree);
  expect(open.count).toBe(5);
  expect(await open.settle(HERE)).toBe('valid');
  const eve = Device.make('eve');
  group.tree.updateLeaf(2, eve.content().sign(CRYPTO, group.device(0).signer));
  await expect(validate(group.tree).settle(HERE)).rejects.toMatchObject({
    check: 'leaf-signature',
  });
});

describe.each(VECTOR_SUITES)('official vectors, suite %i', (number) => {
  interface Case {
    readonly cipher_suite: number;
    readonly tree: string;
    readonly group_id: string;
    readonly tree_hashes: readonly string[];
    readonly resolutions: readonly number[][];
  }

  const cases = vectors<Case>('tree-validation').filter((one) => one.cipher_suite === number);

  function treeOf(one: Case): RatchetTree {
    return RatchetTree.fromBytes(suite(one.cipher_suite), fromHex(one.tree));
  }

  test('hashes and resolutions', () => {
    expect(cases.length).toBe(14);
    for (const one of cases) {
      const tree = treeOf(one);
      expect(tree.nodeCount).toBe(one.tree_hashes.length);
      for (let index = 0; index < tree.nodeCount; index += 1) {
        expect(toHex(tree.treeHash(index))).toBe(one.tree_hashes[index]);
        expect(tree.resolution(index)).toEqual(one.resolutions[index]);
      }
    }
  });

  test('trees are valid', () => {
    for (const one of cases) {
      const tree = treeOf(one);
      const expected = fromHex(there(one.tree_hashes[tree.root]));
      const demands = new GroupDemands(tree.suite);
      settled((checks) => {
        validateTree(checks, tree, demands, fromHex(one.group_id), expected, anybody);
      });
    }
  });

  test('leaf signatures', () => {
    for (const one of cases) {
      const tree = treeOf(one);
      settled((checks) => {
        for (const [leafIndex, leaf] of tree.leaves()) {
          const binding = new LeafBinding(fromHex(one.group_id), leafIndex);
          leaf.verifySignature(tree.suite, checks, binding, signatureRefused);
        }
        expect(checks.count).toBeGreaterThan(0);
      });
    }
  });

  test('the encoding is kept', () => {
    for (const one of cases) {
      expect(toHex(treeOf(one).toBytes())).toBe(one.tree);
    }
  });
});
