"""UpdatePath: a committer's new leaf and path, and what everybody who sees them can check
(RFC 9420 sections 7.5, 7.6). All of it is public; the secrets inside are `tree_kem`'s.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, vector
from plausch.mls.errors import KeyRefused, ValidationError, require
from plausch.mls.leaf_node import KEY_LIMIT, SOURCE_COMMIT, LeafNode
from plausch.mls.leaf_validation import check_source
from plausch.mls.ratchet_tree import TREE_LIMIT, RatchetTree


@dataclass(frozen=True, slots=True)
class HpkeCiphertext:
    """One HPKE encryption: the KEM's output and the ciphertext (RFC 9420 section 5.1.3)."""

    kem_output: bytes
    ciphertext: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(reader.opaque(KEY_LIMIT), reader.opaque())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return opaque(self.kem_output) + opaque(self.ciphertext)


@dataclass(frozen=True, slots=True)
class UpdatePathNode:
    """A node's new public key, and its path secret for each node of the copath's resolution."""

    encryption_key: bytes
    encrypted_path_secret: tuple[HpkeCiphertext, ...]

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        key = reader.opaque(KEY_LIMIT)
        return cls(key, tuple(reader.vector(HpkeCiphertext.read, TREE_LIMIT)))

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return opaque(self.encryption_key) + vector(
            [item.to_bytes() for item in self.encrypted_path_secret]
        )


@dataclass(frozen=True, slots=True)
class UpdatePath:
    """A committer's new leaf and path (RFC 9420 section 7.6)."""

    leaf_node: LeafNode
    nodes: tuple[UpdatePathNode, ...]

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(LeafNode.read(reader), tuple(reader.vector(UpdatePathNode.read, TREE_LIMIT)))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return self.leaf_node.to_bytes() + vector([node.to_bytes() for node in self.nodes])


def recipients(tree: RatchetTree, beside: int, newcomers: Collection[int]) -> list[int]:
    """Whom a path's secret is encrypted to: the resolution of a copath node without the members
    whom this commit adds. They learn theirs from the Welcome."""
    resolution = tree.resolution(beside)
    if not newcomers:
        return resolution
    fresh = {2 * leaf for leaf in newcomers}
    return [place for place in resolution if place not in fresh]


def check_ciphertexts(
    tree: RatchetTree, sender_leaf: int, path: UpdatePath, newcomers: Collection[int] = ()
) -> None:
    """`path-ciphertexts`: each node of a path has one ciphertext for each recipient.

    Every member checks the whole path, not its own part only, so that all of them accept a
    commit or none does. Needs no secrets. Raises ValidationError.
    """
    for (node, beside), step in zip(
        tree.filtered_direct_path(sender_leaf), path.nodes, strict=True
    ):
        expected = len(recipients(tree, beside, newcomers))
        require(
            len(step.encrypted_path_secret) == expected,
            "path-ciphertexts",
            f"The path's secret for node {node} is encrypted {len(step.encrypted_path_secret)} "
            f"times for {expected} recipients.",
        )


def apply_path(tree: RatchetTree, sender_leaf: int, path: UpdatePath) -> None:
    """Put a committer's path into a copy of the tree (RFC 9420 section 7.5, public part).

    The caller validates the leaf itself (`leaf_validation`). Raises ValidationError:
    `leaf-source`, `path-length`, `path-fresh-leaf-key`, `path-unique-keys`, `path-usable-keys`,
    `path-parent-hash`.
    """
    leaf = path.leaf_node
    check_source(leaf, SOURCE_COMMIT)
    filtered = tree.filtered_direct_path(sender_leaf)
    require(
        len(path.nodes) == len(filtered),
        "path-length",
        f"The path of member {sender_leaf} has {len(path.nodes)} nodes; "
        f"its filtered direct path has {len(filtered)}.",
    )
    fresh = [leaf.encryption_key, *[node.encryption_key for node in path.nodes]]
    in_tree = {member.encryption_key for _, member in tree.leaves()}
    require(
        leaf.encryption_key not in in_tree,
        "path-fresh-leaf-key",
        "A commit's leaf reuses an encryption key; it must bring a fresh one.",
    )
    in_tree.update(node.encryption_key for _, node in tree.parents())
    require(
        len(set(fresh)) == len(fresh) and in_tree.isdisjoint(fresh),
        "path-unique-keys",
        "A path reuses a key that stands in the tree or twice in the path.",
    )
    for node, key in zip(filtered, fresh[1:], strict=True):
        _check_usable(tree, node[0], key)
    expected = tree.put_path(sender_leaf, fresh[1:])
    require(
        leaf.parent_hash == expected,
        "path-parent-hash",
        f"The leaf of member {sender_leaf} does not carry the parent hash of its new path.",
    )
    tree.put_leaf(sender_leaf, leaf)


def _check_usable(tree: RatchetTree, node: int, encryption_key: bytes) -> None:
    """`path-usable-keys`: who stands beside a node never sees its secret, but must encrypt to its
    key later; one that is none would keep these members from committing."""
    try:
        tree.suite.kem_check_public(encryption_key)
    except KeyRefused as error:
        raise ValidationError(
            "path-usable-keys", f"The new key of node {node} is unusable: {error}"
        ) from error
