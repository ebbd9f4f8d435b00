"""Retention: what every member device has leaves the server; what nobody fetched, after a while.

Deletes are bounded: one conversation, at most SWEPT_AT_ONCE rows in one transaction, so that
appends never wait long. Nothing is deleted while the clock is doubted (`steady`), and of a log only
what comes before everything that is younger.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS, HOUR_MS, MINUTE_MS
from plausch.db.interface import Database, Transaction
from plausch.server.blobs import Blobs
from plausch.server.limits import Limits
from plausch.server.steady import DOUBT_MS, SteadyClock, ticks_ms
from plausch.server.store import (
    allowance,
    conversation,
    cursor,
    envelope,
    invitation,
    mailbox,
    sweep,
)

log = logging.getLogger("plausch.server")

SWEPT_AT_ONCE = 1_000
CONVERSATIONS_AT_ONCE = 100
WELCOMES_AT_ONCE = 100
ENDED_MS = 10 * MINUTE_MS
"""So long after the end of its window an allowance is kept: clocks differ."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How much a sweep deleted."""

    envelopes: int
    welcomes: int
    blobs: int = 0


@dataclass(frozen=True, slots=True)
class _Log:
    """A log that has something to let go of."""

    key: int
    kept_from: int
    head: int
    had: int
    """What every device that may still read has acknowledged."""


class Retention:
    """Sweeps the logs, and the blobs if there are any; run it every few minutes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        ticks_ms: Callable[[], int] = ticks_ms,
        blobs: Blobs | None = None,
    ) -> None:
        self._database, self._clock, self._ticks_ms = database, clock, ticks_ms
        self._blobs = blobs
        self._steady = SteadyClock(clock.now_ms(), ticks_ms())
        self._retention_ms = limits.retention_days * DAY_MS
        self._remembered_ms = limits.remembered_hours * HOUR_MS

    async def sweep(self) -> Swept:
        """Go over all conversations once; over none while the clock is doubted (`steady`).

        Raises StorageUnavailable.
        """
        now_ms = self._clock.now_ms()
        if not await self._believe(now_ms):
            return Swept(0, 0)
        envelopes, key = 0, 0
        while True:
            logs, last_key = await self._page(key, now_ms)
            for log_to_sweep in logs:
                envelopes += await self._sweep_log(log_to_sweep, now_ms)
            if last_key is None:
                break
            key = last_key
            await asyncio.sleep(0)  # SQLite reads at once: whoever waits has its turn here
        welcomes = await self._sweep_mailboxes(now_ms)
        await self._sweep_allowances(now_ms)
        blobs = 0 if self._blobs is None else await self._blobs.sweep(now_ms)
        return Swept(envelopes, welcomes, blobs)

    async def _believe(self, now_ms: int) -> bool:
        """Whether the clock may be believed; if so, the sweep is noted before it begins."""
        doubted = self._steady.doubted
        last_ms = await self._database.read(sweep.last)
        if not self._steady.believe(now_ms, self._ticks_ms(), last_ms):
            if not doubted and last_ms is not None:
                log.warning(
                    "The clock has jumped or stands far beyond the last sweep of the logs: nothing "
                    "is deleted until it has gone evenly for %d hours. Check this machine's time.",
                    DOUBT_MS // HOUR_MS,
                )
            return False

        async def body(tx: Transaction) -> None:
            await sweep.note(tx, now_ms)

        await self._database.transact(body, repeatable=True)
        self._steady.swept(now_ms)
        return True

    async def _page(self, after: int, now_ms: int) -> tuple[list[_Log], int | None]:
        """Of the next conversations those with something to let go of, and the last one's key."""

        async def body(tx: Transaction) -> tuple[list[_Log], int | None]:
            page = await conversation.after(tx, after, CONVERSATIONS_AT_ONCE)
            begun = await envelope.begun(tx, [(key, kept_from) for key, kept_from, _ in page])
            aged = [one for one in page if begun.get(one[0], 0) < now_ms - self._remembered_ms]
            had = await cursor.acknowledged_by_all(tx, [key for key, _, _ in aged])
            logs = [_Log(*one, had.get(one[0], one[2])) for one in aged]
            old_ms = now_ms - self._retention_ms
            going = [
                one for one in logs if one.kept_from <= one.had or begun.get(one.key, 0) < old_ms
            ]
            return going, page[-1][0] if page else None

        return await self._database.read(body)

    async def _sweep_log(self, one: _Log, now_ms: int) -> int:
        """Delete from the beginning of one log; how many."""
        total, first = 0, one.kept_from
        while first <= one.head:
            last, gone = await self._forget(one, first, now_ms)
            total += gone
            if last < first:
                break
            first = last + 1
        return total

    async def _forget(self, one: _Log, first: int, now_ms: int) -> tuple[int, int]:
        """Let the next stretch go; its last seq (before `first`: none may go), and how many."""
        end = min(one.head, first + SWEPT_AT_ONCE - 1)

        async def body(tx: Transaction) -> tuple[int, int]:
            fetched = await envelope.old_until(
                tx, one.key, first, min(one.had, end), now_ms - self._remembered_ms
            )
            old = await envelope.old_until(tx, one.key, first, end, now_ms - self._retention_ms)
            last = max(fetched, old)
            if last < first:
                return last, 0
            gone = await envelope.forget(tx, one.key, first, last)
            await conversation.keep_from(tx, one.key, last + 1)
            return last, gone

        return await self._database.transact(body, repeatable=True)

    async def _sweep_allowances(self, now_ms: int) -> None:
        """Forget what was drawn of windows that are over by everybody's clock."""

        async def body(tx: Transaction) -> int:
            return await allowance.forget(tx, now_ms - ENDED_MS, SWEPT_AT_ONCE)

        while await self._database.transact(body, repeatable=True) == SWEPT_AT_ONCE:
            pass

    async def _sweep_mailboxes(self, now_ms: int) -> int:
        """Forget Welcomes that were not fetched in time, and invitations that have expired."""
        total = 0
        while True:

            async def body(tx: Transaction) -> int:
                await invitation.forget_expired(tx, now_ms)
                old = await mailbox.older_than(tx, now_ms - self._retention_ms, WELCOMES_AT_ONCE)
                for key, seq in old:
                    await mailbox.forget_welcome(tx, key, seq)
                return len(old)

            gone = await self._database.transact(body, repeatable=True)
            total += gone
            if gone < WELCOMES_AT_ONCE:
                return total
