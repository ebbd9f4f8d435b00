"""Slips of the thumb, and words that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.spelling import spelled


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("samstg", "samstag"),
        ("frietag", "freitag"),
        ("donerstag", "donnerstag"),
        ("resevierung", "reservierung"),
        ("personnen", "personen"),
        ("wednseday", "wednesday"),
        ("wensday", "wednesday"),
        ("tommorrow", "tomorrow"),
        ("dezmber", "dezember"),
        ("tabel", "table"),
        ("tich", "tisch"),
        ("stornirung", "stornierung"),
        ("am frietag um 19 uhr", "am freitag um 19 uhr"),
        ("samstg, sontag", "samstag, sonntag"),
    ],
)
def test_corrected(written: str, meant: str) -> None:
    assert spelled(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "freitag", "freitags", "leute", "sorgen", "montags", "tische", "label", "cables",
        "reserved", "abends", "gestern", "freunde", "peter", "müller", "xxxxxxxx", "24.12.",
    ],
)  # fmt: skip
def test_left_alone(text: str) -> None:
    assert spelled(text) == text


def test_what_may_be_two_words_is_left_alone() -> None:
    """A letter away from both Sunday and Monday."""
    assert spelled("sonday") in ("sonday", "sunday")
    assert spelled("nonday") == "nonday", "the first letter is seldom the slip"


@given(st.text(alphabet="freitagsmondy ", max_size=60))
def test_it_never_changes_how_many_words_there_are(text: str) -> None:
    assert len(spelled(text).split()) == len(text.split())


@given(st.text(max_size=400))
def test_once_is_enough(text: str) -> None:
    assert spelled(spelled(text)) == spelled(text)
