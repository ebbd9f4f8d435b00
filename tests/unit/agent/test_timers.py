"""The clock: reminders exactly once and not too late, requests nobody answered, quiet otherwise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from counter import Clerk
from guest import Guest
from linde import FRIDAY, NOW_S, TUESDAY, ZONE, at, salon
from plausch.agent.desk import Desk
from plausch.agent.retention import SWEEP_S
from plausch.agent.rows import TableBooking
from plausch.agent.timers import HELD_ON_S, Timers
from plausch.base.ids import ConversationId
from plausch.content.cards import BookingRequest, Choose
from plausch.db.interface import Transaction
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

    now_s = held[0].hold_until_s
    with monkeypatch.context() as patch:
        patch.setattr(Desk, "change", change)
        mishaps = await book.tick_apart(house, now_s)
        third = await book.hold(house, ConversationId(b"c" * 16), b"c", BEGIN, 2, now_s)
        assert isinstance(third, Booking), "another guest's booking does not meet it"
        await book.confirm(house, third, "Cem", now_s)
        assert not await book.tick(house, now_s), "nor does the clock"
    assert [one.kind for one in mishaps] == ["ZeroDivisionError"]
    entries = [await clerk.does(lambda staff, uid=one.uid: staff.entry(uid)) for one in held]
    assert entries[broken].booking.state is BookingState.HELD
    assert entries[1 - broken].booking.state is BookingState.CANCELLED
    tables = {one.booking.uid: one.tables for one in await book.bookings_on(FRIDAY, ZONE)}
    assert set(tables[held[broken].uid]).isdisjoint(tables[third.uid]), "they stay taken"
    (aside,) = await book.untold_mishaps()
    assert (aside.conversation, aside.what) == (entries[broken].conversation, "hold")
    assert await book.tick_apart(house, now_s + HELD_ON_S) == []
    entry = await clerk.does(lambda staff: staff.entry(held[broken].uid))
    assert entry.booking.state is BookingState.CANCELLED, "it is tried again"


async def test_a_hold_of_nobody_in_a_chat_that_cannot_be_ended_is_told_to_nobody(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, house = clerk.book, clerk.business
    held = await book.hold(house, ConversationId(b""), b"a", BEGIN, 2, NOW_S)
    assert isinstance(held, Booking)

    async def change(desk: Desk, seen: Booking, *commands: Command) -> Booking:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "change", change)
        assert len(await book.tick_apart(house, held.hold_until_s)) == 1
        assert not await book.tick(house, held.hold_until_s)
    assert await book.untold_mishaps() == []


async def test_a_row_that_cannot_be_read_keeps_no_other_from_what_is_due(
    clerk: Clerk, guest: Arrive
) -> None:
    anna, ben = guest("anna"), guest("ben")
    uid = await booked(anna)
    await booked(ben)

    async def damage(transaction: Transaction) -> None:
        await transaction.execute("UPDATE booking SET source = 'nowhere' WHERE uid = $1", uid)

    await clerk.book.transact(damage)
    with pytest.raises(ValueError, match="nowhere"):
        await tick(clerk, DUE)
    mishaps = await clerk.book.tick_apart(clerk.business, DUE)
    assert [one.kind for one in mishaps] == ["ValueError"]
    assert await anna.letters() == []
    assert len(await ben.letters()) == 1
    (aside,) = await clerk.book.untold_mishaps()
    assert (aside.conversation, aside.what) == (anna.conversation, "notice")
    assert not await tick(clerk, DUE), "it is told to the team once, and done with"


async def test_each_reminder_that_breaks_is_told_also_of_the_same_booking(
    clerk: Clerk, guest: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = guest()
    uid = await booked(anna)

    async def remind(timers: Timers, entry: TableBooking) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Timers, "remind", remind)
    await clerk.book.tick_apart(clerk.business, DUE)
    (first,) = await clerk.book.untold_mishaps()
    await clerk.book.mishap_told(first)
    sequence = (await anna.bookings())[0].sequence
    await clerk.does(lambda staff: staff.move(uid, sequence, BEGIN + 7200))
    await clerk.book.tick_apart(clerk.business, DUE + 7200)
    (second,) = await clerk.book.untold_mishaps()
    assert second.identifier != first.identifier
