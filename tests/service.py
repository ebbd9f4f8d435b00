"""A restaurant at work in a town: its agent's device, its book, and guests who come to it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cast import PATIENCE_S, Town, message
from linde import NOW_S, restaurant
from plausch.agent.book import Book, Place, Response
from plausch.agent.desk import Desk
from plausch.agent.run import Agent
from plausch.agent.talk import Talk
from plausch.agent.team_facts import Errand
from plausch.base.clock import ManualClock
from plausch.base.ids import ConversationId
from plausch.content.cards import Card, card_message
from plausch.domain.business import Business
from plausch.sdk import Client, Conversation, IncomingMessage, State
from plausch.sdk.composing import new_salt


@dataclass
class People:
    """The people of a business: what they have in hand, and what they were asked to do."""

    taken: set[ConversationId] = field(default_factory=set)
    asked: list[Errand] = field(default_factory=list)
    machines: frozenset[str] = frozenset()
    unmarked: list[tuple[frozenset[ConversationId], frozenset[str]]] = field(default_factory=list)

    async def is_taken(self, conversations: Collection[ConversationId], now_s: int) -> bool:
        return bool(self.taken.intersection(conversations))

    def former_agents(self) -> frozenset[str]:
        return self.machines

    async def ask(self, errand: Errand) -> None:
        self.asked.append(errand)

    async def unmark(self, conversations: Collection[ConversationId], labels: Set[str]) -> None:
        self.unmarked.append((frozenset(conversations), frozenset(labels)))


@dataclass
class House:
    """The restaurant's device and book; `agent` answers while `at_work`."""

    client: Client
    book: Book
    path: Path
    restaurant: Business
    clock: ManualClock
    people: People = field(default_factory=People)

    @property
    def agent(self) -> Agent:
        return Agent(self.client, self.restaurant, self.book, self.clock, self.people, 0.05)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """The agent answers until the block ends."""
        working = asyncio.ensure_future(self.agent.run())
        try:
            yield
            assert not working.done(), working.exception()
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


@asynccontextmanager
async def house_in(town: Town, folder: Path, house: Business | None = None) -> AsyncIterator[House]:
    """The test restaurant as `linde@localhost`, with an empty book, not yet at work."""
    client = await town.person("linde", kind="business")
    path = folder / "linde-book.db"
    book = await Book.open(path)
    try:
        yield House(client, book, path, restaurant(), ManualClock(NOW_S * 1000))
    finally:
        await book.close()


async def owe(house: House, place: Place, *contents: bytes) -> None:
    """The book has answered the message at a place, and the process died before it was sent."""

    async def respond(talk: Talk, desk: Desk) -> Response:
        return Response(talk, contents)

    await house.book.answer(house.restaurant, place.log, place, NOW_S, respond)


def place_of(incoming: IncomingMessage) -> Place:
    return Place(incoming.stored.conversation_id, incoming.seq)


@dataclass
class Caller:
    """A person in a conversation with the restaurant."""

    client: Client
    conversation: Conversation

    @classmethod
    async def of(cls, client: Client) -> "Caller":
        return cls(client, await client.conversation_with("linde@localhost"))

    async def says(self, text: str) -> IncomingMessage:
        """Write, and wait for the answer."""
        await self.conversation.send_text(text)
        return await message(self.client)

    async def sends(self, card: Card, text: str = "…") -> IncomingMessage:
        """Press a button, and wait for the answer."""
        await self.conversation.send(card_message(card, text, language="de", salt=new_salt()))
        async with asyncio.timeout(PATIENCE_S):
            return await message(self.client)

    async def heard(self) -> list[str]:
        """Everything the restaurant has said."""
        return [one.text for one in await self.conversation.history(200) if not one.outgoing]

    async def states(self) -> list[State]:
        """How far each message of the guest has come."""
        return [one.state for one in await self.conversation.history(200) if one.outgoing]
