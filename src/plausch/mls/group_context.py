"""GroupContext: what all members agree on in one epoch, all of it public (RFC 9420 section 8.1)."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u16, u64
from plausch.mls.errors import require
from plausch.mls.extension import Extensions, encode_extensions, read_extensions
from plausch.mls.leaf_node import MLS10

GROUP_ID_LIMIT = 255
EXTENSIONS_LIMIT = 1 << 20
"""Bytes of a GroupContext's extensions: 1 MiB. Every member keeps them for five epochs."""

LAST_EPOCH = (1 << 64) - 1

HASH_LIMIT = 64
"""Bytes of the longest hash of a supported suite (SHA-512)."""


def read_version(reader: Reader) -> int:
    """A ProtocolVersion that must be mls10. Raises CodecError, ValidationError `version`."""
    version = reader.u16()
    require(version == MLS10, "version", f"Protocol version {version} is not MLS 1.0 (1).")
    return version


@dataclass(frozen=True)
class GroupContext:
    """The group's public state that every key of an epoch is bound to."""

    cipher_suite: int
    group_id: bytes
    epoch: int
    tree_hash: bytes
    confirmed_transcript_hash: bytes
    extensions: Extensions

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError, ValidationError `version`."""
        read_version(reader)
        return cls(
            reader.u16(),
            reader.opaque(GROUP_ID_LIMIT),
            reader.u64(),
            reader.opaque(HASH_LIMIT),
            reader.opaque(HASH_LIMIT),
            read_extensions(reader, EXTENSIONS_LIMIT),
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError, ValidationError `version`."""
        return parse_whole(cls.read, raw)

    @cached_property
    def encoded(self) -> bytes:
        """The TLS encoding, made once: every signature of the epoch covers it."""
        return (
            u16(MLS10)
            + u16(self.cipher_suite)
            + opaque(self.group_id)
            + u64(self.epoch)
            + opaque(self.tree_hash)
            + opaque(self.confirmed_transcript_hash)
            + encode_extensions(self.extensions)
        )

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return self.encoded

    def next(
        self, tree_hash: bytes, confirmed_transcript_hash: bytes, extensions: Extensions
    ) -> "GroupContext":
        """The context of the following epoch. Raises ValidationError `epoch-last`."""
        require(
            self.epoch < LAST_EPOCH,
            "epoch-last",
            "The group is in the last epoch that a number can name; it must begin anew.",
        )
        return replace(
            self,
            epoch=self.epoch + 1,
            tree_hash=tree_hash,
            confirmed_transcript_hash=confirmed_transcript_hash,
            extensions=extensions,
        )
