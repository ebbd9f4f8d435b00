"""Extensions and the ones of RFC 9420 that carry structure (sections 7.2, 11.1, 12.1.8.1, 13.4)."""

from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u16, u16_vector, vector
from plausch.mls.credential import Credential
from plausch.mls.errors import CodecError

APPLICATION_ID = 0x0001
RATCHET_TREE = 0x0002
REQUIRED_CAPABILITIES = 0x0003
EXTERNAL_PUB = 0x0004
EXTERNAL_SENDERS = 0x0005
LAST_RESORT = 0x000A
"""A key package that is handed out only when no other is left (draft-ietf-mls-extensions)."""

DEFAULT_EXTENSIONS = frozenset(
    (APPLICATION_ID, RATCHET_TREE, REQUIRED_CAPABILITIES, EXTERNAL_PUB, EXTERNAL_SENDERS)
)
"""Every client knows these; they are not listed in capabilities (RFC 9420 section 7.2)."""

DEFAULT_PROPOSALS = frozenset(range(0x0001, 0x0008))
"""add, update, remove, psk, reinit, external_init, group_context_extensions."""

EXTENSION_LIMIT = 1 << 24
"""Bytes of one extension: the ratchet tree is one (see codec.VECTOR_LIMIT)."""

Extensions = tuple["Extension", ...]


def is_grease(number: int) -> bool:
    """Whether a code point is one of those sent to keep receivers tolerant (RFC 9420, 13.5)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF and number < 0xF000


@dataclass(frozen=True, slots=True)
class Extension:
    """A type and its bytes; unknown types pass through unharmed."""

    type: int
    body: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(reader.u16(), reader.opaque(EXTENSION_LIMIT))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return u16(self.type) + opaque(self.body)


def read_extensions(reader: Reader, limit: int = EXTENSION_LIMIT) -> Extensions:
    """`Extension extensions<V>`, each type at most once (RFC 9420, 13.4). Raises CodecError."""
    extensions = tuple(reader.vector(Extension.read, limit))
    if len(extensions) > 1 and len({item.type for item in extensions}) != len(extensions):
        raise CodecError("An extension list names a type twice; each may stand there once.")
    return extensions


def encode_extensions(extensions: Extensions) -> bytes:
    """`Extension extensions<V>`."""
    return vector([item.to_bytes() for item in extensions]) if extensions else b"\0"


def find_extension(extensions: Extensions, type: int) -> bytes | None:
    """The body of the extension of a type, or None."""
    for item in extensions:
        if item.type == type:
            return item.body
    return None


@dataclass(frozen=True, slots=True)
class RequiredCapabilities:
    """What every member of the group must support (RFC 9420 section 11.1)."""

    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(reader.u16_vector(), reader.u16_vector(), reader.u16_vector())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return b"".join(map(u16_vector, (self.extensions, self.proposals, self.credentials)))

    def to_extension(self) -> Extension:
        """As a GroupContext extension."""
        return Extension(REQUIRED_CAPABILITIES, self.to_bytes())


def required_capabilities(extensions: Extensions) -> RequiredCapabilities:
    """What a GroupContext's extensions demand; nothing when they do not. Raises CodecError."""
    body = find_extension(extensions, REQUIRED_CAPABILITIES)
    return RequiredCapabilities() if body is None else RequiredCapabilities.from_bytes(body)


@dataclass(frozen=True, slots=True)
class ExternalSender:
    """Somebody outside the group who may propose (RFC 9420 section 12.1.8.1)."""

    signature_key: bytes
    credential: Credential

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(reader.opaque(1 << 12), Credential.read(reader))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return opaque(self.signature_key) + self.credential.to_bytes()


def external_senders(extensions: Extensions) -> tuple[ExternalSender, ...]:
    """The external senders that a GroupContext allows. Raises CodecError."""
    body = find_extension(extensions, EXTERNAL_SENDERS)
    if body is None:
        return ()
    return tuple(parse_whole(lambda reader: reader.vector(ExternalSender.read), body))
