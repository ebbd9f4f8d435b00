"""A booking in words and as a card: what the guest may do depends on where it stands."""

from dataclasses import replace

import pytest

from linde import NOW_S, TUESDAY, ZONE, at, restaurant
from plausch.agent.phrases import Phrases
from plausch.agent.showing import booking_card, described, label_of
from plausch.content.cards import MAX_LABEL_CHARACTERS, Action
from plausch.domain.booking import Booking, BookingState

SEVEN = at(TUESDAY, "19:00")
BOOKING = Booking(
    "b-1", 3, BookingState.HELD, 4, SEVEN, SEVEN + 7200, ZONE, "Anna", NOW_S + 600, NOW_S, NOW_S
)


def test_a_card_says_where_a_booking_stands() -> None:
    card = booking_card(restaurant(), BOOKING)
    assert (card.uid, card.sequence, card.state, card.party) == ("b-1", 3, BookingState.HELD, 4)
    assert (card.start_s, card.duration_s, card.zone) == (SEVEN, 7200, ZONE)
    assert (card.under_name, card.business) == ("Anna", "Zur Linde")


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (BookingState.PENDING, (Action.CANCEL,)),
        (BookingState.HELD, (Action.CONFIRM, Action.CANCEL)),
        (BookingState.CONFIRMED, (Action.CHANGE, Action.CANCEL)),
        (BookingState.DECLINED, ()),
        (BookingState.CANCELLED, ()),
        (BookingState.SEATED, ()),
    ],
)
def test_what_a_guest_may_do(state: BookingState, actions: tuple[Action, ...]) -> None:
    assert booking_card(restaurant(), replace(BOOKING, state=state)).actions == actions


def test_in_words_of_both_languages() -> None:
    german = described(Phrases("de", TUESDAY), restaurant(), BOOKING)
    assert german == "am Dienstag, den 24. November, 19:00 Uhr, 4 Personen"
    english = described(Phrases("en", TUESDAY), restaurant(), BOOKING)
    assert english == "on Tuesday, 24 November, 7:00 pm, 4 people"


def test_a_label_is_one_plain_line() -> None:
    assert label_of("**Free**\nat seven") == "Free at seven"
    assert len(label_of("x" * 500)) == MAX_LABEL_CHARACTERS
