"""A town for tests of the SDK: a real server in this process, and people with real devices."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from plausch.sdk import Client, Event, IncomingMessage, State, StoredMessage
from plausch.sdk.conversation import Conversation
from plausch.server.config import ServerConfig
from plausch.server.limits import Limits
from plausch.server.main import Server

PATIENCE_S = 60.0
"""How long a test waits for what must happen; only a failing test takes so long."""

E = TypeVar("E")


def server_config(folder: Path, port: int = 0) -> ServerConfig:
    """A server that registers as many as a test needs."""
    limits = dataclasses.replace(Limits(), registrations_per_address_per_hour=100_000)
    return ServerConfig(folder, port=port, limits=limits)


class Town:
    """A server, and everybody's homes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.port = 0
        self._server: Server | None = None
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Start the server; again on the same port after `shut`."""
        self._server = Server(server_config(self.folder / "server", self.port))
        self.url = await self._server.start()
        self.port = int(self.url.rpartition(":")[2])

    async def shut(self) -> None:
        """Stop the server."""
        if self._server is not None:
            await self._server.stop()
            self._server = None

    @property
    def server(self) -> Server:
        assert self._server is not None
        return self._server

    def home(self, name: str) -> Path:
        return self.folder / "homes" / name

    async def register(self, name: str, *, kind: str = "person", url: str = "") -> Client:
        """A new account, registered and not connected."""
        return await Client.register(
            self.home(name),
            url or self.url,
            name,
            kind="business" if kind == "business" else "person",
        )

    async def person(self, name: str, *, kind: str = "person", url: str = "") -> Client:
        """A new account, connected until the end of the test."""
        client = await self.connect(await self.register(name, kind=kind, url=url))
        await client.synchronize()
        return client

    async def people(self, *names: str) -> list[Client]:
        """Several new accounts, connected."""
        return list(await asyncio.gather(*(self.person(name) for name in names)))

    async def connect(self, client: Client) -> Client:
        """Connect a client until the end of the test."""
        return await self._stack.enter_async_context(client)

    async def back(self, name: str) -> Client:
        """Somebody opens the vault again and connects."""
        return await self.connect(await Client.open(self.home(name)))

    async def close(self) -> None:
        await self._stack.aclose()
        await self.shut()


@asynccontextmanager
async def town_in(folder: Path) -> AsyncIterator[Town]:
    """A town that is open."""
    town = Town(folder)
    await town.open()
    try:
        yield town
    finally:
        await town.close()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_in(tmp_path) as open_town:
        yield open_town


async def event(client: Client, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
    """The next event of a kind that fits."""
    return await expected(client.events(), kind, fits)


async def expected(
    events: AsyncIterator[Event], kind: type[E], fits: Callable[[E], bool] = lambda _: True
) -> E:
    """The next event of a kind that fits, from a listener that listens already."""
    async with asyncio.timeout(PATIENCE_S):
        async for one in events:
            if isinstance(one, kind) and fits(one):
                return one
    raise AssertionError(f"no {kind.__name__} came")


async def message(client: Client) -> IncomingMessage:
    """The next message that nobody has handled."""
    inbox = client.messages()
    async with asyncio.timeout(PATIENCE_S):
        incoming = await anext(inbox)
    await inbox.settle()  # type: ignore[attr-defined]
    return incoming


async def texts(client: Client, count: int) -> list[str]:
    """The texts of the next messages."""
    return [(await message(client)).text for _ in range(count)]


async def history(conversation: Conversation) -> list[str]:
    """What a conversation's history reads."""
    return [one.text for one in await conversation.history()]


async def acquainted(anna: Client, ben: Client) -> tuple[Conversation, Conversation]:
    """They have written to each other."""
    annas = await anna.conversation_with(str(ben.address))
    await annas.send_text("Hallo!")
    assert (await message(ben)).text == "Hallo!"
    bens = await ben.conversation_with(str(anna.address))
    await bens.send_text("Hi!")
    assert (await message(anna)).text == "Hi!"
    return annas, bens


async def until(holds: Callable[[], bool], *clients: Client) -> None:
    """Wait for something that events of these clients may bring about."""
    listeners = [client.events() for client in clients]
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            waiting = [asyncio.ensure_future(anext(listener)) for listener in listeners]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=0.2)
            for one in waiting:
                one.cancel()


async def state_of(conversation: Conversation, state: State) -> StoredMessage:
    """The last message of a conversation, once it has come so far."""
    events = conversation_events(conversation)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            last = (await conversation.history())[-1]
            if last.state is state:
                return last
            await anext(events)


async def settled(*clients: Client) -> None:
    """Everything that was sent is on the server, and everybody has everything."""
    async with asyncio.timeout(PATIENCE_S):
        for client in clients:
            core = client._device.core
            for conversation in list(core.lives):
                while await core.outbox.of(conversation):
                    await asyncio.sleep(0.01)
        for client in clients:
            await client.synchronize()


def conversation_events(conversation: Conversation) -> AsyncIterator[Event]:
    """Events of the device that a conversation belongs to."""
    return conversation._device.core.feed.listen()
