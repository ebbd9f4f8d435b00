"""Calendars are kept while the agent works, and stop with it."""

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from calendars import calendar, event
from linde import FRIDAY, NOW_S, ZONE, restaurant
from plausch.agent.book import Book
from plausch.agent.ical import tasks
from plausch.agent.ical.book_entries import BookEntries
from plausch.agent.ical.dav import CollectionAddress
from plausch.agent.ical.entries import BOOK
from plausch.agent.ical.settings import BlockCalendar, CalendarSettings
from plausch.agent.ical.tasks import STORE_FILE, calendar_tasks
from plausch.agent.retention import erase
from plausch.agent.rows import TableBooking
from plausch.agent.staff import StaffDesk, StaffWish
from plausch.base.clock import ManualClock
from plausch.base.errors import OperatorError
from plausch.domain.calendar import instant_s
from radicale_server import Radicale

EVENING_S = instant_s(ZONE, FRIDAY, 19 * 60)
PATIENCE_S = 60


async def test_nothing_is_set_nothing_is_done(tmp_path: Path, clock: ManualClock) -> None:
    book_file = tmp_path / "book.db"
    async with calendar_tasks(CalendarSettings(), tmp_path, book_file, restaurant(), clock):
        assert list(tmp_path.iterdir()) == []


async def test_a_booking_goes_out_and_a_closure_comes_in(
    tmp_path: Path, book: Book, radicale: Radicale, address: CollectionAddress, clock: ManualClock
) -> None:
    wish = StaffWish(b"token", EVENING_S, 2, "Anna")
    entry = await book.at_desk(restaurant(), NOW_S, lambda desk: StaffDesk(desk).book(wish))
    private = replace(address, url=radicale.make("private"))
    party = event("party", "DTSTART:20261128T100000Z", "DURATION:PT5H", "SUMMARY:Hochzeit")
    radicale.write("party.ics", calendar(party), "private")
    settings = CalendarSettings(address, True, (BlockCalendar("private", private),))
    async with (
        calendar_tasks(settings, tmp_path, tmp_path / "book.db", restaurant(), clock),
        asyncio.timeout(PATIENCE_S),
    ):
        while radicale.names() != {f"{entry.booking.uid}.ics"}:
            await asyncio.sleep(0)
        while not await book.at_desk(
            restaurant(),
            NOW_S,
            lambda desk: StaffDesk(desk).closures(NOW_S, NOW_S + 7 * 86_400),
        ):
            await asyncio.sleep(0)
    reader = await BookEntries.open(tmp_path / "book.db")
    text = radicale.text(f"{entry.booking.uid}.ics")
    assert f"{BOOK}:{await reader.identifier()}" in text.splitlines()
    await reader.close()
    assert stat.S_IMODE((tmp_path / STORE_FILE).stat().st_mode) == 0o600
    radicale.request("DELETE", "/linde/private/")


@pytest.mark.parametrize("how", ["erased", "in its time"])
async def test_whom_the_book_forgets_the_calendar_forgets(
    how: str,
    tmp_path: Path,
    book: Book,
    radicale: Radicale,
    address: CollectionAddress,
    clock: ManualClock,
) -> None:
    """Also of what was long over when they were forgotten."""
    house = restaurant()

    async def books(name: str, telephone: str) -> TableBooking:
        wish = StaffWish(name.encode(), EVENING_S, 2, name, telephone=telephone)
        return await book.at_desk(house, NOW_S, lambda desk: StaffDesk(desk).book(wish))

    anna, ben = await books("Anna", "1"), await books("Ben", "2")
    names = {f"{one.booking.uid}.ics" for one in (anna, ben)}
    async with (
        calendar_tasks(CalendarSettings(address), tmp_path, tmp_path / "book.db", house, clock),
        asyncio.timeout(PATIENCE_S),
    ):
        while radicale.names() != names:
            await asyncio.sleep(0)
    clock.at_ms = (EVENING_S + 3 * 86_400) * 1000
    if how == "erased":
        await book.at_desk(house, clock.at_ms // 1000, lambda desk: erase(desk, anna.customer))
    else:
        clock.advance(house.retention.bookings_days * 86_400_000)
        await book.tick(house, clock.at_ms // 1000)
    left = {f"{ben.booking.uid}.ics"} if how == "erased" else set()
    async with (
        calendar_tasks(CalendarSettings(address), tmp_path, tmp_path / "book.db", house, clock),
        asyncio.timeout(PATIENCE_S),
    ):
        while radicale.names() != left:
            await asyncio.sleep(0)


async def test_a_task_that_fails_is_told_and_the_agent_goes_on(
    tmp_path: Path,
    book: Book,
    address: CollectionAddress,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = asyncio.Event()

    async def fail(*arguments: object) -> None:
        failed.set()
        raise OperatorError("The disk is full.", code="storage_unavailable")

    monkeypatch.setattr(tasks, "keep_equal", fail)
    settings = CalendarSettings(address)
    async with calendar_tasks(settings, tmp_path, tmp_path / "book.db", restaurant(), clock):
        await failed.wait()
        await asyncio.sleep(0)
    assert "stopped (storage_unavailable): The disk is full." in caplog.text
