"""Reporting by the command line."""

import json

import pytest

from .conftest import Person, Plausch


@pytest.fixture
def message(plausch: Plausch, anna: Person, cem: Person) -> str:
    """Cem writes to Anna; the message's id."""
    plausch("send", anna.address, "Buy now!", "--home", cem.home)
    ran = plausch("history", cem.address, "--home", anna.home, "--json")
    return str(json.loads(ran.out)[-1]["message_id"])


def test_messages_are_named_by_how_their_ids_begin(
    plausch: Plausch, anna: Person, cem: Person, message: str
) -> None:
    arguments = ("--reason", "spam", "--home", anna.home)
    ran = plausch("report", cem.address, message[:12].upper(), "--yes", *arguments)
    assert ran.code == 0
    assert cem.address in ran.out
    ran = plausch("report", cem.address, message, *arguments, "--json")
    assert json.loads(ran.out) == {"about": cem.address, "reason": "spam", "messages": 1}


def test_nothing_is_disclosed_without_a_yes(
    plausch: Plausch, anna: Person, cem: Person, message: str
) -> None:
    ran = plausch("report", cem.address, message, "--reason", "spam", "--home", anna.home)
    assert ran.code != 0
    assert "operator of your server" in ran.out + ran.err


def test_our_own_and_unknown_messages_are_not_reported(
    plausch: Plausch, anna: Person, cem: Person, message: str
) -> None:
    arguments = ("--reason", "spam", "--yes", "--home")
    ran = plausch("report", anna.address, message, *arguments, cem.home)
    assert ran.code == 1
    assert "our own" in ran.sentence
    ran = plausch("report", cem.address, "ffff", *arguments, anna.home)
    assert ran.code == 1
    assert "None of the last" in ran.sentence


def test_a_reason_is_one_of_four(plausch: Plausch, anna: Person, cem: Person, message: str) -> None:
    ran = plausch("report", cem.address, message, "--reason", "boredom", "--home", anna.home)
    assert ran.code == 2
