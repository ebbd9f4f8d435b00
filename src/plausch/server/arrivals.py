"""Devices that have just logged in are noted together: one transaction for all of a moment.

After another server process has died thousands log in at once. What each login writes and counts
then shares its statements and its COMMIT.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.db.interface import Database, Transaction
from plausch.server.gathering import Gathering
from plausch.server.records import DeviceRecord
from plausch.server.store import device, key_package


@dataclass(frozen=True, slots=True)
class Supply:
    """The valid key packages that a device has left."""

    single: int
    has_last_resort: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device that logs in, by its key. `enter` is called when that is on disk."""

    device_key: int
    enter: Callable[[], None]


class Arrivals:
    """Logins on their way to the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._noting = Gathering(self._note_all, _enter)

    async def note(self, one: DeviceRecord, enter: Callable[[], None]) -> Supply | None:
        """Note that the device was here now, call `enter`; what it has left. None, and no call: a
        list without it was published since it was found. Raises StorageUnavailable."""
        return await self._noting.ask(Arrival(one.key, enter))

    async def _note_all(self, arrivals: Sequence[Arrival]) -> list[Supply | None]:
        keys, now_ms = sorted({one.device_key for one in arrivals}), self._clock.now_ms()

        async def body(tx: Transaction) -> dict[int, Supply]:
            listed = await device.seen(tx, keys, now_ms)
            counts = await key_package.counts(tx, listed, now_ms // 1000)
            return {key: Supply(*counts.get(key, (0, False))) for key in listed}

        found = await self._database.transact(body, repeatable=True)
        return [found.get(one.device_key) for one in arrivals]


def _enter(arrival: Arrival, supply: Supply | None) -> None:
    if supply is not None:
        arrival.enter()
