"""LeafNode: one device in the tree (RFC 9420 section 7.2). Its checks are in `leaf_validation`.

A leaf keeps the exact bytes it was read from: its signature, tree hash and the tree's encoding
use them as they are.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u16_vector, u32, u64
from plausch.mls.credential import Credential
from plausch.mls.errors import CodecError
from plausch.mls.extension import (
    DEFAULT_EXTENSIONS,
    DEFAULT_PROPOSALS,
    Extension,
    Extensions,
    encode_extensions,
    read_extensions,
)
from plausch.mls.suite import Suite

MLS10 = 0x0001

SOURCE_KEY_PACKAGE = 1
SOURCE_UPDATE = 2
SOURCE_COMMIT = 3

KEY_LIMIT = 1 << 12
"""Bytes of a public key or signature: 4 KiB; the largest in use here, X-Wing, has 1,216."""

LEAF_EXTENSIONS_LIMIT = 1 << 16

_LABEL = "LeafNodeTBS"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a client supports (RFC 9420 section 7.2). Unknown numbers are GREASE or the future."""

    versions: tuple[int, ...]
    cipher_suites: tuple[int, ...]
    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> "Capabilities":
        """Raises CodecError."""
        start = reader.position
        for _ in range(5):
            reader.opaque(1 << 12)
        return _capabilities(reader.since(start))

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Capabilities":
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        lists = (
            self.versions,
            self.cipher_suites,
            self.extensions,
            self.proposals,
            self.credentials,
        )
        return b"".join(map(u16_vector, lists))

    def supports_extension(self, type: int) -> bool:
        """Whether an extension type is listed, or known to everybody."""
        return type in self.extensions or type in DEFAULT_EXTENSIONS

    def supports_proposal(self, type: int) -> bool:
        """Whether a proposal type is listed, or known to everybody."""
        return type in self.proposals or type in DEFAULT_PROPOSALS


@lru_cache(maxsize=128)
def _capabilities(raw: bytes) -> Capabilities:
    """Members of a group mostly announce the same capabilities: parse them once."""
    reader = Reader(raw)
    return Capabilities(*[reader.u16_vector() for _ in range(5)])


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a key package may be used; seconds since the Unix epoch, both ends included."""

    not_before_s: int
    not_after_s: int

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(reader.u64(), reader.u64())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return u64(self.not_before_s) + u64(self.not_after_s)


@dataclass(frozen=True, slots=True)
class LeafBinding:
    """Where a leaf stands: its signature covers this unless it is a key package's."""

    group_id: bytes
    leaf_index: int

    def to_bytes(self) -> bytes:
        """The end of LeafNodeTBS."""
        return opaque(self.group_id) + u32(self.leaf_index)


@dataclass(frozen=True, slots=True)
class LeafContent:
    """A leaf before it is signed; what its owner chooses.

    `lifetime` belongs to a leaf in a key package, `parent_hash` to one in a commit's path, and
    neither to an update's; which of the two is there decides the source.
    """

    encryption_key: bytes
    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    lifetime: Lifetime | None = None
    parent_hash: bytes | None = None
    extensions: Extensions = ()

    def sign(
        self, suite: Suite, signer_private: bytes, binding: LeafBinding | None = None
    ) -> "LeafNode":
        """The signed leaf; `binding` is needed unless it is a key package's. Raises KeyRefused."""
        if self.lifetime is not None:
            source = bytes((SOURCE_KEY_PACKAGE,)) + self.lifetime.to_bytes()
        elif self.parent_hash is not None:
            source = bytes((SOURCE_COMMIT,)) + opaque(self.parent_hash)
        else:
            source = bytes((SOURCE_UPDATE,))
        unsigned = b"".join(
            (
                opaque(self.encryption_key),
                opaque(self.signature_key),
                self.credential.to_bytes(),
                self.capabilities.to_bytes(),
                source,
                encode_extensions(self.extensions),
            )
        )
        signed = unsigned + (binding.to_bytes() if binding is not None else b"")
        signature = suite.sign_with_label(signer_private, _LABEL, signed)
        return LeafNode.from_bytes(unsigned + opaque(signature))


@dataclass(frozen=True, slots=True, eq=False)
class LeafNode:
    """A device's leaf. Two leaves are equal when their encodings are."""

    encryption_key: bytes
    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    source: int
    lifetime: Lifetime | None
    parent_hash: bytes
    extensions: tuple[Extension, ...]
    signature: bytes = field(repr=False)
    encoded: bytes = field(repr=False)
    """The exact bytes of the leaf."""
    unsigned: bytes = field(repr=False)
    """The part of the bytes that the signature covers."""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        start = reader.position
        encryption_key = reader.opaque(KEY_LIMIT)
        signature_key = reader.opaque(KEY_LIMIT)
        credential = Credential.read(reader)
        capabilities = Capabilities.read(reader)
        source = reader.u8()
        lifetime = None
        parent_hash = b""
        if source == SOURCE_KEY_PACKAGE:
            lifetime = Lifetime.read(reader)
        elif source == SOURCE_COMMIT:
            parent_hash = reader.opaque(255)
        elif source != SOURCE_UPDATE:
            raise CodecError(f"A leaf's source is 1, 2 or 3, not {source}.")
        extensions = read_extensions(reader, LEAF_EXTENSIONS_LIMIT)
        unsigned = reader.since(start)
        signature = reader.opaque(KEY_LIMIT)
        return cls(
            encryption_key,
            signature_key,
            credential,
            capabilities,
            source,
            lifetime,
            parent_hash,
            extensions,
            signature,
            reader.since(start),
            unsigned,
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return self.encoded

    def verify_signature(self, suite: Suite, binding: LeafBinding | None) -> None:
        """Check the owner's signature for its place. Raises SignatureRefused or KeyRefused.

        A key package's leaf is valid in any place; for any other, `binding` is required.
        """
        signed = self.unsigned
        if self.source != SOURCE_KEY_PACKAGE and binding is not None:
            signed += binding.to_bytes()
        suite.verify_with_label(self.signature_key, _LABEL, signed, self.signature)

    def content(self) -> LeafContent:
        """What the owner chose, as a start for the next leaf."""
        return LeafContent(
            self.encryption_key,
            self.signature_key,
            self.credential,
            self.capabilities,
            self.lifetime,
            self.parent_hash if self.source == SOURCE_COMMIT else None,
            self.extensions,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeafNode) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)
