"""Long checks run beside the event loop, one at a time, each on its account's own time.

Signatures and ratchet trees cost seconds when somebody wants them to. Appends must not wait for
them, and nobody may buy all of the processor with requests that are refused: what a check takes is
charged to the account that sent the bytes, whatever comes of it. The time is that of this process,
each other one has as much of its own to give: the limit protects the process, which nobody can use
up alone. Accounts take turns, so that one with many devices has others wait for one of its checks,
not for as many as it may send at once.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from plausch.base.clock import Clock
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.rate import TokenBuckets
from plausch.server.turns import Turns

T = TypeVar("T")


class Checks:
    """The checks of one service."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        per_hour = limits.checking_ms_per_hour
        self._budget = TokenBuckets(clock, per_hour)
        self._one_at_a_time = Turns(1)

    async def run(self, account_key: int, check: Callable[[], T]) -> T:
        """What `check` returns, computed on a thread: it may touch nothing that others change.

        Raises Refusal `rate_limited` when the account has used up its time, and what `check`
        raises.
        """
        name, spent_ms = str(account_key), 0

        def timed() -> T:
            nonlocal spent_ms
            began_ns = time.thread_time_ns()
            try:
                return check()
            finally:
                spent_ms = (time.thread_time_ns() - began_ns) // 1_000_000

        async with self._one_at_a_time.turn(account_key):
            wait_ms = self._budget.take(name)
            if wait_ms:
                raise Refusal(
                    "rate_limited",
                    "The server has spent too much time on what this account sent: wait a while.",
                    retry_after_ms=wait_ms,
                )
            try:
                return await asyncio.to_thread(timed)
            finally:
                self._budget.charge(name, spent_ms)
