"""What of calendars runs beside the agent's talk, as its settings say."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from plausch.agent.book import Book
from plausch.agent.ical.book_entries import BookEntries
from plausch.agent.ical.closing import keep_closed
from plausch.agent.ical.dav import Collection, CollectionAddress
from plausch.agent.ical.entries import Style
from plausch.agent.ical.settings import CalendarSettings
from plausch.agent.ical.sync import CalendarSync
from plausch.agent.ical.sync_store import SyncStore
from plausch.agent.ical.sync_task import keep_equal
from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.domain.business import Business

_LOG = logging.getLogger("plausch.agent.calendar")

STORE_FILE = "calendar.db"
"""What was sent to the business's own calendar, beside the book."""


@asynccontextmanager
async def calendar_tasks(
    settings: CalendarSettings, home: Path, book_file: Path, business: Business, clock: Clock
) -> AsyncIterator[None]:
    """Keep calendars while the body runs. Raises StorageUnavailable, SchemaRefused at its begin.

    A task that fails later is told in the log and ends; the agent goes on without it.
    """
    async with AsyncExitStack() as stack:
        works: list[Coroutine[Any, Any, None]] = []
        if settings.bookings is not None:
            style = Style(business.language, settings.names)
            works.append(await _own(stack, settings.bookings, style, home, book_file, clock))
        for calendar in settings.blocks:
            book = await Book.open(book_file)
            stack.push_async_callback(book.close)
            works.append(keep_closed(book, business, calendar, clock))
        running = [asyncio.create_task(_told(work)) for work in works]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _own(
    stack: AsyncExitStack,
    address: CollectionAddress,
    style: Style,
    home: Path,
    book_file: Path,
    clock: Clock,
) -> Coroutine[Any, Any, None]:
    entries = await BookEntries.open(book_file)
    stack.push_async_callback(entries.close)
    store = await SyncStore.open(home / STORE_FILE, address.url)
    stack.push_async_callback(store.close)
    (home / STORE_FILE).chmod(0o600)
    style = replace(style, book=await entries.identifier())
    return keep_equal(CalendarSync(Collection(address), store, style), entries, clock)


async def _told(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except PlauschError as error:
        _LOG.error("calendar: stopped (%s): %s", error.code, error)
