"""What happened, told after it is in the vault; and the feed that tells it."""

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.sdk.message import State, StoredMessage


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message of another account (or another device of ours) is in the vault."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message was edited, deleted or reacted to by `by`."""

    conversation_id: ConversationId
    message_id: MessageId
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """An outgoing message came further: sent, delivered, read, or failed."""

    conversation_id: ConversationId
    message_id: MessageId
    state: State


@dataclass(frozen=True, slots=True)
class ConversationJoined:
    """This device was added to a conversation by `by`; `request`: by a stranger."""

    conversation_id: ConversationId
    by: AccountAddress
    request: bool


@dataclass(frozen=True, slots=True)
class ConversationLeft:
    """This device is no longer a member: it left or was removed by `by`, who may also have ended
    the conversation for everybody (its state is "ended" then)."""

    conversation_id: ConversationId
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class ParticipantsChanged:
    """Accounts came or went. `by` is who committed it."""

    conversation_id: ConversationId
    joined: tuple[AccountAddress, ...]
    left: tuple[AccountAddress, ...]
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class TitleChanged:
    """A conversation has another title."""

    conversation_id: ConversationId
    title: str
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class PictureChanged:
    """A group has another picture, or none any more."""

    conversation_id: ConversationId
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A group's invitation link was made, changed or turned off."""

    conversation_id: ConversationId
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class AdminsChanged:
    """Participants of a group became admins, or are admins no longer. `by` is who committed it."""

    conversation_id: ConversationId
    made: tuple[AccountAddress, ...]
    dismissed: tuple[AccountAddress, ...]
    by: AccountAddress


@dataclass(frozen=True, slots=True)
class IdentityKeyChanged:
    """An account shows a new identity key; sending to it waits for `accept_identity` or
    `reject_identity`."""

    address: AccountAddress


@dataclass(frozen=True, slots=True)
class ForkSuspected:
    """A member saw another state of this conversation than this device at the same epoch."""

    conversation_id: ConversationId
    sender: AccountAddress | None


@dataclass(frozen=True, slots=True)
class TeamSpoke:
    """Another device of this account said something in the team conversation."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class ProblemFound:
    """Something received was not believed; kept in `Client.problems()`."""

    conversation_id: ConversationId | None
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """Connected and logged in, or not (`sentence` says why)."""

    online: bool
    sentence: str = ""


Event = (
    MessageReceived
    | MessageChanged
    | StatusChanged
    | ConversationJoined
    | ConversationLeft
    | ParticipantsChanged
    | TitleChanged
    | PictureChanged
    | LinkChanged
    | AdminsChanged
    | IdentityKeyChanged
    | ForkSuspected
    | TeamSpoke
    | ProblemFound
    | ConnectionChanged
)


class Subscription(AsyncIterator[Event]):
    """One listener's queue of events; ends when the feed is closed."""

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self._waiting: deque[Event] = deque()
        self._moved = asyncio.Event()

    def put(self, event: Event) -> None:
        """Called by the feed."""
        self._waiting.append(event)
        self._moved.set()

    def wake(self) -> None:
        """Look again: the feed was closed."""
        self._moved.set()

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._feed.closed:
                raise StopAsyncIteration
            self._moved.clear()
            await self._moved.wait()
        return self._waiting.popleft()

    def drain(self) -> None:
        """Forget what is queued: the listener is about to look for itself."""
        self._waiting.clear()

    def close(self) -> None:
        """Stop listening."""
        self._feed.forget(self)


class Feed:
    """Tells every listener what happened, in order. Nothing is told before it is written.

    A listener that nobody holds any more is forgotten.
    """

    def __init__(self) -> None:
        self.closed = False
        self._listeners: weakref.WeakSet[Subscription] = weakref.WeakSet()

    def listen(self) -> Subscription:
        """Events from now on."""
        subscription = Subscription(self)
        self._listeners.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """No more events to this listener."""
        self._listeners.discard(subscription)

    def tell(self, event: Event) -> None:
        """To everyone who listens."""
        for listener in list(self._listeners):
            listener.put(event)

    def close(self) -> None:
        """Listeners get what is queued, then the end."""
        self.closed = True
        for listener in list(self._listeners):
            listener.wake()
