"""Waking devices that are not connected: gathered, spaced, in bounds, never in anybody's way.

The hub names devices without a connection for which something came. They are gathered for a
moment, looked up at once, and each is woken at most once in `wake_up_pause_ms`; what comes within
the pause is one wake-up at its end, unless the device was here meanwhile. All of it is in memory:
a wake-up may be lost, the log is the truth (habit 7).
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from plausch.base.errors import PlauschError
from plausch.server.endpoint import Endpoint, EndpointRefused, parse_endpoint
from plausch.server.limits import Limits
from plausch.server.push_service import Sent, Verdict
from plausch.server.store.wake_up import WakeUpRow

log = logging.getLogger("plausch.server")

GATHER_S = 0.5
"""A conversation that begins is a Welcome and, just after it, the first message: one wake-up."""

LOOKED_UP_AT_ONCE = 500
MOST_DEVICES = 20_000
"""Devices thought of at the same time; for others nothing is done until there is room."""

AT_ONCE = 64
AT_ONCE_PER_HOST = 16
ATTEMPTS = 6
FIRST_RETRY_S = 5.0
COMPLAINT_PAUSE_S = 600.0


class Subscriptions(Protocol):
    """Who wants to be woken (WakeUps)."""

    async def of(self, uris: list[str]) -> list[WakeUpRow]:
        """Those of the devices that do. Raises StorageUnavailable."""
        ...

    async def gone(self, one: WakeUpRow) -> None:
        """The endpoint is dead. Raises StorageUnavailable."""
        ...


class Sender(Protocol):
    """Who calls push services (PushServices)."""

    async def wake(self, endpoint: Endpoint) -> Sent:
        """One wake-up, and what became of it."""
        ...


class Rest:
    """A device within its pause. `again`: something came meanwhile; `here`: it was connected;
    `wanted`: it wants to be woken."""

    __slots__ = ("again", "here", "wanted")

    def __init__(self) -> None:
        self.again = self.here = self.wanted = False


class Waker:
    """Decides who is woken when. Used from the event loop only."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        sender: Sender,
        limits: Limits,
        *,
        private: bool = False,
        first_retry_s: float = FIRST_RETRY_S,
        gather_s: float = GATHER_S,
    ) -> None:
        self._subscriptions, self._sender, self._private = subscriptions, sender, private
        self._pause_s = limits.wake_up_pause_ms / 1000
        self._first_retry_s, self._gather_s = first_retry_s, gather_s
        self._gathered: dict[str, None] = {}
        self._resting: dict[str, Rest] = {}
        self._looking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}
        self._quiet_until_s = 0.0
        self._closed = False

    def wake(self, devices: Iterable[str]) -> None:
        """Something came for these devices, which are not connected. Returns at once."""
        for device in devices:
            rest = self._resting.get(device)
            if rest is not None:
                rest.again, rest.here = True, False
            elif len(self._gathered) + len(self._resting) < MOST_DEVICES:
                self._gathered[device] = None
        if self._gathered and self._looking is None and not self._closed:
            self._looking = asyncio.get_running_loop().create_task(self._look_up())

    def came(self, device: str) -> None:
        """The device is connected: it learns everything, and may say where it is to be woken."""
        self._gathered.pop(device, None)
        rest = self._resting.get(device)
        if rest is not None:
            rest.again, rest.here = False, True
            if not rest.wanted:
                del self._resting[device]

    async def close(self) -> None:
        """Wake nobody any more."""
        self._closed = True
        tasks = [*self._tasks, *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- who is to be woken ----------------------------------------------------------------

    async def _look_up(self) -> None:
        try:
            while self._gathered:
                await asyncio.sleep(self._gather_s)
                uris = list(self._gathered)[:LOOKED_UP_AT_ONCE]
                for uri in uris:
                    del self._gathered[uri]
                await self._begin(uris)
        finally:
            self._looking = None

    async def _begin(self, uris: list[str]) -> None:
        """Everybody rests, also who does not want to be woken: so nobody is looked up each time."""
        rests = {uri: Rest() for uri in uris}
        self._resting |= rests
        found: list[WakeUpRow] = []
        with suppress(PlauschError):  # the database is away; wake-ups may be lost
            found = await self._subscriptions.of(uris)
        for one in found:
            rests[one.uri].wanted = True
            task = asyncio.get_running_loop().create_task(self._attend(one, rests[one.uri]))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        others = {uri: rest for uri, rest in rests.items() if not rest.wanted}
        asyncio.get_running_loop().call_later(self._pause_s, self._rested, others)

    def _rested(self, rests: dict[str, Rest]) -> None:
        for uri, rest in rests.items():
            if self._resting.get(uri) is rest:
                del self._resting[uri]

    async def _attend(self, one: WakeUpRow, rest: Rest) -> None:
        """Wake one device, and again at the end of the pause as long as something came in it."""
        try:
            endpoint = parse_endpoint(one.endpoint, private=self._private)
        except EndpointRefused:  # the operator's setting is another one now
            await self._forget(one)
            self._rested({one.uri: rest})
            return
        try:
            while await self._insist(one, endpoint, rest):
                await asyncio.sleep(self._pause_s)
                if not rest.again:
                    return
        finally:
            self._rested({one.uri: rest})

    async def _insist(self, one: WakeUpRow, endpoint: Endpoint, rest: Rest) -> bool:
        """Send one wake-up; again with growing pauses while the push service is out of reach, and
        the device is not here. False when its endpoint is dead."""
        for attempt in range(ATTEMPTS):
            async with self._turn(endpoint.host):
                rest.again = False
                sent = await self._sender.wake(endpoint)
            if sent.verdict is Verdict.GONE:
                await self._forget(one)
                return False
            if sent.verdict is Verdict.REFUSED:
                self._complain(sent.status)
            if sent.verdict is not Verdict.LATER or attempt + 1 == ATTEMPTS:
                break
            least_s = max(sent.retry_after_s, self._first_retry_s * 2**attempt)
            # Spread, or all that wait for a push service would return to it at once.
            await asyncio.sleep(least_s * random.uniform(1, 1.5))  # nosec B311
            if rest.here:
                break
        return True

    # --- in bounds -------------------------------------------------------------------------

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """A place among all requests under way, and among those to this host: a slow push service
        does not hold up the others."""
        places, users = self._hosts.get(host) or (asyncio.Semaphore(AT_ONCE_PER_HOST), 0)
        self._hosts[host] = places, users + 1
        try:
            async with places, self._free:
                yield
        finally:
            places, users = self._hosts.pop(host)
            if users > 1:
                self._hosts[host] = places, users - 1

    async def _forget(self, one: WakeUpRow) -> None:
        with suppress(PlauschError):  # the next wake-up finds it dead again
            await self._subscriptions.gone(one)

    def _complain(self, status: int) -> None:
        """A few times an hour; of whom and where is not for the log."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s = now_s + COMPLAINT_PAUSE_S
            log.warning("A push service refuses this server's wake-ups (HTTP status %d).", status)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A wake-up failed unexpectedly.", exc_info=task.exception())
