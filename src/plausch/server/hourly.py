"""What somebody may do or have in an hour, counted for all processes of the database together.

Who logs in at one process after the other has no more of it than at one. Hours are those of UTC.
"""

import asyncio
import hashlib
from contextlib import suppress

from plausch.base.clock import Clock
from plausch.base.durations import HOUR_MS
from plausch.db.interface import Database, StorageUnavailable
from plausch.server.allowance import Allowance
from plausch.server.errors import Refusal
from plausch.server.store.allowance import Kind

PATIENCE_S = 1.0
"""So long reading waits to be counted."""

MOST_LATE = 64
"""Counts that are waited for in the background at most."""


class Hourly:
    """What each holder may have of one kind in an hour, and the sentence for who has had it."""

    def __init__(
        self, database: Database, clock: Clock, kind: Kind, most: int, sentence: str
    ) -> None:
        self._allowance: Allowance[bytes] = Allowance(database, clock, kind, most, HOUR_MS)
        self._sentence = sentence
        self._late: dict[asyncio.Task[None], int | bytes] = {}

    async def count(self, holder: int | bytes, amount: int = 1) -> None:
        """Take so much of the holder's hour, all of it or nothing. A holder is a key of the
        database, or up to 32 bytes.

        Raises Refusal `rate_limited`, also when it is more than there is in any hour;
        StorageUnavailable.
        """
        wait_ms = await self._allowance.demand(_bytes(holder), amount)
        if wait_ms:
            raise Refusal("rate_limited", self._sentence, retry_after_ms=wait_ms)

    async def count_reading(self, holder: int | bytes, amount: int = 1) -> None:
        """As `count`, for what only reads: that goes on, uncounted, while the database takes no
        writing, or takes longer than PATIENCE_S for it.

        Raises Refusal `rate_limited`.
        """
        with suppress(StorageUnavailable):
            if self._allowance.wait_ms(_bytes(holder), amount) is not None:
                await self.count(holder, amount)
            elif len(self._late) < MOST_LATE and holder not in self._late.values():
                await self._count_patiently(holder, amount)

    async def _count_patiently(self, holder: int | bytes, amount: int) -> None:
        counting = asyncio.get_running_loop().create_task(self.count(holder, amount))
        await asyncio.wait((counting,), timeout=PATIENCE_S)
        if counting.done():
            counting.result()
        else:  # never cancelled: its COMMIT may be under way
            self._late[counting] = holder
            counting.add_done_callback(self._at_last)

    def _at_last(self, counting: "asyncio.Task[None]") -> None:
        del self._late[counting]
        if not counting.cancelled():
            counting.exception()

    def give_back(self, holder: int | bytes, amount: int = 1) -> None:
        """It was counted and not had after all."""
        self._allowance.give_back(_bytes(holder), amount)

    async def close(self) -> None:
        """Give back what is drawn and not used of anybody's hour."""
        await asyncio.gather(*self._late, return_exceptions=True)
        await self._allowance.close()


def nameless(label: str, now_ms: int, *names: str) -> bytes:
    """A holder in whose place the database has a hash, another one each hour.

    Who has the database can try names against it as long as the row is there.
    """
    said = "\0".join([f"Plausch 1.0 {label}", str(now_ms // HOUR_MS), *names])
    return hashlib.sha256(said.encode()).digest()[:16]


def _bytes(holder: int | bytes) -> bytes:
    return holder if isinstance(holder, bytes) else holder.to_bytes(8, "big")
