"""UpdatePath: a committer's new leaf and path as they travel, all of it public (RFC 9420, 7.6)."""

from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, vector
from plausch.mls.leaf_node import KEY_LIMIT, LeafNode
from plausch.mls.ratchet_tree import TREE_LIMIT


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
