"""The MIMI content container (draft-ietf-mimi-content-08 sections 4 and 6), byte for byte.

Everything that is not in the draft's grammar, or breaks its limits, is a ContentError: in
`decode` the sender's fault, in `encode` the caller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from plausch.base.ids import MESSAGE_ID_BYTES, MessageId
from plausch.content import cbor
from plausch.content.cbor import Key, Value, expect, expect_array, expect_map
from plausch.content.errors import ContentError

MAX_CONTENT_BYTES = 60 * 1024
"""Leaves room for MLS framing and padding within a message of 64 KiB."""

SALT_BYTES = 16
MAX_PART_DEPTH = 4
"""Section 6.3."""
MAX_PARTS = 256
MAX_EXTENSION_BYTES = 4095
MAX_EXTENSION_DEPTH = 4
MAX_NAME_BYTES = 255

SENDER_URI = 1
ROOM_URI = 2

TEXT_PLAIN = "text/plain;charset=utf-8"
TEXT_MARKDOWN = "text/markdown;variant=GFM-MIMI"

_BEFORE_SALT = bytes((0x80 | 7, 0x40 | SALT_BYTES))
"""The heads of an array of 7 and of a byte string of 16 (RFC 8949)."""

_CBOR_DEPTH = 2 * MAX_PART_DEPTH + 2


class Disposition(IntEnum):
    """What a part is for (section 8.2.2); others up to 255 are kept as they are."""

    UNSPECIFIED = 0
    RENDER = 1
    REACTION = 2
    PROFILE = 3
    INLINE = 4
    ICON = 5
    ATTACHMENT = 6
    SESSION = 7
    PREVIEW = 8


class Semantics(IntEnum):
    """How the parts of a MultiPart belong together (section 4.4)."""

    CHOOSE_ONE = 0
    SINGLE_UNIT = 1
    PROCESS_ALL = 2


class Cardinality(IntEnum):
    """Which of the four kinds of part follows."""

    NULL = 0
    SINGLE = 1
    EXTERNAL = 2
    MULTI = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NullPart:
    """Nothing: the body of a deletion."""

    disposition: int = Disposition.RENDER
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePart:
    """Content carried along, of an IANA media type."""

    content_type: str
    content: bytes
    disposition: int = Disposition.RENDER
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalPart:
    """Content to fetch elsewhere (section 4.5).

    `expires_s` seconds since 1970, 0 never; `size_bytes` 0 when unknown; `encryption` an IANA
    AEAD number (1 is AES-128-GCM, 2 AES-256-GCM), 0 none; `hash_algorithm` an IANA Named
    Information number (1 is SHA-256), 0 none.
    """

    content_type: str
    url: str
    expires_s: int = 0
    size_bytes: int = 0
    encryption: int = 0
    key: bytes = b""
    nonce: bytes = b""
    authenticated: bytes = b""
    hash_algorithm: int = 0
    content_hash: bytes = b""
    description: str = ""
    filename: str = ""
    disposition: int = Disposition.ATTACHMENT
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiPart:
    """At least two parts that belong together."""

    semantics: Semantics
    parts: tuple["Part", ...]
    disposition: int = Disposition.RENDER
    language: str = ""


Part: TypeAlias = NullPart | SinglePart | ExternalPart | MultiPart


@dataclass(frozen=True, slots=True)
class Expiration:
    """When to forget a message: `time_s` after reading it, or at `time_s` since 1970."""

    relative: bool
    time_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MimiContent:
    """One message (section 4.1). `salt` is 16 random bytes, new for each message."""

    salt: bytes
    part: Part
    replaces: MessageId | None = None
    topic_id: bytes = b""
    expires: Expiration | None = None
    in_reply_to: MessageId | None = None
    extensions: Mapping[Key, Value] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The one encoding. Raises ContentError when a field breaks the draft's limits."""
        _check_fields(self)
        expires = None if self.expires is None else (self.expires.relative, self.expires.time_s)
        raw = cbor.encode(
            (
                self.salt,
                self.replaces,
                self.topic_id,
                expires,
                self.in_reply_to,
                self.extensions,
                _part_value(self.part),
            )
        )
        if len(raw) > MAX_CONTENT_BYTES:
            raise ContentError(
                f"A message has at most {MAX_CONTENT_BYTES} bytes, not {len(raw)}.",
                code="too_large",
            )
        return raw


def decode(raw: bytes) -> MimiContent:
    """The message of exactly these bytes; `decode(raw).encode() == raw`. Raises ContentError."""
    if len(raw) > MAX_CONTENT_BYTES:
        raise ContentError(
            f"A message has at most {MAX_CONTENT_BYTES} bytes, not {len(raw)}.", code="too_large"
        )
    fields = expect_array(cbor.decode(raw, max_depth=_CBOR_DEPTH), "A message")
    if len(fields) != 7:
        raise ContentError(f"A message has 7 fields, not {len(fields)}.")
    salt, replaces, topic_id, expires, in_reply_to, extensions, part = fields
    content = MimiContent(
        salt=expect(salt, bytes, "salt"),
        replaces=_message_id(replaces, "replaces"),
        topic_id=expect(topic_id, bytes, "topicId"),
        expires=_expiration(expires),
        in_reply_to=_message_id(in_reply_to, "inReplyTo"),
        extensions=expect_map(extensions, "extensions"),
        part=_parse_part(part),
    )
    _check_fields(content)
    return content


def salt_of(raw: bytes) -> bytes:
    """The salt of an encoded message, which is also the key of its frank (wire.franking): it is
    the first of seven fields, and has one encoding. Raises ContentError."""
    if raw[: len(_BEFORE_SALT)] != _BEFORE_SALT or len(raw) < len(_BEFORE_SALT) + SALT_BYTES:
        raise ContentError(f"A message begins with a salt of {SALT_BYTES} bytes.")
    return raw[len(_BEFORE_SALT) :][:SALT_BYTES]


def leaves(part: Part) -> list[Part]:
    """The part itself, or the parts inside it that are not MultiParts, in part index order."""
    if isinstance(part, MultiPart):
        return [leaf for inner in part.parts for leaf in leaves(inner)]
    return [part]


def check_origin(content: MimiContent, sender_uri: str, room_uri: str) -> None:
    """Refuse content that names another sender or room than MLS has proven.

    The extensions senderUri and roomUri (section 8.2.1) are optional. Raises ContentError
    (`wrong_origin`).
    """
    for key, proven in ((SENDER_URI, sender_uri), (ROOM_URI, room_uri)):
        if content.extensions.get(key, proven) != proven:
            raise ContentError(
                f"A message says that it is of {content.extensions[key]!r}, but it came as "
                f"one of {proven}.",
                code="wrong_origin",
            )


# --- fields ----------------------------------------------------------------------------------


def _message_id(value: Value, name: str) -> MessageId | None:
    return None if value is None else MessageId(expect(value, bytes, name))


def _expiration(value: Value) -> Expiration | None:
    if value is None:
        return None
    fields = expect_array(value, "expires")
    if len(fields) != 2 or not isinstance(fields[0], bool):
        raise ContentError("expires must be [relative: bool, time].")
    return Expiration(fields[0], expect(fields[1], int, "the time of expires"))


def _check_fields(content: MimiContent) -> None:
    if len(content.salt) != SALT_BYTES:
        raise ContentError(f"A salt has {SALT_BYTES} bytes, not {len(content.salt)}.")
    for name, named in (("replaces", content.replaces), ("inReplyTo", content.in_reply_to)):
        if named is not None and len(named) != MESSAGE_ID_BYTES:
            raise ContentError(f"{name} is not a message id of {MESSAGE_ID_BYTES} bytes.")
    if content.expires is not None:
        _check_unsigned(content.expires.time_s, 4, "the time of expires")
    _check_extensions(content.extensions)
    _check_part(content.part, MAX_PART_DEPTH)
    if _count(content.part) > MAX_PARTS:
        raise ContentError(f"A message has at most {MAX_PARTS} parts.", code="too_large")


def _check_extensions(extensions: Mapping[Key, Value]) -> None:
    for key, value in extensions.items():
        named = isinstance(key, str) and 1 <= len(key.encode(errors="replace")) <= MAX_NAME_BYTES
        if not named and (type(key) is not int or key == 0):
            raise ContentError(
                "The key of an extension is an integer other than 0 or a text of 1 to 255 bytes."
            )
        if key in (SENDER_URI, ROOM_URI):
            expect(value, str, "senderUri and roomUri")
        if _depth(value) + 1 > MAX_EXTENSION_DEPTH:
            raise ContentError(
                f"Extensions are at most {MAX_EXTENSION_DEPTH} levels deep.", code="too_deep"
            )
        if len(cbor.encode(value)) > MAX_EXTENSION_BYTES:
            raise ContentError(
                f"An extension has at most {MAX_EXTENSION_BYTES} bytes.", code="too_large"
            )


def _depth(value: Value) -> int:
    if isinstance(value, cbor.Tag):
        return 1 + _depth(value.value)
    if isinstance(value, Mapping):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, tuple | list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _check_unsigned(value: int, size: int, name: str) -> None:
    if not 0 <= value < 1 << (8 * size):
        raise ContentError(f"{name} must be from 0 to 2^{8 * size}-1, not {value}.")


# --- parts -----------------------------------------------------------------------------------


def _count(part: Part) -> int:
    inner = part.parts if isinstance(part, MultiPart) else ()
    return 1 + sum(map(_count, inner))


def _check_part(part: Part, depth: int) -> None:
    if depth == 0:
        raise ContentError(f"Parts are at most {MAX_PART_DEPTH} levels deep.", code="too_deep")
    _check_unsigned(part.disposition, 1, "disposition")
    if isinstance(part, ExternalPart):
        _check_unsigned(part.expires_s, 4, "expires of an external part")
        _check_unsigned(part.size_bytes, 8, "size of an external part")
        _check_unsigned(part.encryption, 2, "encAlg")
        _check_unsigned(part.hash_algorithm, 1, "hashAlg")
    elif isinstance(part, MultiPart):
        if len(part.parts) < 2:
            raise ContentError("A part of many has at least two parts.")
        for inner in part.parts:
            _check_part(inner, depth - 1)


def _part_value(part: Part) -> Value:
    head = (int(part.disposition), part.language)
    if isinstance(part, NullPart):
        return (*head, Cardinality.NULL)
    if isinstance(part, SinglePart):
        return (*head, Cardinality.SINGLE, part.content_type, part.content)
    if isinstance(part, MultiPart):
        inner = tuple(_part_value(each) for each in part.parts)
        return (*head, Cardinality.MULTI, int(part.semantics), inner)
    return (
        *head,
        Cardinality.EXTERNAL,
        part.content_type,
        part.url,
        part.expires_s,
        part.size_bytes,
        part.encryption,
        part.key,
        part.nonce,
        part.authenticated,
        part.hash_algorithm,
        part.content_hash,
        part.description,
        part.filename,
    )


_FIELD_COUNTS: dict[int, int] = {
    Cardinality.NULL: 3,
    Cardinality.SINGLE: 5,
    Cardinality.EXTERNAL: 15,
    Cardinality.MULTI: 5,
}


def _parse_part(value: Value) -> Part:
    fields = expect_array(value, "A part")
    if len(fields) < 3:
        raise ContentError("A part begins with disposition, language and cardinality.")
    disposition = expect(fields[0], int, "disposition")
    language = expect(fields[1], str, "language")
    cardinality = expect(fields[2], int, "cardinality")
    if _FIELD_COUNTS.get(cardinality) != len(fields):
        raise ContentError(f"A part of cardinality {cardinality} cannot have {len(fields)} fields.")
    if cardinality == Cardinality.NULL:
        return NullPart(disposition=disposition, language=language)
    if cardinality == Cardinality.SINGLE:
        return SinglePart(
            content_type=expect(fields[3], str, "contentType"),
            content=expect(fields[4], bytes, "content"),
            disposition=disposition,
            language=language,
        )
    if cardinality == Cardinality.EXTERNAL:
        return _parse_external(fields[3:], disposition, language)
    semantics = expect(fields[3], int, "partSemantics")
    if semantics not in range(3):
        raise ContentError(f"partSemantics {semantics} does not exist.")
    parts = tuple(_parse_part(each) for each in expect_array(fields[4], "parts"))
    return MultiPart(
        semantics=Semantics(semantics), parts=parts, disposition=disposition, language=language
    )


def _parse_external(fields: tuple[Value, ...], disposition: int, language: str) -> ExternalPart:
    return ExternalPart(
        content_type=expect(fields[0], str, "contentType"),
        url=expect(fields[1], str, "url"),
        expires_s=expect(fields[2], int, "expires of an external part"),
        size_bytes=expect(fields[3], int, "size of an external part"),
        encryption=expect(fields[4], int, "encAlg"),
        key=expect(fields[5], bytes, "key"),
        nonce=expect(fields[6], bytes, "nonce"),
        authenticated=expect(fields[7], bytes, "aad"),
        hash_algorithm=expect(fields[8], int, "hashAlg"),
        content_hash=expect(fields[9], bytes, "contentHash"),
        description=expect(fields[10], str, "description"),
        filename=expect(fields[11], str, "filename"),
        disposition=disposition,
        language=language,
    )
