"""Whether the wall clock may be believed before something is deleted for its age.

A clock that is a month ahead makes everything old at once. Nothing here knows the right time; but
a clock that jumps, or that stands far beyond the last sweep when the server starts, is doubted,
and a wrong one is most often set right within minutes (which is a jump as well).
"""

import time

from plausch.base.durations import DAY_MS, HOUR_MS

JUMP_MS = HOUR_MS
"""So far the clock may part from the machine's even ticks between two looks."""

FAR_MS = 7 * DAY_MS
"""A server that is off for longer than this begins in doubt; a week is what retention can bear."""

DOUBT_MS = 6 * HOUR_MS
"""The clock has to go evenly for so long. Shorter than a working day: a machine that is switched
off every night sweeps too."""


def ticks_ms() -> int:
    """Milliseconds that nobody sets; they go on while the machine sleeps, where it can say so."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


class SteadyClock:
    """Compares a wall clock with even ticks and with the last sweep."""

    def __init__(self, now_ms: int, at_ticks_ms: int) -> None:
        self._now_ms, self._ticks_ms = now_ms, at_ticks_ms
        self._last_ms: int | None = None
        self._even_since_ms = at_ticks_ms
        self.doubted = False
        """Whether the last look ended in doubt."""

    def believe(self, now_ms: int, at_ticks_ms: int, last_ms: int | None) -> bool:
        """Look at the clock: is it to be believed? `last_ms` is when the logs were last swept, by
        any process; without it there is nothing to compare with, and doubt is the beginning."""
        jump_ms = (now_ms - self._now_ms) - (at_ticks_ms - self._ticks_ms)
        far = last_ms is not None and last_ms != self._last_ms and now_ms - last_ms > FAR_MS
        self._now_ms, self._ticks_ms, self._last_ms = now_ms, at_ticks_ms, last_ms
        if abs(jump_ms) > JUMP_MS or far:
            self._even_since_ms, self.doubted = at_ticks_ms, True
        if self.doubted or last_ms is None:
            self.doubted = at_ticks_ms - self._even_since_ms < DOUBT_MS
        return not self.doubted

    def swept(self, at_ms: int) -> None:
        """This process swept: that is no news of another one's clock."""
        self._last_ms = at_ms
