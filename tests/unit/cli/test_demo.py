"""The demo's judgement: what counts as booked, what as secret; which folder, which tongue."""

import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.cli import demo as module
from plausch.cli.console import Screen
from plausch.cli.demo import (
    Stage,
    chosen_kind,
    confirmed,
    folder_for,
    guest_screen,
    same,
    show_link,
    texts_of,
)
from plausch.cli.records import BookingRecord
from plausch.content.cards import BookingCard, card_message
from plausch.domain.booking import BookingState
from plausch.domain.business import BusinessKind
from plausch.sdk import Kind, State, StoredMessage

START_S = 1_798_736_400

CARD = BookingCard(
    uid="b-1",
    sequence=1,
    state=BookingState.CONFIRMED,
    party=2,
    start_s=START_S,
    duration_s=5400,
    zone="Europe/Berlin",
    under_name="Anna Berger",
    business="Zur Linde",
    actions=(),
)
RECORD = BookingRecord(
    uid="b-1",
    state="confirmed",
    party=2,
    starts_at_s=START_S,
    ends_at_s=START_S + 5400,
    zone="Europe/Berlin",
    under_name="Anna Berger",
    tables=["1"],
)


def stored(card: BookingCard, *, outgoing: bool = False) -> StoredMessage:
    return StoredMessage(
        conversation_id=ConversationId(bytes(16)),
        message_id=MessageId(bytes(32)),
        sender=AccountAddress("zur-linde", "localhost"),
        outgoing=outgoing,
        kind=Kind.CARD,
        text="Confirmed:\nThursday",
        content=card_message(card, "Confirmed", language="en", salt=bytes(16)),
        in_reply_to=None,
        seq=1,
        sent_at_ms=0,
        state=State.RECEIVED,
    )


def test_the_last_word_of_the_business_counts() -> None:
    held = replace(CARD, state=BookingState.HELD)
    cancelled = replace(CARD, state=BookingState.CANCELLED)
    assert confirmed([]) is None
    assert confirmed([stored(held)]) is None
    assert confirmed([stored(held), stored(CARD)]) == CARD
    assert confirmed([stored(CARD), stored(cancelled)]) is None


def test_what_the_guest_says_itself_does_not_count() -> None:
    assert confirmed([stored(CARD, outgoing=True)]) is None


def test_card_and_book_are_compared_word_for_word() -> None:
    assert same(CARD, RECORD)
    for other in (
        replace(CARD, uid="b-2"),
        replace(CARD, state=BookingState.HELD),
        replace(CARD, party=3),
        replace(CARD, start_s=START_S + 1),
        replace(CARD, under_name="Anna"),
    ):
        assert not same(other, RECORD)


def test_secrets_are_texts_lines_names_and_times() -> None:
    texts = set(texts_of([stored(CARD)], CARD))
    assert {"Confirmed:\nThursday", "Confirmed:", "Thursday", "Anna Berger", "b-1"} <= texts
    assert {"Zur Linde", "Thu 31 Dec 18:00", "Do 31.12. 18:00"} <= texts
    assert set(texts_of([stored(CARD)], None)) == {"Confirmed:\nThursday", "Confirmed:", "Thursday"}


def test_a_folder_of_the_demo_is_gone_afterwards() -> None:
    with folder_for(None) as folder:
        (folder / "file").write_text("x")
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_kept_folder_stays(tmp_path: Path) -> None:
    with folder_for(tmp_path / "deep" / "kept") as folder:
        (folder / "file").write_text("x")
    assert (tmp_path / "deep" / "kept" / "file").is_file()
    with pytest.raises(click.UsageError, match="is not empty"), folder_for(folder):
        pytest.fail("it has a file")


def test_a_script_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: pytest.fail("asked"))
    screen = Screen("en")
    assert guest_screen(screen, None, True) is screen
    assert guest_screen(screen, "en", False) is screen
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert guest_screen(screen, None, False) is screen


def test_a_person_chooses_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "de")
    assert guest_screen(Screen("en"), None, False) == Screen("de")


STAGE = Stage(Path("folder"), "http://127.0.0.1:7480")


def test_the_link_is_under_a_name_for_which_browsers_have_cryptography() -> None:
    assert STAGE.link == "http://localhost:7480/zur-linde"


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_browser_finds_the_restaurant(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen("de" if language == "de" else "en")
    monkeypatch.setattr(module, "is_built", lambda: True)
    show_link(STAGE, screen)
    said = capsys.readouterr()
    assert said.out.endswith(f": {STAGE.link}\n")
    monkeypatch.setattr(module, "is_built", lambda: False)
    show_link(STAGE, screen)
    said = capsys.readouterr()
    assert said.out == ""
    assert "`make web`" in said.err


def test_the_guests_name_is_not_the_accounts() -> None:
    """Otherwise the search for it would find what the server may know."""
    assert module.GUEST_NAME not in module.UNDER_NAME
    for name, account in module.BUSINESSES.values():
        assert account not in name


@pytest.mark.parametrize("kind", list(BusinessKind))
def test_every_kind_has_a_business_and_a_line_in_the_menu(kind: BusinessKind) -> None:
    name, account = module.BUSINESSES[kind]
    for language in ("de", "en"):
        assert name in Screen(language).phrase(f"kind_{kind}")
    assert Stage(Path("/nowhere"), "http://127.0.0.1:1", kind).link.endswith(f"/{account}")


def test_the_business_is_the_one_that_was_asked_for() -> None:
    assert chosen_kind("shop", Screen("en"), False) is BusinessKind.SHOP
    assert chosen_kind("hairdresser", Screen("en"), True) is BusinessKind.HAIRDRESSER


def test_without_a_terminal_it_is_the_restaurant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert chosen_kind(None, Screen("en"), False) is BusinessKind.RESTAURANT


@pytest.mark.parametrize(
    ("answer", "kind"), [("1", BusinessKind.RESTAURANT), ("2", BusinessKind.HAIRDRESSER)]
)
def test_at_a_terminal_the_business_is_chosen_by_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, kind: str
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: int(answer))
    assert chosen_kind(None, Screen("de"), False) is kind
    shown = capsys.readouterr().out
    assert "1. Zur Linde" in shown
    assert "3. Radhaus, ein Fahrradladen" in shown


def test_a_script_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert chosen_kind(None, Screen("en"), True) is BusinessKind.RESTAURANT
