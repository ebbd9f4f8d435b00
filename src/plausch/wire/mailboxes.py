"""Frames about a device's mailbox: the Welcomes that wait for it."""

from typing import Annotated

import msgspec

from plausch.wire.frame import ConversationBytes, Count, Frame, RequestId, Uri


class ReadMailbox(Frame, frozen=True, tag=40):
    """This device's Welcomes after `after`, at most `limit` (1 to 50). Answer: `Mailbox`."""

    id: RequestId
    after: Count
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)]


class MailboxItem(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A Welcome: its place in the mailbox, the conversation, the Commit's seq in its log."""

    item: Count
    conversation: ConversationBytes
    seq: Count
    accepted_at_ms: Count
    sender: Uri
    welcome: bytes


class Mailbox(Frame, frozen=True, tag=41):
    """A stretch of the mailbox."""

    id: RequestId
    items: list[MailboxItem]


class AcknowledgeMailbox(Frame, frozen=True, tag=42):
    """The Welcomes up to `item` are in the vault; the server forgets them. No answer."""

    item: Count
