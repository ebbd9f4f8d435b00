"""Texts that are eaten up; numbers in words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.remnant import (
    HOURS,
    MAX_CHARACTERS,
    NUMBER,
    Remnant,
    normalised,
    number_of,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("0042", 42),
        ("zwei", 2),
        ("zwölf", 12),
        ("zwoelf", 12),
        ("twelve", 12),
        ("eine", 1),
    ],
)
def test_numbers_in_words(text: str, number: int) -> None:
    assert re.fullmatch(NUMBER, text)
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["25", "ein", "einen", "99"])
def test_what_is_no_hour(text: str) -> None:
    assert re.fullmatch(HOURS, text) is None


def test_ein_uhr_is_an_hour() -> None:
    assert re.match(HOURS, "ein uhr") is not None
    assert re.match(HOURS, "ein tisch") is None


def test_longer_words_win() -> None:
    match = re.match(NUMBER, "siebzehn")
    assert match is not None
    assert match[0] == "siebzehn"


def test_normalised() -> None:
    assert normalised("  Für\t4\n LEUTE ") == "für 4 leute"
    assert normalised("ﬁve ２") == "five 2"
    assert normalised("o’clock") == "o'clock"


@given(st.text(max_size=3000))
def test_normalised_is_bounded_and_one_line(text: str) -> None:
    plain = normalised(text)
    assert len(plain) <= MAX_CHARACTERS
    assert "\n" not in plain
    assert plain == plain.strip()


def test_what_is_taken_is_gone_and_nothing_grows_together() -> None:
    remnant = Remnant("am 24.12. um 19 uhr")
    match = remnant.take(re.compile(r"24\.12\.\s*um"))
    assert match is not None
    assert remnant.text == "am ||||||||| 19 uhr"
    assert remnant.whole == "am 24.12. um 19 uhr"
    assert remnant.spans == [(3, 12)]
    assert remnant.words == ["am", "19", "uhr"]
    assert remnant.take(re.compile("24")) is None


def test_only_what_is_wanted_is_taken() -> None:
    remnant = Remnant("1 2 3")
    match = remnant.take(re.compile(r"\d"), lambda found: found[0] == "2")
    assert match is not None
    assert remnant.words == ["1", "3"]
