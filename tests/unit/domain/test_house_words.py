"""What a house may say by itself, and in which language it says it."""

import pytest

from plausch.domain.house_words import MOST_CHARACTERS, OPENS, fault_of
from plausch.domain.profile import Wording


@pytest.mark.parametrize(
    "wording",
    [
        Wording(),
        Wording("Hallo!\n\nWir sind da.", ""),
        Wording("", "x" * MOST_CHARACTERS),
        Wording("Ein { allein", "ein } auch, {\n}"),
    ],
)
def test_what_can_be_said(wording: Wording) -> None:
    assert fault_of(wording) == ""


@pytest.mark.parametrize(
    ("wording", "part"),
    [
        (Wording("x" * (MOST_CHARACTERS + 1), ""), "more than 1000"),
        (Wording("", "a\x07b"), "cannot be shown"),
        (Wording("Ab {opens}", ""), "{opens}"),
        (Wording("", "From {opens} or {Opens}"), "{opens}"),
        (Wording("{}", ""), "{}"),
    ],
)
def test_what_cannot(wording: Wording, part: str) -> None:
    fault = fault_of(wording)
    assert part in fault
    assert fault.endswith(".")


def test_the_next_opening_may_be_named_where_it_can_be_put_in() -> None:
    assert fault_of(Wording(f"Ab {OPENS}", f"From {OPENS}, {OPENS}"), (OPENS,)) == ""
    assert "write {opens}" in fault_of(Wording("Ab {opening}", ""), (OPENS,))


def test_the_language_of_the_guest_is_taken_if_there_are_words_in_it() -> None:
    both = Wording("Hallo", "Hello")
    assert [both.spoken(one)[1] for one in ("de", "en", "fr")] == ["de", "en", "en"]
    assert Wording("Hallo", "").spoken("en") == ("Hallo", "de")
    assert Wording("", "Hello").spoken("de") == ("Hello", "en")
