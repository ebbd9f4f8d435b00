"""Where devices come in, no faster than the event loop can carry them.

After another server process has died, all of its devices come at once. Whoever lets all in who wait
spends the next turns of the loop on greetings and logins, and everybody who is connected waits for
seconds. So a few are let in at a time, then the loop has a pause for the others, and the number
follows from how late it comes back. There are two gates, because both are crowded by themselves:
the kernel's queue of connections, and the connections that ask to become a WebSocket.
"""

import asyncio
import errno
import logging
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger("plausch.server")

BACKLOG = 4096
PAUSE_S = 0.01
LATE_S = 0.025
"""A loop that comes back later than this has too much to do."""

FEWEST, MOST = 4, 16
"""Connections let in at a time: also a loop that is always busy lets some in."""

NO_FILES_PAUSE_S = 1.0
_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Pace:
    """How many connections are let in at a time: one more after each pause that was in time,
    half as many after one that was not."""

    def __init__(self) -> None:
        self.quota = FEWEST

    def paused(self, late_s: float) -> None:
        """A pause has ended so much later than it was to end."""
        self.quota = max(FEWEST, self.quota // 2) if late_s > LATE_S else min(MOST, self.quota + 1)


class Turnstile:
    """Calls what it is given, in order: at once when nobody waits, else a few after each pause."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._waiting: deque[Callable[[], None]] = deque()
        self._left = self._pace.quota
        self._pause: asyncio.TimerHandle | None = None

    def admit(self, enter: Callable[[], None]) -> None:
        """Call `enter` when it is its turn."""
        if self._pause is None:
            self._rest()
        if self._left and not self._waiting:
            self._left -= 1
            enter()
        else:
            self._waiting.append(enter)

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + PAUSE_S
        self._pause = loop.call_at(due_s, self._go_on, due_s)

    def _go_on(self, due_s: float) -> None:
        self._pause = None
        self._pace.paused(asyncio.get_running_loop().time() - due_s)
        self._left = self._pace.quota
        if self._waiting:
            self._rest()
        while self._left and self._waiting:
            self._left -= 1
            self._waiting.popleft()()


class Entrance:
    """Listens at every address of a host, and gives each connection a protocol."""

    def __init__(self, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self._protocol = protocol
        self._pace = Pace()
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
        """Let in who waits by now, at whatever pace, for the kernel would cut them off; then accept
        nobody any more."""
        loop = asyncio.get_running_loop()
        for pause in self._pauses:
            pause.cancel()
        self._pauses.clear()
        for one in self._sockets:
            loop.remove_reader(one)
            with suppress(OSError):  # at the latest when nobody waits
                for _ in range(BACKLOG):
                    self._let_in(one)
            one.close()
        self._sockets.clear()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _listen(self, listening: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Somebody waits: let in as many as may be, then have a pause."""
        for _ in range(self._pace.quota):
            try:
                self._let_in(listening)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno not in _NO_FILES:  # of that connection, which is gone
                    continue
                log.error("No connection can be accepted: %s.", error.strerror)
                self._rest(listening, NO_FILES_PAUSE_S)
                return
        self._rest(listening, PAUSE_S)

    def _let_in(self, listening: socket.socket) -> None:
        """Raises OSError."""
        connection, _ = listening.accept()
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._welcome(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _rest(self, listening: socket.socket, pause_s: float) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        due_s = loop.time() + pause_s

        def go_on() -> None:
            self._pauses.discard(pause)
            self._pace.paused(loop.time() - due_s)
            self._listen(listening)

        pause = loop.call_at(due_s, go_on)
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
