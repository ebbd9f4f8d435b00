"""The hash-chained, signed list of an account's devices.

A device whose key is not in the newest list is never encrypted to. Each list names the hash
of the one before it: whoever holds two lists sees a rollback or a fork. A device of staff is
listed with a time, after which it is encrypted to no more unless a newer list has moved it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused
from plausch.identity import signed
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, check_public_key, verify

LABEL = "device list"
MAX_DEVICES = 50
"""A business's limit; a person's (6) is kept by the server, which knows the account's kind."""

_STAFF_VERSION = 2
"""Of a list that names staff; without them, a list is of version 1."""

_HASH_BYTES = 32
_Natural = Annotated[int, msgspec.Meta(ge=0, le=signed.MAX_SECONDS)]


class _Payload(signed.Payload, frozen=True):
    account: str
    identity_key: bytes
    seq: _Natural
    previous: bytes
    issued_at_s: _Natural
    devices: list[tuple[str, bytes]]


class _WithStaff(_Payload, frozen=True):
    staff: list[tuple[str, _Natural]]


@dataclass(frozen=True, slots=True)
class DeviceList:
    """What a list says, after its signature was found right.

    `seq` counts from 1; `previous` is the SHA-256 of the previous list's signed bytes, empty in
    the first; `devices` are (16 hex digits, 32-byte signature key), by id; `staff` are those of
    them that do not have the identity key, with the second at which their time is over; `raw` the
    signed bytes.
    """

    account: AccountAddress
    identity_key: bytes
    seq: int
    previous: bytes
    issued_at_s: int
    devices: tuple[tuple[str, bytes], ...]
    staff: tuple[tuple[str, int], ...]
    raw: bytes

    @classmethod
    def issue(
        cls,
        identity: SigningKey,
        account: AccountAddress,
        devices: Iterable[tuple[str, bytes]],
        issued_at_s: int,
        previous_raw: bytes = b"",
        staff: Iterable[tuple[str, int]] | None = None,
    ) -> bytes:
        """The signed list that comes after `previous_raw` (empty: the first).

        `staff` without a value: whoever is on the list before and on this one stays what it is.
        Raises LocalError on devices that no list may hold, IdentityRefused when `previous_raw`
        is no list of this account and key.
        """
        ordered = sorted(devices)
        seq, previous = 1, b""
        kept: tuple[tuple[str, int], ...] = ()
        if previous_raw:
            before = parse_device_list(previous_raw)
            if (before.account, before.identity_key) != (account, identity.public):
                raise LocalError(f"The previous device list is not one of {account} and this key.")
            seq, previous = before.seq + 1, before.digest()
            ids = {device for device, _ in ordered}
            kept = tuple(one for one in before.staff if one[0] in ids)
        limited = sorted(kept if staff is None else staff)
        try:
            _check_devices(ordered, identity.public)
            _check_staff(limited, ordered)
        except IdentityRefused as error:
            raise LocalError(str(error)) from error
        fields = (account.uri, identity.public, seq, previous, issued_at_s, ordered)
        if limited:
            return signed.pack(identity, LABEL, _WithStaff(_STAFF_VERSION, *fields, limited))
        return signed.pack(identity, LABEL, _Payload(signed.VERSION, *fields))

    def digest(self) -> bytes:
        """SHA-256 of the signed bytes: the next list's `previous`."""
        return hashlib.sha256(self.raw).digest()

    def lists(self, device: DeviceAddress, signature_key: bytes) -> bool:
        """Whether this device is listed with exactly this key."""
        return device.account == self.account and (device.device, signature_key) in self.devices

    def addresses(self) -> tuple[DeviceAddress, ...]:
        """The listed devices' addresses, by id."""
        return tuple(DeviceAddress(self.account, device) for device, _ in self.devices)

    def is_staff(self, device: DeviceAddress) -> bool:
        """Whether it is listed as one that does not have the identity key."""
        return device.account == self.account and device.device in dict(self.staff)

    def in_time(self, now_s: int) -> tuple[DeviceAddress, ...]:
        """The addresses of the devices whose time is not over."""
        over = {device for device, until_s in self.staff if now_s >= until_s}
        return tuple(one for one in self.addresses() if one.device not in over)

    def check_time(self, device: DeviceAddress, now_s: int) -> None:
        """Raises IdentityRefused `staff_expired` when a listed device's time is over."""
        until_s = dict(self.staff).get(device.device)
        if until_s is not None and now_s >= until_s:
            raise IdentityRefused(
                f"{device} is a device of staff, and its time on the list ended at {until_s} "
                f"(seconds since 1970); it is {now_s}. A device of an owner must renew it.",
                code="staff_expired",
            )

    def follows(self, previous_raw: bytes) -> None:
        """Refuse unless this is the very next list after `previous_raw` (empty: the first list).

        For whoever sees every list (the server, the log of lists). Raises IdentityRefused with
        the codes of `supersedes`, and `device_list_gap`.
        """
        if not previous_raw:
            if self.seq != 1:
                raise IdentityRefused(
                    f"The first device list of {self.account} has number {self.seq}, not 1.",
                    code="device_list_gap",
                )
            return
        known = parse_device_list(previous_raw)
        self._check_after(known)
        if self.seq != known.seq + 1:
            raise IdentityRefused(
                f"Device list {self.seq} of {self.account} does not come right after "
                f"list {known.seq}.",
                code="device_list_gap",
            )

    def supersedes(self, known_raw: bytes) -> bool:
        """Whether this list is newer than the known one; False when it is the same.

        For clients, which may have missed lists between. Raises IdentityRefused:
        `device_list_account`, `identity_key_changed`, `device_list_rollback` (an older list),
        `device_list_fork` (another history).
        """
        if self.raw == known_raw:
            return False
        self._check_after(parse_device_list(known_raw))
        return True

    def _check_after(self, known: "DeviceList") -> None:
        if self.account != known.account:
            raise IdentityRefused(
                f"A device list of {self.account} cannot follow one of {known.account}.",
                code="device_list_account",
            )
        if self.identity_key != known.identity_key:
            raise IdentityRefused(
                f"The identity key of {self.account} changed. Compare safety numbers before "
                "you go on.",
                code="identity_key_changed",
            )
        if self.seq < known.seq:
            raise IdentityRefused(
                f"Device list {self.seq} of {self.account} is older than list {known.seq}, "
                "which is known already.",
                code="device_list_rollback",
            )
        same_place = self.seq == known.seq
        broken = self.seq == known.seq + 1 and self.previous != known.digest()
        if same_place or broken:
            raise IdentityRefused(
                f"Device list {self.seq} of {self.account} belongs to another history than the "
                "known one: somebody shows different lists to different people.",
                code="device_list_fork",
            )


def parse_device_list(raw: bytes) -> DeviceList:
    """Parse strictly and verify the identity key's signature.

    Raises IdentityRefused (`malformed`, `unknown_version`, `bad_key`, `key_reuse`,
    `bad_signature`).
    """
    payload, signed_payload, signature = signed.unpack(raw, LABEL, _Payload, _WithStaff)
    try:
        account = AccountAddress.parse_uri(payload.account)
    except NameRefused as error:
        raise IdentityRefused(f"A {LABEL} names no account: {error}", code="malformed") from error
    devices = payload.devices
    staff = payload.staff if isinstance(payload, _WithStaff) else []
    check_public_key(payload.identity_key)
    _check_devices(devices, payload.identity_key)
    if isinstance(payload, _WithStaff) and not staff:
        raise IdentityRefused(
            "A device list without staff is one of version 1: it has one encoding.",
            code="malformed",
        )
    _check_staff(staff, devices)
    if payload.seq < 1 or len(payload.previous) != (_HASH_BYTES if payload.seq > 1 else 0):
        raise IdentityRefused(
            f"Device list {payload.seq} of {account} does not name the list before it.",
            code="malformed",
        )
    verify(payload.identity_key, LABEL, signed_payload, signature)
    return DeviceList(
        account,
        payload.identity_key,
        payload.seq,
        payload.previous,
        payload.issued_at_s,
        tuple(devices),
        tuple(staff),
        raw,
    )


def _check_staff(staff: list[tuple[str, int]], devices: list[tuple[str, bytes]]) -> None:
    """A list on which nobody could renew anybody is none."""
    ids = [device for device, _ in staff]
    if ids != sorted(set(ids)) or not set(ids) < {device for device, _ in devices}:
        raise IdentityRefused(
            "The devices of staff on a list are in order of their ids, each once, all of them "
            "listed, and not all that are.",
            code="malformed",
        )


def _check_devices(devices: list[tuple[str, bytes]], identity_key: bytes) -> None:
    if not 1 <= len(devices) <= MAX_DEVICES:
        raise IdentityRefused(
            f"A device list has 1 to {MAX_DEVICES} devices, not {len(devices)}.", code="malformed"
        )
    ids = [device for device, _ in devices]
    keys = [key for _, key in devices]
    if ids != sorted(set(ids)):
        raise IdentityRefused(
            "The devices of a list are in order of their ids, each once.", code="malformed"
        )
    for device, key in devices:
        if len(device) != 16 or not set(device) <= set("0123456789abcdef"):
            raise IdentityRefused(
                f"{device[:32]!r} is not a device id: expected 16 hex digits.", code="malformed"
            )
        check_public_key(key)
    if len({identity_key, *keys}) != len(keys) + 1:
        raise IdentityRefused(
            "Each device of a list needs a key of its own, other than the identity key.",
            code="key_reuse",
        )
