"""Message status: delivered, read and so on (draft-mahy-mimi-message-status).

One report names many messages of one conversation; a later report overrides an earlier one.
"""

from collections.abc import Iterable
from enum import IntEnum

from plausch.base.ids import MESSAGE_ID_BYTES, MessageId
from plausch.content import cbor
from plausch.content.errors import ContentError
from plausch.content.mimi import Disposition, MimiContent, SinglePart

STATUS_TYPE = "application/mimi-message-status"
MAX_STATUSES = 1000


class Status(IntEnum):
    """What became of a message at the sender of the report; others up to 255 are kept."""

    UNREAD = 0
    DELIVERED = 1
    READ = 2
    EXPIRED = 3
    DELETED = 4
    HIDDEN = 5
    ERROR = 6


def status_message(statuses: Iterable[tuple[MessageId, int]], *, salt: bytes) -> MimiContent:
    """A report of 1 to 1,000 messages. Raises ContentError on more or none."""
    listed = tuple(statuses)
    _check(listed)
    raw = cbor.encode(tuple((message, int(status)) for message, status in listed))
    part = SinglePart(content_type=STATUS_TYPE, content=raw, disposition=Disposition.UNSPECIFIED)
    return MimiContent(salt=salt, part=part)


def statuses_of(content: MimiContent) -> tuple[tuple[MessageId, int], ...] | None:
    """What a report says, None when the message is none.

    Raises ContentError when it is a report that is malformed.
    """
    part = content.part
    if not isinstance(part, SinglePart) or part.content_type != STATUS_TYPE:
        return None
    listed = []
    for entry in cbor.expect_array(cbor.decode(part.content, max_depth=2), "A status report"):
        fields = cbor.expect_array(entry, "A status")
        if len(fields) != 2:
            raise ContentError("A status is [message id, status].")
        message = MessageId(cbor.expect(fields[0], bytes, "The message id of a status"))
        listed.append((message, cbor.expect(fields[1], int, "A status")))
    _check(tuple(listed))
    return tuple(listed)


def _check(listed: tuple[tuple[MessageId, int], ...]) -> None:
    if not 1 <= len(listed) <= MAX_STATUSES:
        raise ContentError(
            f"A status report names 1 to {MAX_STATUSES} messages, not {len(listed)}."
        )
    for message, status in listed:
        if len(message) != MESSAGE_ID_BYTES:
            raise ContentError(f"A message id has {MESSAGE_ID_BYTES} bytes, not {len(message)}.")
        if not 0 <= status <= 255:
            raise ContentError(f"A status is from 0 to 255, not {status}.")
