"""The talk about a table: questions, offers, alternatives, holds, confirmations."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time

import pytest

from guest import Guest
from linde import FRIDAY, NOW_S, TUESDAY, at, clock_of, restaurant, salon, without_pacing
from plausch.agent.book import Book
from plausch.agent.table_talk import MAX_BOOKINGS, MAX_OFFERED, instant_of
from plausch.agent.talk import Expecting
from plausch.base.clock import ManualClock
from plausch.content.cards import BookingCard, BookingRequest, Choices, Choose, SlotOffer
from plausch.domain.booking import Booking, BookingState
from plausch.domain.calendar import Calendar, Span
from plausch.domain.service import Service, TurnTime

Arrive = Callable[..., Guest]


def offered(guest: Guest) -> list[str]:
    """The offered times as `DD. HH:MM`."""
    (offer,) = [one.card for one in guest.replies if isinstance(one.card, SlotOffer)]
    calendar = guest.restaurant.calendar
    return [f"{calendar.today(slot.start_s).day}. {clock_of(slot.start_s)}" for slot in offer.slots]


async def fill(guest: Guest, clock: str, count: int, day: date = TUESDAY, party: int = 2) -> None:
    """Other guests take tables."""
    for number in range(count):
        other = Guest(guest.book, guest.restaurant, guest.clock, f"{clock} {number} {party}")
        hour, minute = clock.split(":")
        wish = BookingRequest(party, day, time(int(hour), int(minute)), "Gast")
        await other.sends(wish)
        assert await other.bookings()


async def test_everything_is_asked_for_in_turn(guest: Arrive) -> None:
    anna = guest()
    assert "wie viele Personen" in await anna.says("Ich möchte einen Tisch")
    assert anna.talk.expecting is Expecting.PARTY
    assert isinstance(anna.card, Choices)
    assert anna.card.options[0].identifier == "party:1"
    assert "An welchem Tag" in await anna.says("4")
    assert isinstance(anna.card, Choices)
    assert [one.identifier for one in anna.card.options][:2] == ["day:2026-11-24", "day:2026-11-25"]
    assert "diese Zeiten frei" in await anna.says("1")
    assert offered(anna)[0] == "24. 11:30"
    assert "Auf welchen Namen" in await anna.says("1")
    assert "Bestätigt" in await anna.says("Anna")
    (booking,) = await anna.bookings()
    assert (booking.party, booking.under_name) == (4, "Anna")
    assert booking.starts_at_s == at(TUESDAY, "11:30")


async def test_a_complete_wish_is_held_at_once(guest: Arrive) -> None:
    anna = guest()
    text = await anna.says("Tisch für 4 morgen um 19 Uhr")
    assert "Dienstag, 24. November, 19:00 Uhr, für 4 Personen bis 10:10 Uhr" in text
    assert isinstance(anna.card, BookingCard)
    assert anna.card.state is BookingState.HELD


async def test_a_time_chosen_among_those_offered_needs_no_second_yes(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(BookingRequest(2, FRIDAY, None, "Anna"))
    assert "Bestätigt" in await anna.says("um 19 Uhr")


@pytest.mark.parametrize(
    ("words", "wall"),
    [
        ("um 7", "19:00"),
        ("halb acht", "19:30"),
        ("um 12", "12:00"),
        ("um 1", "13:00"),
        ("at half past six", "18:30"),
    ],
)
async def test_vague_times_are_meant_as_the_house_is_open(
    guest: Arrive, words: str, wall: str
) -> None:
    anna = guest()
    await anna.says(f"für 2 morgen {words}")
    assert isinstance(anna.card, BookingCard)
    assert clock_of(anna.card.start_s) == wall


async def test_a_part_of_the_day_narrows_the_offer(guest: Arrive) -> None:
    anna = guest()
    await anna.says("für 2 morgen abend")
    assert offered(anna)[0] == "24. 17:30"
    await anna.says("lieber mittags")
    assert offered(anna) == ["24. 11:30", "24. 12:00", "24. 12:30", "24. 13:00"]
    assert "Zu dieser Tageszeit" in await anna.says("nachmittags")


async def test_a_taken_time_is_refused_with_the_nearest(guest: Arrive) -> None:
    anna = guest()
    await fill(anna, "19:00", 4)
    text = await anna.says("Tisch für 2 morgen um 19 Uhr")
    assert "leider nichts frei" in text
    assert "24. 17:30" in offered(anna)
    assert "25. 19:00" in offered(anna)
    assert "24. 19:00" not in offered(anna)


async def test_a_time_between_two_is_refused_with_the_nearest(guest: Arrive) -> None:
    anna = guest()
    await anna.says("table for 2 tomorrow at 7:10 pm")
    assert offered(anna)[:4] == ["24. 18:30", "24. 19:00", "24. 19:30", "24. 20:00"]


async def test_a_full_day_is_refused_with_other_days(book: Book, clock: ManualClock) -> None:
    """One long stay a day: whoever comes second is offered the days after."""
    house = replace(
        without_pacing(),
        services=(replace(without_pacing().service(), turn_times=(TurnTime(20, 300),)),),
        calendar=replace(
            restaurant().calendar, weekly=((), *((Span(1050, 1380),),) * 6), special_days=()
        ),
    )
    anna = Guest(book, house, clock, "anna")
    await fill(anna, "17:30", 4)
    text = await anna.says("Tisch für 2 morgen")
    assert "alles vergeben" in text
    assert offered(anna) == ["25. 18:00", "26. 18:00", "27. 18:00"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("heute um 19 Uhr", "Ruhetag"),
        ("am 24.12.", "geschlossen (Heiligabend)"),
        ("am 6.1.", "geschlossen (Heilige Drei Könige)"),
        ("am 24.3.", "So weit im Voraus"),
        ("am 20.11.2026", "schon vorbei"),
    ],
)
async def test_closed_days_are_explained_with_alternatives(
    guest: Arrive, words: str, said: str
) -> None:
    anna = guest()
    assert said in await anna.says(f"Tisch für 2 {words}")
    assert isinstance(anna.card, SlotOffer | Choices)
    assert anna.card.slots if isinstance(anna.card, SlotOffer) else anna.card.options


async def test_too_late_for_today(guest: Arrive) -> None:
    anna = guest()
    anna.clock.at_ms = at(TUESDAY, "21:00") * 1000
    text = await anna.says("Tisch für 2 heute Abend")
    assert "nehme ich hier keine Reservierung mehr an" in text
    assert "+49 89 123456" in text
    assert offered(anna)[0] == "25. 19:00"


async def test_a_party_that_is_too_large(guest: Arrive) -> None:
    anna = guest()
    text = await anna.says("Tisch für 20 morgen um 19 Uhr")
    assert "es gehen 1 bis 8" in text
    assert "+49 89 123456" in text
    assert "Auf welchen Namen" in await anna.says("8")


@pytest.mark.parametrize("words", ["0", "999", "-3", "0 Personen"])
async def test_parties_that_are_none(guest: Arrive, words: str) -> None:
    anna = guest()
    await anna.says("Tisch")
    await anna.says(words)
    assert anna.talk.expecting in (Expecting.PARTY, Expecting.NOTHING)
    assert not await anna.bookings()


async def test_a_date_that_does_not_exist(guest: Arrive) -> None:
    anna = guest()
    assert "gibt es nicht" in await anna.says("Tisch für 2 am 31.2.")
    assert isinstance(anna.card, Choices)


async def test_another_wish_lets_the_hold_go(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    first = anna.talk.held_uid
    await anna.says("doch lieber um 20 Uhr")
    assert anna.talk.held_uid != first
    assert any("cancelled" in note for note in anna.notes)
    await anna.says("Anna")
    (booking,) = await anna.bookings()
    assert clock_of(booking.starts_at_s) == "20:00"


async def test_and_saturday_keeps_the_time(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 heute um 19 Uhr")
    await anna.says("und Samstag?")
    assert isinstance(anna.card, BookingCard)
    assert anna.card.start_s == at(date(2026, 11, 28), "19:00")


async def test_a_hold_that_ran_out_is_held_again_if_it_can_be(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    anna.clock.advance(3_600_000)
    assert "Bestätigt" in await anna.says("Anna")
    (booking,) = await anna.bookings()
    assert clock_of(booking.starts_at_s) == "19:00"


async def test_a_hold_that_ran_out_and_was_taken(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    anna.clock.advance(3_600_000)
    await fill(anna, "19:00", 4)
    text = await anna.says("Anna")
    assert "inzwischen vergeben" in text
    assert "24. 17:30" in offered(anna)
    assert not await anna.bookings()
    assert "Bestätigt" in await anna.says("1")


async def test_a_slot_that_was_taken_meanwhile(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen")
    number = offered(anna).index("24. 19:00") + 1
    await fill(anna, "19:00", 4)
    assert "gerade vergeben" in await anna.says(str(number))
    assert "24. 19:00" not in offered(anna)


async def test_an_old_offer_is_still_for_its_party(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen")
    card = anna.card
    assert isinstance(card, SlotOffer)
    await anna.says("Tisch für 4 am Freitag")
    await anna.sends(Choose(card.slots[0].identifier, card.request_id))
    assert isinstance(anna.card, BookingCard)
    assert (anna.card.party, anna.card.start_s) == (2, card.slots[0].start_s)


async def test_the_name_is_remembered_for_the_next_booking(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    await anna.says("Anna")
    assert "auf den Namen Anna" in await anna.says("und für 4 am Freitag um 12 Uhr")
    assert "Bestätigt" in await anna.says("ja")
    assert [booking.under_name for booking in await anna.bookings()] == ["Anna", "Anna"]


async def test_nobody_books_the_house_empty(guest: Arrive) -> None:
    anna = guest()
    for day in range(24, 24 + MAX_BOOKINGS):
        wish = BookingRequest(2, date(2026, 11, day), time(19, 0), "Anna")
        assert "Bestätigt" in await anna.sends(wish)
    text = await anna.sends(BookingRequest(2, date(2026, 12, 1), time(19, 0), "Anna"))
    assert "schon 4 Reservierungen" in text
    assert len(await anna.bookings()) == MAX_BOOKINGS


async def test_a_long_day_is_thinned(book: Book, clock: ManualClock) -> None:
    house = replace(
        restaurant(),
        calendar=Calendar("Europe/Berlin", ((Span(0, 1440),),) * 7),
        services=(Service(5, (TurnTime(8, 60),)),),
    )
    anna = Guest(book, house, clock, "anna")
    await anna.says("Tisch für 2 morgen")
    assert isinstance(anna.card, SlotOffer)
    assert 12 <= len(anna.card.slots) <= MAX_OFFERED


async def test_a_house_that_does_not_open_soon_still_answers(
    book: Book, clock: ManualClock
) -> None:
    house = replace(restaurant(), calendar=Calendar("Europe/Berlin", ((),) * 7))
    anna = Guest(book, house, clock, "anna")
    assert "An welchem Tag" in await anna.says("Tisch für 2")
    assert anna.card is None
    assert "Ruhetag" in await anna.says("morgen")


def test_slot_identifiers() -> None:
    assert instant_of("20261124T180000Z") == at(TUESDAY, "19:00")
    for nonsense in ("", "x", "20261324T180000Z", "20261124T180000", "99999999T999999Z"):
        assert instant_of(nonsense) is None


async def test_notes_hold_no_names(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr auf den Namen Käfer")
    assert anna.notes
    assert not any("Käfer" in note for note in anna.notes)


async def test_two_guests_and_the_last_table(guest: Arrive) -> None:
    anna, ben = guest("anna"), guest("ben")
    assert "halte" in await anna.says("Tisch für 8 morgen um 19 Uhr")
    assert "nichts frei" in await ben.says("Tisch für 8 morgen um 19 Uhr")
    await anna.says("nein")
    assert "halte" in await ben.says("Tisch für 8 morgen um 19 Uhr")
    held = await ben.book.hold(
        ben.restaurant, ben.conversation, b"x", at(TUESDAY, "21:30"), 2, NOW_S
    )
    assert isinstance(held, Booking)


async def test_a_hairdresser_asks_what_for_and_nobody_how_many(
    book: Book, clock: ManualClock
) -> None:
    anna = Guest(book, salon(), clock, "anna")
    await anna.sends(Choose("book"))
    assert isinstance(anna.card, Choices)
    assert [one.identifier for one in anna.card.options] == ["service:cut", "service:colour"]
    await anna.says("1")
    assert anna.talk.expecting is Expecting.PERSON
    await anna.says("egal, wer gerade frei ist")
    assert anna.talk.expecting is Expecting.DAY
    await anna.sends(Choose(f"day:{TUESDAY.isoformat()}"))
    assert isinstance(anna.card, SlotOffer)
    assert {slot.duration_s for slot in anna.card.slots} == {1800}
    await anna.sends(Choose(anna.card.slots[0].identifier, anna.card.request_id))
    await anna.says("Anna")
    (booking,) = await anna.bookings()
    assert (booking.service, booking.party) == ("cut", 1)
    assert anna.talk.service == ""


async def test_a_service_that_is_none_is_asked_again(book: Book, clock: ManualClock) -> None:
    anna = Guest(book, salon(), clock, "anna")
    await anna.sends(Choose("service:wash"))
    assert anna.talk.expecting is Expecting.SERVICE
    await anna.says("Wie bitte?!")
    assert anna.talk.expecting is Expecting.SERVICE
    assert anna.talk.service == ""
