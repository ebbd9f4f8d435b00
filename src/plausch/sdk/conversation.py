"""A conversation: what a person or a bot does in it."""

from typing import TYPE_CHECKING, Literal

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress, MessageId
from plausch.content.mimi import MimiContent
from plausch.sdk.message import SentMessage, StoredMessage

if TYPE_CHECKING:
    from plausch.sdk.client import Client

ConversationState = Literal["opening", "open", "left", "failed", "broken"]


class Conversation:
    """One conversation of this device. Get it from `Client`; equal ids are equal conversations.

    Participants are accounts; members are their devices.
    """

    def __init__(self, client: "Client", conversation_id: ConversationId) -> None:
        self._client = client
        self.id = conversation_id

    @property
    def title(self) -> str:
        """The group's title; for a conversation of two the other's address."""
        raise NotImplementedError

    @property
    def kind(self) -> Literal["direct", "group"]:
        """Direct: two participants and no title."""
        raise NotImplementedError

    @property
    def peer(self) -> AccountAddress | None:
        """The other participant of a direct conversation."""
        raise NotImplementedError

    @property
    def state(self) -> ConversationState:
        """Opening (not yet on the server), open, left, failed (refused), broken (log torn)."""
        raise NotImplementedError

    @property
    def request(self) -> bool:
        """Opened by a stranger and neither answered nor accepted yet."""
        raise NotImplementedError

    @property
    def participants(self) -> tuple[AccountAddress, ...]:
        """The accounts in it, this one included."""
        raise NotImplementedError

    @property
    def members(self) -> tuple[DeviceAddress, ...]:
        """The devices in it, this one included."""
        raise NotImplementedError

    async def ready(self) -> None:
        """Wait until it exists on the server with everybody in it.

        Raises what prevented it: ServerRefused, TrustRefused.
        """
        raise NotImplementedError

    async def send_text(self, text: str, *, reply_to: MessageId | None = None) -> SentMessage:
        """Send Markdown text. On return it is in the outbox on disk and goes out by itself.

        Raises IdentityChanged, NotParticipant, SdkError (empty or too long).
        """
        raise NotImplementedError

    async def send(self, content: MimiContent) -> SentMessage:
        """Send any content, such as a card from `plausch.content.cards`. Raises as `send_text`."""
        raise NotImplementedError

    async def react(self, message_id: MessageId, emoji: str) -> SentMessage:
        """Add a reaction to a message. Raises as `send_text`."""
        raise NotImplementedError

    async def unreact(self, message_id: MessageId, emoji: str) -> SentMessage:
        """Take back a reaction of ours. Raises as `send_text`, SdkError if there is none."""
        raise NotImplementedError

    async def edit(self, message_id: MessageId, text: str) -> SentMessage:
        """Replace the text of a message of ours. Raises as `send_text`."""
        raise NotImplementedError

    async def delete(self, message_id: MessageId) -> SentMessage:
        """Delete a message of ours for everyone. Raises as `send_text`."""
        raise NotImplementedError

    async def mark_read(self, up_to: MessageId | None = None) -> None:
        """Everything up to this message (default: all) was read; tells the senders.

        In a message request nothing is told.
        """
        raise NotImplementedError

    async def history(
        self, limit: int = 50, before: MessageId | None = None
    ) -> list[StoredMessage]:
        """The last `limit` messages (before one), oldest first, edits and reactions folded in."""
        raise NotImplementedError

    async def accept(self) -> None:
        """Accept a message request."""
        raise NotImplementedError

    async def add(self, address: AccountAddress | str) -> None:
        """Add an account with all its devices; returns when the change is in the log.

        Raises ServerRefused, TrustRefused.
        """
        raise NotImplementedError

    async def remove(self, address: AccountAddress | str) -> None:
        """Remove an account with all its devices; returns when the change is in the log."""
        raise NotImplementedError

    async def leave(self) -> None:
        """Leave: the others' clients carry it out; nothing more can be sent from here."""
        raise NotImplementedError

    async def rename(self, title: str) -> SentMessage:
        """Give it a title; travels encrypted, the server never learns it."""
        raise NotImplementedError
