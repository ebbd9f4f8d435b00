"""Other calendars close places of the book, and open them again."""

import asyncio
import logging
from dataclasses import replace

import pytest

from calendars import at_s, calendar, event
from linde import FRIDAY, NOW_S, ZONE, restaurant
from plausch.agent.book import Book
from plausch.agent.closures import Closure, ClosureRefused
from plausch.agent.ical.blocked_times import BlockedTime
from plausch.agent.ical.closing import (
    EVERY_S,
    Closing,
    close_by_texts,
    close_times,
    keep_closed,
    open_again,
    wish_for,
)
from plausch.agent.ical.dav import CollectionAddress
from plausch.agent.ical.scan import CalendarRefused
from plausch.agent.ical.settings import BlockCalendar
from plausch.agent.rows import Source
from plausch.agent.staff import StaffDesk
from plausch.base.clock import ManualClock
from radicale_server import PASSWORD, USER, Radicale

WEEK_S = 7 * 86_400
EVENING = event(
    "party",
    "DTSTART;TZID=Europe/Berlin:20261127T170000",
    "DTEND;TZID=Europe/Berlin:20261127T235900",
    "SUMMARY:Hochzeit",
)


async def closures(book: Book) -> list[Closure]:
    return await book.at_desk(
        restaurant(), NOW_S, lambda desk: StaffDesk(desk).closures(NOW_S, NOW_S + WEEK_S)
    )


async def free(book: Book) -> int:
    return len((await book.available(restaurant(), FRIDAY, 2, NOW_S)).slots)


async def test_an_event_closes_every_place(book: Book) -> None:
    before = await free(book)
    done = await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    assert done == Closing(1, 0)
    (closed,) = await closures(book)
    assert (closed.resources, closed.note, closed.source) == ((), "Hochzeit", Source.CALENDAR)
    assert closed.starts_at_s == at_s(2026, 11, 27, 16)
    assert 0 < await free(book) < before


async def test_some_places_only(book: Book) -> None:
    before = await free(book)
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S, ("1",))
    assert (await closures(book))[0].resources == ("1",)
    assert await free(book) == before


async def test_other_places_are_another_closure(book: Book) -> None:
    texts = [calendar(EVENING)]
    await close_by_texts(book, restaurant(), "private", texts, NOW_S, ("1",))
    done = await close_by_texts(book, restaurant(), "private", texts, NOW_S, ("1", "2"))
    assert done == Closing(1, 1)
    assert [one.resources for one in await closures(book)] == [("1", "2")]


async def test_the_same_calendar_again_changes_nothing(book: Book) -> None:
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    before = await closures(book)
    for later_s in (0, 3600, 86_400):
        done = await close_by_texts(
            book, restaurant(), "private", [calendar(EVENING)], NOW_S + later_s
        )
        assert done == Closing(0, 0)
    assert await closures(book) == before


async def test_what_is_gone_there_is_open_here(book: Book) -> None:
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    moved = calendar(EVENING.replace("20261127", "20261128"))
    done = await close_by_texts(book, restaurant(), "private", [moved], NOW_S)
    assert done == Closing(1, 1)
    assert await open_again(book, restaurant(), "private", NOW_S) == Closing(0, 1)
    assert await closures(book) == []


async def test_staff_and_other_calendars_are_left_alone(book: Book) -> None:
    mine = Closure("", ("2",), NOW_S + 3600, NOW_S + 7200, "Reparatur")
    await book.at_desk(restaurant(), NOW_S, lambda desk: StaffDesk(desk).close(mine))
    await close_by_texts(book, restaurant(), "other", [calendar(EVENING)], NOW_S)
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    assert await open_again(book, restaurant(), "private", NOW_S) == Closing(0, 1)
    assert {one.note for one in await closures(book)} == {"Reparatur", "Hochzeit"}


async def test_what_is_over_is_left_as_it_is(book: Book) -> None:
    past = BlockedTime(NOW_S - 7200, NOW_S - 3600, "c-past", "")
    assert await close_times(book, restaurant(), "private", [past], NOW_S) == Closing(0, 0)
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    assert await open_again(book, restaurant(), "private", NOW_S + WEEK_S) == Closing(0, 0)


async def test_a_refused_calendar_changes_nothing(book: Book) -> None:
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    before = await closures(book)
    with pytest.raises(CalendarRefused):
        await close_by_texts(book, restaurant(), "private", ["<html>"], NOW_S)
    with pytest.raises(ClosureRefused, match="no place 'Terrasse'"):
        await close_by_texts(book, restaurant(), "new", [calendar(EVENING)], NOW_S, ("Terrasse",))
    assert await closures(book) == before


async def test_problems_are_handed_on(book: Book) -> None:
    bomb = event("bomb", "DTSTART:20261127T170000Z", "RRULE:FREQ=SECONDLY")
    done = await close_by_texts(book, restaurant(), "private", [calendar(bomb, EVENING)], NOW_S)
    assert done == Closing(1, 0, (("bomb", "repeats_too_often"),))


def test_what_matters_begins_with_the_day() -> None:
    wish = wish_for("private", ZONE, NOW_S)
    assert wish.first_s <= NOW_S < wish.first_s + 86_400 and wish.first_s % 86_400 == 0


async def test_a_caldav_calendar_is_looked_at_again_and_again(
    book: Book,
    radicale: Radicale,
    address: CollectionAddress,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[int] = []

    async def pause(seconds: float) -> None:
        assert seconds == EVERY_S
        seen.append(len(await closures(book)))
        if len(seen) == 1:
            radicale.write("party.ics", calendar(EVENING))
        elif len(seen) == 2:
            radicale.delete("party.ics")
        elif len(seen) == 3:
            raise asyncio.CancelledError

    settings = BlockCalendar("private", address)
    logged = caplog.at_level(logging.INFO, "plausch.agent.calendar")
    with logged, pytest.raises(asyncio.CancelledError):
        await keep_closed(book, restaurant(), settings, clock, pause)
    assert seen == [0, 1, 0]
    assert "1 times closed" in caplog.text and "Hochzeit" not in caplog.text


async def test_while_it_cannot_be_read_what_was_closed_stays_closed(
    book: Book, address: CollectionAddress, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    await close_by_texts(book, restaurant(), "private", [calendar(EVENING)], NOW_S)
    turns: list[float] = []

    async def pause(seconds: float) -> None:
        turns.append(seconds)
        if len(turns) == 3:
            raise asyncio.CancelledError

    wrong = BlockCalendar("private", replace(address, user=USER, password=PASSWORD + "x"))
    with pytest.raises(asyncio.CancelledError):
        await keep_closed(book, restaurant(), wrong, clock, pause)
    assert len(await closures(book)) == 1
    assert caplog.text.count("user or password") == 1
