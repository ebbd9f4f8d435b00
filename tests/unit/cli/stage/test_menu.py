"""A card's choices as numbers, in both languages, in the business's time."""

import pytest

from plausch.cli.stage.menu import Pick, numbers_itself, picked, picks_of, wall_time
from plausch.content.cards import (
    BookingRequest,
    CancelRequest,
    Choices,
    Choose,
    OfferedSlot,
    Option,
    SlotOffer,
)

EVENING_S = 1_798_736_400  # Thursday 31 December 2026, 17:00 UTC: 18:00 in Berlin


def test_choices_are_numbered_in_their_order() -> None:
    card = Choices("What?", (Option("book", "A table"), Option("hours", "Opening hours")))
    assert picks_of(card, "en") == [
        Pick("A table", Choose("book")),
        Pick("Opening hours", Choose("hours")),
    ]


@pytest.mark.parametrize(
    ("language", "label"), [("de", "Do 31.12. 18:00"), ("en", "Thu 31 Dec 18:00")]
)
def test_slots_are_shown_in_the_restaurants_time(language: str, label: str) -> None:
    card = SlotOffer("r1", 2, "Europe/Berlin", (OfferedSlot("s1", EVENING_S, 5400),))
    assert picks_of(card, language) == [Pick(label, Choose("s1", "r1"))]  # type: ignore[arg-type]


def test_the_hour_that_comes_twice_is_still_two_slots() -> None:
    """25 October 2026, 02:30 happens twice in Berlin, an hour apart."""
    first = 1_792_888_200
    assert wall_time(first, "Europe/Berlin", "en") == wall_time(first + 3600, "Europe/Berlin", "en")


@pytest.mark.parametrize("card", [None, Choose("x"), BookingRequest(party=2), CancelRequest("b")])
def test_what_offers_nothing_has_no_numbers(card: object) -> None:
    assert picks_of(card, "en") == []  # type: ignore[arg-type]


PICKS = [Pick("one", Choose("a")), Pick("two", Choose("b"))]


@pytest.mark.parametrize(("line", "index"), [("1", 0), ("2", 1), (" 2 ", 1), ("2\n", 1), ("01", 0)])
def test_a_number_picks(line: str, index: int) -> None:
    assert picked(line, PICKS) is PICKS[index]


@pytest.mark.parametrize("line", ["", "0", "3", "-1", "1.", "two", "1 2", "²", "١"])
def test_everything_else_is_free_text(line: str) -> None:
    assert picked(line, PICKS) is None


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("Which?\n\n1. one\n2. two", True),
        ("1. only", True),
        ("I have 1. no more", False),
        ("", False),
        ("10. ten", False),
    ],
)
def test_a_text_with_its_own_numbers_is_recognised(text: str, yes: bool) -> None:
    assert numbers_itself(text) is yes
