"""The waiting list: first come, offered at once, in turn, never against tables or pacing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from counter import Clerk
from guest import Guest
from ledger import audit
from linde import TUESDAY, at
from plausch.agent.closures import Closure
from plausch.agent.desk import Desk
from plausch.agent.waiting import (
    MAX_OF_ONE,
    Waiting,
    WaitingList,
    WaitingRefused,
    WaitingState,
    WaitingWish,
)
from plausch.base.ids import ConversationId
from plausch.content.cards import Choices, Choose
from plausch.domain.booking import Booking, BookingState
from plausch.domain.service import Pacing
from plausch.domain.slots import Slot

Arrive = Callable[..., Guest]
SEVEN = at(TUESDAY, "19:00")
EVENING = (at(TUESDAY, "18:00"), at(TUESDAY, "19:30"))
"""Whoever begins within it leaves no room for a second stay that does."""


@pytest.fixture(autouse=True)
async def audited(clerk: Clerk, tmp_path: Path) -> AsyncIterator[None]:
    yield
    audit(tmp_path / "book.db", clerk.business)


@pytest.fixture
def clerk(clerk: Clerk) -> Clerk:
    """A house with one table for two, where an evening is one stay."""
    house = clerk.business
    service = replace(house.service(), resources=("1",), pacing=None, min_notice_minutes=0)
    clerk.business = replace(house, services=(service,))
    return clerk


def visitor(clerk: Clerk, name: str) -> Guest:
    return Guest(clerk.book, clerk.business, clerk.clock, name)


def wish_of(guest: Guest | None, **more: Any) -> WaitingWish:
    wish = WaitingWish(TUESDAY, 2, *EVENING, "Anna")
    if guest is not None:
        wish = replace(wish, conversation=guest.conversation, under_name=guest.name)
    return replace(wish, **more)


async def wait(clerk: Clerk, guest: Guest | None, **more: Any) -> Waiting:
    return await clerk.at_desk(lambda desk: WaitingList(desk).add(wish_of(guest, **more)))


async def states(clerk: Clerk, day: date = TUESDAY) -> list[WaitingState]:
    entries = await clerk.at_desk(lambda desk: WaitingList(desk).between(day, 1))
    return [one.state for one in entries]


async def fill(clerk: Clerk) -> str:
    """The only table is taken all evening."""
    entry = await clerk.books(at(TUESDAY, "18:00"))
    uid, until_s = entry.booking.uid, at(TUESDAY, "22:00")
    await clerk.does(lambda staff: staff.move(uid, 1, ends_at_s=until_s))
    return uid


async def free(clerk: Clerk, uid: str) -> None:
    await clerk.does(lambda staff: staff.cancel(uid, 2))


async def test_a_freed_place_is_offered_to_the_first_in_line_at_once(clerk: Clerk) -> None:
    uid = await fill(clerk)
    anna, ben = visitor(clerk, "anna"), visitor(clerk, "ben")
    await wait(clerk, anna)
    clerk.clock.advance(1000)
    await wait(clerk, ben)
    assert await states(clerk) == [WaitingState.WAITING] * 2
    await free(clerk, uid)
    (letter,) = await anna.letters()
    assert "Warteliste" in letter
    assert "18:30" in letter
    assert await ben.letters() == []
    assert await states(clerk) == [WaitingState.OFFERED, WaitingState.WAITING]
    assert isinstance(anna.letter_card, Choices)
    text = await anna.sends(Choose(anna.letter_card.options[0].identifier))
    assert "Bestätigt" in text
    (booking,) = await anna.bookings()
    assert (booking.state, booking.under_name) == (BookingState.CONFIRMED, "anna")


async def test_who_declines_makes_room_for_the_next(clerk: Clerk) -> None:
    uid = await fill(clerk)
    anna, ben = visitor(clerk, "anna"), visitor(clerk, "ben")
    await wait(clerk, anna)
    clerk.clock.advance(1000)
    await wait(clerk, ben, from_s=at(TUESDAY, "17:30"))
    await free(clerk, uid)
    await anna.letters()
    await anna.says("nein danke")
    assert await anna.letters() == []
    (letter,) = await ben.letters()
    assert "18:30" in letter
    assert await states(clerk) == [WaitingState.EXPIRED, WaitingState.OFFERED]


async def test_an_offer_runs_out_and_goes_to_the_next(clerk: Clerk) -> None:
    uid = await fill(clerk)
    anna, ben = visitor(clerk, "anna"), visitor(clerk, "ben")
    await wait(clerk, anna)
    clerk.clock.advance(1000)
    await wait(clerk, ben)
    await free(clerk, uid)
    await anna.letters()
    clerk.clock.advance(15 * 60_000)
    assert await clerk.book.tick(clerk.business, clerk.now_s)
    (lapsed,) = await anna.letters()
    assert "an die Nächsten" in lapsed
    assert len(await ben.letters()) == 1
    late = await anna.sends(Choose(f"take:{uid}"))
    assert "Bestätigt" not in late


async def test_what_is_offered_is_nobody_elses(clerk: Clerk) -> None:
    uid = await fill(clerk)
    anna = visitor(clerk, "anna")
    await wait(clerk, anna)
    await free(clerk, uid)
    found = await clerk.book.available(clerk.business, TUESDAY, 2, clerk.now_s)
    assert SEVEN not in [slot.starts_at_s for slot in found.slots]


async def test_only_what_fits_the_wish_is_offered(clerk: Clerk) -> None:
    uid = await fill(clerk)
    await wait(clerk, None, until_s=at(TUESDAY, "11:55"), from_s=at(TUESDAY, "11:45"))
    await free(clerk, uid)
    assert await states(clerk) == [WaitingState.WAITING]


@pytest.mark.parametrize(
    ("first", "last", "offered"),
    [
        ("17:30", "20:30", "19:00"),  # the guest has said seven
        ("17:30", "19:00", "18:00"),  # of two that are as near, the earlier
        ("20:00", "20:30", "20:00"),
        ("11:45", "12:00", "12:00"),  # the last instant is one of the wish
        ("00:00", "48:00", "11:30"),  # any time: the first of the day
    ],
)
async def test_of_what_is_free_the_time_that_suits_best_is_offered(
    clerk: Clerk, first: str, last: str, offered: str
) -> None:
    anna, midnight_s = visitor(clerk, "anna"), at(TUESDAY, "00:00")
    until_s = midnight_s + 2 * 86_400 if last == "48:00" else at(TUESDAY, last)
    await wait(clerk, anna, from_s=at(TUESDAY, first), until_s=until_s)
    (letter,) = await anna.letters()
    assert f", {offered} Uhr" in letter


async def test_a_place_that_is_free_already_is_offered_at_once(clerk: Clerk) -> None:
    anna = visitor(clerk, "anna")
    await wait(clerk, anna)
    assert len(await anna.letters()) == 1
    assert await states(clerk) == [WaitingState.OFFERED]


async def test_a_promotion_obeys_pacing(clerk: Clerk) -> None:
    """Tables are free, but the kitchen is not: nobody is promoted until covers are given back."""
    service = replace(clerk.business.service(), resources=(), pacing=Pacing(1440, 6))
    clerk.business = replace(clerk.business, services=(service,))
    entry = await clerk.books(SEVEN, 6)
    anna = visitor(clerk, "anna")
    await wait(clerk, anna, party=4)
    assert await anna.letters() == []
    await clerk.does(lambda staff: staff.move(entry.booking.uid, 1, party=3))
    assert await anna.letters() == []
    await clerk.does(lambda staff: staff.move(entry.booking.uid, 2, party=2))
    assert len(await anna.letters()) == 1


async def test_a_moved_booking_frees_its_place(clerk: Clerk) -> None:
    uid = await fill(clerk)
    anna = visitor(clerk, "anna")
    await wait(clerk, anna)
    next_day = at(TUESDAY + timedelta(days=1), "18:00")
    await clerk.does(lambda staff: staff.move(uid, 2, next_day))
    assert len(await anna.letters()) == 1


async def test_a_reopened_table_is_offered(clerk: Clerk) -> None:
    closure = Closure("", ("1",), at(TUESDAY, "00:00"), at(TUESDAY, "23:59"))
    closed = await clerk.does(lambda staff: staff.close(closure))
    anna = visitor(clerk, "anna")
    await wait(clerk, anna)
    assert await anna.letters() == []
    await clerk.does(lambda staff: staff.reopen(closed.identifier))
    assert len(await anna.letters()) == 1


async def test_one_who_rang_up_waits_too(clerk: Clerk) -> None:
    uid = await fill(clerk)
    entry = await wait(clerk, None)
    await free(clerk, uid)
    (now,) = await clerk.at_desk(lambda desk: WaitingList(desk).between(TUESDAY, 1))
    assert (now.identifier, now.state) == (entry.identifier, WaitingState.OFFERED)
    held = await clerk.does(lambda staff: staff.entry(now.uid))
    assert held.booking.state is BookingState.HELD
    assert held.booking.hold_until_s == now.offered_until_s == clerk.now_s + 900
    await clerk.does(lambda staff: staff.confirm(now.uid, held.booking.sequence))
    assert await clerk.book.waiting_replies() == []


async def test_a_guest_waits_once_a_day_and_a_few_days(clerk: Clerk) -> None:
    await fill(clerk)
    anna = visitor(clerk, "anna")
    first = await wait(clerk, anna)
    assert await wait(clerk, anna, party=1) == first
    closure = Closure("", (), SEVEN, SEVEN + 20 * 86_400)
    await clerk.does(lambda staff: staff.close(closure))
    for number in range(1, MAX_OF_ONE):
        day = TUESDAY + timedelta(days=number)
        await wait(clerk, anna, day=day, until_s=EVENING[1] + number * 86_400)
    with pytest.raises(WaitingRefused) as refused:
        await wait(clerk, anna, day=TUESDAY + timedelta(days=9), until_s=EVENING[1] + 9 * 86_400)
    assert refused.value.code == "too_many"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"party": 0}, "too_large"),
        ({"party": 50}, "too_large"),
        ({"until_s": 5, "from_s": 1}, "past"),
        ({"until_s": EVENING[0]}, "past"),
        ({"under_name": "x" * 81}, "bad_request"),
    ],
)
async def test_nonsense_does_not_wait(clerk: Clerk, change: dict[str, Any], code: str) -> None:
    with pytest.raises(WaitingRefused) as refused:
        await wait(clerk, None, **change)
    assert refused.value.code == code
    assert await states(clerk) == []


async def test_who_leaves_gives_the_offer_back(clerk: Clerk) -> None:
    uid = await fill(clerk)
    anna, ben = visitor(clerk, "anna"), visitor(clerk, "ben")
    entry = await wait(clerk, anna)
    clerk.clock.advance(1000)
    await wait(clerk, ben)
    await free(clerk, uid)
    stranger = await clerk.at_desk(
        lambda desk: WaitingList(desk).remove(entry.identifier, ben.conversation)
    )
    assert stranger is None
    assert await states(clerk) == [WaitingState.OFFERED, WaitingState.WAITING]
    await clerk.at_desk(lambda desk: WaitingList(desk).remove(entry.identifier))
    assert await states(clerk) == [WaitingState.EXPIRED, WaitingState.OFFERED]
    assert await clerk.at_desk(lambda desk: WaitingList(desk).remove("w-x")) is None


async def test_nobody_waits_for_yesterday(clerk: Clerk) -> None:
    await fill(clerk)
    await wait(clerk, None)
    clerk.clock.at_ms = EVENING[1] * 1000
    await clerk.book.tick(clerk.business, clerk.now_s)
    assert await states(clerk) == [WaitingState.EXPIRED]


async def test_a_guest_who_cancels_in_the_chat_promotes_the_next(clerk: Clerk) -> None:
    anna, ben = visitor(clerk, "anna"), visitor(clerk, "ben")
    await wait(clerk, anna, until_s=at(TUESDAY, "18:30"))
    await anna.letters()
    await anna.says("ja")
    (booking,) = await anna.bookings()
    await wait(clerk, ben, from_s=booking.starts_at_s, until_s=booking.starts_at_s + 60)
    assert await ben.letters() == []
    await anna.says("stornieren")
    await anna.says("ja")
    assert len(await ben.letters()) == 1


async def test_an_expired_hold_promotes_within_the_next_transaction(clerk: Clerk) -> None:
    eve, ben = visitor(clerk, "eve"), visitor(clerk, "ben")
    held = await clerk.at_desk(lambda desk: desk.hold(eve.conversation, b"t", SEVEN, 2))
    assert not isinstance(held, str)
    await wait(clerk, ben, from_s=SEVEN, until_s=SEVEN + 60)
    clerk.clock.advance(10 * 60_000)
    await clerk.at_desk(lambda desk: desk.expire_holds())
    assert len(await ben.letters()) == 1


async def test_one_who_breaks_the_waiting_list_keeps_nobody_from_an_offer(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the hold from its end, either, nor those whose time is over."""
    held = await clerk.book.hold(
        clerk.business, ConversationId(b"h" * 16), b"h", SEVEN, 2, clerk.now_s
    )
    assert isinstance(held, Booking)
    now_s = held.hold_until_s
    anna, ben = visitor(clerk, "anna"), visitor(clerk, "ben")
    late = [await wait(clerk, None, from_s=now_s - 9, until_s=now_s - 1) for _ in range(2)]
    first, second = await wait(clerk, anna), await wait(clerk, ben)
    whole_offer, whole_mark = WaitingList._offer, WaitingList._mark

    async def offer(waiting: WaitingList, entry: Waiting, slots: tuple[Slot, ...]) -> bool:
        if entry.identifier == first.identifier:
            raise ZeroDivisionError
        return await whole_offer(waiting, entry, slots)

    async def mark(waiting: WaitingList, entry: Waiting, state: WaitingState) -> None:
        if entry.identifier == late[0].identifier:
            raise KeyError
        await whole_mark(waiting, entry, state)

    monkeypatch.setattr(WaitingList, "_offer", offer)
    monkeypatch.setattr(WaitingList, "_mark", mark)
    mishaps = await clerk.book.tick_apart(clerk.business, now_s)
    assert {one.kind for one in mishaps} == {"ZeroDivisionError", "KeyError"}
    entry = await clerk.does(lambda staff: staff.entry(held.uid))
    assert entry.booking.state is BookingState.CANCELLED
    entries = await clerk.at_desk(lambda desk: WaitingList(desk).between(TUESDAY, 1))
    found = {one.identifier: one.state for one in entries}
    assert found[second.identifier] is WaitingState.OFFERED
    assert found[late[1].identifier] is WaitingState.EXPIRED
    assert found[first.identifier] is found[late[0].identifier] is WaitingState.WAITING
    assert len(await ben.letters()) == 1


async def test_what_became_free_before_a_crash_is_offered_after_it(clerk: Clerk) -> None:
    """Ends are in transactions of their own when something breaks; offers follow them."""
    eve, ben = visitor(clerk, "eve"), visitor(clerk, "ben")
    held = await clerk.at_desk(lambda desk: desk.hold(eve.conversation, b"t", SEVEN, 2))
    assert isinstance(held, Booking)
    await wait(clerk, ben, from_s=SEVEN, until_s=SEVEN + 60)
    clerk.clock.advance(10 * 60_000)

    async def ends(desk: Desk) -> None:
        await desk.end_hold(held.uid)
        desk.seats.freed = set()  # and now the process dies, before anything is offered

    await clerk.at_desk(ends)
    assert await ben.letters() == []
    assert await clerk.book.tick_apart(clerk.business, clerk.now_s) == []
    assert len(await ben.letters()) == 1
