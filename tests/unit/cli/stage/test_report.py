"""The two views of one conversation, side by side."""

import pytest

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.cli.console import Screen
from plausch.cli.stage.evidence import Search, SeenEnvelope
from plausch.cli.stage.report import WIDTH, seen_texts, short, show_evidence, show_search
from plausch.sdk import Kind, State, StoredMessage


def envelope(seq: int, kind: str = "message") -> SeenEnvelope:
    sender = "mimi://localhost/d/anna/0123456789abcdef"
    return SeenEnvelope(seq, 1, kind, 1_800_000_000_000, sender, 640, bytes(range(12)))


def message(seq: int | None, text: str) -> StoredMessage:
    return StoredMessage(
        conversation_id=ConversationId(bytes(16)),
        message_id=MessageId(bytes(32)),
        sender=AccountAddress("anna", "localhost"),
        outgoing=True,
        kind=Kind.TEXT,
        text=text,
        content=None,
        in_reply_to=None,
        seq=seq,
        sent_at_ms=0,
        state=State.SENT,
    )


def test_each_envelope_is_matched_by_its_place() -> None:
    envelopes = [envelope(1, "commit"), envelope(2), envelope(3)]
    history = [message(2, "hello"), message(None, "not sent yet"), message(9, "elsewhere")]
    assert seen_texts(envelopes, history) == ["", "hello", ""]


def test_a_long_text_is_one_short_line() -> None:
    assert short("two\nlines  and\tmore") == "two lines and more"
    assert len(short("x" * 200)) == WIDTH
    assert short("x" * 200).endswith("…")
    assert short("x" * WIDTH) == "x" * WIDTH


def test_the_table_has_both_views(capsys: pytest.CaptureFixture[str]) -> None:
    show_evidence(
        Screen("en"), [envelope(1, "commit"), envelope(2), envelope(3)], [message(2, "hi")]
    )
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [row[2] for row in rows] == ["anna/0123456789abcdef"] * 3
    assert [row[3] for row in rows] == ["640"] * 3
    assert [row[4] for row in rows] == ["000102030405060708090a0b"] * 3
    assert [row[5] for row in rows] == [
        "(keys of the group)",
        "hi",
        "(marks: delivered, read)",
    ]


def test_the_search_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    show_search(Screen("en"), Search(files=3, size_bytes=123_456, texts=7, found=()))
    assert "Searched 3 files of the server (123 kB) for 7 texts" in capsys.readouterr().out
    show_search(Screen("de"), Search(files=3, size_bytes=123_456, texts=7, found=()))
    assert "keiner gefunden" in capsys.readouterr().out
