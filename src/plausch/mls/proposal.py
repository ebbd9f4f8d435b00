"""Proposals and the Commit that puts them into effect (RFC 9420 sections 12.1, 12.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from plausch.mls.codec import Reader, opaque, optional, parse_whole, u8, u16, u32, vector
from plausch.mls.errors import CodecError
from plausch.mls.extension import Extensions, encode_extensions, read_extensions
from plausch.mls.group_context import EXTENSIONS_LIMIT, GROUP_ID_LIMIT
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_node import LeafNode
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.update_path import UpdatePath


class ProposalType(IntEnum):
    """The proposal types of RFC 9420 table 7; there are no others here."""

    ADD = 1
    UPDATE = 2
    REMOVE = 3
    PSK = 4
    REINIT = 5
    EXTERNAL_INIT = 6
    GROUP_CONTEXT_EXTENSIONS = 7


@dataclass(frozen=True, slots=True)
class Add:
    """Bring the client of this key package into the group."""

    key_package: KeyPackage
    type: ClassVar[ProposalType] = ProposalType.ADD

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return self.key_package.to_bytes()


@dataclass(frozen=True, slots=True)
class Update:
    """The sender's fresh leaf node."""

    leaf_node: LeafNode
    type: ClassVar[ProposalType] = ProposalType.UPDATE

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return self.leaf_node.to_bytes()


@dataclass(frozen=True, slots=True)
class Remove:
    """Take the member at leaf index `removed` out of the group."""

    removed: int
    type: ClassVar[ProposalType] = ProposalType.REMOVE

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return u32(self.removed)


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """Mix a pre-shared key into the next epoch."""

    psk: PreSharedKeyId
    type: ClassVar[ProposalType] = ProposalType.PSK

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return self.psk.to_bytes()


@dataclass(frozen=True, slots=True)
class ReInit:
    """End this group; a new one with these parameters follows it."""

    group_id: bytes
    version: int
    cipher_suite: int
    extensions: Extensions
    type: ClassVar[ProposalType] = ProposalType.REINIT

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(
            reader.opaque(GROUP_ID_LIMIT),
            reader.u16(),
            reader.u16(),
            read_extensions(reader, EXTENSIONS_LIMIT),
        )

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return (
            opaque(self.group_id)
            + u16(self.version)
            + u16(self.cipher_suite)
            + encode_extensions(self.extensions)
        )


@dataclass(frozen=True, slots=True)
class ExternalInit:
    """The KEM output from which members derive the init secret of an external commit."""

    kem_output: bytes
    type: ClassVar[ProposalType] = ProposalType.EXTERNAL_INIT

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return opaque(self.kem_output)


@dataclass(frozen=True, slots=True)
class GroupContextExtensions:
    """Replace all extensions of the GroupContext."""

    extensions: Extensions
    type: ClassVar[ProposalType] = ProposalType.GROUP_CONTEXT_EXTENSIONS

    def body(self) -> bytes:
        """The TLS encoding without the type."""
        return encode_extensions(self.extensions)


Proposal = Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions

_READ: dict[int, Callable[[Reader], Proposal]] = {
    ProposalType.ADD: lambda reader: Add(KeyPackage.read(reader)),
    ProposalType.UPDATE: lambda reader: Update(LeafNode.read(reader)),
    ProposalType.REMOVE: lambda reader: Remove(reader.u32()),
    ProposalType.PSK: lambda reader: PreSharedKey(PreSharedKeyId.read(reader)),
    ProposalType.REINIT: ReInit.read,
    ProposalType.EXTERNAL_INIT: lambda reader: ExternalInit(reader.opaque()),
    ProposalType.GROUP_CONTEXT_EXTENSIONS: lambda reader: GroupContextExtensions(
        read_extensions(reader, EXTENSIONS_LIMIT)
    ),
}

PATH_REQUIRED = frozenset(
    {
        ProposalType.UPDATE,
        ProposalType.REMOVE,
        ProposalType.EXTERNAL_INIT,
        ProposalType.GROUP_CONTEXT_EXTENSIONS,
    }
)
"""Types that must not be committed without an update path (RFC 9420 section 17.4)."""

BY_EXTERNAL_SENDER = frozenset(
    {
        ProposalType.ADD,
        ProposalType.REMOVE,
        ProposalType.PSK,
        ProposalType.REINIT,
        ProposalType.GROUP_CONTEXT_EXTENSIONS,
    }
)
"""Types that a sender outside the group may propose (RFC 9420 section 12.1.8)."""


def read_proposal(reader: Reader) -> Proposal:
    """One proposal with its type. Raises CodecError, also for a type that RFC 9420 lacks.

    An unknown proposal type has no length, so nothing behind it can be read either; members
    may not send one here, because no leaf of ours lists another type in its capabilities.
    """
    kind = reader.u16()
    try:
        read = _READ[kind]
    except KeyError:
        raise CodecError(
            f"Proposal type {kind:#06x} is unknown; this client announces no such capability."
        ) from None
    return read(reader)


def proposal_from_bytes(raw: bytes) -> Proposal:
    """Raises CodecError."""
    return parse_whole(read_proposal, raw)


def proposal_bytes(proposal: Proposal) -> bytes:
    """The TLS encoding with the type."""
    return u16(proposal.type) + proposal.body()


@dataclass(frozen=True, slots=True)
class ProposalRef:
    """Names a proposal that was sent before (RFC 9420 section 5.2)."""

    reference: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """A list of proposals by value or by reference, and the sender's new path."""

    proposals: tuple[Proposal | ProposalRef, ...]
    path: UpdatePath | None

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        proposals = reader.vector(_read_proposal_or_ref)
        return cls(tuple(proposals), reader.optional(UpdatePath.read))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        items = [
            u8(2) + opaque(item.reference)
            if isinstance(item, ProposalRef)
            else u8(1) + proposal_bytes(item)
            for item in self.proposals
        ]
        return vector(items) + optional(None if self.path is None else self.path.to_bytes())


def _read_proposal_or_ref(reader: Reader) -> Proposal | ProposalRef:
    kind = reader.u8()
    if kind == 1:
        return read_proposal(reader)
    if kind == 2:
        return ProposalRef(reader.opaque(255))
    raise CodecError(f"An entry of a Commit is neither a proposal (1) nor a reference (2): {kind}.")
