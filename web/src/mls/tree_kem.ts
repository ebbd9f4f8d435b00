/**
 * TreeKEM: how a commit gives its sender's path new keys (RFC 9420 sections 7.4 to 7.6).
 *
 * Creating: `newPath` changes a copy of the tree; the caller computes the provisional
 * GroupContext from it; `NewPath.encrypt` makes the UpdatePath. Processing: `applyPath` of
 * `update_path.ts` changes a copy of the tree; then `TreePrivate.openPath` finds the commit secret.
 */

import { equalBytes } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { DecryptionFailed, GroupUsageError, require as ensure } from './errors.ts';
import type { KeyPair } from './kem.ts';
import { LeafBinding, type LeafContent, type LeafNode } from './leaf_node.ts';
import type { PathStep, RatchetTree } from './ratchet_tree.ts';
import type { Suite } from './suite.ts';
import * as treeMath from './tree_math.ts';
import {
  checkCiphertexts,
  HpkeCiphertext,
  pathSteps,
  recipients,
  UpdatePath,
  UpdatePathNode,
} from './update_path.ts';

const LABEL = 'UpdatePathNode';

function nextSecret(suite: Suite, pathSecret: Uint8Array): Uint8Array {
  return suite.deriveSecret(pathSecret, 'path');
}

function nodeKeyPair(suite: Suite, pathSecret: Uint8Array): KeyPair {
  const nodeSecret = suite.deriveSecret(pathSecret, 'node');
  const pair = suite.kemDeriveKeyPair(nodeSecret);
  nodeSecret.fill(0);
  return pair;
}

/**
 * The private keys one member knows, by node index: its leaf's, and those of nodes above it.
 *
 * Immutable; each epoch has its own. Drop it to forget the keys: epochs share their bytes.
 */
export class TreePrivate {
  constructor(
    readonly leafIndex: number,
    readonly keys: ReadonlyMap<number, Uint8Array>,
  ) {}

  /** A member who knows only its leaf's key. */
  static ofLeaf(leafIndex: number, privateKey: Uint8Array): TreePrivate {
    return new TreePrivate(leafIndex, new Map([[2 * leafIndex, privateKey.slice()]]));
  }

  /** After an own Update is committed: the path is blank, only the new leaf key counts. */
  withLeafKey(privateKey: Uint8Array): TreePrivate {
    return TreePrivate.ofLeaf(this.leafIndex, privateKey);
  }

  /** Without keys of nodes that are blank in `tree` by now. */
  pruned(tree: RatchetTree): TreePrivate {
    const path = new Set([2 * this.leafIndex, ...this.pathIn(tree)]);
    const kept = [...this.keys].filter(([node]) => path.has(node));
    return new TreePrivate(this.leafIndex, new Map(kept));
  }

  /** The nodes of this member's direct path that are not blank, from the bottom. */
  pathIn(tree: RatchetTree): number[] {
    return tree.directPath(this.leafIndex).filter((node) => tree.parentNode(node) !== undefined);
  }

  /** Whether it has the key of every node above its leaf at which it is not unmerged. */
  isComplete(tree: RatchetTree): boolean {
    return this.pathIn(tree).every(
      (index) =>
        this.keys.has(index) ||
        tree.parentNode(index)?.unmergedLeaves.includes(this.leafIndex) === true,
    );
  }

  /**
   * With the keys that follow from a Welcome's path secret (RFC 9420 section 12.4.3.1).
   *
   * Throws ValidationError `path-public-key` when they are not the tree's.
   */
  withPathSecret(tree: RatchetTree, senderLeaf: number, pathSecret: Uint8Array): TreePrivate {
    const [keys, commitSecret] = climb(tree, this.leafIndex, senderLeaf, pathSecret);
    commitSecret.fill(0);
    return new TreePrivate(this.leafIndex, new Map([...this.keys, ...keys]));
  }

  /**
   * The keys of the next epoch and the commit secret, from another member's path.
   *
   * `tree` has the path applied, `context` is the provisional GroupContext, `newcomers` are
   * the leaves this commit adds. Throws DecryptionFailed or ValidationError.
   */
  openPath(
    tree: RatchetTree,
    senderLeaf: number,
    path: UpdatePath,
    context: Uint8Array,
    newcomers: readonly number[] = [],
  ): readonly [next: TreePrivate, commitSecret: Uint8Array] {
    checkCiphertexts(tree, senderLeaf, path, newcomers);
    const own = 2 * this.leafIndex;
    for (const [[, beside], step] of pathSteps(tree, senderLeaf, path)) {
      if (!treeMath.isUnder(own, beside)) {
        continue;
      }
      const places = recipients(tree, beside, newcomers);
      for (const [at, { kemOutput, ciphertext }] of step.encryptedPathSecret.entries()) {
        const privateKey = this.keys.get(places[at] ?? -1);
        if (privateKey !== undefined) {
          const secret = tree.suite.decryptWithLabel(
            privateKey,
            LABEL,
            context,
            kemOutput,
            ciphertext,
          );
          const [keys, commitSecret] = climb(tree, this.leafIndex, senderLeaf, secret);
          secret.fill(0);
          const kept = this.pruned(tree).keys;
          return [new TreePrivate(this.leafIndex, new Map([...kept, ...keys])), commitSecret];
        }
      }
    }
    throw new DecryptionFailed(
      `The path of member ${senderLeaf} holds nothing that leaf ${this.leafIndex} can open.`,
    );
  }
}

/**
 * From the path secret of the lowest node that two members share, up to the root: the private
 * keys, and the commit secret. Each must fit the tree's public key (`path-public-key`).
 */
function climb(
  tree: RatchetTree,
  ownLeaf: number,
  senderLeaf: number,
  pathSecret: Uint8Array,
): readonly [keys: Map<number, Uint8Array>, commitSecret: Uint8Array] {
  const suite = tree.suite;
  if (tree.leaf(senderLeaf) === undefined) {
    throw new GroupUsageError(`Leaf ${senderLeaf} is blank: no member stands there.`);
  }
  const meeting = treeMath.commonAncestor(2 * ownLeaf, 2 * senderLeaf);
  const top = treeMath.level(meeting);
  const keys = new Map<number, Uint8Array>();
  let secret: Uint8Array = pathSecret.slice();
  for (const index of tree.directPath(ownLeaf)) {
    const node = tree.parentNode(index);
    if (treeMath.level(index) < top || node === undefined) {
      continue;
    }
    const [privateKey, publicKey] = nodeKeyPair(suite, secret);
    ensure(
      equalBytes(publicKey, node.encryptionKey),
      'path-public-key',
      `The path secret does not give the public key of node ${index}: the sender lied.`,
    );
    keys.set(index, privateKey);
    const next = nextSecret(suite, secret);
    secret.fill(0);
    secret = next;
  }
  return [keys, secret];
}

/** A path this member has made: secrets until it is encrypted, and its own new keys. */
export class NewPath {
  /**
   * `path`: the filtered direct path; `secrets`: the path secret of each of its nodes;
   * `publicKeys`: their new keys.
   */
  constructor(
    readonly leafIndex: number,
    readonly leafNode: LeafNode,
    readonly path: readonly PathStep[],
    readonly secrets: readonly Uint8Array[],
    readonly publicKeys: readonly Uint8Array[],
    readonly treePrivate: TreePrivate,
    readonly commitSecret: Uint8Array,
  ) {}

  /**
   * The UpdatePath for everybody but `newcomers`; `context` is the provisional one.
   *
   * Throws KeyRefused when a member's key is unusable.
   */
  encrypt(tree: RatchetTree, context: Uint8Array, newcomers: readonly number[] = []): UpdatePath {
    const nodes = this.path.map(([, beside], step) => {
      const secret = item(this.secrets, step);
      const sealed = recipients(tree, beside, newcomers).map((place) => {
        const key = tree.present(place).encryptionKey;
        return new HpkeCiphertext(...tree.suite.encryptWithLabel(key, LABEL, context, secret));
      });
      return new UpdatePathNode(item(this.publicKeys, step), sealed);
    });
    return new UpdatePath(this.leafNode, nodes);
  }

  /** The path secret that a newcomer's Welcome carries: that of the lowest shared node. */
  secretFor(leafIndex: number): Uint8Array {
    const meeting = treeMath.commonAncestor(2 * this.leafIndex, 2 * leafIndex);
    const secret = this.secrets[this.path.findIndex(([node]) => node === meeting)];
    if (secret === undefined) {
      throw new GroupUsageError(`Leaf ${leafIndex} shares no node with this path.`);
    }
    return secret;
  }
}

/**
 * Fresh keys along a member's path, put into a copy of the tree (RFC 9420 section 7.5).
 *
 * `leaf` says who the member is (`LeafNode.content()` of the old leaf, or changed); its
 * encryption key, lifetime and parent hash are replaced. `tree` is changed.
 * Throws KeyRefused for a bad signer's key.
 */
export function newPath(
  tree: RatchetTree,
  leafIndex: number,
  leaf: LeafContent,
  signerPrivate: Uint8Array,
  groupId: Uint8Array,
): NewPath {
  const suite = tree.suite;
  const [leafPrivate, encryptionKey] = suite.kemGenerate();
  const filtered = tree.filteredDirectPath(leafIndex);
  let secret: Uint8Array = randomBytes(suite.hashLength);
  const keys = new Map([[2 * leafIndex, leafPrivate]]);
  const secrets: Uint8Array[] = [];
  const publicKeys: Uint8Array[] = [];
  for (const [node] of filtered) {
    const [privateKey, publicKey] = nodeKeyPair(suite, secret);
    keys.set(node, privateKey);
    secrets.push(secret);
    publicKeys.push(publicKey);
    secret = nextSecret(suite, secret);
  }
  const parentHash = tree.putPath(leafIndex, publicKeys);
  const signed = leaf
    .with({ encryptionKey, lifetime: undefined, parentHash })
    .sign(suite, signerPrivate, new LeafBinding(groupId, leafIndex));
  tree.putLeaf(leafIndex, signed);
  const treePrivate = new TreePrivate(leafIndex, keys);
  return new NewPath(leafIndex, signed, filtered, secrets, publicKeys, treePrivate, secret);
}

/** The item at `index`; lists of one path are equally long. */
function item<T>(items: readonly T[], index: number): T {
  const found = items[index];
  if (found === undefined) {
    throw new RangeError(`A path has no step ${index}.`);
  }
  return found;
}
