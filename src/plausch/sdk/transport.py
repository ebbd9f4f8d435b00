"""The connection that comes back: connect, log in, and again with patience after each loss.

Delays grow exponentially with full jitter, so that ten thousand devices do not return in the
same second after a server's restart.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from plausch.base.errors import PlauschError
from plausch.identity.login import sign_login
from plausch.sdk.connection import Connection, Push, connect
from plausch.sdk.errors import SdkError, ServerMisbehaved, ServerRefused, Unreachable
from plausch.sdk.vault.own import Own
from plausch.wire import frames as f
from plausch.wire.maintenance import MAINTENANCE, NOT_NOW

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 60.0
WAIT_ONLINE_S = 15.0

A = TypeVar("A", bound=f.Frame)


def jittered_delay_s(attempt: int) -> float:
    """How long to wait before connecting again: anything up to the bound of this attempt."""
    bound = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(attempt, 16))
    return secrets.SystemRandom().uniform(0.0, bound)


async def log_in(connection: Connection, hello: f.Hello, own: Own) -> f.LoggedIn:
    """Answer the server's challenge. Raises ServerRefused, ServerMisbehaved, Unreachable."""
    if hello.domain != own.device.account.domain:
        raise ServerMisbehaved(
            f"The server at {own.server_url} says that it is {hello.domain[:128]!r}; this account "
            f"lives at {own.device.account.domain}."
        )
    signature = sign_login(own.device_key, hello.domain, hello.nonce, own.device)
    return await connection.ask(
        lambda request_id: f.Login(request_id, own.device.uri, signature), f.LoggedIn
    )


class Transport:
    """Keeps one logged-in connection for as long as it is open.

    `on_online` is run in a task of its own after each login; `on_push` at each push.
    """

    def __init__(
        self,
        url: str,
        own: Own,
        on_push: Callable[[Push], None],
        on_online: Callable[[f.LoggedIn], Awaitable[None]],
        on_change: Callable[[bool, str], None],
    ) -> None:
        self._url = url
        self._own = own
        self._on_push = on_push
        self._on_online = on_online
        self._on_change = on_change
        self._connection: Connection | None = None
        self._online = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._rest_s = 0.0
        self._maintenance: ServerRefused | None = None
        self.generation = 0
        """Counts the connections; what was looked up on one may be stale on the next."""
        self.failure: PlauschError | None = None
        """Why there is no connection; None while there is one or before the first attempt."""

    @property
    def online(self) -> bool:
        """Connected and logged in."""
        connection = self._connection
        return self._online.is_set() and connection is not None and not connection.lost.done()

    @property
    def hindrance(self) -> ServerRefused | None:
        """Why the server takes nothing from this device, if it has said so: it does not let it log
        in, or takes nothing new from anybody."""
        return self.failure if isinstance(self.failure, ServerRefused) else self._maintenance

    def start(self) -> None:
        """Begin to connect, in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._stay_connected(), name="transport")

    async def close(self) -> None:
        """Disconnect and stay so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def wait_online(self, within_s: float = WAIT_ONLINE_S) -> None:
        """Return when there is a connection. Raises the latest failure, or Unreachable."""
        if self.online:
            return
        if self._task is None:
            raise SdkError("The client is not connected: use it inside `async with client:`.")
        self._online.clear()  # the loss may be so recent that the task has not noticed yet
        self._hurry.set()
        try:
            async with asyncio.timeout(within_s):
                await self._online.wait()
        except TimeoutError as error:
            if self.failure is not None:
                raise self.failure from error
            raise Unreachable(
                f"No connection to {self._url} came about within {within_s:.0f} seconds."
            ) from error

    async def ask(self, build: Callable[[int], f.ClientFrame], answer: type[A]) -> A:
        """A request on the present connection. Raises ServerRefused, Unreachable at once if there
        is none, ServerMisbehaved."""
        if self._connection is None or not self.online:
            raise Unreachable("There is no connection to the server right now.")
        kinds: list[type[f.Frame]] = []

        def noted(request_id: int) -> f.ClientFrame:
            frame = build(request_id)
            kinds.append(type(frame))
            return frame

        try:
            received = await self._connection.ask(noted, answer)
        except ServerRefused as error:
            if error.code == MAINTENANCE:
                self._maintenance = error
            raise
        if kinds[0] in NOT_NOW:
            self._maintenance = None
        return received

    def tell(self, frame: f.ClientFrame) -> None:
        """A frame without an answer; nothing happens when there is no connection."""
        if self._connection is None or not self.online:
            return
        try:
            self._connection.tell(frame)
        except Unreachable:
            return  # acknowledgements are repeated by the next one

    # --- inside ------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        attempt = 0
        while True:
            try:
                if await self._one_connection():
                    attempt = 0
            except PlauschError as error:
                self.failure = error
                self._on_change(False, str(error))
            rest_s, self._rest_s = self._rest_s, 0.0
            await self._pause(max(jittered_delay_s(attempt), rest_s), rest_s)
            attempt += 1

    async def _pause(self, delay_s: float, rest_s: float = 0.0) -> None:
        """Wait, unless somebody is in a hurry; what the server asks for is kept in any hurry."""
        self._hurry.clear()
        if rest_s:
            await asyncio.sleep(rest_s)
            delay_s -= rest_s
        try:
            async with asyncio.timeout(delay_s):
                await self._hurry.wait()
        except TimeoutError:
            return
        # At most a few attempts a second, however great the hurry.
        await asyncio.sleep(min(delay_s, FIRST_DELAY_S))

    async def _one_connection(self) -> bool:
        """Connect, log in, stay until it is lost; whether the login succeeded."""
        connection, hello = await connect(self._url, self._on_push)
        greeting: asyncio.Task[None] | None = None
        try:
            logged_in = await log_in(connection, hello, self._own)
            self._connection = connection
            self.generation += 1
            self.failure = self._maintenance = None
            self._online.set()
            self._on_change(True, "")
            greeting = asyncio.create_task(self._greet(logged_in), name="greeting")
            ending: tuple[Awaitable[object], ...] = (connection.lost, greeting)
            await asyncio.wait(
                [asyncio.ensure_future(one) for one in ending],
                return_when=asyncio.FIRST_COMPLETED,
            )
            if greeting.done():
                greeting.result()  # raises what makes this connection useless: begin anew
            reason = await asyncio.shield(connection.lost)
            self.failure = Unreachable(f"There is no connection to the server: {reason}.")
            self._on_change(False, str(self.failure))
            return True
        finally:
            self._rest_s = min(connection.rest_ms / 1000, LONGEST_DELAY_S)
            self._online.clear()
            self._connection = None
            if greeting is not None:
                greeting.cancel()
            await connection.disconnect()  # first, so that what waits for an answer ends
            if greeting is not None:
                await asyncio.gather(greeting, return_exceptions=True)

    async def _greet(self, logged_in: f.LoggedIn) -> None:
        try:
            await self._on_online(logged_in)
        except Unreachable:
            return  # the connection went again; the next one begins anew
