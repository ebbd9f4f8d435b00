"""A device of an account: the one object a program needs."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.sdk.contacts import Contact
from plausch.sdk.conversation import Conversation
from plausch.sdk.events import Event
from plausch.sdk.message import IncomingMessage


class Client:
    """One device with its vault and its connection.

    `async with client:` connects in the background, reconnects by itself, and closes at the end.
    Everything sent is on disk before the call returns, and goes out when there is a connection.
    """

    @classmethod
    async def register(
        cls,
        home: Path,
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
        ServerRefused (name taken, invitation needed), Unreachable.
        """
        raise NotImplementedError

    @classmethod
    async def open(cls, home: Path, *, passphrase: str | None = None) -> Self:
        """Open the vault in `home`. Raises VaultMissing, VaultBusy, WrongPassphrase."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """Close connection and vault. What waits in the outbox goes out next time."""
        raise NotImplementedError

    @property
    def address(self) -> AccountAddress:
        """This account."""
        raise NotImplementedError

    @property
    def device(self) -> DeviceAddress:
        """This device."""
        raise NotImplementedError

    @property
    def domain(self) -> str:
        """The server's domain."""
        raise NotImplementedError

    @property
    def server_url(self) -> str:
        """Where the server is reached."""
        raise NotImplementedError

    @property
    def online(self) -> bool:
        """Connected and logged in."""
        raise NotImplementedError

    async def synchronize(self) -> None:
        """Return when everything that the server holds for this device now is in the vault.

        Raises Unreachable when no connection comes about within 15 seconds.
        """
        raise NotImplementedError

    async def conversation_with(self, address: AccountAddress | str) -> Conversation:
        """The direct conversation with an account; begun if there is none.

        Raises NameRefused, ServerRefused (no such account), IdentityChanged, Unreachable.
        """
        raise NotImplementedError

    async def create_group(
        self, title: str, addresses: Sequence[AccountAddress | str]
    ) -> Conversation:
        """A new group with these accounts; returns when it exists and they are in it.

        Raises as `conversation_with`.
        """
        raise NotImplementedError

    def conversations(self) -> list[Conversation]:
        """All conversations of this device, the most recently active first."""
        raise NotImplementedError

    def conversation(self, conversation_id: ConversationId | bytes | str) -> Conversation:
        """By id (bytes or hex). Raises UnknownConversation."""
        raise NotImplementedError

    def messages(self, *, changes: bool = False) -> AsyncIterator[IncomingMessage]:
        """Incoming messages, oldest first, live; those that nobody was handed yet come first.

        A message counts as handled when the next one is asked for, or when the client is closed
        without an error; a process that dies over a message is handed it again. `changes`: edits,
        deletions, reactions and titles too (see `kind`). One consumer at a time.
        """
        raise NotImplementedError

    def events(self) -> AsyncIterator[Event]:
        """Everything that happens from now on (see `plausch.sdk.events`)."""
        raise NotImplementedError

    async def contacts(self) -> list[Contact]:
        """The accounts this device knows."""
        raise NotImplementedError

    async def contact(self, address: AccountAddress | str) -> Contact:
        """One account, looked up on the server if unknown. Raises as `conversation_with`."""
        raise NotImplementedError

    async def safety_number(self, address: AccountAddress | str) -> str:
        """60 digits in groups of 5 that both people see alike if nobody is in between."""
        raise NotImplementedError

    async def mark_verified(self, address: AccountAddress | str) -> None:
        """People compared the safety numbers and they were equal."""
        raise NotImplementedError

    async def accept_identity(self, address: AccountAddress | str) -> None:
        """Accept an account's new identity key; verification starts anew."""
        raise NotImplementedError

    async def devices(self) -> list[DeviceAddress]:
        """The devices of this account, as listed under its identity key."""
        raise NotImplementedError

    async def remove_device(self, device: DeviceAddress | str) -> None:
        """Take a device off the account's list and out of its conversations.

        Raises SdkError for this device itself or an unknown one, Unreachable, ServerRefused.
        """
        raise NotImplementedError

    async def problems(self) -> list[str]:
        """What was received and not believed, oldest first, one sentence each."""
        raise NotImplementedError
