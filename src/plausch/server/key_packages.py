"""Key packages: left by a device so that others can add it while it is away."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.base.errors import Fault
from plausch.base.ids import NameRefused, parse_name
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.identity.certificate import DeviceCertificate, parse_certificate
from plausch.mls.credential import PLAUSCH, Credential, Role
from plausch.mls.errors import CredentialRefused, ProtocolError
from plausch.mls.key_package import KeyPackage, parse_key_package
from plausch.mls.suite import suite as suite_of
from plausch.server.accounts import unknown_account
from plausch.server.checks import Checks
from plausch.server.errors import Refusal, unlisted
from plausch.server.hourly import Hourly, nameless
from plausch.server.leaves import certificate_of
from plausch.server.limits import Limits
from plausch.server.records import DeviceRecord
from plausch.server.store import account, device, key_package, member
from plausch.server.store.allowance import Kind

Row = tuple[int, int, int, int, bytes, bytes]


class KeyPackages:
    """The key packages of one server's devices."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, domain: str) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._domain = domain
        self._checks = Checks(clock, limits)
        by_one, of_one = limits.key_packages_claimed_per_hour, limits.claims_of_an_account_per_hour
        sentence = "This account has claimed too many key packages: try again later."
        self._claims = Hourly(database, clock, Kind.CLAIMS, by_one, sentence)
        self._pairs = Hourly(database, clock, Kind.CLAIMS_OF_AN_ACCOUNT, of_one, sentence)

    async def upload(
        self, owner: DeviceRecord, raw: list[bytes], last_resort: bytes
    ) -> Sequence[str]:
        """Keep more packages of this device; a last-resort one replaces the one of its suite.

        A package that is there already is passed over. Whom to tell: when a device leaves its first
        package, the devices (by URI) that share a conversation with its account can add it now.
        Raises Refusal `bad_key_package`, `too_many_key_packages`, `rate_limited`, `unknown_device`.
        """
        if len(raw) > self._limits.key_packages_per_device:
            raise self._too_many()
        now_s = self._clock.now_ms() // 1000

        async def look(tx: Transaction) -> tuple[bytes, set[bytes]]:
            return await device.certificate(tx, owner.key), await key_package.known(tx, owner.key)

        certificate, there = await self._database.read(look)
        offer = _Offer(owner, certificate, there, now_s, self._limits.key_package_bytes)
        lasts = [last_resort] if last_resort else []
        rows, last = await self._checks.run(
            owner.account_key, lambda: (offer.new(raw, last=False), offer.new(lasts, last=True))
        )

        first = False

        async def body(tx: Transaction) -> Sequence[str]:
            nonlocal first  # still true when the body runs again, because an answer was lost
            if not await device.hold(tx, owner.key):
                raise unlisted()
            first = first or await key_package.count(tx, owner.key, now_s) == (0, 0)
            await key_package.forget_expired(tx, owner.key, now_s)
            for row in last:
                await key_package.drop_last_resort(tx, owner.key, row[1])
            known = await key_package.known(tx, owner.key)
            new = {row[4]: row for row in rows + last if row[4] not in known}
            await key_package.add(tx, list(new.values()))
            single, _ = await key_package.count(tx, owner.key, now_s)
            if single > self._limits.key_packages_per_device:
                raise self._too_many()
            return await member.sharing_with(tx, owner.account_key) if first else ()

        try:
            return await self._database.transact(body, repeatable=True)
        except ConstraintViolated as error:
            raise Refusal(
                "bad_key_package", "The same key package is being uploaded twice."
            ) from error

    async def claim(
        self, claimer: DeviceRecord, name: str, suite: int, devices: list[str]
    ) -> list[tuple[str, bytes]]:
        """One package for each of the account's devices (all, or those of `devices`).

        Each package is handed out once, a last-resort one when no other is left. A device that
        has neither is absent from the answer. Raises Refusal `unknown_account`,
        `unknown_device` (also when the claimer itself is not listed any more), `no_key_package`,
        `rate_limited`, `bad_request`; StorageUnavailable.
        """
        now_ms = self._clock.now_ms()
        try:
            parse_name(name)
        except NameRefused as error:
            raise Refusal("unknown_account", str(error)) from error
        if not 0 <= suite < 1 << 16:
            raise Refusal("bad_request", f"There is no cipher suite {suite}.")

        async def find(tx: Transaction) -> tuple[int, list[DeviceRecord]]:
            if await device.by_uri(tx, claimer.uri) is None:
                raise unlisted()
            owner = await account.by_name(tx, name)
            if owner is None:
                raise unknown_account(name, self._domain)
            return owner.key, await device.of_account(tx, owner.key)

        target, found = await self._database.read(find)
        listed = {one.uri: one for one in found}
        wanted = list(dict.fromkeys(devices)) or list(listed)
        for uri in wanted:
            if uri not in listed:
                raise Refusal("unknown_device", f"{uri[:96]} is not a listed device of {name}.")
        await self._count(claimer.account_key, target, len(wanted))

        async def body(tx: Transaction) -> list[tuple[str, bytes]]:
            claimed = []
            for uri in sorted(wanted):
                message = await key_package.claim(tx, listed[uri].key, suite, now_ms // 1000)
                if message is not None:
                    claimed.append((uri, message))
            return claimed

        claimed = await self._database.transact(body)
        if not claimed:
            raise Refusal(
                "no_key_package",
                f"No device of {name} has left a key package for cipher suite {suite:#06x}: one "
                "must connect before the account can be added.",
                fault=Fault.REMOTE,
            )
        return claimed

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        await self._claims.close()
        await self._pairs.close()

    async def _count(self, claimer: int, target: int, count: int) -> None:
        """Count a claim by one account of another's packages; its own are its own business.

        Raises Refusal `rate_limited`, StorageUnavailable.
        """
        await self._claims.count(claimer, count)
        if target == claimer:
            return
        # The table shall not tell who claimed whose packages.
        pair = nameless("claim", self._clock.now_ms(), str(claimer), str(target))
        try:
            await self._pairs.count(pair)
        except Refusal:
            self._claims.give_back(claimer, count)
            raise

    def _too_many(self) -> Refusal:
        return Refusal(
            "too_many_key_packages",
            f"A device may leave {self._limits.key_packages_per_device} key packages: upload "
            "fewer, or wait until some are claimed.",
        )


@dataclass(frozen=True, slots=True)
class _Offer:
    """What key packages are judged against: the device that leaves them, and what it has left."""

    owner: DeviceRecord
    certificate: bytes
    there: Set[bytes]
    """Refs of its packages that wait already: those were checked when they came."""
    now_s: int
    most_bytes: int

    def new(self, raw: Sequence[bytes], *, last: bool) -> list[Row]:
        """Those that are not there yet. Raises Refusal `bad_key_package`."""
        return [row for one in raw if (row := self._row(one, last=last)) is not None]

    def _row(self, raw: bytes, *, last: bool) -> Row | None:
        """A package that others can use. Raises Refusal `bad_key_package`."""
        if len(raw) > self.most_bytes:
            raise Refusal(
                "bad_key_package",
                f"A key package has {len(raw)} bytes, more than {self.most_bytes}.",
            )
        try:
            package = parse_key_package(raw)
            crypto = suite_of(package.cipher_suite)
            ref = package.ref(crypto)
            if ref in self.there:
                return None
            package.validate(crypto, self._judge, self.now_s)
            if package.last_resort != last:
                raise CredentialRefused(
                    "A last-resort key package must be marked as one, and no other may be."
                )
        except ProtocolError as error:
            raise Refusal("bad_key_package", f"A key package cannot be used: {error}") from error
        return self.owner.key, package.cipher_suite, int(last), _expires_s(package), ref, raw

    def _judge(self, credential: Credential, signature_key: bytes, role: Role) -> None:
        """Raises CredentialRefused."""
        if credential != Credential(PLAUSCH, self.certificate):
            self._demand_own(certificate_of(credential, signature_key, self.now_s))
        if signature_key != self.owner.signature_key:
            raise CredentialRefused("Its signature key is not the device's.")

    def _demand_own(self, shown: DeviceCertificate) -> None:
        """Another certificate than the newest is as good while it lasts: an owner may have renewed
        it, and the device does not know yet. Raises CredentialRefused."""
        newest = parse_certificate(self.certificate)
        if (shown.device, shown.identity_key) != (newest.device, newest.identity_key):
            raise CredentialRefused("Its credential is no certificate of the device.")


def _expires_s(package: KeyPackage) -> int:
    lifetime = package.leaf_node.lifetime
    return 0 if lifetime is None else min(lifetime.not_after_s, 2**62)
