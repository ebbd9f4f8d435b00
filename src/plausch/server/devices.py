"""Devices: login by a signed challenge, and the account's list of devices."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused, parse_name
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.identity.adoption import verify_adoption
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.errors import IdentityRefused
from plausch.identity.login import verify_login
from plausch.server.accounts import checked_certificate, checked_device_list
from plausch.server.arrivals import Arrivals, Supply
from plausch.server.backups import no_backup
from plausch.server.errors import REMOVED, SUSPENDED, Refusal, unlisted
from plausch.server.gathering import Gathering
from plausch.server.hourly import Hourly
from plausch.server.limits import Limits
from plausch.server.records import BUSINESS, AccountRecord, DeviceRecord
from plausch.server.store import (
    account,
    backup,
    device,
    key_package,
    mailbox,
    member,
    suspension,
    wake_up,
)
from plausch.server.store.allowance import Kind

__all__ = ["DeviceRecord", "Devices", "ListMoved"]


@dataclass(frozen=True, slots=True)
class ListMoved:
    """What has to be told after a new device list: whom, and whose connections end."""

    name: str
    removed: tuple[str, ...]
    """URIs of all devices that were listed once and are no longer: end their sessions."""
    interested: tuple[str, ...]
    """URIs of devices that share a conversation with the account; none when nothing moved."""


class Devices:
    """The devices of one server's accounts."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, domain: str) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._domain = domain
        self._arrivals = Arrivals(database, clock)
        self._found = Gathering(self._find)
        sentence = "This account has published too many device lists: try again later."
        each_hour = limits.device_lists_per_hour
        self._lists = Hourly(database, clock, Kind.DEVICE_LISTS, each_hour, sentence)
        self._tries = Hourly(database, clock, Kind.DEVICE_LIST_TRIES, each_hour, sentence)

    async def login(self, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        """The device that signed the server's nonce.

        Raises Refusal `unknown_device`, `bad_signature`, `account_suspended`, and `device_removed`
        when it was listed once.
        """
        address = _address(uri)
        found, is_suspended = await self._found.ask(uri)
        if found is None:
            raise await self._absence(address, nonce, signature)
        try:
            verify_login(found.signature_key, self._domain, nonce, address, signature)
        except IdentityRefused as error:
            raise Refusal("bad_signature", f"The login was refused: {error}") from error
        if is_suspended:
            raise Refusal(*SUSPENDED)
        return found

    async def _absence(self, address: DeviceAddress, nonce: bytes, signature: bytes) -> Refusal:
        """Who has the key of a device that was removed is told so; to anybody else it is as unknown
        as one that never was."""
        key = await self._database.read(lambda tx: device.unlisted_key(tx, address.uri))
        if key is None:
            return self._unknown(address.uri)
        try:
            verify_login(key, self._domain, nonce, address, signature)
        except IdentityRefused:
            return self._unknown(address.uri)
        return Refusal(*REMOVED)

    async def _find(self, uris: Sequence[str]) -> list[tuple[DeviceRecord | None, bool]]:
        """The listed devices of these URIs, and whether their accounts are suspended."""

        async def body(tx: Transaction) -> list[tuple[DeviceRecord | None, bool]]:
            found = await device.by_uris(tx, sorted(set(uris)))
            accounts = {one.account_key for one in found.values()}
            suspended = await suspension.among(tx, accounts)
            devices = [found.get(uri) for uri in uris]
            return [(one, one is not None and one.account_key in suspended) for one in devices]

        return await self._database.read(body)

    async def seen(self, one: DeviceRecord, enter: Callable[[], None]) -> Supply:
        """Note that the device was here now, and call `enter` in that moment; the key packages it
        has left. Raises Refusal `device_removed` when a list without it was published since it was
        found."""
        supply = await self._arrivals.note(one, enter)
        if supply is None:
            raise Refusal(*REMOVED)
        return supply

    async def listed(self, keys: Sequence[int]) -> Set[int]:
        """Those of the devices, by key, that their accounts' lists still name."""

        async def body(tx: Transaction) -> Set[int]:
            return (await device.by_keys(tx, keys)).keys()

        return await self._database.read(body)

    async def certificate(self, asking: DeviceRecord, uri: str) -> bytes:
        """The newest certificate of a listed device of the same account. Raises Refusal
        `unknown_device`."""
        address = _address(uri)

        async def find(tx: Transaction) -> bytes | None:
            found = await device.by_uri(tx, address.uri)
            if found is None or found.account_key != asking.account_key:
                return None
            return await device.certificate(tx, found.key)

        certificate = await self._database.read(find)
        if certificate is None:
            raise self._unknown(uri)
        return certificate

    async def publish_list(
        self, publisher: DeviceRecord, device_list_raw: bytes, certificates: list[bytes]
    ) -> ListMoved:
        """The next device list of the publisher's account, with certificates of the newly listed
        devices.

        Devices that are no longer listed lose their key packages and mailbox, and the backup that
        they kept. A certificate of
        a device that stays renews the one the server has. The current list again is accepted, and
        nobody has to be told of it.
        Raises Refusal `bad_device_list`, `bad_certificate`, `too_many_devices`, `rate_limited`,
        `unknown_device`.
        """
        account_key, now_ms = publisher.account_key, self._clock.now_ms()
        await self._tries.count(publisher.key)
        address = AccountAddress(publisher.name, self._domain)
        new = checked_device_list(device_list_raw, address)
        await self._count_next(account_key, new, device_list_raw)
        fresh = {
            one.device.uri: (one, raw)
            for raw in certificates
            for one in [checked_certificate(raw, address, now_ms // 1000)]
        }
        published = False

        async def body(tx: Transaction) -> ListMoved:
            nonlocal published  # still true when the body runs again, because an answer was lost
            owner = await account.lock(tx, account_key)
            known = {one.uri: one for one in await device.of_account(tx, account_key)}
            repeated = device_list_raw == owner.device_list
            if publisher.uri not in known and not (repeated and published):
                raise unlisted()
            if not repeated:
                self._check_next(new, owner)
                published = True
            await self._list(tx, account_key, new, known, fresh, now_ms)
            await _unlist(tx, new, known)
            await account.publish(tx, account_key, device_list_raw)
            removed = await device.unlisted(tx, account_key)
            interested = await member.sharing_with(tx, account_key) if published else []
            return ListMoved(owner.name, tuple(removed), tuple(interested))

        try:
            return await self._database.transact(body, repeatable=True)
        except ConstraintViolated as error:
            raise _used_before() from error

    async def adopt(
        self, name: str, nonce: bytes, device_list_raw: bytes, certificate: bytes, signature: bytes
    ) -> ListMoved:
        """The next device list of an account whose devices are lost, with one new device.

        Whoever publishes it proves the adoption key of the account's backup. The backup is the new
        device's from then on, whichever device had kept it: it goes when that one is removed. The
        current list again is accepted, changes nothing, and nobody is told of it.
        Raises Refusal as `publish_list`, `account_suspended`, and `no_backup`: whether the account,
        its backup or the signature is missing or wrong is not said.
        """
        try:
            address = AccountAddress(parse_name(name), self._domain)
        except NameRefused as error:
            raise no_backup() from error
        now_ms = self._clock.now_ms()
        new = checked_device_list(device_list_raw, address)
        newcomer = checked_certificate(certificate, address, now_ms // 1000)
        fresh = {newcomer.device.uri: (newcomer, certificate)}
        published = False

        async def proved(tx: Transaction, *, held: bool) -> AccountRecord:
            owner = await account.by_name(tx, name)
            if owner is not None and held:
                owner = await account.lock(tx, owner.key)
            kept = None if owner is None else await backup.of_account(tx, owner.key)
            if owner is None or kept is None:
                raise no_backup()
            try:
                verify_adoption(
                    kept.adoption_key, self._domain, nonce, address, device_list_raw, signature
                )
            except IdentityRefused as error:
                raise no_backup() from error
            if await suspension.of(tx, owner.key) is not None:
                raise Refusal(*SUSPENDED)
            return owner

        # Counted outside the transaction that writes, and for who has proved it: nobody else may
        # use up the account's hour.
        owner = await self._database.read(lambda tx: proved(tx, held=False))
        if device_list_raw != owner.device_list:
            await self._lists.count(owner.key)

        async def body(tx: Transaction) -> ListMoved:
            nonlocal published
            owner = await proved(tx, held=True)
            if device_list_raw != owner.device_list:
                known = {one.uri: one for one in await device.of_account(tx, owner.key)}
                _check_newcomer(new, known, newcomer)
                self._check_next(new, owner)
                await self._list(tx, owner.key, new, known, fresh, now_ms)
                await backup.adopted(tx, owner.key, newcomer.device.uri)
                await _unlist(tx, new, known)
                await account.publish(tx, owner.key, device_list_raw)
                published = True
            removed = await device.unlisted(tx, owner.key)
            interested = await member.sharing_with(tx, owner.key) if published else []
            return ListMoved(owner.name, tuple(removed), tuple(interested))

        try:
            return await self._database.transact(body, repeatable=True)
        except ConstraintViolated as error:
            raise _used_before() from error

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        await self._lists.close()
        await self._tries.close()

    def _unknown(self, uri: str) -> Refusal:
        return Refusal(
            "unknown_device",
            f"{uri} is not a listed device on {self._domain}: it was never linked here, "
            "was removed from its account, or the server was set up anew.",
        )

    async def _count_next(self, account_key: int, new: DeviceList, device_list_raw: bytes) -> None:
        """A list that comes next is the account's; anything else is the device's that sends it:
        nobody else's hour is used up by it. Raises Refusal `bad_device_list`, `rate_limited`."""

        async def find(tx: Transaction) -> AccountRecord | None:
            return await account.by_key(tx, account_key)

        owner = await self._database.read(find)
        if owner is not None and device_list_raw != owner.device_list:
            self._check_next(new, owner)
            await self._lists.count(account_key)

    def _check_next(self, new: DeviceList, owner: AccountRecord) -> None:
        try:
            new.follows(owner.device_list)
        except IdentityRefused as error:
            raise Refusal("bad_device_list", str(error)) from error
        self._check_count(owner.kind, new)

    async def _check_new(self, tx: Transaction, account_key: int, count: int, now_ms: int) -> None:
        before = await device.new_since(tx, account_key, now_ms - DAY_MS)
        if count and before + count > self._limits.new_devices_per_day:
            raise Refusal(
                "rate_limited",
                "This account has listed too many new devices in 24 hours: try again later.",
                retry_after_ms=HOUR_MS,
            )

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

    async def _list(
        self,
        tx: Transaction,
        account_key: int,
        new: DeviceList,
        known: Mapping[str, DeviceRecord],
        fresh: Mapping[str, tuple[DeviceCertificate, bytes]],
        now_ms: int,
    ) -> None:
        """List what is new beside the `known` devices, and renew certificates."""
        listed = dict(zip([one.uri for one in new.addresses()], new.devices, strict=True))
        await self._check_new(tx, account_key, len(listed.keys() - known.keys()), now_ms)
        for uri, (_, signature_key) in listed.items():
            existing = known.get(uri)
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


def _address(uri: str) -> DeviceAddress:
    """What is no URI of a device is never asked of the database: PostgreSQL has no text with a zero
    in it. Raises Refusal `unknown_device`."""
    try:
        return DeviceAddress.parse_uri(uri)
    except NameRefused as error:
        raise Refusal("unknown_device", str(error)) from error


async def _unlist(tx: Transaction, new: DeviceList, known: Mapping[str, DeviceRecord]) -> None:
    """Those that are listed no longer lose what was theirs."""
    listed = {one.uri for one in new.addresses()}
    for gone in [one for uri, one in known.items() if uri not in listed]:
        await release(tx, gone.key)


async def release(tx: Transaction, device_key: int) -> None:
    """The device is listed no more, and loses what was its own."""
    await device.unlist(tx, device_key)
    await key_package.drop_all(tx, device_key)
    await mailbox.forget(tx, device_key, mailbox.ALL)
    await wake_up.drop(tx, device_key)
    await backup.forget_of_device(tx, device_key)


def _check_newcomer(
    new: DeviceList, known: Mapping[str, DeviceRecord], newcomer: DeviceCertificate
) -> None:
    """An adoption brings one device in. Without one, it would only take the backup along."""
    fresh = {one.uri for one in new.addresses()} - known.keys()
    if fresh != {newcomer.device.uri}:
        raise Refusal(
            "bad_device_list",
            f"The list names {len(fresh)} new devices, and an adoption brings in exactly the one "
            "of its certificate: make the list again.",
        )


def _used_before() -> Refusal:
    return Refusal(
        "bad_device_list",
        "The list names a device id that was used before: a new device takes a new id.",
    )
