"""How often an address may do what needs no login: register, begin a pairing, ask for a backup.

Counted for all processes of the database together. The database holds a hash of the address and of
the hour, for that hour; who has the database can try addresses against it.
"""

from plausch.base.clock import Clock
from plausch.db.interface import Database
from plausch.server.hourly import Hourly, nameless
from plausch.server.limits import Limits
from plausch.server.store.allowance import Kind


class Callers:
    """What addresses have had of their hour."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._clock = clock

        def hourly(kind: Kind, most: int, what: str) -> Hourly:
            sentence = f"{what} from this address: try again later."
            return Hourly(database, clock, kind, most, sentence)

        self._registrations = hourly(
            Kind.REGISTRATIONS,
            limits.registrations_per_address_per_hour,
            "Too many accounts were registered",
        )
        begun = "Too many pairings were begun"
        self._pairings = hourly(Kind.PAIRINGS, limits.pairings_per_address_per_hour, begun)
        self._entries = hourly(
            Kind.PAIRING_ENTRIES, limits.pairing_entries_per_address_per_hour, begun
        )
        self._recoveries = hourly(
            Kind.RECOVERIES,
            limits.recoveries_per_address_per_hour,
            "Backups were asked for too often",
        )

    async def registers(self, address: str) -> None:
        """Count a registration. Raises Refusal `rate_limited`, StorageUnavailable."""
        await self._registrations.count(self._hash(address))

    async def recovers(self, address: str) -> None:
        """Count a question of somebody who has not logged in. Raises as `registers`."""
        await self._recoveries.count(self._hash(address))

    async def pairs(self, address: str, *, begins: bool) -> None:
        """Count that a side of a pairing is taken, and that one begins. Raises as `registers`."""
        await self._entries.count(self._hash(address))
        if begins:
            await self._pairings.count(self._hash(address))

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        for hourly in (self._registrations, self._pairings, self._entries, self._recoveries):
            await hourly.close()

    def _hash(self, address: str) -> bytes:
        return nameless("caller", self._clock.now_ms(), address)
