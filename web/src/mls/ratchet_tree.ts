/**
 * The ratchet tree's public half (RFC 9420 sections 4, 7.6 to 7.9, 12.4.3.3).
 *
 * Nodes are immutable, so a copy is two shallow lists: a staged commit changes its copy and the
 * group keeps the old tree until it accepts. Tree hashes are remembered per node (undefined: not
 * known) and forgotten along the direct path of whatever changes.
 */

import { concat, EMPTY, equalBytes } from '../base/bytes.ts';
import {
  ITEMS_LIMIT,
  opaque,
  optional,
  parseWhole,
  Reader,
  u8,
  u32,
  u32Vector,
  vector,
} from './codec.ts';
import { CodecError, GroupUsageError } from './errors.ts';
import { KEY_LIMIT, keyName, LeafNode } from './leaf_node.ts';
import type { Suite } from './suite.ts';
import * as treeMath from './tree_math.ts';

/**
 * Leaves of the largest tree that is read: far above 1,000 participants with all their devices,
 * far below what could fill the memory with blank nodes of one byte each.
 */
export const MAX_LEAVES = 2 ** 16;

/** Bytes of the largest tree that is read: 16 MiB, less what stands around it in a GroupInfo. */
export const TREE_LIMIT = 2 ** 24 - 2 ** 16;

const NODE_LEAF = 1;
const NODE_PARENT = 2;

const BLANK = Uint8Array.of(0);
const PRESENT_LEAF = Uint8Array.of(1, NODE_LEAF);
const PRESENT_PARENT = Uint8Array.of(1, NODE_PARENT);

/** An inner node (RFC 9420 section 7.1). Two are equal when their encodings are. */
export class ParentNode {
  #encryptionKeyName: string | undefined;

  /**
   * `unmergedLeaves`: leaf indices, strictly increasing, of members who do not know this node's
   * private key.
   */
  constructor(
    readonly encryptionKey: Uint8Array,
    readonly parentHash: Uint8Array,
    readonly unmergedLeaves: readonly number[],
    readonly encoded: Uint8Array,
  ) {}

  /** A node from its parts. */
  static build(
    encryptionKey: Uint8Array,
    parentHash: Uint8Array,
    unmergedLeaves: readonly number[] = [],
  ): ParentNode {
    const encoded = concat(opaque(encryptionKey), opaque(parentHash), u32Vector(unmergedLeaves));
    return new ParentNode(encryptionKey, parentHash, unmergedLeaves, encoded);
  }

  /** Throws CodecError, also for unmerged leaves that are not strictly increasing. */
  static read(reader: Reader): ParentNode {
    const start = reader.position;
    const encryptionKey = reader.opaque(KEY_LIMIT);
    const parentHash = reader.opaque(255);
    const unmerged = reader.u32Vector(4 * MAX_LEAVES);
    let last = -1;
    for (const leafIndex of unmerged) {
      if (leafIndex <= last) {
        throw new CodecError("A parent node's unmerged leaves are not strictly increasing.");
      }
      last = leafIndex;
    }
    return new ParentNode(encryptionKey, parentHash, unmerged, reader.since(start));
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): ParentNode {
    return parseWhole((reader) => ParentNode.read(reader), raw);
  }

  /** `keyName` of the encryption key, made once. */
  get encryptionKeyName(): string {
    this.#encryptionKeyName ??= keyName(this.encryptionKey);
    return this.#encryptionKeyName;
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return this.encoded;
  }

  /** The same node with other unmerged leaves. */
  withUnmerged(unmergedLeaves: readonly number[]): ParentNode {
    return ParentNode.build(this.encryptionKey, this.parentHash, unmergedLeaves);
  }

  equals(other: unknown): boolean {
    return other instanceof ParentNode && equalBytes(this.encoded, other.encoded);
  }
}

export type Node = LeafNode | ParentNode;

/** A node of a leaf's filtered direct path, and its child on the copath. */
export type PathStep = readonly [node: number, beside: number];

/** `optional<Node>`: a presence byte, the node's type, the node. */
function readNode(reader: Reader): Node | undefined {
  const present = reader.u8();
  if (present === 0) {
    return undefined;
  }
  if (present !== 1) {
    throw new CodecError(`The presence of a tree's node is 0 or 1, not ${present}.`);
  }
  const kind = reader.u8();
  if (kind === NODE_LEAF) {
    return LeafNode.read(reader);
  }
  if (kind === NODE_PARENT) {
    return ParentNode.read(reader);
  }
  throw new CodecError(`A tree's node is a leaf (1) or a parent (2), not ${kind}.`);
}

/** Leaves and parents of one epoch. Change a `copy()`; the original may be in use. */
export class RatchetTree {
  readonly #nodes: (Node | undefined)[];
  readonly #hashes: (Uint8Array | undefined)[];

  /**
   * From a full array of nodes: the length is 2^(d+1) - 1, the types are in place. `hashes` are
   * those that are known already.
   */
  constructor(
    readonly suite: Suite,
    nodes: readonly (Node | undefined)[],
    hashes: readonly (Uint8Array | undefined)[] = blanks(nodes.length),
  ) {
    this.#nodes = nodes.slice();
    this.#hashes = hashes.slice();
  }

  /** The tree of a new group: its creator alone. */
  static ofOne(suite: Suite, leaf: LeafNode): RatchetTree {
    return new RatchetTree(suite, [leaf]);
  }

  /**
   * From the body of a `ratchet_tree` extension (RFC 9420 section 12.4.3.3).
   *
   * Checks the shape only; `tree_validation.ts` checks the content. Throws CodecError.
   */
  static fromBytes(suite: Suite, raw: Uint8Array): RatchetTree {
    const outer = new Reader(raw);
    const reader = new Reader(outer.opaque(TREE_LIMIT));
    outer.finish();
    const nodes: (Node | undefined)[] = [];
    while (reader.remaining > 0) {
      if (nodes.length >= treeMath.nodeCount(MAX_LEAVES)) {
        throw new CodecError(`A ratchet tree has more than ${MAX_LEAVES} leaves.`);
      }
      const node = readNode(reader);
      if (node !== undefined && node instanceof LeafNode !== treeMath.isLeaf(nodes.length)) {
        throw new CodecError(`Node ${nodes.length} of a ratchet tree is of the wrong type.`);
      }
      nodes.push(node);
    }
    if (nodes.at(-1) === undefined) {
      throw new CodecError('A ratchet tree must end with a node that is not blank.');
    }
    const leafCount = treeMath.paddedLeafCount(Math.floor(nodes.length / 2) + 1);
    const missing = treeMath.nodeCount(leafCount) - nodes.length;
    return new RatchetTree(suite, [...nodes, ...blanks(missing)]);
  }

  /** The body of a `ratchet_tree` extension: without the blank nodes at the right end. */
  toBytes(): Uint8Array {
    const parts: Uint8Array[] = [];
    const end = this.#nodes.findLastIndex((node) => node !== undefined);
    for (const node of this.#nodes.slice(0, end + 1)) {
      if (node === undefined) {
        parts.push(BLANK);
      } else {
        parts.push(node instanceof LeafNode ? PRESENT_LEAF : PRESENT_PARENT, node.encoded);
      }
    }
    return vector(parts);
  }

  /** Whether `fromBytes` reads this tree; a larger one can be neither sent nor loaded. */
  get isReadable(): boolean {
    // The lists whose items a reader counts.
    const items = Array.from(this.leaves(), ([, leaf]) => leaf.extensions).flat().length;
    const fits = this.leafCount <= MAX_LEAVES && items <= ITEMS_LIMIT;
    return fits && this.toBytes().length <= TREE_LIMIT;
  }

  /** A tree that can change without changing this one; shares the nodes. */
  copy(): RatchetTree {
    return new RatchetTree(this.suite, this.#nodes, this.#hashes);
  }

  // -- looking

  /** Places for leaves, blank ones included; a power of two. */
  get leafCount(): number {
    return (this.#nodes.length + 1) / 2;
  }

  /** Length of the node array. */
  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** The root's node index. */
  get root(): number {
    return this.leafCount - 1;
  }

  /** The node at an index, undefined when it is blank or outside. */
  node(index: number): Node | undefined {
    return this.#nodes[index];
  }

  /**
   * The node at an index that is not blank, e.g. one of a resolution.
   *
   * Throws GroupUsageError when it is blank or outside.
   */
  present(index: number): Node {
    const node = this.#nodes[index];
    if (node === undefined) {
      throw new GroupUsageError(`Node ${index} of the ratchet tree is blank.`);
    }
    return node;
  }

  /** The leaf at a leaf index, undefined when it is blank or outside. */
  leaf(leafIndex: number): LeafNode | undefined {
    const node = this.#nodes[2 * leafIndex];
    return node instanceof LeafNode ? node : undefined;
  }

  /** The parent node at a node index, undefined when it is blank or outside. */
  parentNode(index: number): ParentNode | undefined {
    const node = this.#nodes[index];
    return node instanceof ParentNode ? node : undefined;
  }

  /** The members: leaf index and leaf, from the left. */
  *leaves(): Generator<readonly [leafIndex: number, leaf: LeafNode]> {
    for (let index = 0; index < this.#nodes.length; index += 2) {
      const node = this.#nodes[index];
      if (node instanceof LeafNode) {
        yield [index / 2, node];
      }
    }
  }

  /** The parent nodes that are not blank: node index and node, from the left. */
  *parents(): Generator<readonly [index: number, node: ParentNode]> {
    for (let index = 1; index < this.#nodes.length; index += 2) {
      const node = this.#nodes[index];
      if (node instanceof ParentNode) {
        yield [index, node];
      }
    }
  }

  /** Node indices from a leaf's parent to the root. */
  directPath(leafIndex: number): number[] {
    return treeMath.directPath(2 * leafIndex, this.leafCount);
  }

  /** The nodes that together cover a subtree's members (RFC 9420 section 4.1.1). */
  resolution(index: number): number[] {
    const node = this.#nodes[index];
    if (node instanceof ParentNode) {
      return [index, ...node.unmergedLeaves.map((leafIndex) => 2 * leafIndex)];
    }
    if (node !== undefined) {
      return [index];
    }
    if (treeMath.isLeaf(index)) {
      return [];
    }
    return [...this.resolution(treeMath.left(index)), ...this.resolution(treeMath.right(index))];
  }

  /** Whether a subtree's resolution is empty: every node under it is blank. */
  #isEmpty(index: number): boolean {
    const [first, last] = treeMath.span(index);
    for (let place = first; place <= last; place += 1) {
      if (this.#nodes[place] !== undefined) {
        return false;
      }
    }
    return true;
  }

  /**
   * A leaf's direct path without the nodes whose other side is empty (section 4.1.2), from the
   * bottom.
   */
  filteredDirectPath(leafIndex: number): PathStep[] {
    const steps: PathStep[] = [];
    let below = 2 * leafIndex;
    for (const node of this.directPath(leafIndex)) {
      const beside = treeMath.sibling(below);
      if (!this.#isEmpty(beside)) {
        steps.push([node, beside]);
      }
      below = node;
    }
    return steps;
  }

  // -- changing

  /** Set a node and forget the hashes it takes part in. */
  #put(index: number, node: Node | undefined): void {
    this.#nodes[index] = node;
    this.#hashes[index] = undefined;
    for (const above of treeMath.directPath(index, this.leafCount)) {
      this.#hashes[above] = undefined;
    }
  }

  #blankPath(leafIndex: number): void {
    for (const index of this.directPath(leafIndex)) {
      this.#nodes[index] = undefined;
      this.#hashes[index] = undefined;
    }
  }

  /** Put a new member at the leftmost blank leaf and return its index (section 7.7). */
  addLeaf(leaf: LeafNode): number {
    let index = 0;
    while (index < this.#nodes.length && this.#nodes[index] !== undefined) {
      index += 2;
    }
    if (index > this.#nodes.length) {
      for (let more = this.#nodes.length + 1; more > 0; more -= 1) {
        this.#nodes.push(undefined);
        this.#hashes.push(undefined);
      }
    }
    this.#put(index, leaf);
    const leafIndex = index / 2;
    for (const above of this.directPath(leafIndex)) {
      const node = this.#nodes[above];
      if (node instanceof ParentNode) {
        this.#nodes[above] = node.withUnmerged(inserted(node.unmergedLeaves, leafIndex));
      }
    }
    return leafIndex;
  }

  /**
   * Replace a member's leaf and blank its direct path (section 12.1.2).
   *
   * Throws GroupUsageError when there is no such member.
   */
  updateLeaf(leafIndex: number, leaf: LeafNode): void {
    this.#requireMember(leafIndex);
    this.#put(2 * leafIndex, leaf);
    this.#blankPath(leafIndex);
  }

  /**
   * Blank a member's leaf and direct path, then shrink the tree (sections 7.7, 12.1.3).
   *
   * Throws GroupUsageError when there is no such member.
   */
  removeLeaf(leafIndex: number): void {
    this.#requireMember(leafIndex);
    this.#put(2 * leafIndex, undefined);
    this.#blankPath(leafIndex);
    while (this.leafCount > 1 && this.#isEmpty(treeMath.right(this.root))) {
      const keep = this.root;
      this.#nodes.length = keep;
      this.#hashes.length = keep;
    }
  }

  #requireMember(leafIndex: number): void {
    if (this.leaf(leafIndex) === undefined) {
      throw new GroupUsageError(
        `Leaf ${leafIndex} is blank: no member stands there; choose one of members().`,
      );
    }
  }

  /** Set the leaf of a commit's path, whose parents `putPath` has set already. */
  putLeaf(leafIndex: number, leaf: LeafNode): void {
    this.#put(2 * leafIndex, leaf);
  }

  /**
   * Set new keys along a leaf's filtered direct path (section 7.5), and return the parent
   * hash that the leaf must carry.
   *
   * `publicKeys` has one key for each node of the filtered direct path, from the bottom.
   * The other nodes of the direct path become blank, unmerged leaves are cleared.
   */
  putPath(leafIndex: number, publicKeys: readonly Uint8Array[]): Uint8Array {
    const filtered = this.filteredDirectPath(leafIndex);
    if (publicKeys.length !== filtered.length) {
      throw new RangeError(`${publicKeys.length} keys for a path of ${filtered.length} nodes.`);
    }
    this.#blankPath(leafIndex);
    let above: Uint8Array = EMPTY;
    for (const [step, [index, beside]] of [...filtered.entries()].reverse()) {
      const node = ParentNode.build(publicKeys[step] ?? EMPTY, above);
      this.#nodes[index] = node;
      above = this.parentHash(node, beside);
    }
    return above;
  }

  // -- hashes

  /**
   * The tree hash of a subtree (section 7.8), of the whole tree without an index. It is the
   * remembered one: do not write into it.
   */
  treeHash(index = this.root): Uint8Array {
    let known = this.#hashes[index];
    if (known === undefined) {
      const node = this.#nodes[index];
      if (treeMath.isLeaf(index)) {
        known = this.suite.hash(leafHashInput(index / 2, node));
      } else {
        const left = this.treeHash(treeMath.left(index));
        known = this.suite.hash(parentHashInput(node, left, this.treeHash(treeMath.right(index))));
      }
      this.#hashes[index] = known;
    }
    return known;
  }

  /** The hash that commits to a parent from its child opposite to `beside` (section 7.9). */
  parentHash(node: ParentNode, beside: number): Uint8Array {
    const siblingHash = this.#hashWithout(beside, node.unmergedLeaves);
    return this.suite.hash(
      concat(opaque(node.encryptionKey), opaque(node.parentHash), opaque(siblingHash)),
    );
  }

  /** The tree hash of a subtree as it was before the `excluded` leaves joined. */
  #hashWithout(index: number, excluded: readonly number[]): Uint8Array {
    const [first, last] = treeMath.span(index);
    const gone = excluded.filter((leafIndex) => first <= 2 * leafIndex && 2 * leafIndex <= last);
    if (gone.length === 0) {
      return this.treeHash(index);
    }
    if (first === last) {
      return this.suite.hash(leafHashInput(index / 2, undefined));
    }
    let node = this.#nodes[index];
    if (node instanceof ParentNode && node.unmergedLeaves.length > 0) {
      const absent = new Set(gone);
      node = node.withUnmerged(node.unmergedLeaves.filter((leafIndex) => !absent.has(leafIndex)));
    }
    return this.suite.hash(
      parentHashInput(
        node,
        this.#hashWithout(treeMath.left(index), gone),
        this.#hashWithout(treeMath.right(index), gone),
      ),
    );
  }
}

function blanks(count: number): undefined[] {
  return new Array<undefined>(count).fill(undefined);
}

/** `numbers`, which increase, with one more of them in its place. */
function inserted(numbers: readonly number[], number: number): number[] {
  return [...numbers, number].sort((one, other) => one - other);
}

/** TreeHashInput with LeafNodeHashInput. */
function leafHashInput(leafIndex: number, node: Node | undefined): Uint8Array {
  return concat(u8(NODE_LEAF), u32(leafIndex), optional(node?.encoded));
}

/** TreeHashInput with ParentNodeHashInput. */
function parentHashInput(node: Node | undefined, left: Uint8Array, right: Uint8Array): Uint8Array {
  return concat(u8(NODE_PARENT), optional(node?.encoded), opaque(left), opaque(right));
}
