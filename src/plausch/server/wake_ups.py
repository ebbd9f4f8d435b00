"""Who wants to be woken, and where: the endpoints that devices hand in (spec/delivery.md)."""

from collections.abc import Sequence

from plausch.base.clock import Clock
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.server.endpoint import parse_endpoint
from plausch.server.errors import unlisted
from plausch.server.hourly import Hourly
from plausch.server.limits import Limits
from plausch.server.records import DeviceRecord
from plausch.server.store import device, wake_up
from plausch.server.store.allowance import Kind
from plausch.server.store.wake_up import WakeUpRow
from plausch.server.vapid import Signer, new_private_key


class WakeUps:
    """The endpoints of one server's devices. `private`: those within its own network count too;
    `key`: the public one by which wake-ups are signed."""

    def __init__(
        self, database: Database, clock: Clock, limits: Limits, key: bytes, *, private: bool = False
    ) -> None:
        self._database, self._clock, self._private = database, clock, private
        self.key = key
        self._set = Hourly(
            database,
            clock,
            Kind.WAKE_UPS_SET,
            limits.wake_ups_set_per_hour,
            "This device has changed too often where it wants to be woken: try again later.",
        )

    async def set(self, one: DeviceRecord, url: str) -> None:
        """Wake the device there from now on, and no other device of its account; a device of
        another account, in the same browser, may be woken there too.

        Raises Refusal `rate_limited`, `unknown_device`; EndpointRefused, StorageUnavailable.
        """
        parse_endpoint(url, private=self._private)
        await self._set.count(one.key)

        async def body(tx: Transaction) -> None:
            if not await device.hold(tx, one.key):
                raise unlisted()
            await wake_up.put(tx, one.key, one.account_key, url, self._clock.now_ms())

        try:
            await self._database.transact(body, repeatable=True)
        except ConstraintViolated:  # PostgreSQL: two devices of an account at the same moment
            await self._database.transact(body, repeatable=True)

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        await self._set.close()

    async def drop(self, one: DeviceRecord) -> None:
        """Wake the device no more. Raises StorageUnavailable."""

        async def body(tx: Transaction) -> None:
            await wake_up.drop(tx, one.key)

        await self._database.transact(body, repeatable=True)

    async def of(self, uris: Sequence[str]) -> list[WakeUpRow]:
        """Those of the devices that want to be woken. Raises StorageUnavailable."""

        async def body(tx: Transaction) -> list[WakeUpRow]:
            return await wake_up.of(tx, uris)

        return await self._database.read(body)

    async def gone(self, one: WakeUpRow) -> None:
        """The endpoint is dead. Raises StorageUnavailable."""

        async def body(tx: Transaction) -> None:
            await wake_up.gone(tx, one.device_key, one.endpoint)

        await self._database.transact(body, repeatable=True)


async def open_signer(database: Database, clock: Clock, contact: str) -> Signer:
    """By what this server's processes sign their wake-ups: one key, made at the first start.

    Raises KeyDamaged, StorageUnavailable.
    """
    fresh = new_private_key()

    async def body(tx: Transaction) -> bytes:
        return await wake_up.private_key(tx, fresh)

    return Signer(await database.transact(body, repeatable=True), clock, contact)
