"""The guest's two minds: a person who types, and a script that needs nobody."""

import asyncio
import os
from collections.abc import Iterator
from typing import cast

import pytest

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.cli.console import Screen
from plausch.cli.stage import guest as module
from plausch.cli.stage.guest import MOST_STEPS, Person, Script, Silence, show
from plausch.cli.stage.lines import Lines
from plausch.cli.stage.menu import Pick
from plausch.content.cards import (
    Action,
    BookingCard,
    Card,
    Choices,
    Choose,
    OfferedSlot,
    Option,
    SlotOffer,
    card_message,
)
from plausch.content.text import text_message
from plausch.domain.booking import BookingState
from plausch.sdk import Conversation, IncomingMessage, Kind, State, StoredMessage

SCREEN = Screen("en")
START_S = 1_798_736_400
GREETING = Choices("What?", (Option("book", "Reserve a table"), Option("hours", "Hours")))
PARTY = Choices("How many?", tuple(Option(f"party:{n}", f"{n} people") for n in range(1, 9)))
DAYS = Choices("When?", tuple(Option(f"day:2026-12-0{n}", f"{n} December") for n in range(1, 4)))
SLOTS = SlotOffer("p2", 2, "Europe/Berlin", (OfferedSlot("20261231T170000Z", START_S, 5400),))


def booking(state: BookingState) -> BookingCard:
    return BookingCard(
        uid="b-1",
        sequence=1,
        state=state,
        party=2,
        start_s=START_S,
        duration_s=5400,
        zone="Europe/Berlin",
        under_name="Anna Berger",
        business="Zur Linde",
        actions=(Action.CANCEL,),
    )


def said(text: str, card: Card | None = None) -> IncomingMessage:
    """A message of the restaurant."""
    salt = bytes(16)
    content = (
        text_message(text, salt=salt)
        if card is None
        else card_message(card, text, language="en", salt=salt)
    )
    stored = StoredMessage(
        conversation_id=ConversationId(bytes(16)),
        message_id=MessageId(bytes(32)),
        sender=AccountAddress("zur-linde", "localhost"),
        outgoing=False,
        kind=Kind.TEXT if card is None else Kind.CARD,
        text=text,
        content=content,
        in_reply_to=None,
        seq=1,
        sent_at_ms=0,
        state=State.RECEIVED,
    )
    return IncomingMessage(cast(Conversation, None), stored)


Heard = asyncio.Queue[IncomingMessage]


async def answers(*messages: IncomingMessage) -> list[Pick | str | None]:
    """What the script says first, and to each message."""
    heard: Heard = asyncio.Queue()
    script = Script(SCREEN, "Zur Linde", "Anna Berger")
    found = [await script.next(heard)]
    for message in messages:
        heard.put_nowait(message)
        found.append(await script.next(heard))
    return found


async def test_the_script_walks_to_a_confirmed_booking() -> None:
    assert await answers(
        said("Hello", GREETING),
        said("For how many?", PARTY),
        said("When?", DAYS),
        said("These times:", SLOTS),
        said("Under which name?", booking(BookingState.HELD)),
        said("Confirmed", booking(BookingState.CONFIRMED)),
    ) == [
        "Hello!",
        Pick("Reserve a table", Choose("book")),
        Pick("2 people", Choose("party:2")),
        Pick("2 December", Choose("day:2026-12-02")),
        Pick("Thu 31 Dec 18:00", Choose("20261231T170000Z", "p2")),
        "Anna Berger",
        None,
    ]


async def test_a_full_day_is_followed_by_another() -> None:
    found = await answers(*[said("Full. When?", DAYS)] * 4)
    days = [one.label for one in found if isinstance(one, Pick)]
    assert days == ["2 December", "3 December", "1 December", "2 December"]


async def test_words_without_choices_are_listened_to_and_passed_over() -> None:
    heard: Heard = asyncio.Queue()
    script = Script(SCREEN, "Zur Linde", "Anna Berger")
    await script.next(heard)
    for message in (said("One moment."), said("A cancelled one", booking(BookingState.CANCELLED))):
        heard.put_nowait(message)
    heard.put_nowait(said("Hello", GREETING))
    assert await script.next(heard) == Pick("Reserve a table", Choose("book"))


async def test_silence_is_an_error_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.0)
    heard: Heard = asyncio.Queue()
    script = Script(SCREEN, "Zur Linde", "Anna Berger")
    await script.next(heard)
    with pytest.raises(Silence, match="Zur Linde did not answer within"):
        await script.next(heard)


async def test_a_talk_in_circles_ends() -> None:
    with pytest.raises(Silence, match=f"No booking after {MOST_STEPS} answers"):
        await answers(*[said("When?", DAYS)] * MOST_STEPS)


def test_a_message_is_shown_with_its_choices(capsys: pytest.CaptureFixture[str]) -> None:
    picks = show(SCREEN, "Zur Linde", said("For how many?", PARTY))
    assert len(picks) == 8
    out = capsys.readouterr().out
    assert "Zur Linde:\nFor how many?\n1. 1 people\n2. 2 people\n" in out


def test_choices_that_the_text_numbers_are_not_shown_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(SCREEN, "Zur Linde", said("What?\n\n1. Reserve a table\n2. Hours", GREETING))
    assert capsys.readouterr().out.count("Reserve a table") == 1


def test_what_a_restaurant_writes_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(SCREEN, "Zur Linde", said("\x1b[2J\x1b]0;title\x07 gone"))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.fixture
def keyboard() -> Iterator[tuple[Lines, int]]:
    reading, writing = os.pipe()
    yield Lines(reading), writing
    os.close(reading)


async def test_a_person_greets_first_and_then_types(keyboard: tuple[Lines, int]) -> None:
    lines, writing = keyboard
    heard: Heard = asyncio.Queue()
    person = Person(SCREEN, "Zur Linde", lines)
    assert await person.next(heard) == "Hello!"
    heard.put_nowait(said("What?", GREETING))
    os.write(writing, b"have you a dog?\n")
    assert await person.next(heard) == "have you a dog?"
    os.close(writing)
    assert await person.next(heard) is None


async def test_a_number_is_the_choice_that_was_shown_last(keyboard: tuple[Lines, int]) -> None:
    lines, writing = keyboard
    heard: Heard = asyncio.Queue()
    person = Person(SCREEN, "Zur Linde", lines)
    await person.next(heard)
    heard.put_nowait(said("What?", GREETING))
    waiting = asyncio.ensure_future(person.next(heard))
    while not heard.empty():
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    os.write(writing, b"2\n")
    assert await waiting == Pick("Hours", Choose("hours"))
    os.write(writing, b"3\n")
    assert await person.next(heard) == "3"
    os.write(writing, b"  \n")
    assert await person.next(heard) is None
    os.close(writing)


async def test_lines_of_a_file_wait_for_the_answer_to_the_one_before(
    keyboard: tuple[Lines, int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    lines, writing = keyboard
    os.write(writing, b"2\nthanks\n")
    os.close(writing)
    heard: Heard = asyncio.Queue()
    person = Person(SCREEN, "Zur Linde", lines, from_file=True)
    await person.next(heard)
    heard.put_nowait(said("What?", GREETING))
    assert await person.next(heard) == Pick("Hours", Choose("hours"))
    waiting = asyncio.ensure_future(person.next(heard))
    await asyncio.sleep(0)
    heard.put_nowait(said("Always."))
    assert await waiting == "thanks"
    out = capsys.readouterr().out
    assert out.index("you> 2") < out.index("Always.") < out.index("you> thanks")


async def test_lines_of_a_file_go_on_when_nobody_answers(
    keyboard: tuple[Lines, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    lines, writing = keyboard
    os.close(writing)
    person = Person(SCREEN, "Zur Linde", lines, from_file=True)
    await person.next(asyncio.Queue())
    assert await person.next(asyncio.Queue()) is None


async def test_a_person_is_shown_what_comes_while_typing(
    keyboard: tuple[Lines, int], capsys: pytest.CaptureFixture[str]
) -> None:
    lines, writing = keyboard
    heard: Heard = asyncio.Queue()
    person = Person(SCREEN, "Zur Linde", lines)
    await person.next(heard)
    for text in ("first", "second"):
        heard.put_nowait(said(text))
    waiting = asyncio.ensure_future(person.next(heard))
    while "second" not in capsys.readouterr().out:
        await asyncio.sleep(0)
    os.write(writing, b"thanks\n")
    assert await waiting == "thanks"
    os.close(writing)
