"""Retention: what every member device has leaves the server; what nobody fetched, after a while.

Deletes are bounded: one conversation, at most SWEPT_AT_ONCE rows in one transaction, so that
appends never wait long.
"""

from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.db.interface import Database, Transaction
from plausch.server.limits import Limits
from plausch.server.store import conversation, cursor, envelope, invitation, mailbox

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SWEPT_AT_ONCE = 1_000
CONVERSATIONS_AT_ONCE = 100
WELCOMES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Swept:
    """How much a sweep deleted."""

    envelopes: int
    welcomes: int


class Retention:
    """Sweeps the logs; run it every few minutes."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database, self._clock = database, clock
        self._retention_ms = limits.retention_days * DAY_MS
        self._remembered_ms = limits.remembered_hours * HOUR_MS

    async def sweep(self) -> Swept:
        """Go over all conversations once. Raises StorageUnavailable."""
        now_ms = self._clock.now_ms()
        envelopes = key = 0
        while True:
            page = await self._page(key)
            if not page:
                break
            for key, kept_from, head in page:
                envelopes += await self._sweep_log(key, kept_from, head, now_ms)
        return Swept(envelopes, await self._sweep_mailboxes(now_ms))

    async def _page(self, after: int) -> list[tuple[int, int, int]]:
        async def body(tx: Transaction) -> list[tuple[int, int, int]]:
            return await conversation.after(tx, after, CONVERSATIONS_AT_ONCE)

        return await self._database.read(body)

    async def _sweep_log(self, key: int, kept_from: int, head: int, now_ms: int) -> int:
        """Delete from the beginning of one log; how many."""
        total = 0
        while kept_from <= head:
            last = await self._last_to_go(key, kept_from, head, now_ms)
            if last is None:
                break
            total += await self._forget(key, kept_from, last)
            kept_from = last + 1
        return total

    async def _last_to_go(self, key: int, first: int, head: int, now_ms: int) -> int | None:
        """The last seq of the next stretch that may go."""
        stretch_end = min(head, first + SWEPT_AT_ONCE - 1)

        async def body(tx: Transaction) -> int | None:
            everybody = await cursor.acknowledged_by_all(tx, key)
            had = stretch_end if everybody is None else min(everybody, stretch_end)
            fetched = await envelope.last_before(tx, key, first, had, now_ms - self._remembered_ms)
            old = await envelope.last_before(
                tx, key, first, stretch_end, now_ms - self._retention_ms
            )
            return max((seq for seq in (fetched, old) if seq is not None), default=None)

        return await self._database.read(body)

    async def _forget(self, key: int, first: int, last: int) -> int:
        async def body(tx: Transaction) -> int:
            gone = await envelope.forget(tx, key, first, last)
            await conversation.keep_from(tx, key, last + 1)
            return gone

        return await self._database.transact(body, repeatable=True)

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
