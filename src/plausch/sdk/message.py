"""Messages as a person or a bot sees them: stored, sent, incoming."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.content.attachment import Attachment, attachments_of
from plausch.content.cards import Card, card_of
from plausch.content.mimi import MimiContent
from plausch.sdk.errors import NotParticipant, ServerRefused

if TYPE_CHECKING:
    from plausch.sdk.conversation import Conversation

_FOR_GOOD = (ServerRefused, NotParticipant)
"""With these a debt is struck from the outbox; whatever else prevents it, it is tried again."""


class Kind(StrEnum):
    """What a message is, in one word (the `kind` of JSON output)."""

    TEXT = "text"
    CARD = "card"
    FILE = "file"
    REACTION = "reaction"
    EDIT = "edit"
    DELETE = "delete"
    TITLE = "title"
    STATUS = "status"
    TEAM = "team"
    OTHER = "other"


class State(StrEnum):
    """How far an outgoing message came. Never further than what is known to be true."""

    WAITING = "waiting"
    """In the outbox; not yet on the server's disk."""
    SENT = "sent"
    """On the server's disk."""
    DELIVERED = "delivered"
    """On a device of every other participant."""
    READ = "read"
    """Every other participant said so."""
    FAILED = "failed"
    """The server refused it for good; `StoredMessage.failure` says why."""
    RECEIVED = "received"
    """Not ours: an incoming message."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One entry of a conversation's history, with its edits, deletion and reactions folded in.

    `seq` is the place in the server's log, None while waiting. `sent_at_ms` is the server's time
    of acceptance, the device's own while waiting. `deleted` messages have empty text and content
    None. `fork_suspected`: the sender saw another state of the group than this device.
    """

    conversation_id: ConversationId
    message_id: MessageId
    sender: AccountAddress
    outgoing: bool
    kind: Kind
    text: str
    content: MimiContent | None
    in_reply_to: MessageId | None
    seq: int | None
    sent_at_ms: int
    state: State
    edited: bool = False
    deleted: bool = False
    reactions: Mapping[str, tuple[AccountAddress, ...]] = field(default_factory=dict)
    fork_suspected: bool = False
    failure: str = ""

    @property
    def card(self) -> Card | None:
        """The structured part, when there is one that this version understands."""
        return card_of(self.content) if self.content is not None else None

    @property
    def attachment(self) -> Attachment | None:
        """The first file that it carries, when this version can fetch it."""
        found = attachments_of(self.content) if self.content is not None else ()
        return found[0] if found else None


class SentMessage:
    """A message on its way; it is in the outbox on disk before the caller gets this."""

    def __init__(
        self,
        conversation_id: ConversationId,
        message_id: MessageId,
        waiter: "Callable[[], asyncio.Future[int]]",
    ) -> None:
        """`waiter`: what next becomes of its debt (`Core.waiter`)."""
        self.conversation_id = conversation_id
        self.message_id = message_id
        self._waiter = waiter
        self._acceptance = waiter()
        self._acceptance.add_done_callback(self._heard)

    @property
    def seq(self) -> int | None:
        """Its place in the server's log; None until the server has it on disk."""
        if self._acceptance.done() and self._failure() is None:
            return self._acceptance.result()
        return None

    @property
    def state(self) -> State:
        """WAITING, SENT or FAILED (for good); later states are in the history."""
        if self.seq is not None:
            return State.SENT
        return State.FAILED if isinstance(self._failure(), _FOR_GOOD) else State.WAITING

    async def accepted(self) -> int:
        """Wait until the server has the message on disk; its seq in the log.

        Raises ServerRefused or NotParticipant when it cannot be sent for good; TrustRefused
        (IdentityChanged) or ConversationBroken when it cannot be sent now, and Unreachable when
        the client was closed: then it is tried again by itself, and `state` is WAITING. It waits
        while there is no connection (use `asyncio.timeout`).
        """
        return await asyncio.shield(self._acceptance)

    def _failure(self) -> BaseException | None:
        done = self._acceptance.done() and not self._acceptance.cancelled()
        return self._acceptance.exception() if done else None

    def _heard(self, acceptance: "asyncio.Future[int]") -> None:
        self._acceptance = acceptance
        if self.state is State.WAITING:
            self._waiter().add_done_callback(self._heard)


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message of somebody else, handed to `Client.messages()` exactly as received."""

    conversation: "Conversation"
    stored: StoredMessage

    @property
    def message_id(self) -> MessageId:
        """Names the message; the same on every device."""
        return self.stored.message_id

    @property
    def sender(self) -> AccountAddress:
        """The account that wrote it, as proven by its device's signature."""
        return self.stored.sender

    @property
    def text(self) -> str:
        """Readable text; for a card its fallback sentence."""
        return self.stored.text

    @property
    def kind(self) -> Kind:
        """What it is, in one word."""
        return self.stored.kind

    @property
    def content(self) -> MimiContent:
        """The whole MIMI content."""
        if self.stored.content is None:  # incoming messages are handed over before folding
            raise AssertionError("an incoming message always has content")
        return self.stored.content

    @property
    def card(self) -> Card | None:
        """The structured part, when there is one that this version understands."""
        return self.stored.card

    @property
    def attachment(self) -> Attachment | None:
        """The first file that it carries, when this version can fetch it."""
        return self.stored.attachment

    @property
    def seq(self) -> int:
        """Its place in the conversation's log."""
        return self.stored.seq or 0

    @property
    def sent_at_ms(self) -> int:
        """When the server accepted it, in milliseconds since the Unix epoch."""
        return self.stored.sent_at_ms

    @property
    def in_reply_to(self) -> MessageId | None:
        """The message it answers."""
        return self.stored.in_reply_to

    async def reply(self, text: str) -> SentMessage:
        """Answer in the same conversation, quoting this message. Raises as `send_text`."""
        return await self.conversation.send_text(text, reply_to=self.message_id)

    async def react(self, emoji: str) -> SentMessage:
        """React to this message. Raises as `send_text`."""
        return await self.conversation.react(self.message_id, emoji)
