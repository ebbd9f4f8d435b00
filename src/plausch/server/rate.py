"""Token buckets: how often somebody may do something, remembered in memory only."""

from collections import OrderedDict

from plausch.base.clock import Clock
from plausch.base.durations import HOUR_MS

BUCKETS = 100_000
"""Names remembered at most; the one unused for longest is forgotten first, which can only be to
its advantage."""


class TokenBuckets:
    """For each name a bucket of `burst` tokens that fills by `per_hour`; without a burst, nobody
    gets anything."""

    def __init__(self, clock: Clock, burst: int, per_hour: float) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._per_ms = per_hour / HOUR_MS
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str, count: int = 1) -> int:
        """Take tokens; 0, or how many ms to wait until there are enough (then none is taken)."""
        if not self._burst:
            return HOUR_MS
        now_ms = self._clock.now_ms()
        tokens, since_ms = self._buckets.pop(name, (self._burst, now_ms))
        tokens = min(self._burst, tokens + max(0, now_ms - since_ms) * self._per_ms)
        missing = min(float(count), self._burst) - tokens
        if missing <= 0:
            tokens -= count
        self._buckets[name] = (tokens, now_ms)
        if len(self._buckets) > BUCKETS:
            self._buckets.popitem(last=False)
        return 0 if missing <= 0 else int(missing / self._per_ms) + 1

    def charge(self, name: str, count: int) -> None:
        """Take tokens that are spent already, down to nothing and below it."""
        tokens, since_ms = self._buckets.get(name, (self._burst, self._clock.now_ms()))
        self._buckets[name] = (tokens - count, since_ms)
