"""Amounts of a UTC day, remembered in memory only."""

from plausch.base.clock import Clock

DAY_MS = 24 * 3_600_000


class Daily:
    """How much of something each key has had today; `most` 0 is no limit."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock, self._most = clock, most
        self._day = clock.now_ms() // DAY_MS
        self._had: dict[int, int] = {}

    def wait_ms(self, key: int, amount: int = 1) -> int:
        """0 when so much more may be had today, else how long until tomorrow."""
        now_ms = self._clock.now_ms()
        day = now_ms // DAY_MS
        if day != self._day:
            self._day = day
            self._had.clear()
        if not self._most or self._had.get(key, 0) + amount <= self._most:
            return 0
        return (day + 1) * DAY_MS - now_ms

    def add(self, key: int, amount: int = 1) -> None:
        """So much more was had; a negative amount was not had after all."""
        self._had[key] = max(0, self._had.get(key, 0) + amount)
