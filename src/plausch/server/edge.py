"""The listening port: HTTP routes, WebSocket upgrades, and the connections that are open.

Thin: a connection comes in by a `Door` and is answered there, or becomes a WebSocket; frames are
read by `wire.session`, carried out by `dispatch`. One shared timer goes round all WebSockets (a
wheel of buckets, one bucket each second), so a silent one costs nothing.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from multidict import CIMultiDict
from picows import WSAutoPingStrategy, WSTransport, WSUpgradeRequest
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # its stub leaves it out

from plausch.base.durations import MINUTE_MS
from plausch.base.errors import PlauschError
from plausch.base.http import Answer, Request
from plausch.server import routes
from plausch.server.cards import Cards
from plausch.server.config import ServerConfig
from plausch.server.connection import Connection
from plausch.server.dispatch import Dispatch
from plausch.server.door import Door
from plausch.server.entrance import Entrance
from plausch.server.figures import Figures
from plausch.server.health import Health
from plausch.server.hub import Hub
from plausch.server.places import Places
from plausch.server.repairs import Repairs
from plausch.server.site import Site
from plausch.server.turnstile import Turnstile
from plausch.server.unread import Unread
from plausch.wire import frames as f
from plausch.wire.codec import BUNDLE_BYTES

log = logging.getLogger("plausch.server")

READ_BUFFER_BYTES = 2048
READ_AT_ONCE_BYTES = 256 * 1024
"""Most bytes taken from a socket before it is asked whether to go on reading. Without a bound
picows doubles its buffer for whoever sends fast, and pausing comes only after all of it."""

OVERSIZE_BYTES = 64 * 1024
"""A frame that is too large by up to this much is told so in a sentence; beyond it, the WebSocket
is closed at the header, before the frame takes memory."""

DRAIN_TIMEOUT_S = 3.0
DISK_TIMEOUT_S = 15.0
"""As long as the database may take for a statement."""

COMPLAINT_PAUSE_S = 60.0
ORIGIN_CHARACTERS = 100

DOOR_TIMEOUT_S = 0.5
BACK_MS = 2
"""Between two devices that come back after a restart, on average."""

MOST_SPREAD_MS = 30_000
FULL_MS = MINUTE_MS
"""For an address that has all its connections."""

_NO_HEADERS: CIMultiDict[str] = CIMultiDict()


class _BoundedReading(WSProtocol):  # type: ignore[misc]  # picows has no types for it
    """picows' protocol, which reads no more at once than can be held back."""

    __slots__ = ()

    def get_buffer(self, size_hint: int) -> memoryview:
        """Where the next bytes go."""
        buffer: memoryview = super().get_buffer(size_hint)
        return buffer[:READ_AT_ONCE_BYTES]


class Edge:
    """Opens the port and keeps the connections."""

    def __init__(
        self,
        config: ServerConfig,
        hub: Hub,
        dispatch: Dispatch,
        site: Site | None,
        cards: Cards,
        repairs: Repairs,
        health: Health,
        figures: Figures,
    ) -> None:
        self.limits = config.limits
        self.dispatch = dispatch
        self.port = 0
        # Connections forget their counts when they are visited, every `silence_ms`.
        self.most_pings = max(1, self.limits.pings_per_minute * self.limits.silence_ms // MINUTE_MS)
        self._config = config
        self._hub = hub
        self._site = site
        self._cards = cards
        self._repairs = repairs
        self._health = health
        self._figures = figures
        self._due_s = self._turn_s = self._complain_again_s = 0.0
        self._origins: frozenset[str] = frozenset()
        self._entrance = Entrance(lambda: Door(self))
        self.turnstile = Turnstile(max(1, self.limits.doors // 2), dispatch.logins.room)
        """For connections that ask to become a WebSocket."""
        self.draining = self.leaving = False
        self._emptied = asyncio.Event()
        self._hurry = asyncio.Event()
        self._doors: set[Door] = set()
        self._callers = Places(self.limits.doors)
        self._answers = Places(self.limits.answers_per_address)
        self._addresses = Places(self.limits.connections_per_address)
        self.unread = Unread(self.limits.unread_total_bytes)
        self._openings = Places(self.limits.openings_per_address, self.limits.openings)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wheel: list[set[Connection]] = [
            set() for _ in range(max(1, self.limits.silence_ms // 1000))
        ]
        self._turn = 0
        self._login_turns = min(max(1, self.limits.login_ms // 1000), len(self._wheel))
        self._checking = False
        self._held: list[Connection] = []
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> int:
        """Listen; the port that was bound. Raises OSError."""
        config = self._config
        loop = asyncio.get_running_loop()
        self.port = await self._entrance.open(
            config.host, config.port, shares_port=config.shares_port
        )
        self._origins = routes.allowed_origins(
            config.domain, config.host, self.port, config.origins
        )
        self._due_s = loop.time() + 1.0
        self._timer = loop.call_later(1.0, self._turn_wheel)
        return self.port

    async def stop(self) -> None:
        """Send who comes elsewhere for `drain_ms`, then accept no more, carry out what was begun,
        say good-bye, close."""
        if self.port and self._config.drain_ms:
            self.leaving = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._config.drain_ms / 1000)
        await self._entrance.close()
        with suppress(TimeoutError):  # who came in the last moment was not told to go elsewhere
            async with asyncio.timeout(DOOR_TIMEOUT_S):
                while any(door.owes_answer for door in self._doors):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        self.leaving = self.draining = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in self.open_connections():
            connection.press()  # devices that never pause would keep it from coming to an end
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        draining = asyncio.ensure_future(self.dispatch.drain())
        await asyncio.wait((draining,), timeout=DISK_TIMEOUT_S)
        if is_drained := draining.done():
            draining.result()
        else:
            log.error("The database does not answer: what it still takes is told to nobody.")
        if self._tasks or self._hub.owes_pushes or not is_drained:
            self._hub.untold()  # it will be done, perhaps
        open_connections = self.open_connections()
        spread_ms = min(len(open_connections) * BACK_MS, MOST_SPREAD_MS) + 1
        for connection in open_connections:
            # Not all at once: to the other gateways, or to this one when it is back.
            rest_ms = 1_000 + random.randrange(spread_ms)  # nosec B311
            connection.close(
                "server_restart", "The server restarts; connect again in a moment.", rest_ms
            )
        if self.connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), DRAIN_TIMEOUT_S)
        for door in list(self._doors):
            door.cut()

    def hurry(self) -> None:
        """Do not wait any longer for who might still come."""
        self._hurry.set()

    # --- for doors -----------------------------------------------------------------------

    def arrived(self, door: Door, peer: str) -> bool:
        """Somebody connected; False when there is no place for them. When half of the places are
        taken, an address has a quarter of them at most; a proxy, which is everybody, has all."""
        most, taken = self.limits.doors, len(self._doors)
        if taken >= most:
            return False
        if not self._config.behind_proxy:
            caller = routes.client_address(_NO_HEADERS, peer, behind_proxy=False)
            if taken >= max(1, most // 2) and self._callers.of(caller) >= max(1, most // 4):
                return False
            self._callers.take(caller)
            door.caller = caller
        self._doors.add(door)
        return True

    def queue_up(self, door: Door, request: Request, peer: str) -> None:
        """It may become a WebSocket, when it is its turn."""
        door.waits_as = routes.client_address(request.headers, peer, self._config.behind_proxy)
        self.turnstile.admit(door.waits_as, door)

    def departed(self, door: Door) -> None:
        """A connection is gone, or has become a WebSocket."""
        self._doors.discard(door)
        if door.address:
            self._answers.give_back(door.address)
            door.address = ""
        if door.caller:
            self._callers.give_back(door.caller)
            door.caller = ""
        self.turnstile.forget(door.waits_as, door)

    def answer(self, door: Door, request: Request, peer: str) -> Answer | Awaitable[Answer] | None:
        """The answer to a request, now or when it comes; None when it becomes a WebSocket."""
        if routes.is_socket(request):
            refusal = routes.socket_refusal(request, self._origins, self.leaving)
            if refusal is not None and refusal.status is HTTPStatus.FORBIDDEN:
                self._foreign_page(request.headers.get("origin", ""))
            return refusal
        address = routes.client_address(request.headers, peer, self._config.behind_proxy)
        if not self._answers.take(address):
            text = "Too many requests of this address are being answered; try again.\n"
            return routes.page(HTTPStatus.TOO_MANY_REQUESTS, text, **{"Retry-After": "5"})
        door.address = address
        if self._health.wants(request):
            return self._health.answer(self.leaving)
        if self._cards.wants(request):
            return self._card(request)
        return routes.answer(request, self._config.domain, self._site)

    def _foreign_page(self, origin: str) -> None:
        """The browser tells its page no reason: only the operator can find it, here."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._complain_again_s:
            self._complain_again_s = now_s + COMPLAINT_PAUSE_S
            log.warning(
                "Pages of %s may not connect; if people come to this server there, allow it "
                "with --origin.",
                ascii(origin[:ORIGIN_CHARACTERS]),
            )

    async def _card(self, request: Request) -> Answer:
        """A business's page; without one, or without a database, what is there for everybody."""
        try:
            found = await self._cards.answer(request)
        except PlauschError as error:
            log.error("A page could not be shown: %s", error)
            found = None
        return found or routes.answer(request, self._config.domain, self._site)

    def websocket(self) -> Any:
        """picows' protocol for a connection that has just asked for the upgrade."""
        return _BoundedReading(
            host_port=None,
            ws_path=None,
            is_client_side=False,
            ws_listener_factory=lambda request: Connection(self),
            logger=_QUIET,
            disconnect_on_exception=True,
            websocket_handshake_timeout=None,  # its request is complete
            enable_auto_ping=False,
            auto_ping_idle_timeout=0,
            auto_ping_reply_timeout=0,
            auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
            enable_auto_pong=False,  # it would answer whether or not the answers are read
            max_frame_size=BUNDLE_BYTES + OVERSIZE_BYTES,
            extra_headers=None,
            read_buffer_init_size=READ_BUFFER_BYTES,
        )

    # --- for connections -----------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._addresses.taken

    def entered(self, connection: Connection, transport: WSTransport) -> int:
        """A WebSocket is open: 0; or, when there is no place for it, in how many milliseconds it
        may come again."""
        request: WSUpgradeRequest = transport.request
        peer = transport.underlying_transport.get_extra_info("peername")
        address = routes.client_address(request.headers, str(peer[0]), self._config.behind_proxy)
        # The upgrade is 2 KiB that nobody needs for as long as the connection lasts.
        request.headers = transport.response.headers = _NO_HEADERS
        request.method = request.path = request.version = b""
        if not self._addresses.take(address):
            return FULL_MS
        if not self._openings.take(address):
            self._addresses.give_back(address)
            return self._turn_away()
        connection.address, connection.is_opening = address, True
        connection.slot = (self._turn + self._login_turns) % len(self._wheel)
        self._wheel[connection.slot].add(connection)
        return 0

    def _turn_away(self) -> int:
        """Logins take a moment each: who finds no place is given a turn of its own, so that those
        who were turned away do not come back all at once."""
        now_s = asyncio.get_running_loop().time()
        self._turn_s = max(self._turn_s + BACK_MS / 1000, now_s + 1.0)
        wait_ms = round((self._turn_s - now_s) * 1000)
        if wait_ms <= MOST_SPREAD_MS:
            return wait_ms
        return random.randrange(1_000, MOST_SPREAD_MS)  # nosec B311

    def admitted(self, connection: Connection) -> None:
        """A connection has a device, or is one half of a pairing, which has a place of its own for
        as long as it lasts: another one may be opened."""
        if connection.is_opening:
            connection.is_opening = False
            self._openings.give_back(connection.address)

    def left(self, connection: Connection) -> None:
        """A WebSocket is gone."""
        bucket = self._wheel[connection.slot]
        if connection not in bucket:
            return
        bucket.discard(connection)
        self._addresses.give_back(connection.address)
        self.admitted(connection)
        if not self.connections and self.draining:
            self._emptied.set()
        self.closing(connection)

    def closing(self, connection: Connection) -> None:
        """The connection speaks for nobody any more."""
        self.dispatch.pairings.leave(connection)
        if connection.device is not None:
            self._hub.leave(connection.device.uri, connection)

    def hello(self, nonce: bytes) -> f.Hello:
        """The first frame of a connection."""
        config = self._config
        return f.Hello(f.PROTOCOL_VERSION, config.domain, nonce, config.registration)

    def hold(self, connection: Connection) -> None:
        """Let it go when this turn of the loop is over."""
        if not self._held:
            asyncio.get_running_loop().call_soon(self._let_go)
        self._held.append(connection)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry out a request that takes more than a moment."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ran)

    # --- within --------------------------------------------------------------------------

    def _let_go(self) -> None:
        held, self._held = self._held, []
        for connection in held:
            try:
                connection.let_go()
            except Exception as error:  # a bug of ours in one connection: the others are answered
                log.error("Answers could not be sent.", exc_info=error)

    def open_connections(self) -> list[Connection]:
        """All WebSockets."""
        return [connection for bucket in self._wheel for connection in bucket]

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A request failed unexpectedly.", exc_info=task.exception())

    def _turn_wheel(self) -> None:
        loop = asyncio.get_running_loop()
        self._figures.lags.add(max(0.0, loop.time() - self._due_s))
        self._due_s = loop.time() + 1.0
        self._timer = loop.call_later(1.0, self._turn_wheel)
        self._turn = (self._turn + 1) % len(self._wheel)
        if not self._turn:
            self._hub.doubt()
        self.dispatch.pairings.sweep()
        visited = list(self._wheel[self._turn])
        for connection in visited:
            connection.visit()
        if visited and not self._checking:
            self._checking = True
            self.run(self._check_listed(visited))
        if self._repairs.due(self._turn, len(self._wheel)):
            self.run(self._repairs.run(self._turn, visited))

    async def _check_listed(self, connections: list[Connection]) -> None:
        try:
            await self.dispatch.close_unlisted(connections)
        finally:
            self._checking = False


class _Quiet:
    """What picows logs with: it would write addresses and paths; only our own bugs are kept."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the name logging uses
        """Nothing below an exception is wanted."""
        return False

    def info(self, message: str, *values: object) -> None:
        """Drop it."""

    debug = warning = error = info

    def log(self, level: int, message: str, *values: object) -> None:
        """Drop it."""

    def exception(self, message: str, *values: object) -> None:
        """An exception in a connection's own code: a bug."""
        log.exception("A connection failed unexpectedly.")


_QUIET = _Quiet()
