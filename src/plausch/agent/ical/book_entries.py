"""The book as entries of a calendar: read beside the agent, from the same file."""

from dataclasses import replace
from pathlib import Path
from typing import Self

from plausch.agent.book import STEPS
from plausch.agent.ical.entries import Entry
from plausch.db.interface import Database, Row, Transaction
from plausch.db.migrate import migrate
from plausch.db.sqlite import open_sqlite
from plausch.domain.booking import Booking, BookingState

_BETWEEN = """SELECT resources, uid, sequence, state, party, starts_at_s, ends_at_s, zone,
    under_name, hold_until_s, booked_at_s, modified_at_s FROM booking
    WHERE ends_at_s > $1 AND starts_at_s < $2 ORDER BY starts_at_s, uid"""
_MARK = "SELECT COUNT(*), MAX(modified_at_s), SUM(sequence) FROM booking"


class BookEntries:
    """Reads bookings; several processes may have the file open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, path: Path | str) -> Self:
        """Open the book's file. Raises StorageUnavailable, SchemaRefused."""
        database = open_sqlite(path)
        await migrate(database, STEPS)
        return cls(database)

    async def close(self) -> None:
        """Let go of the file."""
        await self._database.close()

    async def between(self, first_s: int, end_s: int, now_s: int) -> list[Entry]:
        """Every booking, in whatever state, whose stay touches these instants, by begin.

        A hold whose time is over counts as cancelled.
        """

        async def work(transaction: Transaction) -> list[Entry]:
            rows = await transaction.fetch(_BETWEEN, first_s, end_s)
            return [_entry(row, now_s) for row in rows]

        return await self._database.read(work)

    async def mark(self) -> Row:
        """Something that differs after every change of the book."""

        async def work(transaction: Transaction) -> Row:
            return (await transaction.fetch(_MARK))[0]

        return await self._database.read(work)


def _entry(row: Row, now_s: int) -> Entry:
    resources, *columns = row
    booking = Booking(*columns)
    state = BookingState(booking.state)
    if state is BookingState.HELD and booking.hold_until_s <= now_s:
        state = BookingState.CANCELLED
    return Entry(replace(booking, state=state), tuple(resources.split("\n")))
