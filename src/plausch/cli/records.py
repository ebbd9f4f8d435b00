"""What commands answer: the JSON of `--json`, and what the control socket carries."""

import msgspec

from plausch.cli.console import Screen
from plausch.sdk import Asking, Contact, Conversation, StoredMessage


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a message carries; `plausch save` fetches it. Its sender says all of this."""

    name: str
    size_bytes: int
    content_type: str


class MessageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `sent_at_ms` is the server's time of acceptance since the Unix epoch."""

    conversation: str
    sender: str = msgspec.field(name="from")
    text: str
    kind: str
    seq: int | None
    message_id: str
    sent_at_ms: int
    outgoing: bool
    state: str
    title: str = ""
    in_reply_to: str | None = None
    edited: bool = False
    deleted: bool = False
    reactions: dict[str, list[str]] = {}
    fork_suspected: bool = False
    file: FileRecord | None = None


class SentRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that was sent: `seq` is None and `state` "waiting" while the server has it not;
    `why`, when the server said so."""

    conversation: str
    title: str
    message_id: str
    seq: int | None
    state: str
    why: str = ""


class SavedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched; `path` is where it is."""

    conversation: str
    message_id: str
    sender: str = msgspec.field(name="from")
    path: str
    size_bytes: int
    content_type: str


class ReportedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A report that the server took: about whom, and how many messages it discloses."""

    about: str
    reason: str
    messages: int


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as this device knows it; participants and admins are addresses. Without admins
    everybody may change it."""

    conversation: str
    title: str
    kind: str
    state: str
    participants: list[str]
    request: bool = False
    admins: list[str] = []


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A group's invitation link, empty when it has none."""

    conversation: str
    title: str
    link: str


class AskingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who asks to be added to a group of ours."""

    conversation: str
    title: str
    sender: str
    message_id: str


class AskingsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All who ask; `fresh`: the server was asked; `why` not, when it said so."""

    asking: list[AskingRecord]
    fresh: bool
    why: str = ""


class HistoryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The last messages of a conversation, oldest first; `fresh`: the server was asked; `why` not,
    when it said so."""

    conversation: ConversationRecord
    messages: list[MessageRecord]
    fresh: bool
    why: str = ""


class ConversationsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All conversations, the most recently active first; `fresh`: the server was asked; `why` not,
    when it said so."""

    conversations: list[ConversationRecord]
    fresh: bool
    why: str = ""


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A device of this account; `here`: the one that answers; `staff`: it manages nothing."""

    device: str
    here: bool
    staff: bool


class DevicesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The devices of this account as listed under its identity key."""

    address: str
    devices: list[DeviceRecord]


class LinkedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A device that has become one of an account."""

    address: str
    device: str
    is_staff: bool


class ContactRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How sure this device is of an account; `state` is pinned, verified or changed."""

    address: str
    kind: str
    state: str
    safety_number: str


class BookingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One booking of a business's book. Instants in seconds since the Unix epoch."""

    uid: str
    state: str
    party: int
    starts_at_s: int
    ends_at_s: int
    zone: str
    under_name: str
    tables: list[str]


class DoneRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing more to tell."""

    done: bool = True


def message_record(message: StoredMessage, title: str = "") -> MessageRecord:
    """A stored message for a script."""
    return MessageRecord(
        conversation=message.conversation_id.hex(),
        sender=str(message.sender),
        text=message.text,
        kind=str(message.kind),
        seq=message.seq,
        message_id=message.message_id.hex(),
        sent_at_ms=message.sent_at_ms,
        outgoing=message.outgoing,
        state=str(message.state),
        title=title,
        in_reply_to=message.in_reply_to.hex() if message.in_reply_to else None,
        edited=message.edited,
        deleted=message.deleted,
        reactions={emoji: [str(one) for one in by] for emoji, by in message.reactions.items()},
        fork_suspected=message.fork_suspected,
        file=file_record(message),
    )


def file_record(message: StoredMessage) -> FileRecord | None:
    """The message's file for a script."""
    found = message.attachment
    if found is None:
        return None
    return FileRecord(name=found.name, size_bytes=found.size_bytes, content_type=found.content_type)


def conversation_record(conversation: Conversation) -> ConversationRecord:
    """A conversation for a script."""
    return ConversationRecord(
        conversation=conversation.id.hex(),
        title=conversation.title,
        kind=conversation.kind,
        state=conversation.state,
        participants=[str(one) for one in conversation.participants],
        request=conversation.request,
        admins=[str(one) for one in conversation.admins],
    )


def asking_record(asking: Asking) -> AskingRecord:
    """Somebody who asks, for a script."""
    return AskingRecord(
        conversation=asking.group.hex(),
        title=asking.title,
        sender=str(asking.sender),
        message_id=asking.message_id.hex(),
    )


def contact_record(contact: Contact, safety_number: str) -> ContactRecord:
    """A contact for a script."""
    return ContactRecord(
        address=str(contact.address),
        kind=contact.kind,
        state=str(contact.state),
        safety_number=safety_number,
    )


def message_line(screen: Screen, record: MessageRecord, clock_time: str) -> str:
    """A message for a person: when, who, what, and how far an outgoing one came."""
    who = screen.phrase("you") if record.outgoing else record.sender
    text = screen.phrase("deleted") if record.deleted else record.text
    text = text.replace("\n", "\n    ")  # lest a second line pass for somebody else's message
    extras = "".join(f" {emoji}{len(by)}" for emoji, by in record.reactions.items())
    state = f" [{record.state}]" if record.outgoing else ""
    place = f" ({record.title})" if record.title and record.title != record.sender else ""
    return f"{clock_time} {who}{place}: {text}{extras}{state}"
