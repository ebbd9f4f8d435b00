"""Counting what an address does in an hour, in bounded memory and without a clock of its own."""

HOUR_MS = 3_600_000
REMEMBERED = 50_000


class HourlyRate:
    """At most `limit` events for each key in a clock hour.

    All counts are forgotten together when the hour turns. With more than REMEMBERED keys in
    one hour the counts start afresh: the memory is bounded, and a flood from that many
    addresses is beyond counting by address.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hour = -1
        self._counts: dict[str, int] = {}

    def take(self, key: str, now_ms: int) -> int:
        """Count one event: 0 when it is allowed, else the milliseconds until it would be."""
        hour = now_ms // HOUR_MS
        if hour != self._hour or len(self._counts) >= REMEMBERED:
            self._hour = hour
            self._counts.clear()
        count = self._counts.get(key, 0)
        if count >= self._limit:
            return (hour + 1) * HOUR_MS - now_ms
        self._counts[key] = count + 1
        return 0
