"""How often an address may do what needs no login: register, begin a pairing, ask for a backup.

Counted for all processes of the database together. The database holds a hash of the address and of
the hour, for that hour; who has the database can try addresses against it.
"""

import hashlib

from plausch.base.clock import Clock
from plausch.base.durations import HOUR_MS
from plausch.db.interface import Database
from plausch.server.allowance import Allowance
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.store.allowance import Kind


class Callers:
    """What addresses have had of their hour."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._clock = clock

        def hourly(kind: Kind, most: int) -> Allowance[bytes]:
            return Allowance(database, clock, kind, most, HOUR_MS)

        self._registrations = hourly(Kind.REGISTRATIONS, limits.registrations_per_address_per_hour)
        self._pairings = hourly(Kind.PAIRINGS, limits.pairings_per_address_per_hour)
        self._entries = hourly(Kind.PAIRING_ENTRIES, limits.pairing_entries_per_address_per_hour)
        self._recoveries = hourly(Kind.RECOVERIES, limits.recoveries_per_address_per_hour)

    async def registers(self, address: str) -> None:
        """Count a registration. Raises Refusal `rate_limited`, StorageUnavailable."""
        await self._count(
            self._registrations,
            address,
            "Too many accounts were registered from this address: try again later.",
        )

    async def recovers(self, address: str) -> None:
        """Count a question of somebody who has not logged in. Raises as `registers`."""
        await self._count(
            self._recoveries,
            address,
            "Backups were asked for too often from this address: try again later.",
        )

    async def pairs(self, address: str, *, begins: bool) -> None:
        """Count that a side of a pairing is taken, and that one begins. Raises as `registers`."""
        sentence = "Too many pairings were begun from this address: try again later."
        await self._count(self._entries, address, sentence)
        if begins:
            await self._count(self._pairings, address, sentence)

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        for hourly in (self._registrations, self._pairings, self._entries, self._recoveries):
            await hourly.close()

    async def _count(self, hourly: Allowance[bytes], address: str, sentence: str) -> None:
        wait_ms = await hourly.demand(self._hash(address))
        if wait_ms:
            raise Refusal("rate_limited", sentence, retry_after_ms=wait_ms)

    def _hash(self, address: str) -> bytes:
        hour = self._clock.now_ms() // HOUR_MS
        return hashlib.sha256(f"Plausch 1.0 caller\0{hour}\0{address}".encode()).digest()[:16]
