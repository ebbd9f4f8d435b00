"""The book as a calendar reads it: beside the agent, from the same file."""

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Self

from plausch.agent.book import Book
from plausch.agent.book_schema import STEPS
from plausch.agent.ical.entries import Style
from plausch.agent.ical.feed import Feed, feed
from plausch.agent.rows import ALL_BETWEEN, TableBooking, entry_of
from plausch.agent.staff import StaffDesk
from plausch.db.file import open_file
from plausch.db.interface import Database, Row, Transaction
from plausch.domain.booking import BookingState
from plausch.domain.business import Business

FEED_PAST_S = 30 * 86_400
FEED_AHEAD_S = 800 * 86_400

_MARK = """SELECT COUNT(*), MAX(modified_at_s), SUM(sequence),
    SUM(LENGTH(note) + LENGTH(telephone) + LENGTH(resources)) FROM booking"""

_NAME_IT = "INSERT INTO this_book (one, id) VALUES (1, $1) ON CONFLICT (one) DO NOTHING"


class BookEntries:
    """Reads bookings; several processes may have the file open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, path: Path | str) -> Self:
        """Open the book's file. Raises StorageUnavailable, SchemaRefused."""
        return cls(await open_file(path, STEPS))

    async def close(self) -> None:
        """Let go of the file."""
        await self._database.close()

    async def between(self, first_s: int, end_s: int, now_s: int) -> list[TableBooking]:
        """Every booking, in whatever state, that begins within these instants, by begin.

        A hold whose time is over counts as cancelled.
        """

        async def work(transaction: Transaction) -> list[TableBooking]:
            rows = await transaction.fetch(ALL_BETWEEN, first_s, end_s)
            return [_as_it_is(entry_of(row), now_s) for row in rows]

        return await self._database.read(work)

    async def uids(self) -> frozenset[str]:
        """All bookings that the book has, of whatever time."""

        async def work(transaction: Transaction) -> frozenset[str]:
            return frozenset(row[0] for row in await transaction.fetch("SELECT uid FROM booking"))

        return await self._database.read(work)

    async def identifier(self) -> str:
        """Which book this is, by 32 hexadecimal digits: chosen once, and the same in its copies."""
        fresh = secrets.token_hex(16)

        async def work(transaction: Transaction) -> str:
            await transaction.execute(_NAME_IT, fresh)
            return str((await transaction.fetch("SELECT id FROM this_book"))[0][0])

        return await self._database.transact(work)

    async def mark(self) -> Row:
        """Something that differs after changes of the book, save for rare ones of equal length."""

        async def work(transaction: Transaction) -> Row:
            return (await transaction.fetch(_MARK))[0]

        return await self._database.read(work)


async def feed_of(book: Book, business: Business, names: bool, now_s: int) -> Feed:
    """The bookings from a month ago on as the business's feed."""
    first_s, end_s = now_s - FEED_PAST_S, now_s + FEED_AHEAD_S
    found = await book.at_desk(
        business, now_s, lambda desk: StaffDesk(desk).between(first_s, end_s)
    )
    style = Style(business.language, names)
    return feed((_as_it_is(entry, now_s) for entry in found), business.name, style)


def _as_it_is(entry: TableBooking, now_s: int) -> TableBooking:
    booking = entry.booking
    if booking.state is BookingState.HELD and booking.hold_until_s <= now_s:
        return replace(entry, booking=replace(booking, state=BookingState.CANCELLED))
    return entry
