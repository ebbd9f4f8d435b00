"""What guests answer to what the business wrote by itself: lists, reminders, late questions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from counter import Clerk
from guest import Guest
from linde import FRIDAY, TUESDAY, at, clock_of
from plausch.agent.closures import Closure
from plausch.agent.notice_talk import wants_to_wait
from plausch.agent.talk import Expecting
from plausch.agent.waiting import Waiting, WaitingList
from plausch.content.cards import (
    BookingCard,
    BookingRequest,
    CancelRequest,
    Choices,
    Choose,
    SlotOffer,
)
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
HOUR_S = 3600


async def close(clerk: Clerk, day: date = TUESDAY) -> str:
    closure = Closure("", (), at(day, "00:00"), at(day, "23:59"))
    closed = await clerk.does(lambda staff: staff.close(closure))
    return closed.identifier


async def waits(clerk: Clerk, day: date = TUESDAY) -> list[Waiting]:
    return await clerk.at_desk(lambda desk: WaitingList(desk).between(day, 1))


# --- the waiting list ----------------------------------------------------------------------


async def test_a_full_day_offers_the_list_beside_other_days(clerk: Clerk, guest: Arrive) -> None:
    closed = await close(clerk)
    anna = guest()
    text = await anna.says("Tisch für 4 morgen Abend")
    assert "Warteliste" in text
    offered, asked = anna.replies[-2:]
    assert isinstance(asked.card, Choices)
    assert isinstance(offered.card, SlotOffer)
    assert "Namen" in await anna.sends(Choose(asked.card.options[0].identifier))
    assert anna.talk.expecting is Expecting.NAME
    assert "Sie stehen auf der Warteliste" in await anna.says("Anna Käfer")
    (entry,) = await waits(clerk)
    assert (entry.wish.party, entry.wish.under_name) == (4, "Anna Käfer")
    assert clock_of(entry.wish.from_s) == "17:00"
    await clerk.does(lambda staff: staff.reopen(closed))
    assert "17:30" in (await anna.letters())[0]
    assert "Bestätigt" in await anna.says("ja gerne")
    (booking,) = await anna.bookings()
    assert booking.party == 4


async def test_the_list_by_its_name(clerk: Clerk, guest: Arrive) -> None:
    await close(clerk)
    anna = guest()
    await anna.says("table for 2 tomorrow at 7pm, my name is Bob")
    assert "on the waiting list" in await anna.says("put me on the waiting list")
    (entry,) = await waits(clerk)
    assert clock_of(entry.wish.from_s) == "17:30"
    assert entry.wish.until_s - entry.wish.from_s == 3 * HOUR_S


async def test_who_names_the_list_first_is_asked_for_the_rest(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Warteliste bitte")
    assert anna.replies != ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Auf die Warteliste bitte", True),
        ("waiting list", True),
        ("WAITLIST", True),
        ("ich warte", False),
        ("", False),
    ],
)
def test_names_of_the_list(text: str, named: bool) -> None:
    assert wants_to_wait(text) is named


@pytest.mark.parametrize(
    "identifier",
    [
        "wait:",
        "wait:2026-11-24",
        "wait:2026-11-24:2",
        "wait:2026-13-99:2:0-2880",
        "wait:2026-11-24:0:0-2880",
        "wait:2026-11-24:9999:0-2880",
        "wait:2026-11-24:2:2880-0",
        "wait:2026-11-24:2:0-9999",
        "wait:2020-01-01:2:0-2880",
        "wait:2036-01-01:2:0-2880",
    ],
)
async def test_a_forged_wish_is_refused(clerk: Clerk, guest: Arrive, identifier: str) -> None:
    anna = guest()
    await anna.says("Hallo")
    assert "nicht auf die Warteliste" in await anna.sends(Choose(identifier))
    assert await waits(clerk) == []


async def test_leaving_the_list_by_a_button(clerk: Clerk, guest: Arrive) -> None:
    await close(clerk)
    anna, eve = guest("anna"), guest("eve")
    await anna.sends(BookingRequest(2, TUESDAY, None, "Anna"))
    await anna.says("Warteliste")
    await anna.sends(Choose("mine"))
    assert isinstance(anna.card, Choices)
    (button,) = [one for one in anna.card.options if one.identifier.startswith("unwait:")]
    await eve.sends(Choose(button.identifier))
    assert (await waits(clerk))[0].state == "waiting"
    assert "nicht mehr" in await anna.sends(Choose(button.identifier))
    assert (await waits(clerk))[0].state == "expired"


async def test_who_changes_a_booking_is_not_asked_to_wait(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await anna.sends(BookingRequest(2, FRIDAY, None, "Anna"))
    await anna.says("19 Uhr")
    await close(clerk)
    text = await anna.says("Kann ich das auf morgen verschieben?")
    assert "Warteliste" not in text


# --- reminders -----------------------------------------------------------------------------


async def booked(anna: Guest) -> str:
    await anna.sends(BookingRequest(2, FRIDAY, None, "Anna"))
    await anna.says("19 Uhr")
    (booking,) = await anna.bookings()
    return booking.uid


async def test_one_tap_says_that_they_come(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    uid = await booked(anna)
    clerk.clock.at_ms = (at(FRIDAY, "19:00") - 24 * HOUR_S) * 1000
    await clerk.book.tick(clerk.business, clerk.now_s)
    (letter,) = await anna.letters()
    assert "Erinnerung" in letter
    assert isinstance(anna.letter_card, Choices)
    assert [one.identifier for one in anna.letter_card.options] == [
        f"coming:{uid}",
        f"cancel:{uid}",
    ]
    assert "bis dann" in await anna.sends(Choose(f"coming:{uid}"))
    assert (await clerk.does(lambda staff: staff.entry(uid))).is_coming


@pytest.mark.parametrize("words", ["ja", "1", "Ja, wir kommen"])
async def test_or_a_word(clerk: Clerk, guest: Arrive, words: str) -> None:
    anna = guest()
    uid = await booked(anna)
    clerk.clock.at_ms = (at(FRIDAY, "19:00") - 24 * HOUR_S) * 1000
    await clerk.book.tick(clerk.business, clerk.now_s)
    await anna.says(words)
    assert (await clerk.does(lambda staff: staff.entry(uid))).is_coming


async def test_one_tap_cancels(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    uid = await booked(anna)
    clerk.clock.at_ms = (at(FRIDAY, "19:00") - 24 * HOUR_S) * 1000
    await clerk.book.tick(clerk.business, clerk.now_s)
    await anna.sends(Choose(f"cancel:{uid}"))
    assert isinstance(anna.card, BookingCard)
    assert anna.card.state is BookingState.CANCELLED
    assert "steht nicht mehr" in await anna.sends(Choose(f"coming:{uid}"))


async def test_nobody_comes_for_another(clerk: Clerk, guest: Arrive) -> None:
    uid = await booked(guest("anna"))
    assert "steht nicht mehr" in await guest("eve").sends(Choose(f"coming:{uid}"))
    assert not (await clerk.does(lambda staff: staff.entry(uid))).is_coming


# --- wishes that waited for the agent ------------------------------------------------------


async def test_an_old_wish_is_asked_again(guest: Arrive) -> None:
    anna = guest()
    anna.sent_s_ago = 2 * HOUR_S
    text = await anna.sends(BookingRequest(2, TUESDAY, None, "Anna"))
    text = await anna.says("morgen um 19 Uhr")
    assert "erst jetzt" in text
    assert await anna.bookings() == []
    anna.sent_s_ago = 0
    assert "Bestätigt" in await anna.says("ja")
    assert len(await anna.bookings()) == 1


async def test_an_old_wish_is_dropped_by_a_tap(guest: Arrive) -> None:
    anna = guest()
    anna.sent_s_ago = 2 * HOUR_S
    await anna.says("Tisch für 2 morgen um 19 Uhr, auf Anna")
    anna.sent_s_ago = 0
    assert isinstance(anna.card, Choices)
    assert "dann nicht" in await anna.sends(Choose(anna.card.options[1].identifier))
    assert await anna.bookings() == []
    assert anna.talk.party is None


async def test_an_old_tap_on_a_time_is_asked_again(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen")
    assert isinstance(anna.card, SlotOffer)
    anna.sent_s_ago = 2 * HOUR_S
    slot = anna.card.slots[0]
    assert "erst jetzt" in await anna.sends(Choose(slot.identifier, anna.card.request_id))


async def test_a_name_that_comes_late_for_a_lapsed_hold_is_asked_again(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    anna.clock.advance(2 * HOUR_S * 1000)
    anna.sent_s_ago = 2 * HOUR_S - 60
    assert "erst jetzt" in await anna.says("Anna")
    anna.sent_s_ago = 0
    assert "Bestätigt" in await anna.says("1")


async def test_an_old_wish_that_is_gone_gets_others(clerk: Clerk, guest: Arrive) -> None:
    await close(clerk)
    anna = guest()
    anna.sent_s_ago = 2 * HOUR_S
    text = await anna.says("Tisch für 2 morgen um 19 Uhr, auf Anna")
    assert "erst jetzt" not in text
    assert isinstance(anna.replies[0].card, SlotOffer)


async def test_who_cancelled_in_time_was_in_time(guest: Arrive) -> None:
    """The agent was away; the guest had written before the deadline."""
    anna = guest()
    uid = await booked(anna)
    anna.clock.at_ms = (at(FRIDAY, "19:00") - HOUR_S) * 1000
    anna.sent_s_ago = 30 * 60
    assert "nicht mehr stornieren" in await anna.sends(CancelRequest(uid))
    anna.sent_s_ago = 90 * 60
    assert "storniert" in await anna.sends(CancelRequest(uid))
    assert await anna.bookings() == []


async def test_how_old_is_too_old_is_the_businesss_choice(clerk: Clerk, guest: Arrive) -> None:
    patient = replace(clerk.business, stale_minutes=180)
    anna = Guest(clerk.book, patient, clerk.clock, "anna", sent_s_ago=2 * HOUR_S)
    await anna.sends(BookingRequest(2, TUESDAY, None, "Anna"))
    assert "Bestätigt" in await anna.says("19 Uhr")
