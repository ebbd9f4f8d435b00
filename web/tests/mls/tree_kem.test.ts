/** TreeKEM: everybody reaches the same secret, strangers and lies do not. */

import { describe, expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { opaque, u16, u64 } from '../../src/mls/codec.ts';
import { DecryptionFailed, GroupUsageError, KeyRefused } from '../../src/mls/errors.ts';
import { LeafBinding } from '../../src/mls/leaf_node.ts';
import { GroupDemands } from '../../src/mls/leaf_validation.ts';
import { RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { type Suite, suite } from '../../src/mls/suite.ts';
import { NewPath, newPath, TreePrivate } from '../../src/mls/tree_kem.ts';
import { validateTree } from '../../src/mls/tree_validation.ts';
import { applyPath, UpdatePath, UpdatePathNode } from '../../src/mls/update_path.ts';
import { forAll } from './random.ts';
import { ALL_SUITES, VECTOR_SUITES } from './suites.ts';
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
import { vectors } from './vectors.ts';

const CONTEXT = utf8('the provisional group context');
const COLD = { commits: false };

function madeBy(group: Circle, tree: RatchetTree, sender: number): NewPath {
  const content = there(tree.leaf(sender)).content();
  return newPath(tree, sender, content, group.device(sender).signer, GROUP_ID);
}

/** A sender's path for a copy of the group's tree. */
function pathOf(group: Circle, sender: number, newcomers: readonly number[] = []): UpdatePath {
  const tree = group.tree.copy();
  return madeBy(group, tree, sender).encrypt(tree, CONTEXT, newcomers);
}

/** One commit with a path, processed by every member; returns the commit secret. */
function exchange(group: Circle, sender: number, newcomers: readonly number[] = []): string {
  const mine = group.tree.copy();
  const made = madeBy(group, mine, sender);
  const path = UpdatePath.fromBytes(made.encrypt(mine, CONTEXT, newcomers).toBytes());
  const theirs = group.tree.copy();
  applyPath(theirs, sender, path);
  expect(theirs.treeHash()).toEqual(mine.treeHash());
  for (const [leafIndex, device] of group.devices) {
    if (leafIndex === sender) {
      device.treePrivate = made.treePrivate;
    } else if (newcomers.includes(leafIndex)) {
      const joined = TreePrivate.ofLeaf(leafIndex, device.encryptionPrivate);
      device.treePrivate = joined.withPathSecret(theirs, sender, made.secretFor(leafIndex));
    } else {
      const known = there(device.treePrivate);
      const [next, secret] = known.openPath(theirs, sender, path, CONTEXT, newcomers);
      device.treePrivate = next;
      expect(secret).toEqual(made.commitSecret);
    }
    expectKeysFit(theirs, device.treePrivate);
  }
  group.tree = theirs;
  return toHex(made.commitSecret);
}

/** Each key is the private half of the tree's, and none is missing that must be known. */
function expectKeysFit(tree: RatchetTree, known: TreePrivate): void {
  for (const [index, key] of known.keys) {
    expect(tree.suite.kem.publicOf(key)).toEqual(tree.present(index).encryptionKey);
  }
  for (const index of known.pathIn(tree)) {
    const isUnmerged = there(tree.parentNode(index)).unmergedLeaves.includes(known.leafIndex);
    expect(known.keys.has(index)).toBe(!isUnmerged);
  }
  expect(known.isComplete(tree)).toBe(true);
}

function expectValid({ tree }: Circle): void {
  const verdict = verdictOf((checks) => {
    validateTree(checks, tree, new GroupDemands(tree.suite), GROUP_ID, tree.treeHash(), anybody);
  });
  expect(verdict).toBe('');
}

/** Ciphertexts at each node of a path. */
function counts(path: UpdatePath): number[] {
  return path.nodes.map((node) => node.encryptedPathSecret.length);
}

function indices(known: TreePrivate): number[] {
  return [...known.keys.keys()];
}

describe.each(ALL_SUITES)('suite %i', (number) => {
  test.each([2, 3, 5, 8])('everybody of %i commits once', (size) => {
    const group = circle(size, suite(number), COLD);
    const secrets = new Set<string>();
    for (let sender = 0; sender < size; sender += 1) {
      secrets.add(exchange(group, sender));
    }
    expect(secrets.size).toBe(size);
    expectValid(group);
  });
});

test('alone', () => {
  const group = circle(1, CRYPTO, COLD);
  const secret = exchange(group, 0);
  expect(secret.length).toBe(2 * CRYPTO.hashLength);
  expect(indices(group.treePrivate(0))).toEqual([0]);
  expectValid(group);
});

test('a warm path has one ciphertext for each level', () => {
  const group = circle(8, CRYPTO, COLD);
  expect(counts(pathOf(group, 0))).toEqual([1, 2, 4]);
  for (let sender = 0; sender < 8; sender += 1) {
    exchange(group, sender);
  }
  expect(counts(pathOf(group, 0))).toEqual([1, 1, 1]);
});

test('newcomers join by their path secret', () => {
  const group = circle(3, CRYPTO, COLD);
  exchange(group, 1);
  const added = [group.add('new'), group.add('newer')] as const;
  exchange(group, 0, added);
  expectValid(group);
  exchange(group, added[1]);
  expectValid(group);
});

test('newcomers get no ciphertext', () => {
  const group = circle(2, CRYPTO, COLD);
  const added = [group.add('new'), group.add('newer')];
  expect(counts(pathOf(group, 0, added))).toEqual([1, 0]);
});

test('an own update forgets the path', () => {
  const group = circle(4, CRYPTO, COLD);
  exchange(group, 2);
  const device = group.device(2);
  const [privateKey, encryptionKey] = CRYPTO.kemGenerate();
  const content = device.content({ encryptionKey, lifetime: undefined });
  const binding = new LeafBinding(GROUP_ID, 2);
  group.tree.updateLeaf(2, content.sign(CRYPTO, device.signer, binding));
  device.treePrivate = group.treePrivate(2).withLeafKey(privateKey);
  expect(device.treePrivate.keys).toEqual(new Map([[4, privateKey]]));
  for (const [leafIndex, other] of group.devices) {
    other.treePrivate = group.treePrivate(leafIndex).pruned(group.tree);
  }
  exchange(group, 0);
  expectValid(group);
});

test('a removed member learns nothing', () => {
  const group = circle(4, CRYPTO, COLD);
  for (let sender = 0; sender < 4; sender += 1) {
    exchange(group, sender);
  }
  const gone = group.treePrivate(3);
  group.devices.delete(3);
  group.tree.removeLeaf(3);
  const mine = group.tree.copy();
  const path = madeBy(group, mine, 0).encrypt(mine, CONTEXT);
  expect(() => gone.openPath(mine, 0, path, CONTEXT)).toThrow(DecryptionFailed);
  expect(() => gone.openPath(mine, 0, path, CONTEXT)).toThrow(/nothing/);
  exchange(group, 1);
  expectValid(group);
});

test('any history keeps everybody together', () => {
  forAll(30, (chance) => {
    const group = circle(chance.integer(1, 6), CRYPTO, COLD);
    for (let step = 0; step < 6; step += 1) {
      const members = [...group.devices.keys()];
      const sender = chance.pick(members);
      if (members.length > 2 && chance.integer(1, 10) <= 4) {
        const gone = chance.pick(members.filter((leafIndex) => leafIndex !== sender));
        group.devices.delete(gone);
        group.tree.removeLeaf(gone);
        for (const [leafIndex, device] of group.devices) {
          device.treePrivate = group.treePrivate(leafIndex).pruned(group.tree);
        }
      }
      exchange(
        group,
        sender,
        chance.list(2, () => group.add(`step ${step}`)),
      );
      expectValid(group);
    }
  });
});

/** Five members, and a path of member 0 made on a copy of the tree. */
function ready(): readonly [Circle, RatchetTree, UpdatePath] {
  const group = circle(5, CRYPTO, COLD);
  for (let sender = 0; sender < 5; sender += 1) {
    exchange(group, sender);
  }
  const mine = group.tree.copy();
  return [group, mine, madeBy(group, mine, 0).encrypt(mine, CONTEXT)];
}

test('a path is bound to its context', () => {
  const [group, mine, path] = ready();
  expect(() => group.treePrivate(1).openPath(mine, 0, path, utf8('another context'))).toThrow(
    DecryptionFailed,
  );
});

test.each([0, 2])('path-ciphertexts: not %i where one belongs', (count) => {
  const [group, mine, path] = ready();
  const [lowest, ...others] = path.nodes;
  const { encryptionKey, encryptedPathSecret } = there(lowest);
  const sealed = [...encryptedPathSecret, ...encryptedPathSecret].slice(0, count);
  const lying = new UpdatePath(path.leafNode, [
    new UpdatePathNode(encryptionKey, sealed),
    ...others,
  ]);
  for (const reader of [1, 2, 3, 4]) {
    const check = verdictOf(() => group.treePrivate(reader).openPath(mine, 0, lying, CONTEXT));
    expect(check).toBe('path-ciphertexts');
  }
});

test('path-public-key', () => {
  // The sender encrypts a secret that does not belong to the keys it shows.
  const group = circle(4, CRYPTO, COLD);
  const mine = group.tree.copy();
  const made = madeBy(group, mine, 0);
  const lying = new NewPath(
    made.leafIndex,
    made.leafNode,
    made.path,
    [new Uint8Array(32), ...made.secrets.slice(1)],
    made.publicKeys,
    made.treePrivate,
    made.commitSecret,
  ).encrypt(mine, CONTEXT);
  const open = (reader: number) => () =>
    group.treePrivate(reader).openPath(mine, 0, lying, CONTEXT);
  expect(verdictOf(open(1))).toBe('path-public-key');
  expect(verdictOf(open(2))).toBe('');
});

test("a wrong secret in a newcomer's Welcome", () => {
  const group = circle(3);
  const added = group.add('new');
  const mine = group.tree.copy();
  const made = madeBy(group, mine, 0);
  const known = group.treePrivate(added);
  const climb = (secret: Uint8Array) => () => known.withPathSecret(mine, 0, secret);
  expect(verdictOf(climb(new Uint8Array(32)))).toBe('path-public-key');
  expect(verdictOf(climb(made.secretFor(added)))).toBe('');
  expect(known.isComplete(mine)).toBe(false);
  expect(climb(made.secretFor(added))().isComplete(mine)).toBe(true);
});

test('a path secret stays as it was for its other readers', () => {
  const group = circle(3);
  const added = group.add('new');
  const mine = group.tree.copy();
  const secret = madeBy(group, mine, 0).secretFor(added);
  const kept = secret.slice();
  group.treePrivate(added).withPathSecret(mine, 0, secret);
  expect(secret).toEqual(kept);
});

test.each([5, 2 ** 31, 2 ** 32 - 1])('nobody at leaf %i is a sender', (sender) => {
  const { tree, devices } = circle(3);
  const known = TreePrivate.ofLeaf(1, there(devices.get(1)).encryptionPrivate);
  const secret = new Uint8Array(32);
  expect(() => known.withPathSecret(tree, sender, secret)).toThrow(GroupUsageError);
});

test('no secret for oneself', () => {
  const group = circle(2);
  const made = madeBy(group, group.tree, 0);
  expect(() => made.secretFor(0)).toThrow(GroupUsageError);
});

test("a recipient's key that is unusable", () => {
  const group = circle(2, CRYPTO, COLD);
  const encryptionKey = new Uint8Array(32);
  group.tree.updateLeaf(1, Device.make('eve').leaf({ encryptionKey }));
  expect(() => pathOf(group, 0)).toThrow(KeyRefused);
});

test('ciphertexts cannot be exchanged', () => {
  const [group, mine, path] = ready();
  const [first, second, ...others] = path.nodes;
  const [one, other] = [there(first), there(second)];
  const swapped = new UpdatePath(path.leafNode, [
    new UpdatePathNode(one.encryptionKey, other.encryptedPathSecret),
    new UpdatePathNode(other.encryptionKey, one.encryptedPathSecret),
    ...others,
  ]);
  for (const reader of [1, 2]) {
    expect(() => group.treePrivate(reader).openPath(mine, 0, swapped, CONTEXT)).toThrow(
      DecryptionFailed,
    );
  }
});

test('keys of blank nodes are dropped', () => {
  const group = circle(4, CRYPTO, COLD);
  exchange(group, 0);
  const known = group.treePrivate(0);
  expect(indices(known)).toEqual([0, 1, 3]);
  group.tree.removeLeaf(1);
  expect(indices(known.pruned(group.tree))).toEqual([0]);
  expect(indices(known)).toEqual([0, 1, 3]);
});

test("a member's key is its own copy", () => {
  const [privateKey] = CRYPTO.kemGenerate();
  const kept = privateKey.slice();
  const known = TreePrivate.ofLeaf(0, privateKey);
  privateKey.fill(0);
  expect(known.keys.get(0)).toEqual(kept);
});

describe.each(VECTOR_SUITES)('official vectors, suite %i', (number) => {
  interface Known {
    readonly index: number;
    readonly encryption_priv: string;
    readonly signature_priv: string;
    readonly path_secrets: readonly { readonly node: number; readonly path_secret: string }[];
  }

  interface Case {
    readonly cipher_suite: number;
    readonly group_id: string;
    readonly epoch: number;
    readonly confirmed_transcript_hash: string;
    readonly ratchet_tree: string;
    readonly leaves_private: readonly Known[];
    readonly update_paths: readonly {
      readonly sender: number;
      readonly update_path: string;
      readonly tree_hash_after: string;
      readonly commit_secret: string;
      readonly path_secrets: readonly (string | null)[];
    }[];
  }

  const crypto: Suite = suite(number);
  const cases = vectors<Case>('treekem').filter((one) => one.cipher_suite === number);

  function contextOf(one: Case, treeHash: Uint8Array): Uint8Array {
    return concat(
      u16(1),
      u16(crypto.id),
      opaque(fromHex(one.group_id)),
      u64(BigInt(one.epoch)),
      opaque(treeHash),
      opaque(fromHex(one.confirmed_transcript_hash)),
      Uint8Array.of(0),
    );
  }

  function privateOf(known: Known): TreePrivate {
    const keys = new Map([[2 * known.index, fromHex(known.encryption_priv)]]);
    for (const { node, path_secret } of known.path_secrets) {
      const secret = crypto.deriveSecret(fromHex(path_secret), 'node');
      keys.set(node, crypto.kemDeriveKeyPair(secret)[0]);
    }
    return new TreePrivate(known.index, keys);
  }

  function treeOf(one: Case): RatchetTree {
    return RatchetTree.fromBytes(crypto, fromHex(one.ratchet_tree));
  }

  /** Each private key is that of its node. */
  function expectFit(tree: RatchetTree, known: TreePrivate): void {
    for (const [index, key] of known.keys) {
      expect(crypto.kem.publicOf(key)).toEqual(tree.present(index).encryptionKey);
    }
  }

  test('private keys fit the tree', () => {
    expect(cases.length).toBe(11);
    for (const one of cases) {
      for (const known of one.leaves_private) {
        expectFit(treeOf(one), privateOf(known));
      }
    }
  });

  test('official paths open', () => {
    for (const one of cases) {
      const before = treeOf(one);
      for (const update of one.update_paths) {
        const path = UpdatePath.fromBytes(fromHex(update.update_path));
        expect(toHex(path.toBytes())).toBe(update.update_path);
        const after = before.copy();
        applyPath(after, update.sender, path);
        expect(toHex(after.treeHash())).toBe(update.tree_hash_after);
        const context = contextOf(one, after.treeHash());
        for (const known of one.leaves_private) {
          if (known.index !== update.sender) {
            const mine = privateOf(known);
            const [next, commitSecret] = mine.openPath(after, update.sender, path, context);
            expect(toHex(commitSecret)).toBe(update.commit_secret);
            expectFit(after, next);
          }
        }
      }
    }
  });

  test('path secrets climb to the root', () => {
    for (const one of cases) {
      const before = treeOf(one);
      for (const update of one.update_paths) {
        const after = before.copy();
        applyPath(after, update.sender, UpdatePath.fromBytes(fromHex(update.update_path)));
        for (const known of one.leaves_private) {
          const secret = update.path_secrets[known.index] ?? null;
          if (secret !== null) {
            const mine = privateOf(known).pruned(after);
            expectFit(after, mine.withPathSecret(after, update.sender, fromHex(secret)));
          }
        }
      }
    }
  });

  test('our paths open', () => {
    for (const one of cases) {
      const before = treeOf(one);
      const groupId = fromHex(one.group_id);
      for (const sender of one.leaves_private) {
        const mine = before.copy();
        const content = there(mine.leaf(sender.index)).content();
        const signer = fromHex(sender.signature_priv);
        const made = newPath(mine, sender.index, content, signer, groupId);
        const context = contextOf(one, mine.treeHash());
        const path = UpdatePath.fromBytes(made.encrypt(mine, context).toBytes());
        const theirs = before.copy();
        applyPath(theirs, sender.index, path);
        expect(theirs.treeHash()).toEqual(mine.treeHash());
        for (const known of one.leaves_private) {
          if (known !== sender) {
            const [, secret] = privateOf(known).openPath(theirs, sender.index, path, context);
            expect(secret).toEqual(made.commitSecret);
          }
        }
      }
    }
  });
});
