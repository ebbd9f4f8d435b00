"""Message framing: the public outside of every MLS message (RFC 9420 section 6).

This is all that a delivery service may look at. Nothing here holds or needs a secret.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u8, u16, u32, u64
from plausch.mls.errors import CodecError
from plausch.mls.group_context import GROUP_ID_LIMIT, read_version
from plausch.mls.leaf_node import MLS10
from plausch.mls.proposal import Commit, Proposal, proposal_bytes, read_proposal
from plausch.mls.suite import Suite

AUTHENTICATED_LIMIT = 1 << 16
"""Bytes of authenticated data beside a message: 64 KiB."""

MESSAGE_LIMIT = 1 << 24
"""Bytes of one ciphertext: 16 MiB, room for the commit of a very large group."""

SIGNATURE_LIMIT = 1 << 12
MAC_LIMIT = 64


class WireFormat(IntEnum):
    """What an MLSMessage contains."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5


class ContentType(IntEnum):
    """What a framed message is for."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


class SenderType(IntEnum):
    """In which capacity a message was sent."""

    MEMBER = 1
    EXTERNAL = 2
    NEW_MEMBER_PROPOSAL = 3
    NEW_MEMBER_COMMIT = 4


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent it: a leaf index for MEMBER, an index into external_senders for EXTERNAL, else 0."""

    type: SenderType
    index: int = 0

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        kind = reader.u8()
        if not 1 <= kind <= 4:
            raise CodecError(f"Sender type {kind} does not exist.")
        return cls(SenderType(kind), reader.u32() if kind <= SenderType.EXTERNAL else 0)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return u8(self.type) + (u32(self.index) if self.type <= SenderType.EXTERNAL else b"")


def member(leaf_index: int) -> Sender:
    """The member at `leaf_index`."""
    return Sender(SenderType.MEMBER, leaf_index)


def _read_content_type(reader: Reader) -> ContentType:
    kind = reader.u8()
    if not 1 <= kind <= 3:
        raise CodecError(f"Content type {kind} does not exist.")
    return ContentType(kind)


Body = bytes | Proposal | Commit


def content_type_of(body: Body) -> ContentType:
    """Application bytes, a proposal or a Commit."""
    if isinstance(body, bytes):
        return ContentType.APPLICATION
    return ContentType.COMMIT if isinstance(body, Commit) else ContentType.PROPOSAL


def body_bytes(body: Body) -> bytes:
    """The TLS encoding of a message's body as both framings carry it."""
    if isinstance(body, bytes):
        return opaque(body)
    return body.to_bytes() if isinstance(body, Commit) else proposal_bytes(body)


def read_body(reader: Reader, kind: ContentType) -> Body:
    """Raises CodecError."""
    if kind == ContentType.APPLICATION:
        return reader.opaque(MESSAGE_LIMIT)
    return Commit.read(reader) if kind == ContentType.COMMIT else read_proposal(reader)


@dataclass(frozen=True, slots=True)
class FramedContent:
    """A message's content with the addresses on it; `encoded` is exactly what was signed."""

    group_id: bytes
    epoch: int
    sender: Sender
    authenticated: bytes
    body: Body
    encoded: bytes

    @classmethod
    def of(
        cls, group_id: bytes, epoch: int, sender: Sender, authenticated: bytes, body: Body
    ) -> Self:
        """Content to be sent."""
        encoded = (
            opaque(group_id)
            + u64(epoch)
            + sender.to_bytes()
            + opaque(authenticated)
            + u8(content_type_of(body))
            + body_bytes(body)
        )
        return cls(group_id, epoch, sender, authenticated, body, encoded)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        start = reader.position
        group_id, epoch = reader.opaque(GROUP_ID_LIMIT), reader.u64()
        sender, authenticated = Sender.read(reader), reader.opaque(AUTHENTICATED_LIMIT)
        body = read_body(reader, _read_content_type(reader))
        return cls(group_id, epoch, sender, authenticated, body, reader.since(start))

    @property
    def application(self) -> bytes:
        """The application's bytes; empty for a proposal or Commit."""
        return self.body if isinstance(self.body, bytes) else b""

    @property
    def content_type(self) -> ContentType:
        """What the body is."""
        return content_type_of(self.body)


@dataclass(frozen=True, slots=True)
class AuthenticatedContent:
    """Content, how it was framed, its signature, and for Commits the confirmation tag."""

    wire_format: WireFormat
    content: FramedContent
    signature: bytes
    confirmation_tag: bytes = b""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        wire_format = _read_wire_format(reader)
        content = FramedContent.read(reader)
        return cls(wire_format, content, *read_auth(reader, content.content_type))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def auth_bytes(self) -> bytes:
        """FramedContentAuthData."""
        auth = opaque(self.signature)
        if isinstance(self.content.body, Commit):
            auth += opaque(self.confirmation_tag)
        return auth

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return u16(self.wire_format) + self.content.encoded + self.auth_bytes()

    def to_be_signed(self, context: bytes) -> bytes:
        """FramedContentTBS; `context` is the encoded GroupContext."""
        return to_be_signed(self.wire_format, self.content, context)

    def reference(self, suite: Suite) -> bytes:
        """ProposalRef of this proposal (RFC 9420 section 5.2)."""
        return suite.ref_hash("MLS 1.0 Proposal Reference", self.to_bytes())


def to_be_signed(wire_format: WireFormat, content: FramedContent, context: bytes) -> bytes:
    """FramedContentTBS: senders inside the group, and joiners, also sign the GroupContext."""
    signed = u16(MLS10) + u16(wire_format) + content.encoded
    if content.sender.type in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT):
        signed += context
    return signed


def read_auth(reader: Reader, kind: ContentType) -> tuple[bytes, bytes]:
    """Signature and confirmation tag (empty unless a Commit). Raises CodecError."""
    signature = reader.opaque(SIGNATURE_LIMIT)
    return signature, reader.opaque(MAC_LIMIT) if kind == ContentType.COMMIT else b""


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """Signed but not encrypted; the membership tag proves to members that a member sent it."""

    authenticated: AuthenticatedContent
    membership_tag: bytes = b""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        content = FramedContent.read(reader)
        auth = read_auth(reader, content.content_type)
        tag = reader.opaque(MAC_LIMIT) if content.sender.type == SenderType.MEMBER else b""
        return cls(AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, *auth), tag)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        content = self.authenticated.content
        raw = content.encoded + self.authenticated.auth_bytes()
        if content.sender.type == SenderType.MEMBER:
            raw += opaque(self.membership_tag)
        return raw

    def to_message(self) -> bytes:
        """The encoded MLSMessage."""
        return mls_message(WireFormat.PUBLIC_MESSAGE, self.to_bytes())


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """Encrypted; only group, epoch, content type and authenticated data are visible."""

    group_id: bytes
    epoch: int
    content_type: ContentType
    authenticated: bytes
    encrypted_sender: bytes
    ciphertext: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(
            reader.opaque(GROUP_ID_LIMIT),
            reader.u64(),
            _read_content_type(reader),
            reader.opaque(AUTHENTICATED_LIMIT),
            reader.opaque(255),
            reader.opaque(MESSAGE_LIMIT),
        )

    def sender_aad(self) -> bytes:
        """SenderDataAAD."""
        return opaque(self.group_id) + u64(self.epoch) + u8(self.content_type)

    def content_aad(self) -> bytes:
        """PrivateContentAAD."""
        return self.sender_aad() + opaque(self.authenticated)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return self.content_aad() + opaque(self.encrypted_sender) + opaque(self.ciphertext)

    def to_message(self) -> bytes:
        """The encoded MLSMessage."""
        return mls_message(WireFormat.PRIVATE_MESSAGE, self.to_bytes())


def _read_wire_format(reader: Reader) -> WireFormat:
    kind = reader.u16()
    if not 1 <= kind <= 5:
        raise CodecError(f"Wire format {kind:#06x} is unknown.")
    return WireFormat(kind)


def mls_message(wire_format: WireFormat, body: bytes) -> bytes:
    """The encoded MLSMessage around an encoded body."""
    return u16(MLS10) + u16(wire_format) + body


def open_message(raw: bytes, *expected: WireFormat) -> tuple[WireFormat, Reader]:
    """The kind of an MLSMessage and a reader at its body; the caller must `finish()` it.

    Raises CodecError, also when the kind is none of `expected`; ValidationError `version`.
    """
    reader = Reader(raw)
    read_version(reader)
    wire_format = _read_wire_format(reader)
    if wire_format not in expected:
        names = " or ".join(item.name for item in expected)
        raise CodecError(f"The message is a {wire_format.name}; expected {names}.")
    return wire_format, reader


def parse_public_message(raw: bytes) -> PublicMessage:
    """A whole MLSMessage that must be a PublicMessage. Raises CodecError, ValidationError."""
    _, reader = open_message(raw, WireFormat.PUBLIC_MESSAGE)
    message = PublicMessage.read(reader)
    reader.finish()
    return message


def parse_private_message(raw: bytes) -> PrivateMessage:
    """A whole MLSMessage that must be a PrivateMessage. Raises CodecError, ValidationError."""
    _, reader = open_message(raw, WireFormat.PRIVATE_MESSAGE)
    message = PrivateMessage.read(reader)
    reader.finish()
    return message


@dataclass(frozen=True, slots=True)
class PublicHeader:
    """What everybody who carries a message sees; `sender` is None in a PrivateMessage."""

    wire_format: WireFormat
    group_id: bytes
    epoch: int
    content_type: ContentType
    sender: Sender | None


def header(raw: bytes) -> PublicHeader:
    """The visible header of a Public- or PrivateMessage; the rest is not even parsed.

    Raises CodecError, ValidationError `version`.
    """
    wire_format, reader = open_message(raw, WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE)
    group_id, epoch = reader.opaque(GROUP_ID_LIMIT), reader.u64()
    if wire_format == WireFormat.PRIVATE_MESSAGE:
        return PublicHeader(wire_format, group_id, epoch, _read_content_type(reader), None)
    sender = Sender.read(reader)
    reader.opaque(AUTHENTICATED_LIMIT)
    return PublicHeader(wire_format, group_id, epoch, _read_content_type(reader), sender)
