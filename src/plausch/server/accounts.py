"""Accounts: registration, lookup, invitations."""

import hashlib
import secrets

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS
from plausch.base.ids import AccountAddress, NameRefused, parse_name
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.identity.certificate import DeviceCertificate, parse_certificate
from plausch.identity.device_list import DeviceList, parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.records import KINDS, AccountRecord
from plausch.server.store import account, device, invitation

OPEN, INVITATION, CLOSED = "open", "invitation", "closed"
REGISTRATION_MODES = (OPEN, INVITATION, CLOSED)
INVITATION_MS = 14 * DAY_MS

__all__ = ["CLOSED", "INVITATION", "OPEN", "REGISTRATION_MODES", "AccountRecord", "Accounts"]


class Accounts:
    """The accounts of one server."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        domain: str,
        registration: str = OPEN,
    ) -> None:
        if registration not in REGISTRATION_MODES:
            raise ValueError(f"registration is one of {REGISTRATION_MODES}, not {registration!r}")
        self._database, self._clock, self._limits = database, clock, limits
        self._domain = domain
        self.registration = registration

    async def register(
        self, name: str, kind: str, code: str, certificate_raw: bytes, device_list_raw: bytes
    ) -> AccountRecord:
        """A new account with its first device, durably; the same request again is accepted again.

        `code` is the invitation, "" when registration is open. Raises Refusal `bad_name`,
        `bad_account_kind`, `bad_certificate`, `bad_device_list`, `name_taken`,
        `invitation_required`, `registration_closed`.
        """
        address = self._address(name)
        if kind not in KINDS:
            raise Refusal("bad_account_kind", f"{kind[:32]!r} is neither 'person' nor 'business'.")
        certificate, device_list = self._check(address, certificate_raw, device_list_raw)
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> AccountRecord:
            existing = await account.by_name(tx, name)
            if existing is not None and await _is_repeated(tx, existing, kind, certificate):
                return existing
            # Who may not register learns nothing about names.
            await self._admit(tx, code, now_ms)
            if existing is not None:
                raise Refusal(
                    "name_taken",
                    f"The name {name} is taken on {self._domain}: choose another one.",
                )
            key = await account.add(
                tx, name, kind, certificate.identity_key, device_list_raw, now_ms
            )
            await device.add(
                tx,
                key,
                certificate.device.uri,
                certificate.signature_key,
                certificate_raw,
                now_ms,
            )
            return AccountRecord(key, name, kind, device_list.identity_key, device_list_raw)

        try:
            return await self._database.transact(body, repeatable=True)
        except ConstraintViolated:  # PostgreSQL: another registration won between look and write
            return await self._database.transact(body, repeatable=True)

    async def get(self, name: str) -> AccountRecord:
        """The account's public record. Raises Refusal `unknown_account`, `bad_name`."""
        self._address(name)

        async def body(tx: Transaction) -> AccountRecord | None:
            return await account.by_name(tx, name)

        record = await self._database.read(body)
        if record is None:
            raise unknown_account(name, self._domain)
        return record

    async def invite(self, valid_ms: int = INVITATION_MS) -> str:
        """A new invitation code for one registration; only its hash is stored."""
        code = secrets.token_urlsafe(18)
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> None:
            await invitation.forget_expired(tx, now_ms)
            await invitation.add(tx, _code_hash(code), now_ms, now_ms + valid_ms)

        await self._database.transact(body)
        return code

    async def invitations(self) -> list[tuple[int, int]]:
        """(created, expires) in ms of the invitations that can still be used."""
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> list[tuple[int, int]]:
            return await invitation.unused(tx, now_ms)

        return await self._database.read(body)

    def _address(self, name: str) -> AccountAddress:
        try:
            return AccountAddress(parse_name(name), self._domain)
        except NameRefused as error:
            raise Refusal("bad_name", str(error)) from error

    def _check(
        self, address: AccountAddress, certificate_raw: bytes, device_list_raw: bytes
    ) -> tuple[DeviceCertificate, DeviceList]:
        certificate = checked_certificate(certificate_raw, address, self._clock.now_ms() // 1000)
        device_list = checked_device_list(device_list_raw, address)
        try:
            device_list.follows(b"")
        except IdentityRefused as error:
            raise Refusal("bad_device_list", str(error)) from error
        if device_list.identity_key != certificate.identity_key:
            raise Refusal(
                "bad_device_list",
                "The device list and the certificate are signed by different identity keys.",
            )
        if device_list.devices != ((certificate.device.device, certificate.signature_key),):
            raise Refusal(
                "bad_device_list",
                "The first device list must name exactly the device that registers.",
            )
        return certificate, device_list

    async def _admit(self, tx: Transaction, code: str, now_ms: int) -> None:
        if self.registration == CLOSED:
            raise Refusal(
                "registration_closed",
                f"{self._domain} takes no new accounts: choose another server.",
            )
        if self.registration == INVITATION and not (
            code and await invitation.use(tx, _code_hash(code), now_ms)
        ):
            raise Refusal(
                "invitation_required",
                f"{self._domain} takes new accounts by invitation only, and this invitation is "
                "missing, used or expired: ask the operator for one.",
            )


def unknown_account(name: str, domain: str) -> Refusal:
    """There is no account of that name here."""
    return Refusal("unknown_account", f"There is no account {name} on {domain}: check the name.")


def checked_certificate(raw: bytes, address: AccountAddress, now_s: int) -> DeviceCertificate:
    """A valid certificate of a device of `address`. Raises Refusal `bad_certificate`."""
    try:
        certificate = parse_certificate(raw)
        certificate.check(now_s)
    except IdentityRefused as error:
        raise Refusal("bad_certificate", str(error)) from error
    if certificate.account != address:
        raise Refusal("bad_certificate", f"The certificate is not for a device of {address}.")
    return certificate


def checked_device_list(raw: bytes, address: AccountAddress) -> DeviceList:
    """A well signed list of `address`. Raises Refusal `bad_device_list`."""
    try:
        device_list = parse_device_list(raw)
    except IdentityRefused as error:
        raise Refusal("bad_device_list", str(error)) from error
    if device_list.account != address:
        raise Refusal("bad_device_list", f"The device list is not one of {address}.")
    return device_list


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(b"Plausch 1.0 invitation\0" + code.encode()).digest()


async def _is_repeated(
    tx: Transaction, existing: AccountRecord, kind: str, certificate: DeviceCertificate
) -> bool:
    """A lost answer: the same name, kind, identity key and device."""
    if (existing.identity_key, existing.kind) != (certificate.identity_key, kind):
        return False
    known = await device.by_uri(tx, certificate.device.uri)
    return known is not None and known.signature_key == certificate.signature_key
