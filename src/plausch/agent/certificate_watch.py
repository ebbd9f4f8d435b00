"""Telling of certificates that should have been renewed long ago, while there are months left.

Devices renew by themselves (plausch.sdk.certificates). What the devices of the business show in the
team conversation is what everybody sees of them; one that runs short there has not come by, or runs
a version that does not renew.
"""

import asyncio
import logging
import time
from typing import NoReturn

from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.sdk import Team
from plausch.sdk.certificates import WARNED_S

_LOG = logging.getLogger("plausch.agent")

LOOKED_AFTER_S = 24 * 3600.0


async def warn(team: Team, now_s: int) -> None:
    """Name each device whose certificate runs short, and what to do."""
    for device, ends_s in (await team.certificate_ends()).items():
        if ends_s - now_s < WARNED_S:
            _LOG.warning(
                "the certificate of %s ends on %s: open Plausch on that device while an owner's "
                "device is online; if this is told again tomorrow, remove the device and link it "
                "again",
                device.uri,
                time.strftime("%Y-%m-%d", time.gmtime(ends_s)),
            )


async def keep_warning(team: Team, clock: Clock) -> NoReturn:
    """Look once a day; what hinders that stops nothing else."""
    while True:
        try:
            await warn(team, clock.now_ms() // 1000)
        except PlauschError as error:
            _LOG.warning("the devices' certificates could not be looked at (%s)", error.code)
        await asyncio.sleep(LOOKED_AFTER_S)
