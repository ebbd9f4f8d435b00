"""A device of an account: the one object a program needs."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from plausch.base.clock import SystemClock
from plausch.base.ids import (
    AccountAddress,
    ConversationId,
    DeviceAddress,
    NameRefused,
    parse_conversation_id,
)
from plausch.content.conversation import title_message
from plausch.content.join_request import join_request_message
from plausch.sdk.account import demand_empty, register_account
from plausch.sdk.admission import Asking, asking
from plausch.sdk.beginning import begin
from plausch.sdk.certificates import own_end_s
from plausch.sdk.composing import new_salt, sendable
from plausch.sdk.contacts import Contact
from plausch.sdk.conversation import Conversation
from plausch.sdk.device import Device, build
from plausch.sdk.errors import (
    SdkError,
    UnknownConversation,
    Unreachable,
    VaultMissing,
)
from plausch.sdk.events import Event
from plausch.sdk.inbox import Inbox
from plausch.sdk.join_link import parse_join_link
from plausch.sdk.linking import ExistingPerson, Joining, NewPerson, link_existing, link_new
from plausch.sdk.message import IncomingMessage, SentMessage
from plausch.sdk.own_devices import remove_device
from plausch.sdk.profiles import Profiles
from plausch.sdk.team import Team, team_of
from plausch.sdk.trust import contact_of
from plausch.sdk.vault.accounts import KeptAccount
from plausch.sdk.vault.own import Own, OwnTable
from plausch.sdk.vault.vault import Vault
from plausch.sdk.whole import whole

SYNCHRONIZE_ATTEMPTS = 5
"""Connections that may be lost while catching up, before the caller is told."""

STOCK_UP_S = 15.0
"""How long a registration waits until the key packages of the new account are uploaded."""


class Client:
    """One device with its vault and its connection.

    `async with client:` connects in the background, reconnects by itself, and closes at the end.
    Everything sent is on disk before the call returns, and goes out when there is a connection.
    """

    def __init__(self, vault: Vault, device: Device) -> None:
        """Use `register` or `open`."""
        self._vault = vault
        self._device = device
        self._inbox: Inbox | None = None
        self._beginning = asyncio.Lock()
        self._closed = False

    @classmethod
    async def register(
        cls,
        home: str | Path,
        server_url: str,
        name: str,
        *,
        kind: Literal["person", "business"] = "person",
        invitation: str = "",
        passphrase: str | None = None,
    ) -> Self:
        """Make a new account on a server, with this device as its first.

        `home` is the folder of the vault, made if absent (mode 0700). A call that was interrupted
        may be repeated: the same keys are used again. Raises VaultExists, VaultBusy, NameRefused,
        ServerRefused (name taken, invitation needed), ServerMisbehaved, Unreachable, VaultDamaged.
        """
        vault = await Vault.open(Path(home), passphrase, make=True)
        own = register_account(vault, server_url, name, kind, invitation, SystemClock())
        return await cls._made(vault, own)

    @classmethod
    async def link(
        cls,
        home: str | Path,
        server_url: str,
        person: NewPerson,
        *,
        link: str = "",
        name: str = "",
        passphrase: str | None = None,
        for_agent: bool = False,
    ) -> Self:
        """Make this a device of an account that there is.

        `link`: the code of the device that has the account; without one, this device shows its
        own. `name`: what it says it is called. What was said before does not come along: this
        device begins with what is said from now on. `for_agent`: a private account,
        and being staff, is refused.
        Raises PrivateAccount, SdkError (`link_declined`, `bad_link`, ...), PairingRefused,
        VaultExists, VaultBusy, ServerRefused, Unreachable, VaultDamaged.
        """
        vault = await Vault.open(Path(home), passphrase, make=True)

        async def keep(own: Own) -> None:
            await vault.write([OwnTable(vault).put(own)])

        async def linked() -> Own:
            await demand_empty(vault)
            joining = Joining(server_url, link, name, for_agent)
            return await link_new(joining, person, keep, SystemClock())

        return await cls._made(vault, linked())

    @classmethod
    async def _made(cls, vault: Vault, making: Coroutine[Any, Any, Own]) -> Self:
        """A device that has just got its account; others can write to it when this returns."""
        try:
            client = cls(vault, await build(vault, await making, SystemClock()))
        except BaseException:
            await vault.close()
            raise
        try:
            await client._stock_up()
        except BaseException:
            await client.close()
            raise
        return client

    @classmethod
    async def open(cls, home: str | Path, *, passphrase: str | None = None) -> Self:
        """Open the vault in `home`.

        Raises VaultMissing, VaultBusy, WrongPassphrase, VaultDamaged (also: its key is lost).
        """
        vault = await Vault.open(Path(home), passphrase)
        try:
            own = await OwnTable(vault).get()
            if own is None or not own.registered:
                raise VaultMissing(
                    f"The registration in {home} was not finished: register again (plausch "
                    "register)."
                )
            return cls(vault, await build(vault, own, SystemClock()))
        except BaseException:
            await vault.close()
            raise

    async def __aenter__(self) -> Self:
        if self._closed:
            raise SdkError("This client is closed: open the vault again (Client.open).")
        self._device.core.transport.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None and self._inbox is not None:
                await self._inbox.settle()
        finally:
            await self.close()

    @whole
    async def close(self) -> None:
        """Close connection and vault. What waits in the outbox goes out next time."""
        if self._closed:
            return
        self._closed = True
        core = self._device.core
        await core.transport.close()
        await core.close()
        self._device.uploads.close()
        core.feed.close()
        await self._vault.close()

    @property
    def address(self) -> AccountAddress:
        """This account."""
        return self._device.core.address

    @property
    def device(self) -> DeviceAddress:
        """This device."""
        return self._device.core.device

    @property
    def domain(self) -> str:
        """The server's domain."""
        return self.address.domain

    @property
    def server_url(self) -> str:
        """Where the server is reached."""
        return self._device.core.own.server_url

    @property
    def online(self) -> bool:
        """Connected and logged in."""
        return self._device.core.transport.online

    @property
    def hindrance(self) -> str:
        """Why the server takes nothing from this device (the account is suspended, the server is
        being worked on), in the server's own words; "" while it has not said so."""
        refused = self._device.core.transport.hindrance
        return "" if refused is None else str(refused)

    async def synchronize(self) -> None:
        """Return when everything that the server holds for this device now is in the vault.

        Raises Unreachable when no connection comes about within 15 seconds.
        """
        transport = self._device.core.transport
        for attempt in range(SYNCHRONIZE_ATTEMPTS):
            await transport.wait_online()
            try:
                await self._device.sync.resume()
            except Unreachable:  # lost on the way: the next connection goes on
                if attempt == SYNCHRONIZE_ATTEMPTS - 1:
                    raise
            else:
                return

    async def conversation_with(self, address: AccountAddress | str) -> Conversation:
        """The direct conversation with an account; begun if there is none.

        Raises NameRefused, ServerRefused (no such account), IdentityChanged, Unreachable.
        """
        device = self._device
        peer = device.parse_other(address)
        await self._meet([peer])
        async with self._beginning:  # two callers at once get the same conversation
            live = device.directory.current(peer)
            if live is None:
                live, _ = await begin(device.core, [peer])
                device.outbox.kick(live)
        return Conversation(device, live.id)

    async def create_group(
        self, title: str, addresses: Sequence[AccountAddress | str]
    ) -> Conversation:
        """A new group with these accounts; returns when it exists, they are in it, and its
        title is in the log.

        Raises as `conversation_with`.
        """
        device = self._device
        others = sorted({device.parse_other(address) for address in addresses})
        with sendable():
            content = title_message(title, salt=new_salt())
        await self._meet(others)
        live, _ = await begin(device.core, others, is_group=True)
        conversation = Conversation(device, live.id)
        titled = await conversation.send(content)
        await titled.accepted()  # it comes after the Commit that adds everybody
        return conversation

    async def ask_to_join(self, link: str) -> SentMessage:
        """Ask the admin whom an invitation link names to be added to its group.

        Raises SdkError `bad_join_link`, and as `conversation_with`.
        """
        parsed = parse_join_link(link)
        words = "I would like to join your group; I was given its link."
        with sendable():
            content = join_request_message(parsed.request, words, salt=new_salt())
        conversation = await self.conversation_with(parsed.admin_at(self.domain))
        return await conversation.send(content)

    async def asking(self) -> list[Asking]:
        """Who asks to join a group of which this account is an admin, by its present link."""
        return await asking(self._device)

    async def team(self) -> Team:
        """Where this account's own devices talk among themselves; begun if there is none yet."""
        async with self._beginning:
            return await team_of(self._device)

    def conversations(self) -> list[Conversation]:
        """All conversations of this device, the most recently active first."""
        return [Conversation(self._device, live.id) for live in self._device.directory.shown()]

    def conversation(self, conversation_id: ConversationId | bytes | str) -> Conversation:
        """By id (bytes or hex). Raises UnknownConversation."""
        try:
            raw = (
                bytes.fromhex(conversation_id)
                if isinstance(conversation_id, str)
                else conversation_id
            )
            identifier = parse_conversation_id(raw)
        except ValueError as error:
            raise UnknownConversation(
                f"{str(conversation_id)[:64]!r} is not a conversation's id: expected 32 hex digits."
            ) from error
        except NameRefused as error:
            raise UnknownConversation(str(error)) from error
        if identifier not in self._device.core.lives:
            raise UnknownConversation(f"There is no conversation {identifier.hex()} here.")
        return Conversation(self._device, identifier)

    def messages(self, *, changes: bool = False) -> AsyncIterator[IncomingMessage]:
        """Incoming messages, oldest first, live; those that nobody was handed yet come first.

        A message counts as handled when the next one is asked for, or when the client is closed
        without an error; a process that dies over a message is handed it again. `changes`: edits,
        deletions, reactions and titles too (see `kind`). One consumer at a time.
        """
        if self._inbox is not None:
            self._inbox.close()
        self._inbox = Inbox(self._device, changes=changes)
        return self._inbox

    def events(self) -> AsyncIterator[Event]:
        """Everything that happens from now on (see `plausch.sdk.events`)."""
        return self._device.core.feed.listen()

    async def contacts(self) -> list[Contact]:
        """The accounts this device knows."""
        return self._device.core.trust.contacts()

    async def contact(self, address: AccountAddress | str) -> Contact:
        """One account, looked up on the server if unknown. Raises as `conversation_with`."""
        return contact_of(await self._known(address))

    async def safety_number(self, address: AccountAddress | str) -> str:
        """60 digits in groups of 5 that both people see alike if nobody is in between."""
        kept = await self._known(address)
        return self._device.core.trust.safety_number(kept.address)

    async def mark_verified(self, address: AccountAddress | str, compared: str) -> None:
        """People compared the safety numbers and they were equal.

        `compared`: the number as the other side shows it, or the text of its scanned code. Raises
        TrustRefused when that is not the present one, IdentityChanged, and as `contact`.
        """
        kept = await self._known(address)
        await self._device.core.trust.mark_verified(kept.address, compared)

    async def accept_identity(self, address: AccountAddress | str, compared: str) -> None:
        """Accept an account's new identity key; verification starts anew.

        `compared` as in `mark_verified`: it must be the number of the key that waits now. Raises
        TrustRefused when it is not, and as `contact`.
        """
        kept = await self._known(address)
        await self._device.core.trust.accept_identity(kept.address, compared)
        await self._device.outbox.kick_all()

    async def reject_identity(self, address: AccountAddress | str) -> None:
        """Drop an account's new identity key and keep the one known so far: the server lied.

        It has to be compared again. Raises as `contact`.
        """
        kept = await self._known(address)
        await self._device.core.trust.reject_identity(kept.address)
        await self._device.outbox.kick_all()

    async def devices(self) -> list[DeviceAddress]:
        """The devices of this account, as listed under its identity key."""
        return list(self._device.core.trust.device_list(self.address).addresses())

    async def staff(self) -> list[DeviceAddress]:
        """Those of them that belong to staff."""
        listed = self._device.core.trust.device_list(self.address)
        return [device for device in listed.addresses() if listed.is_staff(device)]

    @property
    def certificate_ends_s(self) -> int:
        """Until when this device's certificate is good, in seconds since 1970."""
        return own_end_s(self._device.core)

    @property
    def is_business(self) -> bool:
        """Whether this account is a business's, and not a private one."""
        return self._device.core.own.kind == "business"

    @property
    def is_staff(self) -> bool:
        """Whether this device belongs to staff, and does not have the identity key."""
        return self._device.core.own.identity is None

    async def link_device(
        self, person: ExistingPerson, *, link: str = "", is_staff: bool = False
    ) -> DeviceAddress:
        """Put another device on this account; returns when it has its keys.

        `link`: the new device's code; without one, this device shows its own. `is_staff`: a device
        that can read and write for this business, and manage nothing. Raises NotOwner, SdkError
        (`link_digits_differ`, `link_declined`, `link_unfinished`, ...), PairingRefused,
        ServerRefused, Unreachable.
        """
        enrolled = await link_existing(self._device, link, person, is_staff=is_staff)
        return enrolled.device

    async def remove_device(self, device: DeviceAddress | str) -> None:
        """Take a device off the account's list and out of its conversations.

        Raises NotOwner, SdkError for this device itself or an unknown one, Unreachable,
        ServerRefused.
        """
        parsed = DeviceAddress.parse_uri(device) if isinstance(device, str) else device
        await remove_device(self._device, parsed)

    @property
    def profiles(self) -> Profiles:
        """Public profiles of businesses, this account's own among them."""
        return Profiles(self._device.core)

    async def problems(self) -> list[str]:
        """What was received and not believed, oldest first, one sentence each."""
        return [problem.sentence for problem in await self._device.core.problems.all()]

    # --- inside ------------------------------------------------------------------------------

    async def _meet(self, addresses: Sequence[AccountAddress]) -> None:
        """Look up who is not known yet. Raises as `conversation_with`."""
        trust = self._device.core.trust
        if any(trust.account(address) is None for address in addresses):
            await self._device.core.transport.wait_online()
        for address in addresses:
            await trust.ensure(address)
        trust.demand_unchanged(addresses)

    async def _known(self, address: AccountAddress | str) -> KeptAccount:
        """One account, looked up if need be; it may have changed. Raises as `_meet`."""
        other = self._device.parse_other(address)
        trust = self._device.core.trust
        if trust.account(other) is None:
            await self._device.core.transport.wait_online()
        return await trust.ensure(other)

    async def _stock_up(self) -> None:
        """Upload key packages, so that others can write to this new account at once."""
        core = self._device.core
        core.transport.start()
        try:
            async with asyncio.timeout(STOCK_UP_S):
                await core.greeted.wait()
        except TimeoutError:
            return  # registered all the same; done when the client connects
        finally:
            await core.transport.close()
