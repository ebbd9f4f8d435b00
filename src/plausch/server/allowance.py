"""Allowances that hold across all processes of a database, without a statement for each use.

A process draws a piece of what somebody may have in a window of time, in one statement, and gives
it out from memory. The first piece is a 256th, each further one of the same process twice as large,
up to a 16th: who moves from process to process leaves little behind at each. What is drawn is
counted at once, so all processes together never give out more than the whole. What a process has
drawn and not given out is lost when it is killed, which is to the disadvantage of who would have
had it: a 16th at most. One that stops gives it back. While draws fail they are few and small.

Windows (an hour, a day, the days of retention) are of UTC by the clock of the process.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from plausch.base.clock import Clock
from plausch.base.durations import MINUTE_MS
from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.server.store import allowance
from plausch.server.store.allowance import Kind, Want

FIRST_PART = 256
LARGEST_PART = 16
ASK_AGAIN_MS = MINUTE_MS
"""When nothing was left: a process that has stopped since may have given something back."""

PAUSE_MS = 250
LONGEST_PAUSE_MS = 30_000
"""After a draw that failed, none is tried for so long, for each failure twice as long: one whose
COMMIT hung may have been counted all the same, and is lost to its holder."""

HOLDERS = 100_000
"""Holders remembered at most; what is drawn for the one that came first is given up."""

AT_ONCE = 5_000

Holder = TypeVar("Holder", int, bytes)
"""A key of the database, or up to 32 bytes."""


@dataclass(slots=True)
class _Pot:
    """What is drawn for one holder and not given out yet."""

    left: int = 0
    drawn: int = 0
    draws: int = 0
    none_until_ms: int = 0


class Allowance(Generic[Holder]):
    """What each holder may have of one kind in a window. `most` None: as much as it likes."""

    def __init__(
        self, database: Database, clock: Clock, kind: Kind, most: int | None, window_ms: int
    ) -> None:
        self._database, self._clock = database, clock
        self._kind, self._most, self._window_ms = kind, most, window_ms
        self._ends_at_ms = 0
        self._pots: dict[Holder, _Pot] = {}
        self._drawing: dict[Holder, asyncio.Event] = {}
        self._failures = 0
        self._failed_ms = 0

    def wait_ms(self, holder: Holder, amount: int = 1) -> int | None:
        """0 when so much is here to be taken (an amount of 0: anything at all); None when it has to
        be drawn; else how long until the next window."""
        if self._most is None:
            return 0
        now_ms = self._clock.now_ms()
        if not self._ends_at_ms - self._window_ms <= now_ms < self._ends_at_ms:
            self._ends_at_ms = (now_ms // self._window_ms + 1) * self._window_ms
            self._pots.clear()
        pot = self._pots.get(holder)
        needed = max(1, amount)
        if pot is not None and pot.left >= needed:
            return 0
        if needed > self._most or (pot is not None and now_ms < pot.none_until_ms):
            return self._ends_at_ms - now_ms
        return None

    def take(self, holder: Holder, amount: int = 1) -> None:
        """Take what `wait_ms` has just found here."""
        if self._most is not None:
            self._pots[holder].left -= amount

    def give_back(self, holder: Holder, amount: int = 1) -> None:
        """It was taken and not had after all."""
        pot = self._pots.get(holder)
        if pot is not None:  # else it was of a window that is over
            pot.left = min(pot.left + amount, pot.drawn)

    async def demand(self, holder: Holder, amount: int = 1) -> int:
        """Take so much: 0, or how long until there is a next window, and nothing is taken.

        Raises StorageUnavailable.
        """
        while (wait_ms := self.wait_ms(holder, amount)) is None:
            await self._draw_alone(holder, amount)
        if not wait_ms:
            self.take(holder, amount)
        return wait_ms

    async def _draw_alone(self, holder: Holder, amount: int) -> None:
        """Draw, or wait for who is drawing for the holder: each piece is larger than the last."""
        others = self._drawing.get(holder)
        if others is not None:
            await others.wait()
            return
        done = self._drawing[holder] = asyncio.Event()
        try:
            await self.draw({holder: amount})
        finally:
            del self._drawing[holder]
            done.set()

    async def draw_missing(self, wanted: Mapping[Holder, int]) -> None:
        """Draw for those of whom nothing is here, and may be. Raises StorageUnavailable."""
        missing = {one: amount for one, amount in wanted.items() if self.wait_ms(one) is None}
        if missing:
            await self.draw(missing)

    async def draw(self, wanted: Mapping[Holder, int]) -> None:
        """Lease a piece for each holder, as large as it needs at least, in one statement.

        Raises StorageUnavailable.
        """
        most, ends_at_ms = self._most, self._ends_at_ms
        if most is None:
            return
        self._demand_no_pause()
        asked = {}
        for holder, amount in wanted.items():
            pot = self._pots.setdefault(holder, _Pot())
            growing = (most // FIRST_PART or 1) << min(pot.draws, 16)
            more = 0 if self._failures else min(growing, most // LARGEST_PART)
            piece = max(1, amount - pot.left, more)
            asked[_bytes(holder)] = (holder, min(piece, most))
        wants = [
            Want(self._kind, name, ends_at_ms, most, piece) for name, (_, piece) in asked.items()
        ]

        async def body(tx: Transaction) -> dict[bytes, int]:
            return await allowance.draw(tx, wants)

        # Not repeatable: a piece whose COMMIT was not answered is lost.
        try:
            granted = await self._database.transact(body)
        except StorageUnavailable:
            self._failures += 1
            self._failed_ms = self._clock.now_ms()
            raise
        self._failures = 0
        if ends_at_ms != self._ends_at_ms:
            return  # of a window that is over
        for name, (holder, piece) in asked.items():
            pot = self._pots.setdefault(holder, _Pot())
            pot.draws += 1
            pot.left += granted[name]
            pot.drawn += granted[name]
            if granted[name] < piece:
                pot.none_until_ms = self._clock.now_ms() + ASK_AGAIN_MS
        for holder in list(islice(self._pots, max(0, len(self._pots) - HOLDERS))):
            if holder not in wanted:
                del self._pots[holder]

    def _demand_no_pause(self) -> None:
        if not self._failures:
            return
        pause_ms = min(PAUSE_MS << min(self._failures - 1, 16), LONGEST_PAUSE_MS)
        if 0 <= self._clock.now_ms() - self._failed_ms < pause_ms:
            raise StorageUnavailable(
                "The database did not take it a moment ago that an allowance was drawn."
            )

    async def close(self) -> None:
        """Give back what was drawn and not given out, as far as the database takes it."""
        pieces = [
            (int(self._kind), _bytes(holder), self._ends_at_ms, pot.left)
            for holder, pot in self._pots.items()
            if pot.left
        ]
        self._pots.clear()
        for start in range(0, len(pieces), AT_ONCE):
            with suppress(StorageUnavailable):
                await self._return(pieces[start : start + AT_ONCE])

    async def _return(self, pieces: list[tuple[int, bytes, int, int]]) -> None:
        async def body(tx: Transaction) -> None:
            await allowance.give_back(tx, pieces)

        await self._database.transact(body)


def _bytes(holder: int | bytes) -> bytes:
    return holder if isinstance(holder, bytes) else holder.to_bytes(8, "big")
