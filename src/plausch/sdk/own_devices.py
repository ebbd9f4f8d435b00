"""This account's own devices: putting one on the list, taking one off it."""

import secrets
from dataclasses import dataclass

from plausch.base.ids import DeviceAddress
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.sdk.account import DEVICE_ID_BYTES
from plausch.sdk.certificates import make_certificate
from plausch.sdk.core import Core
from plausch.sdk.device import Device
from plausch.sdk.device_lists import Changed, change_list, identity_of
from plausch.sdk.errors import SdkError
from plausch.sdk.membership import Intent
from plausch.sdk.staff import STAFF_LIFETIME_S
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that was put on the list."""

    device: DeviceAddress
    certificate: bytes
    device_list: bytes


def demand_can_add(core: Core, *, is_staff: bool) -> SigningKey:
    """The identity key. Raises NotOwner, SdkError `not_business`: only a business has staff."""
    if is_staff and core.own.kind != "business":
        raise SdkError("Only the account of a business has staff.", code="not_business")
    return identity_of(core)


async def add_device(core: Core, device_key: bytes, *, is_staff: bool = False) -> Enrolled:
    """Publish a list with a device of this key. The same key again is the same device, so that
    what was interrupted can be repeated.

    Raises NotOwner, SdkError (`link_other_role`: it is listed already, not as that; `not_business`:
    only a business has staff), TrustRefused, Unreachable, ServerRefused.
    """
    identity = demand_can_add(core, is_staff=is_staff)
    device = DeviceAddress(core.address, secrets.token_hex(DEVICE_ID_BYTES))
    until_s = core.now_s() + STAFF_LIFETIME_S

    def change(listed: DeviceList) -> Changed | None:
        nonlocal device
        for known, key in listed.devices:
            if key == device_key:
                device = DeviceAddress(core.address, known)
                if listed.is_staff(device) != is_staff:
                    raise SdkError(
                        "This device is on the list already, in another role: remove it first.",
                        code="link_other_role",
                    )
                return None
        return Changed(
            [*listed.devices, (device.device, device_key)],
            [make_certificate(core, identity, device, device_key)],
            [*listed.staff, (device.device, until_s)] if is_staff else None,
        )

    raw = await change_list(core, change)
    return Enrolled(device, make_certificate(core, identity, device, device_key), raw)


async def remove_device(device: Device, removed: DeviceAddress) -> None:
    """Publish a list without `removed`, then take it out of every conversation.

    Raises NotOwner, SdkError, TrustRefused, Unreachable, ServerRefused.
    """
    core = device.core
    if removed == core.device:
        raise SdkError("This device cannot remove itself: use another device of the account.")
    was_listed = False

    def change(listed: DeviceList) -> Changed | None:
        nonlocal was_listed
        if removed not in listed.addresses():
            if was_listed:
                return None  # another device of the account was faster
            raise SdkError(f"{removed} is not a device of this account.")
        was_listed = True
        identity_of(core)
        return Changed([entry for entry in listed.devices if entry[0] != removed.device])

    await change_list(core, change)
    await _take_out(device, removed)


async def _take_out(device: Device, removed: DeviceAddress) -> None:
    core = device.core
    for live in list(core.lives.values()):
        if live.kept.state == "open" and removed in live.kept.members:
            await core.vault.write(
                [
                    core.outbox.add(
                        live.id,
                        EntryKind.CHANGE,
                        Intent().to_bytes(),
                        idempotency_id=new_idempotency_id(),
                    )
                ]
            )
            device.outbox.kick(live)
