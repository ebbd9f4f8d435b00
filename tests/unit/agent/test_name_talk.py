"""The last question before a booking: for a name, or for a yes when the name is known."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from guest import Guest
from linde import FRIDAY, at
from plausch.agent.talk import Expecting
from plausch.content.cards import Action, BookingCard, BookingRequest, Choose
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
WHOLE_WISH = "Hi, my name is Anna Smith, a table for two on friday at 7:30 pm please"


@pytest.mark.parametrize("yes", ["yes", "yes please", "Yes, that is fine, thank you"])
async def test_a_wish_read_in_a_sentence_is_held_until_a_yes(guest: Arrive, yes: str) -> None:
    anna = guest()
    text = await anna.says(WHOLE_WISH)
    assert "free for you, Anna Smith, until" in text
    assert "Shall I make the reservation?" in text
    assert await anna.bookings() == []
    assert "Confirmed" in await anna.says(yes)
    (booking,) = await anna.bookings()
    assert (booking.under_name, booking.starts_at_s) == ("Anna Smith", at(FRIDAY, "19:30"))


async def test_or_until_a_tap(guest: Arrive) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert isinstance(anna.card, BookingCard)
    assert (anna.card.state, anna.card.under_name) == (BookingState.HELD, "Anna Smith")
    assert Action.CONFIRM in anna.card.actions
    assert "Confirmed" in await anna.sends(Choose("confirm"))
    assert len(await anna.bookings()) == 1


async def test_what_was_read_wrongly_is_let_go_or_corrected(guest: Arrive) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert "until" not in await anna.says("no")
    assert await anna.bookings() == []
    await anna.says(WHOLE_WISH)
    assert "8:00 pm" in await anna.says("at 8 pm")
    assert "Confirmed" in await anna.says("yes")
    (booking,) = await anna.bookings()
    assert booking.starts_at_s == at(FRIDAY, "20:00")


@pytest.mark.parametrize(
    "words",
    ["yes, but on saturday please", "Yes, saturday instead", "yes, under Berger, on saturday"],
)
async def test_a_yes_to_something_else_is_asked_again(guest: Arrive, words: str) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert "Saturday" in await anna.says(words)
    assert await anna.bookings() == []
    assert "Confirmed" in await anna.says("yes")
    (booking,) = await anna.bookings()
    assert booking.starts_at_s == at(FRIDAY + timedelta(days=1), "19:30")


@pytest.mark.parametrize("words", ["yes, friday is fine", "yes, friday evening"])
async def test_a_yes_that_says_the_same_again_is_a_yes(guest: Arrive, words: str) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert "Confirmed" in await anna.says(words)
    (booking,) = await anna.bookings()
    assert booking.starts_at_s == at(FRIDAY, "19:30")


async def test_a_time_offered_to_four_is_not_chosen_by_six(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(BookingRequest(4, FRIDAY, None, "Anna"))
    assert "Soll ich fest" in await anna.says("19 Uhr, aber wir sind sechs")
    assert await anna.bookings() == []


@pytest.mark.parametrize("words", ["one moment", "hm", "3"])
async def test_what_is_neither_yes_nor_no_books_nothing(guest: Arrive, words: str) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert "yes or no" in await anna.says(words)
    assert await anna.bookings() == []
    assert "Confirmed" in await anna.says("yes")


@pytest.mark.parametrize("words", ["3", "ja", "???"])
async def test_without_a_name_it_is_the_name_that_is_asked_for(guest: Arrive, words: str) -> None:
    anna = guest()
    assert "Auf welchen Namen" in await anna.says("Tisch für 2 am Freitag um 19 Uhr")
    assert "nur den Namen" in await anna.says(words)
    assert anna.talk.expecting is Expecting.NAME
    assert await anna.bookings() == []


async def test_another_name_is_taken_with_the_yes(guest: Arrive) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert "Confirmed" in await anna.says("yes, but under the name of Berger please")
    (booking,) = await anna.bookings()
    assert booking.under_name == "Berger"


async def test_a_question_in_between_is_answered_and_asked_again(guest: Arrive) -> None:
    anna = guest()
    await anna.says(WHOLE_WISH)
    assert "yes or no" in await anna.says("can I speak to a person?")
    assert "Confirmed" in await anna.says("yes")
