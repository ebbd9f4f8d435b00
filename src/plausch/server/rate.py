"""Token buckets: how much of this very process somebody may have, remembered in its memory only.

What holds for all processes of a database together is an allowance (allowance.py).
"""

from collections import OrderedDict

from plausch.base.clock import Clock
from plausch.base.durations import HOUR_MS

BUCKETS = 100_000
"""Names remembered at most; the one unused for longest is forgotten first, which can only be to
its advantage."""


class TokenBuckets:
    """For each name a bucket of `per_hour` tokens, which an hour fills; without any, nobody gets
    anything."""

    def __init__(self, clock: Clock, per_hour: int) -> None:
        self._clock = clock
        self._most = float(per_hour)
        self._per_ms = per_hour / HOUR_MS
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str) -> int:
        """Take a token; 0, or how many ms to wait until there is one (then none is taken)."""
        if not self._most:
            return HOUR_MS
        now_ms = self._clock.now_ms()
        tokens, since_ms = self._buckets.pop(name, (self._most, now_ms))
        tokens = min(self._most, tokens + max(0, now_ms - since_ms) * self._per_ms)
        missing = 1.0 - tokens
        if missing <= 0:
            tokens -= 1.0
        self._buckets[name] = (tokens, now_ms)
        if len(self._buckets) > BUCKETS:
            self._buckets.popitem(last=False)
        return 0 if missing <= 0 else int(missing / self._per_ms) + 1

    def charge(self, name: str, count: int) -> None:
        """Take tokens that are spent already, down to nothing and below it."""
        tokens, since_ms = self._buckets.get(name, (self._most, self._clock.now_ms()))
        self._buckets[name] = (tokens - count, since_ms)
