"""Buttons that come twice, late, from somebody else's conversation, or were never offered."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guest import Guest
from ledger import audit
from linde import FRIDAY, NOW_S, TUESDAY, at, restaurant
from plausch.agent.book import Book
from plausch.base.clock import ManualClock
from plausch.content.cards import (
    BookingCard,
    BookingRequest,
    CancelRequest,
    Card,
    Choose,
    SlotOffer,
    decode_card,
    encode_card,
)
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
SECRET = "Anna Geheim"


async def rows(book: Book) -> list[Any]:
    """Every booking, with its tables."""

    async def read(transaction: Any) -> list[Any]:
        return [
            *await transaction.fetch("SELECT * FROM booking ORDER BY uid"),
            *await transaction.fetch("SELECT * FROM claim ORDER BY resource, quantum"),
        ]

    return await book.read(read)


async def offered(guest: Guest, party: int = 2) -> SlotOffer:
    await guest.sends(BookingRequest(party, TUESDAY))
    assert isinstance(guest.card, SlotOffer)
    return guest.card


def seven(offer: SlotOffer) -> Choose:
    slot = next(one for one in offer.slots if one.start_s == at(TUESDAY, "19:00"))
    return Choose(slot.identifier, offer.request_id)


async def books(guest: Guest, name: str = SECRET) -> BookingCard:
    await guest.sends(BookingRequest(2, TUESDAY, time(19, 0), name))
    card = guest.card
    assert isinstance(card, BookingCard)
    assert card.state is BookingState.CONFIRMED
    return card


async def test_a_time_that_is_pressed_again_and_again_is_one_booking(
    guest: Arrive, book: Book
) -> None:
    anna = guest()
    press = seven(await offered(anna))
    for _ in range(3):
        await anna.sends(press)
        assert isinstance(anna.card, BookingCard)
        assert anna.card.state is BookingState.HELD
    for _ in range(3):
        await anna.sends(BookingRequest(under_name="Anna"))
    firm = await anna.bookings()
    assert [(one.starts_at_s, one.under_name) for one in firm] == [(at(TUESDAY, "19:00"), "Anna")]
    live = [row for row in await rows(book) if "held" in row or "confirmed" in row]
    assert len(live) == 1


async def test_an_offer_of_before_is_no_promise(guest: Arrive, book: Book) -> None:
    """Others were faster: whoever presses the old button is told, and nobody loses a table."""
    anna = guest("anna")
    press = seven(await offered(anna, 8))
    await guest("ben").sends(BookingRequest(8, TUESDAY, time(19, 0), "Ben"))
    before = await rows(book)
    assert "leider gerade vergeben worden" in await anna.sends(press)
    assert await rows(book) == before


async def test_an_offer_of_last_week_books_nothing(
    guest: Arrive, book: Book, clock: ManualClock
) -> None:
    anna = guest()
    press = seven(await offered(anna))
    clock.advance(7 * 86_400_000)
    assert await anna.sends(press)
    assert await rows(book) == []


async def test_the_name_for_a_time_that_ran_out_is_not_taken_for_anothers_table(
    guest: Arrive, book: Book, clock: ManualClock
) -> None:
    anna, ben = guest("anna"), guest("ben")
    await anna.sends(seven(await offered(anna, 8)))
    clock.advance(3_600_000)
    await ben.sends(BookingRequest(8, TUESDAY, time(19, 0), "Ben"))
    await anna.sends(BookingRequest(under_name="Anna"))
    assert await anna.bookings() == []
    assert [one.under_name for one in await ben.bookings()] == ["Ben"]


@pytest.mark.parametrize(
    "verb", ["cancel", "change", "take", "coming", "unwait", "confirm", "mine"]
)
async def test_a_forged_button_about_anothers_booking_changes_and_tells_nothing(
    guest: Arrive, book: Book, verb: str
) -> None:
    firm = await books(guest("anna"))
    before = await rows(book)
    eve = guest("eve")
    await eve.says("Hallo")
    for identifier in (f"{verb}:{firm.uid}", f"{verb}:{firm.uid}:0"):
        told = await eve.sends(Choose(identifier, firm.uid))
        assert SECRET not in told
        assert "19:00" not in told
        assert not isinstance(eve.card, BookingCard)
    assert await rows(book) == before


async def test_nobody_cancels_anothers_booking_by_its_id(guest: Arrive, book: Book) -> None:
    firm = await books(guest("anna"))
    before = await rows(book)
    eve = guest("eve")
    told = await eve.sends(CancelRequest(firm.uid))
    assert SECRET not in told
    await eve.sends(BookingRequest(under_name="Eve"))
    assert await rows(book) == before


@pytest.mark.parametrize(
    "slot",
    [
        "20261124T180100Z",  # not on the grid
        "20261124T020000Z",  # at night
        "20261123T180000Z",  # the closed day
        "20261224T180000Z",  # Christmas Eve
        "20201124T180000Z",
        "20360101T180000Z",
        "99991231T235959Z",
        "00010101T000000Z",
        "20261131T180000Z",  # no such day
        "20261124T246000Z",  # no such time
    ],
)
@pytest.mark.parametrize("request_id", ["p2", "p0", "p-1", "p9999999999", "p2 ", ""])
async def test_a_time_that_was_never_offered_is_not_booked(
    guest: Arrive, book: Book, slot: str, request_id: str
) -> None:
    anna = guest()
    assert await anna.sends(Choose(slot, request_id))
    assert await rows(book) == []


EDGES = [date.min, date.min + timedelta(days=1), date(1969, 12, 31), date.max]


@pytest.mark.parametrize("day", EDGES)
@pytest.mark.parametrize("at_time", [None, time(0, 0), time(23, 59)])
async def test_at_the_edges_of_the_calendar_nothing_is_booked_and_the_agent_goes_on(
    guest: Arrive, book: Book, day: date, at_time: time | None
) -> None:
    """A message that could not be answered would come again at each start of the agent."""
    anna = guest()
    assert await anna.sends(BookingRequest(2, day, at_time, "Anna"))
    for identifier in (f"day:{day.isoformat()}", f"wait:{day.isoformat()}:2:0-2880"):
        assert await anna.sends(Choose(identifier, "p2"))
    texts = [f"Tisch für 2 am {day:%d.%m}.{day.year:04} um 23:59 Uhr", f"2 am {day.isoformat()}"]
    texts += [f"Haben Sie am {day:%d.%m}.{day.year:04} geöffnet?", "und am Tag danach?"]
    for text in texts:
        assert await anna.says(text)
    assert await rows(book) == []
    assert await book.tick(restaurant(), anna.now_s) in (True, False)


async def test_cancelled_once_is_cancelled_and_takes_no_later_booking_along(
    guest: Arrive, book: Book
) -> None:
    """The button of a booking that is over, pressed again after another one was made."""
    anna = guest()
    first = await books(anna)
    await anna.sends(CancelRequest(first.uid))
    await anna.sends(BookingRequest(2, FRIDAY, time(19, 0), "Anna"))
    before = await rows(book)
    for press in (CancelRequest(first.uid), Choose(f"cancel:{first.uid}"), Choose("confirm")):
        await anna.sends(press)
    assert await rows(book) == before
    assert [one.starts_at_s for one in await anna.bookings()] == [at(FRIDAY, "19:00")]


async def test_the_book_is_right_after_old_and_new_buttons(
    guest: Arrive, book: Book, tmp_path: Path
) -> None:
    """Of two guests, in this order and in the other."""
    anna, eve = guest("anna"), guest("eve")
    presses: list[Any] = [seven(await offered(anna)), seven(await offered(eve))]
    firm = await books(anna)
    presses += [CancelRequest(firm.uid), Choose(f"change:{firm.uid}"), Choose("keep")]
    for press in [*presses, *presses[::-1]]:
        for who in (anna, eve):
            assert await who.sends(press)
    audit(tmp_path / "book.db", restaurant())


TIMES_OF_DAY = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0))
DAYS = st.sampled_from([*EDGES, TUESDAY]) | st.dates()
NUMBER = st.integers(0, 99_999).map(str) | st.sampled_from(["", "-1", "x", "2026-11-24"])
IDENTIFIERS = st.one_of(
    st.builds(
        "{}T{:02}{:02}00Z".format,
        DAYS.map(lambda day: day.isoformat().replace("-", "")),
        st.integers(0, 24),
        st.integers(0, 60),
    ),
    DAYS.map(lambda day: f"day:{day.isoformat()}"),
    DAYS.map(lambda day: f"wait:{day.isoformat()}:2:0-2880"),
    st.builds("{}:{}".format, st.sampled_from(["party", "change", "service", "person"]), NUMBER),
    st.sampled_from(["book", "mine", "hours", "drop", "keep", "confirm"]),
)
CARDS = st.one_of(
    st.builds(
        BookingRequest,
        st.none() | st.integers(1, 1_000),
        st.none() | DAYS,
        TIMES_OF_DAY,
        st.sampled_from(["", "Anna"]),
    ),
    st.builds(Choose, IDENTIFIERS, NUMBER.map(lambda number: f"p{number}")),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(CARDS, min_size=1, max_size=8),
    st.sampled_from(["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"]),
)
def test_whatever_cards_a_guest_sends_each_is_answered(cards: list[Card], zone: str) -> None:
    house = restaurant()
    house = replace(house, calendar=replace(house.calendar, zone=zone))

    async def talk() -> None:
        book = await Book.open(":memory:")
        try:
            anna = Guest(book, house, ManualClock(NOW_S * 1000))
            for card in cards:
                assert await anna.sends(decode_card(encode_card(card)))
        finally:
            await book.close()

    asyncio.run(talk())
