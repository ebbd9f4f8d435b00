"""What scripts and people are shown of a message, and that the JSON names stay."""

import json

import msgspec
import pytest

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.cli.console import Screen
from plausch.cli.records import (
    ConversationRecord,
    FileRecord,
    HistoryRecord,
    MessageRecord,
    contact_record,
    file_record,
    message_line,
    message_record,
)
from plausch.content.attachment import Attachment, attachment_message
from plausch.content.stream import StreamKey
from plausch.sdk import Contact, ContactState, Kind, State, StoredMessage

ANNA = AccountAddress("anna", "localhost")


def stored(**changes: object) -> StoredMessage:
    fields: dict[str, object] = {
        "conversation_id": ConversationId(bytes(16)),
        "message_id": MessageId(b"\x01" * 32),
        "sender": ANNA,
        "outgoing": False,
        "kind": Kind.TEXT,
        "text": "Grüße",
        "content": None,
        "in_reply_to": None,
        "seq": 7,
        "sent_at_ms": 1_800_000_000_000,
        "state": State.RECEIVED,
    }
    return StoredMessage(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_promised_names_are_there() -> None:
    record = json.loads(msgspec.json.encode(message_record(stored(), "Chess")))
    assert {
        "conversation": "00" * 16,
        "from": "anna@localhost",
        "text": "Grüße",
        "kind": "text",
        "seq": 7,
    }.items() <= record.items()
    assert record["title"] == "Chess"
    assert record["message_id"] == "01" * 32
    assert record["in_reply_to"] is None


def test_everything_else_is_told_too() -> None:
    message = stored(
        outgoing=True,
        state=State.READ,
        in_reply_to=MessageId(b"\x02" * 32),
        edited=True,
        reactions={"❤": (ANNA,)},
        kind=Kind.CARD,
        seq=None,
        fork_suspected=True,
    )
    record = message_record(message)
    assert (record.outgoing, record.state, record.kind) == (True, "read", "card")
    assert record.in_reply_to == "02" * 32
    assert record.reactions == {"❤": ["anna@localhost"]}
    assert record.seq is None
    assert record.edited
    assert record.fork_suspected


def test_a_record_survives_the_control_socket() -> None:
    record = HistoryRecord(
        conversation=ConversationRecord(
            conversation="00" * 16, title="anna", kind="direct", state="open", participants=["a@b"]
        ),
        messages=[message_record(stored())],
        fresh=True,
    )
    again = msgspec.json.decode(msgspec.json.encode(record), type=HistoryRecord)
    assert again == record


def line(record: MessageRecord, language: str = "en") -> str:
    return message_line(Screen(language), record, "12:00")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "title", "shown"),
    [
        ({}, "", "12:00 anna@localhost: Grüße"),
        ({}, "anna@localhost", "12:00 anna@localhost: Grüße"),
        ({}, "Chess", "12:00 anna@localhost (Chess): Grüße"),
        ({"outgoing": True, "state": State.READ}, "", "12:00 you: Grüße [read]"),
        ({"text": "a\n12:01 cem: b"}, "", "12:00 anna@localhost: a\n    12:01 cem: b"),
        ({"deleted": True, "text": ""}, "", "12:00 anna@localhost: (deleted)"),
        ({"reactions": {"❤": (ANNA, ANNA)}}, "", "12:00 anna@localhost: Grüße ❤2"),
    ],
)
def test_a_person_is_shown_a_line(changes: dict[str, object], title: str, shown: str) -> None:
    assert line(message_record(stored(**changes), title)) == shown


def test_the_line_is_german_for_germans() -> None:
    record = message_record(stored(outgoing=True, state=State.SENT))
    assert line(record, "de") == "12:00 Sie: Grüße [sent]"


def test_a_contact_comes_with_its_number() -> None:
    contact = Contact(ANNA, "person", ContactState.VERIFIED, known=True)
    record = contact_record(contact, "12345 67890")
    assert record.state == "verified"
    assert record.safety_number == "12345 67890"
    assert record.address == "anna@localhost"


def test_a_file_is_told_by_name_size_and_type_and_never_by_its_key() -> None:
    attachment = Attachment(
        domain="localhost",
        blob=bytes(range(32)),
        secret=StreamKey(b"k" * 32, b"prefix!"),
        digest=bytes(32),
        size_bytes=12,
        content_type="image/png",
        name="map.png",
    )
    content = attachment_message(attachment, salt=bytes(16))
    message = stored(kind=Kind.FILE, content=content, text="[map.png]")
    assert file_record(message) == FileRecord(
        name="map.png", size_bytes=12, content_type="image/png"
    )
    raw = msgspec.json.encode(message_record(message))
    assert json.loads(raw)["file"]["name"] == "map.png"
    assert b"kkkk" not in raw
    assert file_record(stored()) is None
