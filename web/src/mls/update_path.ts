/**
 * UpdatePath: a committer's new leaf and path, and what everybody who sees them can check
 * (RFC 9420 sections 7.5, 7.6). All of it is public; the secrets inside are those of `tree_kem.ts`.
 */

import { concat, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, type Reader, vector } from './codec.ts';
import { require as ensure } from './errors.ts';
import { KEY_LIMIT, keyName, LeafNode, SOURCE_COMMIT } from './leaf_node.ts';
import { checkPublicKey, checkSource } from './leaf_validation.ts';
import { type PathStep, type RatchetTree, TREE_LIMIT } from './ratchet_tree.ts';

/** One HPKE encryption: the KEM's output and the ciphertext (RFC 9420 section 5.1.3). */
export class HpkeCiphertext {
  constructor(
    readonly kemOutput: Uint8Array,
    readonly ciphertext: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): HpkeCiphertext {
    return new HpkeCiphertext(reader.opaque(KEY_LIMIT), reader.opaque());
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): HpkeCiphertext {
    return parseWhole((reader) => HpkeCiphertext.read(reader), raw);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(opaque(this.kemOutput), opaque(this.ciphertext));
  }
}

/** A node's new public key, and its path secret for each node of the copath's resolution. */
export class UpdatePathNode {
  constructor(
    readonly encryptionKey: Uint8Array,
    readonly encryptedPathSecret: readonly HpkeCiphertext[],
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): UpdatePathNode {
    const key = reader.opaque(KEY_LIMIT);
    return new UpdatePathNode(
      key,
      reader.vector((item) => HpkeCiphertext.read(item), TREE_LIMIT),
    );
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(
      opaque(this.encryptionKey),
      vector(this.encryptedPathSecret.map((item) => item.toBytes())),
    );
  }
}

/** A committer's new leaf and path (RFC 9420 section 7.6). */
export class UpdatePath {
  constructor(
    readonly leafNode: LeafNode,
    readonly nodes: readonly UpdatePathNode[],
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): UpdatePath {
    return new UpdatePath(
      LeafNode.read(reader),
      reader.vector((item) => UpdatePathNode.read(item), TREE_LIMIT),
    );
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): UpdatePath {
    return parseWhole((reader) => UpdatePath.read(reader), raw);
  }

  equals(other: UpdatePath): boolean {
    return equalBytes(this.toBytes(), other.toBytes());
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(this.leafNode.toBytes(), vector(this.nodes.map((node) => node.toBytes())));
  }
}

/**
 * Whom a path's secret is encrypted to: the resolution of a copath node without the members
 * whom this commit adds. They learn theirs from the Welcome.
 */
export function recipients(
  tree: RatchetTree,
  beside: number,
  newcomers: readonly number[],
): number[] {
  const resolution = tree.resolution(beside);
  if (newcomers.length === 0) {
    return resolution;
  }
  const fresh = new Set(newcomers.map((leafIndex) => 2 * leafIndex));
  return resolution.filter((place) => !fresh.has(place));
}

/**
 * A sender's filtered direct path, each step with its node of the path.
 *
 * Throws ValidationError `path-length` unless they are as many.
 */
export function pathSteps(
  tree: RatchetTree,
  senderLeaf: number,
  path: UpdatePath,
): (readonly [step: PathStep, node: UpdatePathNode])[] {
  const filtered = tree.filteredDirectPath(senderLeaf);
  const steps = path.nodes.flatMap((node, at) => {
    const step = filtered[at];
    return step === undefined ? [] : [[step, node] as const];
  });
  ensure(
    steps.length === filtered.length && steps.length === path.nodes.length,
    'path-length',
    `The path of member ${senderLeaf} has ${path.nodes.length} nodes; ` +
      `its filtered direct path has ${filtered.length}.`,
  );
  return steps;
}

/**
 * `path-ciphertexts`: each node of a path has one ciphertext for each recipient.
 *
 * Every member checks the whole path, not its own part only, so that all of them accept a
 * commit or none does. Needs no secrets. Throws ValidationError.
 */
export function checkCiphertexts(
  tree: RatchetTree,
  senderLeaf: number,
  path: UpdatePath,
  newcomers: readonly number[] = [],
): void {
  for (const [[node, beside], step] of pathSteps(tree, senderLeaf, path)) {
    const expected = recipients(tree, beside, newcomers).length;
    ensure(
      step.encryptedPathSecret.length === expected,
      'path-ciphertexts',
      `The path's secret for node ${node} is encrypted ${step.encryptedPathSecret.length} ` +
        `times for ${expected} recipients.`,
    );
  }
}

/**
 * Put a committer's path into a copy of the tree (RFC 9420 section 7.5, public part).
 *
 * The caller validates the leaf itself (`leaf_validation.ts`). Throws ValidationError:
 * `leaf-source`, `path-length`, `path-fresh-leaf-key`, `path-unique-keys`, `path-usable-keys`,
 * `path-parent-hash`.
 */
export function applyPath(tree: RatchetTree, senderLeaf: number, path: UpdatePath): void {
  const leaf = path.leafNode;
  checkSource(leaf, SOURCE_COMMIT);
  const steps = pathSteps(tree, senderLeaf, path);
  const inTree = new Set<string>();
  for (const [, member] of tree.leaves()) {
    inTree.add(member.encryptionKeyName);
  }
  ensure(
    !inTree.has(leaf.encryptionKeyName),
    'path-fresh-leaf-key',
    "A commit's leaf reuses an encryption key; it must bring a fresh one.",
  );
  for (const [, node] of tree.parents()) {
    inTree.add(node.encryptionKeyName);
  }
  for (const name of [leaf.encryptionKeyName, ...steps.map(nameOfStep)]) {
    ensure(
      !inTree.has(name),
      'path-unique-keys',
      'A path reuses a key that stands in the tree or twice in the path.',
    );
    inTree.add(name);
  }
  const keys: Uint8Array[] = [];
  for (const [[node], { encryptionKey }] of steps) {
    // Who stands beside a node never sees its secret, but must encrypt to its key later; one that
    // is none would keep these members from committing.
    checkPublicKey(tree.suite, encryptionKey, 'path-usable-keys', `The new key of node ${node}`);
    keys.push(encryptionKey);
  }
  const expected = tree.putPath(senderLeaf, keys);
  ensure(
    equalBytes(leaf.parentHash, expected),
    'path-parent-hash',
    `The leaf of member ${senderLeaf} does not carry the parent hash of its new path.`,
  );
  tree.putLeaf(senderLeaf, leaf);
}

function nameOfStep([, node]: readonly [PathStep, UpdatePathNode]): string {
  return keyName(node.encryptionKey);
}
