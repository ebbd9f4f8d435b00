"""Changing a firm booking: asked back, in its own place, and nothing given up before."""

from collections.abc import Callable

import pytest

from guest import Guest
from linde import clock_of
from plausch.content.cards import BookingCard, CancelRequest, Choices, Choose, SlotOffer
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]


async def booked(guest: Guest, clock: str = "19 Uhr", day: str = "morgen") -> Guest:
    """A guest with a firm booking for two."""
    await guest.says(f"Tisch für 2 {day} um {clock}, Name: Anna")
    assert "Bestätigt" in await guest.says("ja")
    return guest


async def left(guest: Guest) -> list[tuple[str, int]]:
    return [(clock_of(one.starts_at_s), one.party) for one in await guest.bookings()]


@pytest.mark.parametrize(
    ("text", "asked", "after"),
    [
        ("sorry, wir sind doch zu viert", "19:00 Uhr, 4 Personen", ("19:00", 4)),
        ("Können wir auf 20 Uhr verschieben?", "20:00 Uhr, 2 Personen", ("20:00", 2)),
        ("geht auch 19:30?", "19:30 Uhr, 2 Personen", ("19:30", 2)),
        ("wir werden 3", "19:00 Uhr, 3 Personen", ("19:00", 3)),
        ("doch lieber am Freitag", "Freitag, 27. November, 19:00 Uhr", ("19:00", 2)),
        ("sorry, can we please make it 8 instead?", "8:00 pm, 2 people", ("20:00", 2)),
    ],
)
async def test_a_change_is_asked_back_and_made(
    guest: Arrive, text: str, asked: str, after: tuple[str, int]
) -> None:
    anna = await booked(guest())
    assert asked in await anna.says(text)
    assert await left(anna) == [("19:00", 2)]
    await anna.says("ja")
    assert await left(anna) == [after]
    old, new = (reply.card for reply in anna.replies)
    assert isinstance(old, BookingCard)
    assert isinstance(new, BookingCard)
    assert (old.state, new.state) == (BookingState.CANCELLED, BookingState.CONFIRMED)
    assert len(anna.notes) == 2


async def test_a_change_can_be_thought_better_of(guest: Arrive) -> None:
    anna = await booked(guest())
    await anna.says("doch um 20 Uhr")
    assert "Nummer von 1 bis 2" in await anna.says("danke")
    assert "bleibt bestehen" in await anna.says("nein")
    assert await left(anna) == [("19:00", 2)]
    assert not anna.talk.changing_uid


async def test_what_is_left_open_is_asked_for(guest: Arrive) -> None:
    anna = await booked(guest())
    answer = await anna.says("Kann ich meine Reservierung ändern?")
    assert "Was möchten Sie daran ändern?" in answer
    assert "2. Anderer Tag" in answer
    answer = await anna.says("1")
    assert "Ihre Reservierung bleibt, bis Sie" in answer
    assert isinstance(anna.card, SlotOffer)
    await anna.says("20:30")
    await anna.says("1")
    assert await left(anna) == [("20:30", 2)]
    await anna.says("ändern")
    assert "An welchem Tag" in await anna.says("2")
    assert isinstance(anna.card, Choices)
    assert "Soll ich" in await anna.says("samstag")
    assert "wie viele" in await anna.sends(Choose("change:party"))
    assert "Samstag, 28. November, 20:30 Uhr, 4 Personen" in await anna.says("4")


async def test_nothing_is_to_be_changed_after_all(guest: Arrive) -> None:
    anna = await booked(guest())
    assert "5. Nein, behalten" in await anna.says("20 Minuten später?")
    assert "bleibt bestehen" in await anna.says("nichts")
    assert await left(anna) == [("19:00", 2)]


async def test_of_several_bookings_one_is_chosen(guest: Arrive) -> None:
    anna = await booked(await booked(guest()), "12 Uhr", "am Freitag")
    assert "Welche Reservierung" in await anna.says("bitte auf 13 Uhr verschieben")
    assert "13:00 Uhr" in await anna.says("2")
    await anna.says("ja")
    assert await left(anna) == [("19:00", 2), ("13:00", 2)]


async def test_what_is_not_possible_leaves_the_booking(guest: Arrive) -> None:
    anna = await booked(guest())
    answer = await anna.says("doch lieber am Montag")
    assert "Ihre Reservierung bleibt" in answer
    assert "Ruhetag" in answer
    assert "es gehen 1 bis 8" in await anna.says("wir sind jetzt 20")
    assert await left(anna) == [("19:00", 2)]


async def test_a_full_house_still_changes_its_own_tables(guest: Arrive) -> None:
    anna = await booked(guest())
    for number in range(3):
        await booked(guest(f"other {number}"))
    assert "Soll ich" in await anna.says("doch um 19:30 Uhr")
    await anna.says("ja")
    assert await left(anna) == [("19:30", 2)]


async def test_a_time_that_was_taken_meanwhile(guest: Arrive) -> None:
    anna = await booked(guest(), "12 Uhr")
    await anna.says("doch um 19:30 Uhr")
    for number in range(4):
        await booked(guest(f"other {number}"))
    assert "gerade vergeben" in await anna.says("ja")
    assert await left(anna) == [("12:00", 2)]


async def test_too_late_to_change(guest: Arrive) -> None:
    anna = await booked(guest())
    await anna.says("doch um 20 Uhr")
    anna.clock.advance(32 * 3_600_000)
    assert "nicht mehr ändern" in await anna.says("ja")
    assert "+49 89 123456" in await anna.says("wir werden 3")
    assert await left(anna) == [("19:00", 2)]


async def test_a_booking_that_is_gone_is_not_changed_but_made(guest: Arrive) -> None:
    anna = await booked(guest())
    assert isinstance(anna.card, BookingCard)
    uid = anna.card.uid
    await anna.says("doch um 20 Uhr")
    option = anna.talk.options[0]
    await anna.sends(CancelRequest(uid))
    await anna.sends(Choose(option, "p2"))
    assert await left(anna) == [("20:00", 2)]
    assert "am Dienstag" in await anna.sends(Choose(f"change:{uid}"))


async def test_a_whole_new_wish_is_another_booking(guest: Arrive) -> None:
    anna = await booked(guest())
    await anna.says("ändern")
    await anna.says("Ich möchte noch einen Tisch für 4 am Freitag um 12 Uhr")
    assert "Bestätigt" in await anna.says("ja")
    assert await left(anna) == [("19:00", 2), ("12:00", 4)]


@pytest.mark.parametrize("identifier", ["change:", "change:time", "change:x", "change:b-1"])
async def test_any_button_is_answered(guest: Arrive, identifier: str) -> None:
    assert "keine Reservierung" in await guest().sends(Choose(identifier))


async def test_without_a_booking_there_is_nothing_to_change(guest: Arrive) -> None:
    assert "wie viele Personen" in await guest().says("doch lieber um 20 Uhr")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Ich muss absagen, haben Sie einen anderen Tag?", "Was möchten Sie daran ändern?"),
        ("I have to cancel, could I get another day?", "What would you like to change?"),
    ],
)
async def test_what_is_meant_decides_not_every_word_that_falls(
    guest: Arrive, text: str, answer: str
) -> None:
    """Who cancels to come another day changes a booking."""
    anna = await booked(guest())
    assert answer in await anna.says(text)
    assert await left(anna) == [("19:00", 2)]
