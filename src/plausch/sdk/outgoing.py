"""What somebody wants to send: a file, and what is said of it."""

import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path

from plausch.base.ids import MessageId
from plausch.content.attachment import (
    ANY_TYPE,
    BLOB_ID_BYTES,
    DIGEST_BYTES,
    NO_FACTS,
    Attachment,
    Facts,
    Preview,
    plain_type,
)
from plausch.content.file_name import safe_name
from plausch.content.stream import StreamKey
from plausch.sdk.composing import sendable
from plausch.sdk.core import Core
from plausch.sdk.files import size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDescription:
    """What is said of a file. Without a name it has that of its path, without a media type the
    usual one for that name. `alt`: what a picture shows, for who does not see it."""

    name: str = ""
    content_type: str = ""
    alt: str = ""
    preview: Preview | None = None
    facts: Facts = NO_FACTS


PLAIN_FILE = FileDescription()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file and its message. `attachment` has a key of its own, and no digest yet."""

    source: Path | bytes
    attachment: Attachment
    caption: str = ""
    in_reply_to: MessageId | None = None


def outgoing_file(
    core: Core,
    source: Path | str | bytes,
    said: FileDescription,
    caption: str = "",
    in_reply_to: MessageId | None = None,
) -> Outgoing:
    """A file that is to be sent from this device. Raises FileRefused, SdkError (too large)."""
    content = source if isinstance(source, bytes) else Path(source)
    name = safe_name(said.name or ("" if isinstance(content, bytes) else content.name))
    guessed, packing = mimetypes.guess_type(name)
    usual = guessed if guessed is not None and packing is None else ANY_TYPE
    with sendable():
        attachment = Attachment(
            domain=core.address.domain,
            blob=secrets.token_bytes(BLOB_ID_BYTES),
            secret=StreamKey.new(),
            digest=bytes(DIGEST_BYTES),
            size_bytes=size_of(content),
            content_type=plain_type(said.content_type or usual),
            name=name,
            description=said.alt,
            preview=said.preview,
            facts=said.facts,
        )
    return Outgoing(content, attachment, caption, in_reply_to)
