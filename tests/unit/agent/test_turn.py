"""A turn's replies: numbered text and the card beside it say the same."""

from datetime import timedelta

import pytest

from linde import NOW_S, TUESDAY, ZONE, at, restaurant
from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.talk import Expecting, Heard, Talk
from plausch.agent.turn import Turn
from plausch.base.ids import ConversationId
from plausch.content.cards import Action, BookingCard, Choices, Option, SlotOffer, encode_card
from plausch.db.interface import Transaction
from plausch.domain.booking import Booking, BookingState
from plausch.domain.slots import Slot

ANNA = ConversationId(b"a" * 16)
BOOKING = Booking(
    "b-1", 2, BookingState.CONFIRMED, 4, at(TUESDAY, "19:00"), at(TUESDAY, "21:00"), ZONE,
    "Anna", 0, NOW_S, NOW_S,
)  # fmt: skip


@pytest.fixture
async def turn(book: Book) -> Turn:
    """A turn at a desk whose transaction is not used."""

    async def give(transaction: Transaction) -> Desk:
        return Desk(transaction, restaurant(), NOW_S)

    desk = await book._database.read(give)
    return Turn(Talk(language="en", day=TUESDAY), Heard(ANNA, b"t", "hi"), desk)


async def test_now_is_the_time_on_the_wall_of_the_business(turn: Turn) -> None:
    assert turn.now.date() == turn.today
    assert turn.now.timestamp() == NOW_S


async def test_a_question_has_numbers_and_buttons(turn: Turn) -> None:
    turn.ask("**Which?**", [Option("a", "Apples"), Option("b", "Pears")], Expecting.DAY)
    (reply,) = turn.replies
    assert reply.text.startswith("**Which?**\n\n1. Apples\n2. Pears\n\n")
    assert reply.card == Choices("Which?", (Option("a", "Apples"), Option("b", "Pears")))
    assert reply.language == "en"
    assert turn.talk.options == ("a", "b")
    assert turn.talk.expecting is Expecting.DAY


async def test_a_long_question_still_fits_its_card(turn: Turn) -> None:
    turn.ask("x" * 500 + "\nmore", [Option("a", "b")], Expecting.DAY)
    assert turn.replies[0].card is not None
    encode_card(turn.replies[0].card)


async def test_an_offer_names_the_day_only_when_needed(turn: Turn) -> None:
    today = [Slot(at(TUESDAY, clock), 5400, ZONE) for clock in ("19:00", "19:30")]
    turn.offer("Free:", 2, today)
    assert "1. 7:00 pm\n2. 7:30 pm" in turn.replies[-1].text
    later = Slot(at(TUESDAY + timedelta(days=1), "19:00"), 5400, ZONE)
    turn.offer("Free:", 2, [*today, later])
    assert "3. Wednesday, 25 November, 7:00 pm" in turn.replies[-1].text
    card = turn.replies[-1].card
    assert isinstance(card, SlotOffer)
    assert (card.request_id, card.party, card.zone, len(card.slots)) == ("p2", 2, ZONE, 3)
    assert turn.talk.options == tuple(slot.identifier for slot in card.slots)


async def test_a_booking_is_shown_with_what_can_be_done(turn: Turn) -> None:
    turn.show("Here.", BOOKING)
    card = turn.replies[-1].card
    assert isinstance(card, BookingCard)
    assert (card.uid, card.sequence, card.state) == ("b-1", 2, BookingState.CONFIRMED)
    assert (card.start_s, card.duration_s, card.business) == (
        BOOKING.starts_at_s,
        7200,
        "Zur Linde",
    )
    assert card.actions == (Action.CHANGE, Action.CANCEL)


async def test_descriptions_and_notes(turn: Turn) -> None:
    assert turn.described(BOOKING) == "on Tuesday, 24 November, 7:00 pm, 4 people"
    turn.note(BOOKING)
    assert turn.notes == ["b-1 confirmed: 2026-11-24 19:00, 4 guests"]
    assert "Anna" not in turn.notes[0]


async def test_the_house_decides_the_language_until_the_guest_does(turn: Turn) -> None:
    assert turn.phrases.language == "en"
    turn.talk = Talk()
    assert turn.phrases.language == "de"
    assert "rufen" in turn.call


async def test_wishes_are_forgotten_names_are_not(turn: Turn) -> None:
    turn.talk = Talk(language="en", party=4, day=TUESDAY, held_uid="b", name="Anna", confused=2)
    turn.forget_wishes()
    assert turn.talk == Talk(language="en", name="Anna")
