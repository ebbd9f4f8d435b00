"""Devices of staff are good for a while: an owner's device renews them (spec/identity.md)."""

import asyncio
from typing import NoReturn

from plausch.base.errors import PlauschError
from plausch.identity.device_list import DeviceList
from plausch.sdk.core import Core
from plausch.sdk.device_lists import Changed, change_list
from plausch.sdk.errors import Unreachable

STAFF_LIFETIME_S = 45 * 24 * 3600
"""How far ahead a device of staff is good: for so long can a server hide its removal."""

STAFF_RENEWED_S = 30 * 24 * 3600
"""What must be left of that; an owner's device that comes by renews what has less."""

LOOKED_AFTER_S = 24 * 3600.0
"""How often a device that stays connected looks."""


async def renew_staff(core: Core) -> None:
    """Give staff whose time runs short a new one; nothing happens on a device of staff.

    Raises as `remove_device`.
    """
    now_s = core.now_s()

    def is_short(listed: DeviceList) -> bool:
        return any(until_s - now_s < STAFF_RENEWED_S for _, until_s in listed.staff)

    def change(listed: DeviceList) -> Changed | None:
        if not is_short(listed):
            return None
        until_s = now_s + STAFF_LIFETIME_S
        staff = [(device, max(until_s, before_s)) for device, before_s in listed.staff]
        return Changed(listed.devices, staff=staff)

    if core.own.identity is not None and is_short(core.trust.device_list(core.address)):
        await change_list(core, change)


async def keep_renewing(core: Core) -> NoReturn:
    """Renew once a day, for a device that never goes offline."""
    while True:
        await asyncio.sleep(LOOKED_AFTER_S)
        try:
            await renew_staff(core)
        except Unreachable:
            pass  # the next login, or the next day
        except PlauschError as error:
            await core.report(None, None, error)
