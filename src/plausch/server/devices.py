"""Devices: login by a signed challenge, and the account's list of devices."""

from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.errors import IdentityRefused
from plausch.identity.login import verify_login
from plausch.server.accounts import checked_certificate, checked_device_list
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.records import BUSINESS, DeviceRecord
from plausch.server.store import account, device, key_package, mailbox, member

__all__ = ["DeviceRecord", "Devices", "ListMoved"]


@dataclass(frozen=True, slots=True)
class ListMoved:
    """What has to be told after a new device list: whom, and whose connections end."""

    name: str
    removed: tuple[str, ...]
    """URIs of devices that are no longer listed: end their sessions."""
    interested: tuple[str, ...]
    """URIs of devices that share a conversation with the account."""


class Devices:
    """The devices of one server's accounts."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, domain: str) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._domain = domain

    async def login(self, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        """The device that signed the server's nonce.

        Raises Refusal `unknown_device`, `bad_signature`.
        """
        try:
            address = DeviceAddress.parse_uri(uri)
        except NameRefused as error:
            raise Refusal("unknown_device", str(error)) from error

        async def find(tx: Transaction) -> DeviceRecord | None:
            return await device.by_uri(tx, uri)

        found = await self._database.read(find)
        if found is None:
            raise Refusal(
                "unknown_device",
                f"{uri} is not a listed device on {self._domain}: it was never linked here, or "
                "was removed from its account.",
            )
        try:
            verify_login(found.signature_key, self._domain, nonce, address, signature)
        except IdentityRefused as error:
            raise Refusal("bad_signature", f"The login was refused: {error}") from error
        return found

    async def seen(self, one: DeviceRecord) -> None:
        """Note that the device was here now."""
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> None:
            await device.seen(tx, one.key, now_ms)

        await self._database.transact(body, repeatable=True)

    async def publish_list(
        self, account_key: int, device_list_raw: bytes, certificates: list[bytes]
    ) -> ListMoved:
        """The account's next device list, with certificates of the newly listed devices.

        Devices that are no longer listed lose their key packages and mailbox. A certificate of
        a device that stays renews the one the server has. The current list again is accepted.
        Raises Refusal `bad_device_list`, `bad_certificate`, `too_many_devices`.
        """
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> ListMoved:
            owner = await account.lock(tx, account_key)
            address = AccountAddress(owner.name, self._domain)
            new = checked_device_list(device_list_raw, address)
            fresh = {
                one.device.uri: (one, raw)
                for raw in certificates
                for one in [checked_certificate(raw, address, now_ms // 1000)]
            }
            if device_list_raw != owner.device_list:
                try:
                    new.follows(owner.device_list)
                except IdentityRefused as error:
                    raise Refusal("bad_device_list", str(error)) from error
            self._check_count(owner.kind, new)
            removed = await self._apply(tx, account_key, new, fresh, now_ms)
            await account.publish(tx, account_key, device_list_raw)
            interested = await member.sharing_with(tx, account_key)
            return ListMoved(owner.name, tuple(removed), tuple(interested))

        try:
            return await self._database.transact(body, repeatable=True)
        except ConstraintViolated as error:
            raise Refusal(
                "bad_device_list",
                "The list names a device id that was used before: a new device takes a new id.",
            ) from error

    def _check_count(self, kind: str, new: DeviceList) -> None:
        most = (
            self._limits.devices_per_business
            if kind == BUSINESS
            else self._limits.devices_per_person
        )
        if len(new.devices) > most:
            raise Refusal(
                "too_many_devices",
                f"A {kind}'s account may have {most} devices, not {len(new.devices)}: remove one.",
            )

    async def _apply(
        self,
        tx: Transaction,
        account_key: int,
        new: DeviceList,
        fresh: dict[str, tuple[DeviceCertificate, bytes]],
        now_ms: int,
    ) -> list[str]:
        """Bring the device table to the list; URIs of the removed ones."""
        known = {one.uri: one for one in await device.of_account(tx, account_key)}
        for address, (_, signature_key) in zip(new.addresses(), new.devices, strict=True):
            uri = address.uri
            existing = known.pop(uri, None)
            if existing is not None and existing.signature_key != signature_key:
                raise Refusal("bad_device_list", f"The list changes the key of {uri}.")
            offered = fresh.get(uri)
            if offered is None:
                if existing is None:
                    raise Refusal("bad_certificate", f"There is no certificate for {uri}.")
                continue
            certificate, raw = offered
            if (certificate.signature_key, certificate.identity_key) != (
                signature_key,
                new.identity_key,
            ):
                raise Refusal("bad_certificate", f"The certificate of {uri} has other keys.")
            if existing is None:
                await device.add(tx, account_key, uri, signature_key, raw, now_ms)
            else:
                await device.renew(tx, existing.key, raw)
        for gone in known.values():
            await device.unlist(tx, gone.key)
            await key_package.drop_all(tx, gone.key)
            await mailbox.forget(tx, gone.key, mailbox.ALL)
        return sorted(known)
