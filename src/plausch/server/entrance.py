"""Where connections come in: all who wait in the kernel's queue, as soon as the loop comes round.

A connection costs little until it asks to become a WebSocket, and there it waits (turnstile.py).
Whoever waits in the kernel's queue waits unseen: a load balancer's question would stand behind
thousands of devices, and who has given up is counted as one who waits.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

log = logging.getLogger("plausch.server")

BACKLOG = 4096
ACCEPTED_AT_ONCE = 16
"""Then others have their turn of the loop; a few milliseconds."""

NO_FILES_PAUSE_S = 1.0
_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Entrance:
    """Listens at every address of a host, and gives each connection a protocol."""

    def __init__(self, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self._protocol = protocol
        self._sockets: list[socket.socket] = []
        self._pauses: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int, *, shares_port: bool = False) -> int:
        """Listen; the port that was bound first. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                one = socket.socket(family, kind, protocol)
                self._sockets.append(one)
                _prepare(one, shares_port=shares_port)
                one.bind(address)
                one.listen(BACKLOG)
        except OSError:
            await self.close()
            raise
        for one in self._sockets:
            self._listen(one)
        return int(self._sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Let in who waits by now, for the kernel would cut them off; then accept nobody any
        more."""
        loop = asyncio.get_running_loop()
        for pause in self._pauses:
            pause.cancel()
        self._pauses.clear()
        for one in self._sockets:
            loop.remove_reader(one)
            self._let_in(one, BACKLOG)
            one.close()
        self._sockets.clear()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _listen(self, listening: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Somebody waits: let them in; the loop calls again while others do."""
        error = self._let_in(listening, ACCEPTED_AT_ONCE)
        if error is not None:
            log.error("No connection can be accepted: %s.", error.strerror)
            self._rest(listening)

    def _let_in(self, listening: socket.socket, most: int) -> OSError | None:
        """Let in who waits; what keeps the others out, if anything does."""
        for _ in range(most):
            try:
                connection, _ = listening.accept()
            except (BlockingIOError, InterruptedError):
                return None
            except OSError as error:
                if error.errno in _NO_FILES:
                    return error
                continue  # of that connection, which is gone
            connection.setblocking(False)
            task = asyncio.get_running_loop().create_task(self._welcome(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return None

    def _rest(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)

        def go_on() -> None:
            self._pauses.discard(pause)
            self._listen(listening)

        pause = loop.call_later(NO_FILES_PAUSE_S, go_on)
        self._pauses.add(pause)

    async def _welcome(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:  # gone already
            connection.close()


def _prepare(listening: socket.socket, *, shares_port: bool) -> None:
    listening.setblocking(False)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shares_port:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listening.family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
