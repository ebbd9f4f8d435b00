"""Frames about reports: messages that somebody discloses to the operator (spec/franking.md)."""

from typing import Annotated

import msgspec

from plausch.wire.frame import (
    ConversationBytes,
    Count,
    DigestBytes,
    Frame,
    IdempotencyBytes,
    RequestId,
    Uri,
    Word,
)

REASONS = ("spam", "abuse", "illegal", "other")

MOST_REPORTED = 20
"""Messages in one report."""

NOTE_CHARACTERS = 1000
DISCLOSED_BYTES = 60 * 1024
"""Most of a content (content.mimi.MAX_CONTENT_BYTES)."""

FrankingKeyBytes = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
DisclosedBytes = Annotated[bytes, msgspec.Meta(max_length=DISCLOSED_BYTES)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_CHARACTERS)]


class ReportedMessage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A message as it was decrypted, and with what the server finds out whether it is genuine.

    `sender` and `accepted_at_ms` as in its envelope, with `stamp`; `key` is the content's salt.
    """

    conversation: ConversationBytes
    sender: Uri
    accepted_at_ms: Count
    stamp: DigestBytes
    key: FrankingKeyBytes
    content: DisclosedBytes


class Report(Frame, frozen=True, tag=100):
    """Disclose messages of the account `name` to the operator. Answer: `Done`.

    `reason` is "spam", "abuse", "illegal" or "other". `idempotency_id`: a retry is the same report.
    """

    id: RequestId
    name: Word
    reason: Word
    note: Note
    messages: Annotated[list[ReportedMessage], msgspec.Meta(max_length=MOST_REPORTED)]
    idempotency_id: IdempotencyBytes
