"""The choice of a service and of a person, at a hairdresser's."""

from dataclasses import replace
from pathlib import Path

import pytest

from linde import NOW_S
from plausch.agent import service_talk
from plausch.agent.book import Book
from plausch.agent.config import example_text, load_business
from plausch.agent.desk import Desk
from plausch.agent.hear_service import ANYBODY
from plausch.agent.talk import Expecting, Heard, Talk
from plausch.agent.turn import Turn
from plausch.base.ids import ConversationId
from plausch.content.cards import Choices
from plausch.db.interface import Transaction
from plausch.domain.business import BusinessKind


@pytest.fixture
async def turn(book: Book, tmp_path: Path) -> Turn:
    """A turn at the example hairdresser's, where a man's haircut is talked about."""
    file = tmp_path / "haarwerk.toml"
    file.write_text(example_text(BusinessKind.HAIRDRESSER, "en"), encoding="utf-8")

    async def give(transaction: Transaction) -> Desk:
        return Desk(transaction, load_business(file), NOW_S)

    desk = await book._database.read(give)
    heard = Heard(ConversationId(b"a" * 16), b"t", "hi")
    return Turn(Talk(language="en", service="cut-men"), heard, desk)


def choose(turn: Turn, **wishes: str) -> None:
    turn.talk = replace(turn.talk, **wishes)


def labels(turn: Turn) -> list[str]:
    card = turn.replies[-1].card
    assert isinstance(card, Choices)
    return [option.label for option in card.options]


async def test_all_services_are_offered_by_name(turn: Turn) -> None:
    service_talk.ask_service(turn)
    assert labels(turn)[:2] == ["Women's haircut", "Men's haircut"]
    assert turn.talk.expecting is Expecting.SERVICE
    assert turn.talk.options[1] == "service:cut-men"


async def test_who_does_a_service_is_asked_for_it(turn: Turn) -> None:
    assert service_talk.people_of(turn) == ["Maria", "Jonas", "Selma"]
    assert service_talk.must_ask_person(turn)
    service_talk.ask_person(turn)
    assert labels(turn) == ["Maria", "Jonas", "Selma", "Anyone who is free first"]
    assert "With whom" in turn.replies[-1].text
    assert turn.talk.expecting is Expecting.PERSON


@pytest.mark.parametrize("person", ["Maria", "Jonas", ANYBODY])
async def test_who_has_chosen_is_not_asked(turn: Turn, person: str) -> None:
    choose(turn, person=person)
    assert not service_talk.must_ask_person(turn)


async def test_where_only_one_can_nobody_is_asked(turn: Turn) -> None:
    choose(turn, service="beard")
    assert service_talk.people_of(turn) == ["Jonas"]
    assert not service_talk.must_ask_person(turn)


async def test_somebody_who_does_not_do_it_is_named(turn: Turn) -> None:
    choose(turn, service="highlights", person="Jonas")
    assert service_talk.must_ask_person(turn)
    service_talk.ask_person(turn)
    assert turn.replies[-1].text.startswith("Jonas does not do that here")
    assert labels(turn) == ["Aylin", "Anyone who is free first"]
    assert turn.talk.person == ""


@pytest.mark.parametrize(
    ("choice", "person"),
    [("1", "Maria"), ("3", "Selma"), ("any", ANYBODY), ("4", ""), ("", ""), ("Maria", "")],
)
async def test_a_choice_names_somebody_who_was_offered(
    turn: Turn, choice: str, person: str
) -> None:
    assert service_talk.choose_person(turn, choice) is bool(person)
    assert turn.talk.person == person
