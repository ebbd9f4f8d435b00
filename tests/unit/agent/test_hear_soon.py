"""Times counted from now; now is ten in the morning."""

from datetime import date, datetime

import pytest

from plausch.agent.hear_day import HeardDay
from plausch.agent.hear_soon import hear_soon
from plausch.agent.remnant import Remnant, normalised
from plausch.agent.talk import HeardTime

NOW = datetime(2026, 11, 23, 10, 2)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("in 20 minutes", "10:25"),
        ("in 3 Min", "10:05"),
        ("in einer halben Stunde", "10:35"),
        ("in half an hour", "10:35"),
        ("in a quarter of an hour", "10:20"),
        ("in einer Stunde", "11:05"),
        ("in an hour", "11:05"),
        ("in zwei Stunden", "12:05"),
        ("in about two hours", "12:05"),
        ("in ca. 2 Std", "12:05"),
    ],
)
def test_soon(text: str, clock: str) -> None:
    hour, minute = clock.split(":")
    heard = hear_soon(Remnant(normalised(text)), NOW)
    assert heard == (HeardDay(date(2026, 11, 23)), HeardTime(int(hour) * 60 + int(minute)))


def test_beyond_midnight_is_tomorrow() -> None:
    heard = hear_soon(Remnant("in 15 stunden"), NOW)
    assert heard == (HeardDay(date(2026, 11, 24)), HeardTime(65))


def test_just_before_midnight_is_midnight_of_the_day_that_ends() -> None:
    heard = hear_soon(Remnant("in 1 minute"), datetime(2026, 11, 23, 23, 57))
    assert heard == (HeardDay(date(2026, 11, 23)), HeardTime(1440))


@pytest.mark.parametrize("text", ["", "in 3 Tagen", "2 hours", "in 99 Stunden", "in der Stunde"])
def test_not_soon(text: str) -> None:
    assert hear_soon(Remnant(normalised(text)), NOW) is None


def test_what_was_heard_is_taken() -> None:
    remnant = Remnant("in 2 hours for 3")
    assert hear_soon(remnant, NOW) is not None
    assert remnant.words == ["for", "3"]
