"""How a file is encrypted: AES-256-GCM in the STREAM construction, over padded content.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance", CRYPTO 2015) seals a long text in chunks. The nonce of a chunk is

    prefix (7 bytes) || number of the chunk (4 bytes, big-endian) || 1 for the last chunk, else 0

so that a chunk opens in its own place only, and a text that was cut short does not open at all.
The key is random and used for one file only; a file that changes needs another one.

Before it is sealed, content is filled up with zeros to one of few lengths (PADMÉ: Nikitin et al.,
"Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019): the
length then says of a file of n bytes only O(log log n) bits, for at most 12 % more bytes.
"""

import secrets
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plausch.base.errors import Fault
from plausch.content.errors import ContentError

CHUNK_BYTES = 1024 * 1024
"""Content and padding in one chunk; the last one may be shorter."""

KEY_BYTES = 32
PREFIX_BYTES = 7
TAG_BYTES = 16
PADDED_AT_LEAST_BYTES = 1024
MAX_CONTENT_BYTES = 1 << 39


@dataclass(frozen=True, slots=True)
class StreamKey:
    """What opens one file. Raises ContentError when a length is wrong."""

    key: bytes = field(repr=False)
    prefix: bytes

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES or len(self.prefix) != PREFIX_BYTES:
            raise ContentError(
                f"A file's key has {KEY_BYTES} bytes and its nonce {PREFIX_BYTES}, not "
                f"{len(self.key)} and {len(self.prefix)}.",
                code="bad_attachment",
            )

    @classmethod
    def new(cls) -> Self:
        """A random one, for one file."""
        return cls(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(PREFIX_BYTES))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the chunks of a file of `content_bytes` lie. `chunk_bytes` differs only in tests.

    Raises ContentError when the file is too large.
    """

    content_bytes: int
    chunk_bytes: int = CHUNK_BYTES

    def __post_init__(self) -> None:
        if not 0 <= self.content_bytes <= MAX_CONTENT_BYTES:
            raise ContentError(
                f"A file has 0 to {MAX_CONTENT_BYTES} bytes, not {self.content_bytes}.",
                code="too_large",
            )

    @property
    def padded_bytes(self) -> int:
        """Content and padding together."""
        return padded(self.content_bytes)

    @property
    def chunks(self) -> int:
        """How many there are, at least one."""
        return -(-self.padded_bytes // self.chunk_bytes)

    @property
    def sealed_bytes(self) -> int:
        """The length of what travels."""
        return self.padded_bytes + self.chunks * TAG_BYTES

    def content_in(self, number: int) -> int:
        """How many bytes of chunk `number` (from 0) are content; the rest is padding."""
        return max(0, min(self.content_bytes - number * self.chunk_bytes, self.chunk_bytes))

    def sealed_in(self, number: int) -> int:
        """The length of chunk `number` as it travels."""
        begin = number * self.chunk_bytes
        return min(self.chunk_bytes, self.padded_bytes - begin) + TAG_BYTES

    def sealed_before(self, number: int) -> int:
        """Where chunk `number` begins in what travels."""
        return number * (self.chunk_bytes + TAG_BYTES)


def padded(length_bytes: int) -> int:
    """The length to which so many bytes are filled up."""
    if length_bytes <= PADDED_AT_LEAST_BYTES:
        return PADDED_AT_LEAST_BYTES
    exponent = length_bytes.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length_bytes + mask) & ~mask


def seal_chunk(secret: StreamKey, layout: Layout, number: int, content: bytes) -> bytes:
    """Chunk `number` of the file. Raises ContentError when its content has another length than
    the layout says: the file has changed meanwhile."""
    if len(content) != layout.content_in(number):
        raise changed()
    plaintext = content.ljust(layout.sealed_in(number) - TAG_BYTES, b"\0")
    return AESGCM(secret.key).encrypt(_nonce(secret, layout, number), plaintext, None)


def open_chunk(secret: StreamKey, layout: Layout, number: int, sealed: bytes) -> bytes:
    """The content of chunk `number`. Raises ContentError when it is not that chunk of that file."""
    try:
        plaintext = AESGCM(secret.key).decrypt(_nonce(secret, layout, number), sealed, None)
    except (InvalidTag, ValueError):
        plaintext = b""
    end = layout.content_in(number)
    if len(plaintext) != layout.sealed_in(number) - TAG_BYTES or plaintext[end:].strip(b"\0"):
        raise altered()
    return plaintext[:end]


def changed() -> ContentError:
    """Somebody writes to the file that is being sent."""
    return ContentError(
        "The file changed while it was read: send it again when it is finished.",
        code="file_changed",
        fault=Fault.LOCAL,
    )


def altered() -> ContentError:
    """What arrived is not what was sealed."""
    return ContentError(
        "The file that the server delivered is not the one that was sent: fetch it again, or ask "
        "for it to be sent again.",
        code="bad_attachment",
    )


def _nonce(secret: StreamKey, layout: Layout, number: int) -> bytes:
    last = number == layout.chunks - 1
    return secret.prefix + number.to_bytes(4, "big") + bytes((last,))
