"""Where time comes from. Everything else takes it as an argument (house rule 3)."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time since the Unix epoch."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z, from the operating system."""
        return time.time_ns() // 1_000_000


@dataclass
class ManualClock:
    """A clock that stands still until it is told otherwise; for tests and simulation."""

    at_ms: int = 1_800_000_000_000

    def now_ms(self) -> int:
        """The time it was set to, in milliseconds since the Unix epoch."""
        return self.at_ms

    def advance(self, by_ms: int) -> None:
        """Move the clock by `by_ms` milliseconds (negative: a clock jump backwards)."""
        self.at_ms += by_ms
