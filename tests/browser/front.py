"""A network between browser and server that a test can spoil.

It stands before a server, passes the page on, and takes the WebSocket elsewhere if it is told to
(to a lying server, `crooked.py`). As `weather` says it also is down, silent, slow, or talks
rubbish.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any

SOCKET = b"GET /v1/socket"
HEAD_END = b"\r\n\r\n"
SLOW_BYTES = 400
SLOW_PAUSE_S = 0.02
CHUNK_BYTES = 65_536


class Weather(Enum):
    """What becomes of connections."""

    FAIR = auto()
    DOWN = auto()
    """Refused, and those that are open are cut."""
    SILENT = auto()
    """Taken, and never answered."""
    SLOW = auto()
    """The server's answers come in small pieces."""
    RUBBISH = auto()
    """Answered with bytes that mean nothing."""
    RUBBISH_FRAMES = auto()
    """The WebSocket opens, and what comes through it is no frame of ours."""


class Front:
    """The network. `socket_port`: where WebSockets go, if not to the server."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.socket_port = server_port
        self.port = 0
        self.weather = Weather.FAIR
        self.sockets = 0
        """WebSockets that were asked for."""
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def turn(self, weather: Weather) -> None:
        """From now on the weather is so; what is open does not outlive it."""
        self.weather = weather
        for writer in list(self._open):
            writer.transport.abort()

    async def close(self) -> None:
        """Every connection is cut."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the browser's."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            pass  # the end; asyncio's own callback would call it an error
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather is Weather.DOWN:
            return
        head = await reader.readuntil(HEAD_END)
        is_socket = head.startswith(SOCKET)
        self.sockets += is_socket
        if self.weather is Weather.SILENT:
            await reader.read()
            return
        if self.weather is Weather.RUBBISH:
            writer.write(os.urandom(500))
            await writer.drain()
            return
        port = self.socket_port if is_socket else self._server_port
        upstream, downstream = await asyncio.open_connection("127.0.0.1", port)
        self._open.add(downstream)
        mine, theirs = f"localhost:{self.port}", f"localhost:{self._server_port}"
        downstream.write(head.replace(mine.encode(), theirs.encode()))
        try:
            await asyncio.gather(
                _pump(reader, downstream), self._pump_back(upstream, writer, is_socket)
            )
        finally:
            self._open.discard(downstream)
            downstream.transport.abort()

    async def _pump_back(
        self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, is_socket: bool
    ) -> None:
        if is_socket and self.weather is Weather.RUBBISH_FRAMES:
            writer.write(await upstream.readuntil(HEAD_END))
            rubbish = os.urandom(100)
            writer.write(bytes([0x82, len(rubbish)]) + rubbish)
            await writer.drain()
            await upstream.read()
        slow = self.weather is Weather.SLOW
        while chunk := await upstream.read(SLOW_BYTES if slow and is_socket else CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
            if slow and is_socket:
                await asyncio.sleep(SLOW_PAUSE_S)
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def front_of(server_port: int) -> AsyncIterator[Front]:
    """A network before a server that listens on this machine."""
    front = Front(server_port)
    server = await asyncio.start_server(front.take, "127.0.0.1", 0)
    front.port = server.sockets[0].getsockname()[1]
    try:
        yield front
    finally:
        server.close()
        await front.close()
        await server.wait_closed()
