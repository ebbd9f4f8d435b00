"""Devices that have just logged in are noted together: one transaction for all of a moment.

After another server process has died thousands log in at once. What each login writes and counts
then shares its statements and its COMMIT.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.db.interface import Database, Transaction
from plausch.server.records import DeviceRecord
from plausch.server.store import device, key_package


@dataclass(frozen=True, slots=True)
class Supply:
    """The valid key packages that a device has left."""

    single: int
    has_last_resort: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A login that waits. `enter` is called when it is on disk, before anything that was written
    after it is told to anybody."""

    enter: Callable[[], None]
    answer: "asyncio.Future[Supply | None]"


Waiting = dict[int, list[Arrival]]
"""By device key: a device may log in twice at the same time."""


class Arrivals:
    """Logins on their way to the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._waiting: Waiting = {}
        self._task: asyncio.Task[None] | None = None

    async def note(self, one: DeviceRecord, enter: Callable[[], None]) -> Supply | None:
        """Note that the device was here now, call `enter`; what it has left. None, and no call: a
        list without it was published since it was found. Raises StorageUnavailable."""
        loop = asyncio.get_running_loop()
        arrival = Arrival(enter, loop.create_future())
        self._waiting.setdefault(one.key, []).append(arrival)
        if self._task is None:
            self._task = loop.create_task(self._write())
        return await arrival.answer

    async def _write(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                await self._write_some(waiting)
        finally:
            self._task = None

    async def _write_some(self, waiting: Waiting) -> None:
        keys, now_ms = sorted(waiting), self._clock.now_ms()

        async def body(tx: Transaction) -> dict[int, Supply]:
            listed = await device.seen(tx, keys, now_ms)
            counts = await key_package.counts(tx, listed, now_ms // 1000)
            return {key: Supply(*counts.get(key, (0, False))) for key in listed}

        try:
            found = await self._database.transact(body, repeatable=True)
        except Exception as error:  # whatever it is, each of them is told
            for _, one in _who_wait(waiting):
                one.answer.set_exception(error)
            return
        for key, one in _who_wait(waiting):
            try:
                if key in found:
                    one.enter()
            except Exception as error:  # a bug of ours in one connection: the others get in
                one.answer.set_exception(error)
            else:
                one.answer.set_result(found.get(key))


def _who_wait(waiting: Waiting) -> list[tuple[int, Arrival]]:
    """Those whose connection has not ended meanwhile."""
    return [(key, one) for key, some in waiting.items() for one in some if not one.answer.done()]
