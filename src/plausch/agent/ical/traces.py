"""What the calendar's store keeps of guests goes when the book forgets their bookings.

What people wrote into the business's calendar is kept in a file of its own, with guests' names in
it (sync_store.py). It may stay as long as its booking is in the book: whatever removes that, an
erased customer or the end of its time, is followed here, after the operation, at every start of
the agent, and a few times a day.
"""

import asyncio
import logging
from pathlib import Path

from plausch.agent.book import Book
from plausch.agent.ical.sync_store import Edit, Texts
from plausch.agent.retention import SWEEP_S
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.migrate import SchemaRefused

_LOG = logging.getLogger("plausch.agent.calendar")
_KNOWN = "SELECT 1 FROM booking WHERE uid = $1"


class Traces:
    """The texts of a calendar's store beside a book; without the file there are none."""

    def __init__(self, file: Path, book: Book) -> None:
        self._file = file
        self._book = book
        self._texts: Texts | None = None
        self._turn = asyncio.Lock()

    async def edits(self) -> tuple[Edit, ...]:
        """What people wrote, the oldest first. Raises StorageUnavailable, SchemaRefused."""
        async with self._turn:
            texts = await self._opened()
            return tuple(await texts.edits()) if texts else ()

    async def sweep(self) -> None:
        """Forget the texts of bookings that the book does not have any more.

        Raises StorageUnavailable, SchemaRefused.
        """
        async with self._turn:
            texts = await self._opened()
            kept = await texts.uids() if texts else frozenset()
            if texts is None or not kept:
                return

            async def look(transaction: Transaction) -> list[str]:
                return [uid for uid in kept if not await transaction.fetch(_KNOWN, uid)]

            gone = await self._book.read(look)
            if gone:
                await texts.forget(gone)

    async def follow(self) -> None:
        """Sweep; what fails is told in the log, and done by a later sweep.

        The book has forgotten already, and a calendar's store must not stop the agent.
        """
        try:
            await self.sweep()
        except (StorageUnavailable, SchemaRefused) as error:
            _LOG.warning(
                "%s cannot be swept: texts of forgotten bookings are still in it (%s)",
                self._file.name,
                error,
            )

    async def run(self) -> None:
        """Sweep now and then, until cancelled."""
        while True:
            await self.follow()
            await asyncio.sleep(SWEEP_S)

    async def close(self) -> None:
        """Let go of the file."""
        async with self._turn:
            if self._texts is not None:
                await self._texts.close()
                self._texts = None

    async def _opened(self) -> Texts | None:
        if self._texts is None and self._file.exists():
            self._texts = await Texts.open(self._file)
        return self._texts
