"""The clock: reminders exactly once and not too late, requests nobody answered, quiet otherwise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from counter import Clerk
from guest import Guest
from linde import FRIDAY, NOW_S, TUESDAY, ZONE, at, salon
from plausch.agent.desk import Desk
from plausch.agent.retention import SWEEP_S
from plausch.base.ids import ConversationId
from plausch.content.cards import BookingRequest, Choose
from plausch.domain.booking import Booking, BookingState, Command

Arrive = Callable[..., Guest]
BEGIN = at(FRIDAY, "19:00")
DUE = BEGIN - 86_400


async def booked(guest: Guest, day: str = "19 Uhr") -> str:
    await guest.sends(BookingRequest(2, FRIDAY, None, "Anna"))
    await guest.says(day)
    return (await guest.bookings())[0].uid


async def tick(clerk: Clerk, now_s: int) -> bool:
    clerk.clock.at_ms = now_s * 1000
    return await clerk.book.tick(clerk.business, now_s)


async def test_nothing_due_is_nothing_done(clerk: Clerk) -> None:
    assert await tick(clerk, NOW_S)  # the first sweep
    assert not await tick(clerk, NOW_S + 1)
    assert not await tick(clerk, NOW_S + SWEEP_S - 1)
    assert await tick(clerk, NOW_S + SWEEP_S)


async def test_a_reminder_goes_out_once(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await booked(anna)
    await tick(clerk, DUE - 1)
    assert await anna.letters() == []
    await tick(clerk, DUE)
    assert len(await anna.letters()) == 1
    for later_s in (1, 60, 86_399):
        await tick(clerk, DUE + later_s)
    assert await anna.letters() == []


async def test_an_agent_that_was_away_reminds_late_but_not_after_the_begin(
    clerk: Clerk, guest: Arrive
) -> None:
    anna, ben = guest("anna"), guest("ben")
    await booked(anna)
    await tick(clerk, BEGIN - 60)
    assert len(await anna.letters()) == 1
    clerk.clock.at_ms = NOW_S * 1000
    await booked(ben)
    await tick(clerk, BEGIN)
    assert await ben.letters() == []
    assert not await tick(clerk, BEGIN + 1)


async def test_who_books_within_the_lead_is_not_reminded(clerk: Clerk, guest: Arrive) -> None:
    clerk.clock.at_ms = (DUE + 60) * 1000
    anna = guest()
    await booked(anna)
    for later_s in (120, 3600, 80_000):
        await tick(clerk, DUE + later_s)
    assert await anna.letters() == []


async def test_who_cancels_or_only_holds_is_not_reminded(clerk: Clerk, guest: Arrive) -> None:
    anna, ben = guest("anna"), guest("ben")
    uid = await booked(anna)
    await anna.sends(Choose(f"cancel:{uid}"))
    await ben.says("Tisch für 2 am Freitag um 19 Uhr")
    await tick(clerk, DUE)
    assert await anna.letters() == await ben.letters() == []


async def test_a_moved_booking_is_reminded_by_its_new_time(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    uid = await booked(anna)
    sequence = (await anna.bookings())[0].sequence
    await clerk.does(lambda staff: staff.move(uid, sequence, BEGIN + 7200))
    await anna.letters()
    await tick(clerk, DUE)
    assert await anna.letters() == []
    await tick(clerk, DUE + 7200)
    assert "21:00" in (await anna.letters())[0]


async def test_the_lead_is_the_services_and_may_be_none(clerk: Clerk) -> None:
    for minutes, lead_s in ((120, 7200), (0, 0)):
        service = replace(clerk.business.service(), reminder_minutes=minutes)
        clerk.business = replace(clerk.business, services=(service,))
        clerk.clock.at_ms = NOW_S * 1000
        anna = Guest(clerk.book, clerk.business, clerk.clock, f"anna {minutes}")
        await booked(anna)
        await tick(clerk, BEGIN - 7201)
        assert await anna.letters() == []
        await tick(clerk, BEGIN - 7200)
        assert len(await anna.letters()) == (1 if lead_s else 0)


async def test_who_rang_up_is_not_written_to(clerk: Clerk) -> None:
    await clerk.books(BEGIN, telephone="1")
    await tick(clerk, DUE)
    assert await clerk.book.waiting_replies() == []


async def test_a_reminder_speaks_the_guests_language(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await anna.says("Hello there, in English please")
    await booked(anna, "at 7pm")
    await tick(clerk, DUE)
    assert "Are you coming?" in (await anna.letters())[0]


async def test_a_request_that_nobody_answered_is_declined(clerk: Clerk) -> None:
    clerk.business = salon()
    anna = Guest(clerk.book, clerk.business, clerk.clock, "anna")
    await anna.sends(Choose("service:colour"))
    await anna.sends(Choose(f"day:{TUESDAY.isoformat()}"))
    await anna.says("um 10 Uhr")
    await anna.says("Anna")
    (entry,) = await clerk.book.bookings_on(TUESDAY, ZONE)
    begin_s = entry.booking.starts_at_s
    await tick(clerk, begin_s - 1)
    assert await anna.letters() == []
    await tick(clerk, begin_s)
    assert "nicht rechtzeitig" in (await anna.letters())[0]
    found = await clerk.does(lambda staff: staff.entry(entry.booking.uid))
    assert found.booking.state is BookingState.DECLINED


@pytest.mark.parametrize("state", [BookingState.SEATED, BookingState.NO_SHOW])
async def test_who_has_come_or_not_is_not_reminded(
    clerk: Clerk, guest: Arrive, state: BookingState
) -> None:
    anna = guest()
    uid = await booked(anna)
    sequence = (await anna.bookings())[0].sequence
    clerk.clock.at_ms = (BEGIN + 60) * 1000
    await clerk.does(lambda staff: staff.attend(uid, sequence, state))
    await tick(clerk, BEGIN + 61)
    assert await anna.letters() == []


@pytest.mark.parametrize("broken", [0, 1])
async def test_a_hold_that_cannot_be_ended_keeps_no_other_from_its_end(
    broken: int, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, house = clerk.book, clerk.business
    held = []
    for name in (b"a", b"b"):
        booking = await book.hold(house, ConversationId(name * 16), name, BEGIN, 2, NOW_S)
        assert isinstance(booking, Booking)
        held.append(booking)
    held.sort(key=lambda one: one.uid)
    whole = Desk.change

    async def change(desk: Desk, seen: Booking, *commands: Command) -> Booking:
        if seen.uid == held[broken].uid:
            raise ZeroDivisionError
        return await whole(desk, seen, *commands)

    monkeypatch.setattr(Desk, "change", change)
    mishaps = await book.tick_apart(house, held[0].hold_until_s)
    assert [one.kind for one in mishaps] == ["ZeroDivisionError"]
    entries = [await clerk.does(lambda staff, uid=one.uid: staff.entry(uid)) for one in held]
    assert entries[broken].booking.state is BookingState.HELD
    assert entries[1 - broken].booking.state is BookingState.CANCELLED
