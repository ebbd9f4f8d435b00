"""The ratchet tree's public half (RFC 9420 sections 4, 7.6 to 7.9, 12.4.3.3).

Nodes are immutable, so a copy is two shallow lists: a staged commit changes its copy and the
group keeps the old tree until it accepts. Tree hashes are remembered per node (empty: not known)
and forgotten along the direct path of whatever changes.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from plausch.mls import tree_math
from plausch.mls.codec import ITEMS_LIMIT, Reader, opaque, parse_whole, u32, u32_vector, vector
from plausch.mls.errors import CodecError, GroupUsageError
from plausch.mls.leaf_node import KEY_LIMIT, LeafNode
from plausch.mls.suite import Suite

MAX_LEAVES = 1 << 16
"""Leaves of the largest tree that is read: far above 1,000 participants with all their devices,
far below what could fill the memory with blank nodes of one byte each."""

TREE_LIMIT = (1 << 24) - (1 << 16)
"""Bytes of the largest tree that is read: 16 MiB, less what stands around it in a GroupInfo."""

_NODE_LEAF = 1
_NODE_PARENT = 2


@dataclass(frozen=True, slots=True, eq=False)
class ParentNode:
    """An inner node (RFC 9420 section 7.1). Two are equal when their encodings are."""

    encryption_key: bytes
    parent_hash: bytes
    unmerged_leaves: tuple[int, ...]
    """Leaf indices, strictly increasing, of members who do not know this node's private key."""
    encoded: bytes = field(repr=False)

    @classmethod
    def build(
        cls, encryption_key: bytes, parent_hash: bytes, unmerged_leaves: tuple[int, ...] = ()
    ) -> Self:
        """A node from its parts."""
        encoded = opaque(encryption_key) + opaque(parent_hash) + u32_vector(unmerged_leaves)
        return cls(encryption_key, parent_hash, unmerged_leaves, encoded)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError, also for unmerged leaves that are not strictly increasing."""
        start = reader.position
        encryption_key = reader.opaque(KEY_LIMIT)
        parent_hash = reader.opaque(255)
        unmerged = reader.u32_vector(4 * MAX_LEAVES)
        if any(one >= other for one, other in pairwise(unmerged)):
            raise CodecError("A parent node's unmerged leaves are not strictly increasing.")
        return cls(encryption_key, parent_hash, unmerged, reader.since(start))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return self.encoded

    def with_unmerged(self, unmerged_leaves: Iterable[int]) -> "ParentNode":
        """The same node with other unmerged leaves."""
        return ParentNode.build(self.encryption_key, self.parent_hash, tuple(unmerged_leaves))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParentNode) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)


Node = LeafNode | ParentNode


def _read_node(reader: Reader) -> Node | None:
    """`optional<Node>`: a presence byte, the node's type, the node."""
    present = reader.u8()
    if present == 0:
        return None
    if present != 1:
        raise CodecError(f"The presence of a tree's node is 0 or 1, not {present}.")
    kind = reader.u8()
    if kind == _NODE_LEAF:
        return LeafNode.read(reader)
    if kind == _NODE_PARENT:
        return ParentNode.read(reader)
    raise CodecError(f"A tree's node is a leaf (1) or a parent (2), not {kind}.")


class RatchetTree:
    """Leaves and parents of one epoch. Change a `copy()`; the original may be in use."""

    __slots__ = ("_hashes", "_nodes", "suite")

    def __init__(self, suite: Suite, nodes: Sequence[Node | None]) -> None:
        """From a full array of nodes: the length is 2^(d+1) - 1, the types are in place."""
        self.suite = suite
        self._nodes = list(nodes)
        self._hashes = [b""] * len(self._nodes)

    @classmethod
    def of_one(cls, suite: Suite, leaf: LeafNode) -> Self:
        """The tree of a new group: its creator alone."""
        return cls(suite, [leaf])

    @classmethod
    def from_bytes(cls, suite: Suite, raw: bytes) -> Self:
        """From the body of a `ratchet_tree` extension (RFC 9420 section 12.4.3.3).

        Checks the shape only; `tree_validation` checks the content. Raises CodecError.
        """
        outer = Reader(raw)
        reader = Reader(outer.opaque(TREE_LIMIT))
        outer.finish()
        nodes: list[Node | None] = []
        while reader.remaining:
            if len(nodes) >= tree_math.node_count(MAX_LEAVES):
                raise CodecError(f"A ratchet tree has more than {MAX_LEAVES} leaves.")
            node = _read_node(reader)
            if node is not None and isinstance(node, LeafNode) != tree_math.is_leaf(len(nodes)):
                raise CodecError(f"Node {len(nodes)} of a ratchet tree is of the wrong type.")
            nodes.append(node)
        if not nodes or nodes[-1] is None:
            raise CodecError("A ratchet tree must end with a node that is not blank.")
        leaf_count = tree_math.padded_leaf_count(len(nodes) // 2 + 1)
        nodes.extend([None] * (tree_math.node_count(leaf_count) - len(nodes)))
        return cls(suite, nodes)

    def to_bytes(self) -> bytes:
        """The body of a `ratchet_tree` extension: without the blank nodes at the right end."""
        end = len(self._nodes)
        while end and self._nodes[end - 1] is None:
            end -= 1
        parts: list[bytes] = []
        for node in self._nodes[:end]:
            if node is None:
                parts.append(b"\0")
            else:
                parts.append(b"\1\1" if isinstance(node, LeafNode) else b"\1\2")
                parts.append(node.encoded)
        return vector(parts)

    @property
    def is_readable(self) -> bool:
        """Whether `from_bytes` reads this tree; a larger one can be neither sent nor loaded.

        The extensions of its leaves are the lists whose items a reader counts.
        """
        items = sum(len(leaf.extensions) for _, leaf in self.leaves())
        return (
            self.leaf_count <= MAX_LEAVES
            and items <= ITEMS_LIMIT
            and len(self.to_bytes()) <= TREE_LIMIT
        )

    def copy(self) -> "RatchetTree":
        """A tree that can change without changing this one; shares the nodes."""
        twin = RatchetTree.__new__(RatchetTree)
        twin.suite = self.suite
        twin._nodes = self._nodes.copy()
        twin._hashes = self._hashes.copy()
        return twin

    # -- looking

    @property
    def leaf_count(self) -> int:
        """Places for leaves, blank ones included; a power of two."""
        return len(self._nodes) // 2 + 1

    @property
    def node_count(self) -> int:
        """Length of the node array."""
        return len(self._nodes)

    @property
    def root(self) -> int:
        """The root's node index."""
        return self.leaf_count - 1

    def node(self, index: int) -> Node | None:
        """The node at an index, None when it is blank or outside."""
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def present(self, index: int) -> Node:
        """The node at an index that is not blank, e.g. one of a resolution.

        Raises GroupUsageError when it is blank or outside.
        """
        node = self.node(index)
        if node is None:
            raise GroupUsageError(f"Node {index} of the ratchet tree is blank.")
        return node

    def leaf(self, leaf_index: int) -> LeafNode | None:
        """The leaf at a leaf index, None when it is blank or outside."""
        node = self.node(2 * leaf_index)
        return node if isinstance(node, LeafNode) else None

    def parent_node(self, index: int) -> ParentNode | None:
        """The parent node at a node index, None when it is blank."""
        node = self._nodes[index]
        return node if isinstance(node, ParentNode) else None

    def leaves(self) -> Iterator[tuple[int, LeafNode]]:
        """The members: leaf index and leaf, from the left."""
        for leaf_index, node in enumerate(self._nodes[::2]):
            if isinstance(node, LeafNode):
                yield leaf_index, node

    def parents(self) -> Iterator[tuple[int, ParentNode]]:
        """The parent nodes that are not blank: node index and node, from the left."""
        for index, node in enumerate(self._nodes):
            if isinstance(node, ParentNode):
                yield index, node

    def direct_path(self, leaf_index: int) -> list[int]:
        """Node indices from a leaf's parent to the root."""
        return tree_math.direct_path(2 * leaf_index, self.leaf_count)

    def resolution(self, index: int) -> list[int]:
        """The nodes that together cover a subtree's members (RFC 9420 section 4.1.1)."""
        node = self._nodes[index]
        if node is not None:
            if isinstance(node, ParentNode) and node.unmerged_leaves:
                return [index, *[2 * leaf for leaf in node.unmerged_leaves]]
            return [index]
        if tree_math.is_leaf(index):
            return []
        return self.resolution(tree_math.left(index)) + self.resolution(tree_math.right(index))

    def _is_empty(self, index: int) -> bool:
        """Whether a subtree's resolution is empty: every node under it is blank."""
        first, last = tree_math.span(index)
        return not any(self._nodes[first : last + 1])

    def filtered_direct_path(self, leaf_index: int) -> list[tuple[int, int]]:
        """A leaf's direct path without the nodes whose other side is empty (section 4.1.2).

        Pairs of the node and its child on the copath, from the bottom.
        """
        pairs = []
        below = 2 * leaf_index
        for node in self.direct_path(leaf_index):
            beside = tree_math.sibling(below)
            if self._nodes[beside] is not None or not self._is_empty(beside):
                pairs.append((node, beside))
            below = node
        return pairs

    # -- changing

    def _put(self, index: int, node: Node | None) -> None:
        """Set a node and forget the hashes it takes part in."""
        self._nodes[index] = node
        self._hashes[index] = b""
        for above in tree_math.direct_path(index, self.leaf_count):
            self._hashes[above] = b""

    def _blank_path(self, leaf_index: int) -> None:
        for index in self.direct_path(leaf_index):
            self._nodes[index] = None
            self._hashes[index] = b""

    def add_leaf(self, leaf: LeafNode) -> int:
        """Put a new member at the leftmost blank leaf and return its index (section 7.7)."""
        leaf_index = next(
            (place for place, node in enumerate(self._nodes[::2]) if node is None), None
        )
        if leaf_index is None:
            leaf_index = self.leaf_count
            grown = len(self._nodes) + 1
            self._nodes.extend([None] * grown)
            self._hashes.extend([b""] * grown)
        self._put(2 * leaf_index, leaf)
        for index in self.direct_path(leaf_index):
            node = self._nodes[index]
            if isinstance(node, ParentNode):
                unmerged = list(node.unmerged_leaves)
                insort(unmerged, leaf_index)
                self._nodes[index] = node.with_unmerged(unmerged)
        return leaf_index

    def update_leaf(self, leaf_index: int, leaf: LeafNode) -> None:
        """Replace a member's leaf and blank its direct path (section 12.1.2).

        Raises GroupUsageError when there is no such member.
        """
        self._require_member(leaf_index)
        self._put(2 * leaf_index, leaf)
        self._blank_path(leaf_index)

    def remove_leaf(self, leaf_index: int) -> None:
        """Blank a member's leaf and direct path, then shrink the tree (sections 7.7, 12.1.3).

        Raises GroupUsageError when there is no such member.
        """
        self._require_member(leaf_index)
        self._put(2 * leaf_index, None)
        self._blank_path(leaf_index)
        while self.leaf_count > 1 and self._is_empty(tree_math.right(self.root)):
            keep = self.root
            del self._nodes[keep:], self._hashes[keep:]

    def _require_member(self, leaf_index: int) -> None:
        if self.leaf(leaf_index) is None:
            raise GroupUsageError(
                f"Leaf {leaf_index} is blank: no member stands there; choose one of members()."
            )

    def put_leaf(self, leaf_index: int, leaf: LeafNode) -> None:
        """Set the leaf of a commit's path, whose parents `put_path` has set already."""
        self._put(2 * leaf_index, leaf)

    def put_path(self, leaf_index: int, public_keys: Sequence[bytes]) -> bytes:
        """Set new keys along a leaf's filtered direct path (section 7.5), and return the parent
        hash that the leaf must carry.

        `public_keys` has one key for each node of the filtered direct path, from the bottom.
        The other nodes of the direct path become blank, unmerged leaves are cleared.
        """
        filtered = self.filtered_direct_path(leaf_index)
        self._blank_path(leaf_index)
        above = b""
        for (index, beside), key in zip(reversed(filtered), reversed(public_keys), strict=True):
            node = ParentNode.build(key, above)
            self._nodes[index] = node
            above = self.parent_hash(node, beside)
        return above

    # -- hashes

    def tree_hash(self, index: int | None = None) -> bytes:
        """The tree hash of a subtree (section 7.8), of the whole tree without an index."""
        top = self.root if index is None else index
        hashes = self._hashes
        if hashes[top]:
            return hashes[top]
        first, last = tree_math.span(top)
        for height in range(tree_math.level(top) + 1):
            for place in range(first + (1 << height) - 1, last + 1, 2 << height):
                if not hashes[place]:
                    hashes[place] = self._hash_node(place, height)
        return hashes[top]

    def _hash_node(self, index: int, height: int) -> bytes:
        node = self._nodes[index]
        if height == 0:
            return self.suite.hash(_leaf_hash_input(index // 2, node))
        half = 1 << (height - 1)
        left, right = self._hashes[index - half], self._hashes[index + half]
        return self.suite.hash(_parent_hash_input(node, left, right))

    def parent_hash(self, node: ParentNode, beside: int) -> bytes:
        """The hash that commits to a parent from its child opposite to `beside` (section 7.9)."""
        sibling_hash = self._hash_without(beside, node.unmerged_leaves)
        return self.suite.hash(
            opaque(node.encryption_key) + opaque(node.parent_hash) + opaque(sibling_hash)
        )

    def _hash_without(self, index: int, excluded: tuple[int, ...]) -> bytes:
        """The tree hash of a subtree as it was before the `excluded` leaves joined."""
        first, last = tree_math.span(index)
        gone = tuple([leaf for leaf in excluded if first <= 2 * leaf <= last])
        if not gone:
            return self.tree_hash(index)
        if first == last:
            return self.suite.hash(_leaf_hash_input(index // 2, None))
        node = self._nodes[index]
        if isinstance(node, ParentNode) and node.unmerged_leaves:
            absent = frozenset(gone)
            node = node.with_unmerged([leaf for leaf in node.unmerged_leaves if leaf not in absent])
        return self.suite.hash(
            _parent_hash_input(
                node,
                self._hash_without(tree_math.left(index), gone),
                self._hash_without(tree_math.right(index), gone),
            )
        )


def _leaf_hash_input(leaf_index: int, node: Node | None) -> bytes:
    """TreeHashInput with LeafNodeHashInput."""
    if node is None:
        return b"\1" + u32(leaf_index) + b"\0"
    return b"\1" + u32(leaf_index) + b"\1" + node.encoded


def _parent_hash_input(node: Node | None, left: bytes, right: bytes) -> bytes:
    """TreeHashInput with ParentNodeHashInput."""
    presence = b"\2\0" if node is None else b"\2\1" + node.encoded
    return presence + opaque(left) + opaque(right)
