"""Files in messages: the part that names a blob and opens it, its preview, what is known of it.

An attachment is a MIMI external part (draft-ietf-mimi-content-08 section 4.5) whose URL is
`mimi://DOMAIN/b/ID`, whose key opens a STREAM (stream.py), and whose hash is of the blob as it
lies on the server. spec/content.md has the rules; whatever breaks them is no attachment of ours,
and is shown as the file name that it has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from plausch.base.ids import MessageId, NameRefused, parse_domain
from plausch.content.cbor import Key, Value, expect, expect_array, expect_map
from plausch.content.errors import ContentError
from plausch.content.file_name import safe_name
from plausch.content.mimi import (
    Disposition,
    ExternalPart,
    MimiContent,
    MultiPart,
    Part,
    Semantics,
    SinglePart,
    leaves,
)
from plausch.content.stream import MAX_CONTENT_BYTES, Layout, StreamKey
from plausch.content.text import text_part

STREAM_AES_256_GCM = 0xF0A1
"""Our number in the registry of AEAD algorithms, from its range for private use (RFC 5116
section 6): a client that does not know STREAM must not take it for plain AES-GCM."""

SHA_256 = 1
BLOB_ID_BYTES = 32
DIGEST_BYTES = 32

FACTS = -0xF0A2
"""Extension of our own: what is known of the attachments, a map for each, in their order."""

PREVIEW_BYTES = 4096
PREVIEW_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
MAX_SIDE = 0xFFFF
MAX_DURATION_MS = 0x7FFFFFFF
WAVEFORM_BYTES = 256
ANY_TYPE = "application/octet-stream"

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_BLOB_URI = re.compile(r"mimi://([^/]{1,255})/b/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Preview:
    """A small, most often blurred picture that is there before the file is."""

    content_type: str
    content: bytes

    def __post_init__(self) -> None:
        if self.content_type not in PREVIEW_TYPES or not 0 < len(self.content) <= PREVIEW_BYTES:
            raise ContentError(
                f"A preview is a JPEG, PNG or WebP picture of up to {PREVIEW_BYTES} bytes, not "
                f"{len(self.content)} bytes of {self.content_type}.",
                code="bad_attachment",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a sender says of a file; 0 and empty where it says nothing. Nobody has checked it.

    `width` and `height` in pixels, both or neither. `waveform`: loudness from 0 to 255 at even
    distances. `voice`: recorded to be listened to as a message.
    """

    width: int = 0
    height: int = 0
    duration_ms: int = 0
    waveform: bytes = b""
    voice: bool = False

    def __post_init__(self) -> None:
        if (
            not (0 <= self.width <= MAX_SIDE and 0 <= self.height <= MAX_SIDE)
            or (self.width == 0) != (self.height == 0)
            or not 0 <= self.duration_ms <= MAX_DURATION_MS
            or len(self.waveform) > WAVEFORM_BYTES
        ):
            raise ContentError(
                f"A picture has sides of 1 to {MAX_SIDE} pixels, a recording up to "
                f"{MAX_DURATION_MS} ms and {WAVEFORM_BYTES} bytes of waveform.",
                code="bad_attachment",
            )


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that lies encrypted on a server, and all that is needed to have it.

    `blob` is its id there, 32 bytes; `digest` the SHA-256 of the blob; `size_bytes` the file's own
    length. `name` is safe, `description` is not checked: it is words, as a text is. Raises
    ContentError when the file is too large.
    """

    domain: str
    blob: bytes = field(repr=False)
    secret: StreamKey
    digest: bytes
    size_bytes: int
    content_type: str = ANY_TYPE
    name: str = ""
    description: str = ""
    preview: Preview | None = None
    facts: Facts = NO_FACTS

    def __post_init__(self) -> None:
        Layout(self.size_bytes)

    @property
    def layout(self) -> Layout:
        """Where its chunks lie."""
        return Layout(self.size_bytes)


def blob_uri(domain: str, blob: bytes) -> str:
    """`mimi://domain/b/hex`."""
    return f"mimi://{domain}/b/{blob.hex()}"


def parse_blob_uri(uri: str) -> tuple[str, bytes]:
    """(domain, blob id) of `mimi://domain/b/64 hex digits`. Raises ContentError."""
    match = _BLOB_URI.fullmatch(uri)
    try:
        if match is not None:
            return parse_domain(match[1]), bytes.fromhex(match[2])
    except NameRefused:
        pass
    raise ContentError(
        f"{uri[:128]!r} is not a blob's URI: expected mimi://DOMAIN/b/ID.", code="bad_attachment"
    )


def plain_type(content_type: str) -> str:
    """The media type without parameters, in lower case; `application/octet-stream` for nonsense."""
    bare = content_type.partition(";")[0].strip().lower()
    return bare if _TYPE.fullmatch(bare) else ANY_TYPE


# --- writing ---------------------------------------------------------------------------------


def attachment_message(
    attachment: Attachment, *, salt: bytes, caption: str = "", in_reply_to: MessageId | None = None
) -> MimiContent:
    """A message that carries a file, with words below it if there are any.

    Raises ContentError when something of it is over a limit.
    """
    parts: list[Part] = []
    if attachment.preview is not None:
        parts.append(
            SinglePart(
                content_type=attachment.preview.content_type,
                content=attachment.preview.content,
                disposition=Disposition.PREVIEW,
            )
        )
    parts.append(_external_part(attachment))
    if caption:
        parts.append(text_part(caption))
    part = parts[0]
    if len(parts) > 1:
        part = MultiPart(semantics=Semantics.PROCESS_ALL, parts=tuple(parts))
    facts = attachment.facts
    return MimiContent(
        salt=salt,
        part=part,
        in_reply_to=in_reply_to,
        extensions={} if facts == NO_FACTS else {FACTS: (_facts_value(facts),)},
    )


def _external_part(attachment: Attachment) -> ExternalPart:
    return ExternalPart(
        content_type=attachment.content_type,
        url=blob_uri(attachment.domain, attachment.blob),
        size_bytes=attachment.size_bytes,
        encryption=STREAM_AES_256_GCM,
        key=attachment.secret.key,
        nonce=attachment.secret.prefix,
        hash_algorithm=SHA_256,
        content_hash=attachment.digest,
        description=attachment.description,
        filename=attachment.name,
    )


def _facts_value(facts: Facts) -> Mapping[Key, Value]:
    """Only what is said."""
    said: dict[Key, Value] = {}
    if facts.width:
        said |= {"width": facts.width, "height": facts.height}
    if facts.duration_ms:
        said["duration_ms"] = facts.duration_ms
    if facts.waveform:
        said["waveform"] = facts.waveform
    if facts.voice:
        said["voice"] = True
    return said


# --- reading ---------------------------------------------------------------------------------


def attachments_of(content: MimiContent) -> tuple[Attachment, ...]:
    """The message's files that this version understands, in their order. Never raises: what is
    malformed is passed over, a file without its preview or facts still is one."""
    facts = _facts_in(content)
    found: list[Attachment] = []
    number = 0
    before: Part | None = None
    for part in leaves(content.part):
        if isinstance(part, ExternalPart):
            known = facts[number] if number < len(facts) else NO_FACTS
            number += 1
            attachment = _attachment(part, _preview(before), known)
            if attachment is not None:
                found.append(attachment)
        before = part
    return tuple(found)


def _attachment(part: ExternalPart, preview: Preview | None, facts: Facts) -> Attachment | None:
    ours = (
        part.encryption == STREAM_AES_256_GCM
        and part.hash_algorithm == SHA_256
        and len(part.content_hash) == DIGEST_BYTES
        and not part.authenticated
        and 0 <= part.size_bytes <= MAX_CONTENT_BYTES
    )
    if not ours:
        return None
    try:
        domain, blob = parse_blob_uri(part.url)
        secret = StreamKey(part.key, part.nonce)
    except ContentError:
        return None
    return Attachment(
        domain=domain,
        blob=blob,
        secret=secret,
        digest=part.content_hash,
        size_bytes=part.size_bytes,
        content_type=plain_type(part.content_type),
        name=safe_name(part.filename),
        description=part.description,
        preview=preview,
        facts=facts,
    )


def _preview(part: Part | None) -> Preview | None:
    """The part before a file is its preview when it says so."""
    if not isinstance(part, SinglePart) or part.disposition != Disposition.PREVIEW:
        return None
    try:
        return Preview(plain_type(part.content_type), part.content)
    except ContentError:
        return None


def _facts_in(content: MimiContent) -> tuple[Facts, ...]:
    if FACTS not in content.extensions:
        return ()
    try:
        values = expect_array(content.extensions[FACTS], "Facts")
    except ContentError:
        return ()
    return tuple(map(_facts, values))


def _facts(value: Value) -> Facts:
    try:
        said = expect_map(value, "Facts")
        return Facts(
            width=expect(said.get("width", 0), int, "width"),
            height=expect(said.get("height", 0), int, "height"),
            duration_ms=expect(said.get("duration_ms", 0), int, "duration_ms"),
            waveform=expect(said.get("waveform", b""), bytes, "waveform"),
            voice=said.get("voice", False) is True,
        )
    except ContentError:
        return NO_FACTS
