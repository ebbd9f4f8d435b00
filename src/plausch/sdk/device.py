"""The wiring of one device: everything that works together, built once."""

from collections.abc import Awaitable
from dataclasses import dataclass

from plausch.base.clock import Clock
from plausch.base.ids import AccountAddress
from plausch.sdk.address import socket_url
from plausch.sdk.certificates import keep_certified, renew_others, renew_own
from plausch.sdk.connection import Push
from plausch.sdk.core import Core
from plausch.sdk.directory import Directory
from plausch.sdk.epochs import Epochs
from plausch.sdk.errors import SdkError, ServerRefused, TrustRefused
from plausch.sdk.events import ConnectionChanged, Feed
from plausch.sdk.joining import Joining
from plausch.sdk.outbox import Outbox
from plausch.sdk.staff import keep_renewing, renew_staff
from plausch.sdk.stock import Stock
from plausch.sdk.sync import Sync
from plausch.sdk.transport import Transport
from plausch.sdk.trust import Trust
from plausch.sdk.uploads import Uploads
from plausch.sdk.vault.own import Own
from plausch.sdk.vault.vault import Vault
from plausch.wire import frames as f


@dataclass(frozen=True, slots=True)
class Device:
    """The parts of one device."""

    core: Core
    directory: Directory
    outbox: Outbox
    epochs: Epochs
    sync: Sync
    uploads: Uploads

    def parse_other(self, address: AccountAddress | str) -> AccountAddress:
        """An address of somebody else. Raises NameRefused, SdkError."""
        parsed = _parsed(self.core, address)
        if parsed == self.core.address:
            raise SdkError(f"{parsed} is this very account.")
        return parsed

    def parse_account(self, address: AccountAddress | str) -> AccountAddress:
        """An address of this server. Raises NameRefused, SdkError."""
        return _parsed(self.core, address)


def _parsed(core: Core, address: AccountAddress | str) -> AccountAddress:
    parsed = AccountAddress.parse(address) if isinstance(address, str) else address
    if parsed.domain != core.address.domain:
        raise SdkError(
            f"{parsed} lives on another server; this one can only reach accounts of "
            f"{core.address.domain}."
        )
    return parsed


async def build(vault: Vault, own: Own, clock: Clock) -> Device:
    """A device from its vault, not yet connected. Raises VaultDamaged, SdkError (bad URL)."""
    feed = Feed()
    parts: list[Device] = []

    async def ask_account(name: str) -> f.Account:
        return await transport.ask(lambda request_id: f.GetAccount(request_id, name), f.Account)

    def take_push(push: Push) -> None:
        parts[0].sync.take_push(push)

    async def greet(logged_in: f.LoggedIn) -> None:
        device = parts[0]
        await device.sync.resume()
        device.core.caught_up_on = device.core.transport.generation
        await device.outbox.kick_all()
        await device.uploads.kick_all()
        await _if_allowed(device.core, renew_own(device.core))  # key packages show it
        await _if_allowed(device.core, stock.counted(logged_in.key_packages))
        if not device.core.greeted.is_set():
            device.core.spawn(keep_certified(device.core, device.outbox.kick))
            if own.identity is not None:
                device.core.spawn(keep_renewing(device.core))
        device.core.greeted.set()
        await _if_allowed(device.core, device.sync.learn_marks())
        await _if_allowed(device.core, renew_staff(device.core))
        await _if_allowed(device.core, renew_others(device.core))

    def changed(online: bool, sentence: str) -> None:
        feed.tell(ConnectionChanged(online, sentence))

    transport = Transport(socket_url(own.server_url), own, take_push, greet, changed)
    trust = Trust(vault, own.device.account, ask_account, feed, clock)
    core = Core(vault, own, transport, trust, feed, clock)
    await trust.load()
    if trust.account(core.address) is None:
        await trust.pin_own(own.kind, own.device_list)
    await core.load()
    outbox = Outbox(core)
    epochs = Epochs(core, outbox.kick)
    stock = Stock(core)
    sync = Sync(core, epochs, Joining(core), stock)
    outbox.connect(sync)
    uploads = Uploads(core, outbox)
    parts.append(Device(core, Directory(core), outbox, epochs, sync, uploads))
    return parts[0]


async def _if_allowed(core: Core, step: Awaitable[None]) -> None:
    """What is refused here is noted; messages come and go without it."""
    try:
        await step
    except (ServerRefused, TrustRefused) as error:
        await core.report(None, None, error)
