"""One side of a pairing at the server: messages out and in, each once and in order, over as many
connections as it takes.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass

from plausch.base.errors import PlauschError
from plausch.sdk.address import socket_url
from plausch.sdk.connection import Connection, connect
from plausch.sdk.errors import SdkError, ServerMisbehaved, ServerRefused, Unreachable
from plausch.sdk.pairing import ShownBy
from plausch.wire import frames as f

PAIRING_S = 600.0
"""A pairing that takes longer is over: the server forgets it then."""

TOKEN_BYTES = 16
AGAIN_S = 1.0
LONGEST_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Meeting:
    """Whose side it is, and how its server is reached.

    `domain`: where the account lives, if that is known yet; a server that says to be another one
    is refused. `token` makes this side ours.
    """

    server_url: str
    pairing: bytes
    side: ShownBy
    domain: str = ""
    token: bytes = b""


class PairingLine:
    """One side. It connects at once, and again, until it is closed or over."""

    def __init__(self, meeting: Meeting) -> None:
        """Needs a running event loop."""
        self._meeting = meeting
        self._token = meeting.token or secrets.token_bytes(TOKEN_BYTES)
        self._sent: list[tuple[bytes, asyncio.Future[None]]] = []
        self._came: deque[bytes] = deque()
        self._received = 0
        self._moved = asyncio.Event()
        self._failure: PlauschError | None = None
        self._connection: Connection | None = None
        self._is_entering = False
        self._domain = ""
        self._delivering: set[asyncio.Task[None]] = set()
        self._end_of_time = asyncio.get_running_loop().call_later(
            PAIRING_S, self._fail, _nobody_came()
        )
        self._staying = asyncio.create_task(self._stay(), name="pairing")

    @property
    def domain(self) -> str:
        """Where the server says that accounts live; "" before it is reached."""
        return self._domain

    @property
    def has_met(self) -> bool:
        """Whether the server has let this side in, on the connection that there is."""
        return self._connection is not None

    async def send(self, message: bytes) -> None:
        """Returns when the server has it. Raises what ends the pairing."""
        self._demand_open()
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        taken.add_done_callback(_retrieved)
        self._sent.append((message, taken))
        if self._connection is not None:
            self._deliver(self._connection, len(self._sent))
        await taken

    async def receive(self) -> bytes:
        """The other side's next message. Raises what ends the pairing.

        The server passes on what waits a moment before it says that this side is let in: nobody
        hears it before, so that whoever declines at once can say so.
        """
        while not self._came or self._is_entering:
            self._demand_open()
            self._moved.clear()
            await self._moved.wait()
        return self._came.popleft()

    async def end(self) -> None:
        """It is done: the server forgets it, and the other side's connection ends."""
        try:
            if self._connection is not None:
                await self._connection.ask(f.EndPairing, f.Done)
        except (ServerRefused, Unreachable):
            pass  # the server forgets it anyway, a little later
        finally:
            await self.close()

    async def close(self) -> None:
        """Leave it; whoever waits is told so."""
        self._fail(SdkError("Linking was cancelled.", code="link_cancelled"))
        self._staying.cancel()
        await asyncio.gather(self._staying, *self._delivering, return_exceptions=True)

    # --- inside ------------------------------------------------------------------------------

    async def _stay(self) -> None:
        again_s = AGAIN_S
        while self._failure is None:
            try:
                await self._one_connection()
                again_s = AGAIN_S
            except Unreachable:
                again_s = min(2 * again_s, LONGEST_AGAIN_S)
            except PlauschError as error:
                self._fail(error)
                return
            await asyncio.sleep(again_s)

    async def _one_connection(self) -> None:
        """Until it is lost. Raises SdkError, ServerRefused, ServerMisbehaved, Unreachable."""
        meeting = self._meeting
        url = socket_url(meeting.server_url)
        connection, hello = await connect(url, self._hear)
        try:
            if meeting.domain and hello.domain != meeting.domain:
                raise ServerMisbehaved(
                    f"The server at {url} says that it is {hello.domain[:128]!r}; this account "
                    f"lives at {meeting.domain}."
                )
            self._domain = hello.domain
            self._is_entering = True
            await connection.ask(self._opening, f.Done)
            self._connection = connection
            self._entered()
            # All of them: a server that was restarted has none, and passes over what it has.
            for number in range(1, len(self._sent) + 1):
                self._deliver(connection, number)
            await asyncio.shield(connection.lost)
            _demand_more(connection.closing_code)
        except Unreachable:
            _demand_more(connection.closing_code)
            raise
        finally:
            self._connection = None
            self._entered()
            await connection.disconnect()

    def _entered(self) -> None:
        self._is_entering = False
        self._moved.set()

    def _opening(self, request_id: int) -> f.OpenPairing:
        meeting = self._meeting
        return f.OpenPairing(request_id, meeting.pairing, meeting.side, self._token, self._received)

    def _deliver(self, connection: Connection, number: int) -> None:
        task = asyncio.create_task(self._deliver_one(connection, number))
        self._delivering.add(task)
        task.add_done_callback(self._delivering.discard)

    async def _deliver_one(self, connection: Connection, number: int) -> None:
        message, taken = self._sent[number - 1]
        try:
            await connection.ask(
                lambda request_id: f.SendPairing(request_id, number, message), f.Done
            )
        except Unreachable:
            return  # the next connection sends it again
        except PlauschError as error:
            self._fail(error)
            return
        if not taken.done():
            taken.set_result(None)

    def _hear(self, push: f.Frame) -> None:
        """What comes a second time, after a lost connection, or out of its order, is passed over.

        There are few: a frame with a number above PAIRING_MESSAGES is none.
        """
        if isinstance(push, f.PairingMessage) and push.number == self._received + 1:
            self._received = push.number
            self._came.append(push.message)
            self._moved.set()

    def _fail(self, error: PlauschError) -> None:
        if self._failure is not None:
            return
        self._failure = error
        self._end_of_time.cancel()
        for _, taken in self._sent:
            if not taken.done():
                taken.set_exception(error)
        self._moved.set()

    def _demand_open(self) -> None:
        if self._failure is not None:
            raise self._failure


def _retrieved(taken: "asyncio.Future[None]") -> None:
    if not taken.cancelled():
        taken.exception()  # nobody may be waiting


def _demand_more(closing_code: str) -> None:
    """Whether another connection may go on after this one. Raises SdkError."""
    if closing_code == "pairing_over":
        raise _over()
    if closing_code == "replaced":
        raise SdkError("This device is linking elsewhere.", code="link_cancelled")


def _nobody_came() -> SdkError:
    return SdkError(
        "Nobody came, or it took too long: begin again with a new code.", code="pairing_over"
    )


def _over() -> SdkError:
    return SdkError("This pairing is over: begin it again, with a new code.", code="pairing_over")
