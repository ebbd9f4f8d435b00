"""The task of the agent's loop that keeps the business's own calendar equal to the book.

It looks whether the book has changed, writes what is different, and looks now and then whether
somebody changed the calendar. A server that does not answer is asked again later and later; the log
says once that it is away and once that it is back. Log lines name bookings by uid, never people.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from plausch.agent.ical.dav import DavRefused, DavUnreachable
from plausch.agent.ical.sync import Outcome
from plausch.agent.rows import TableBooking
from plausch.base.clock import Clock

_LOG = logging.getLogger("plausch.agent.calendar")

POLL_S = 5.0
LOOK_EVERY_S = 300
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
_DAY_S = 86_400
_AHEAD_S = 800 * _DAY_S

Pause = Callable[[float], Awaitable[None]]


class Source(Protocol):
    """Where bookings come from; BookEntries."""

    async def between(self, first_s: int, end_s: int, now_s: int) -> list[TableBooking]:
        """Every booking that begins within these instants."""
        ...

    async def uids(self) -> frozenset[str]:
        """All bookings that there are, of whatever time."""
        ...

    async def mark(self) -> tuple[object, ...]:
        """Something that differs after every change."""
        ...


class Sync(Protocol):
    """What makes a calendar equal to entries; CalendarSync."""

    async def round(self, entries: list[TableBooking], now_s: int) -> Outcome:
        """One round; raises DavUnreachable, DavRefused."""
        ...

    async def follow(self, booked: frozenset[str], now_s: int) -> Outcome:
        """Take away what is over and forgotten; raises as `round`."""
        ...


@dataclass(slots=True)
class _Patience:
    """How long to wait after failures in a row."""

    failures: int = 0

    def wait_s(self, asked_s: float) -> float:
        """Doubled with each failure and spread, so that many agents do not come at once."""
        self.failures += 1
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * float(1 << min(self.failures - 1, 12)))
        spread = longest * random.uniform(0.5, 1.0)  # nosec B311: no secret
        return max(spread, min(asked_s, LONGEST_WAIT_S))


async def keep_equal(
    sync: Sync, source: Source, clock: Clock, pause: Pause = asyncio.sleep
) -> None:
    """Work until cancelled. Raises StorageUnavailable when the store cannot be written."""
    patience = _Patience()
    done_mark: tuple[object, ...] | None = None
    looked_s = 0
    while True:
        now_s = clock.now_ms() // 1000
        mark = await source.mark()
        if mark == done_mark and 0 <= now_s - looked_s < LOOK_EVERY_S:
            await pause(POLL_S)
            continue
        try:
            entries = await source.between(now_s - 2 * _DAY_S, now_s + _AHEAD_S, now_s)
            outcome = await sync.round(entries, now_s)
            followed = await sync.follow(await source.uids(), now_s)
        except (DavUnreachable, DavRefused) as error:
            asked_s = error.after_s if isinstance(error, DavUnreachable) else LONGEST_WAIT_S
            if not patience.failures:
                _LOG.warning("calendar: %s", error)
            await pause(patience.wait_s(asked_s))
            continue
        if patience.failures:
            _LOG.info("calendar: the server answers again")
            patience = _Patience()
        _tell(outcome)
        _tell(followed)
        looked_s = now_s
        done_mark = mark
        await pause(POLL_S)


def _tell(outcome: Outcome) -> None:
    if not outcome.is_quiet:
        _LOG.info(
            "calendar: %s written, %s removed, %s edited by people, %s refused",
            outcome.written,
            outcome.removed,
            outcome.edited,
            outcome.refused,
        )
