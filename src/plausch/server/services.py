"""The services of one server process, as the edge reaches them."""

import asyncio
from dataclasses import dataclass

from plausch.server.accounts import Accounts
from plausch.server.backups import Backups
from plausch.server.blobs import Blobs
from plausch.server.callers import Callers
from plausch.server.conversations import Conversations
from plausch.server.delivery import Delivery
from plausch.server.devices import Devices
from plausch.server.key_packages import KeyPackages
from plausch.server.pairings import Pairings
from plausch.server.profiles import Profiles
from plausch.server.regime import Regime
from plausch.server.reports import Reports
from plausch.server.wake_ups import WakeUps


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms behind the edge."""

    accounts: Accounts
    devices: Devices
    key_packages: KeyPackages
    conversations: Conversations
    delivery: Delivery
    blobs: Blobs
    wake_ups: WakeUps
    backups: Backups
    reports: Reports
    profiles: Profiles
    pairings: Pairings
    callers: Callers
    regime: Regime

    async def close(self) -> None:
        """Finish what was submitted; give back what is not used of allowances. Blobs are closed by
        who opened their store: it is there before the services are, and after them."""
        await self.delivery.close()
        await asyncio.gather(
            self.devices.close(),
            self.key_packages.close(),
            self.wake_ups.close(),
            self.reports.close(),
            self.profiles.close(),
            self.callers.close(),
        )
