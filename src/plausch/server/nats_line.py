"""The line between gateways through NATS (core publish and subscribe, nothing is stored there).

It comes up by itself, also when NATS is not there at the beginning, and after whatever breaks. What
is published while it is down is dropped: the bus doubts, and says so to the others when it is back.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from plausch.base.errors import OperatorError

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

log = logging.getLogger("plausch.server")

CONNECT_TIMEOUT_S = 2
RETRY_S = 1.0
PING_S = 5
"""A NATS that is cut off without a word is noticed after two of these."""

WAITING_COMMANDS = 100_000
WAITING_BYTES = 128 * 1024 * 1024
"""Of what waits here and in the client to be written: a NATS that stands still is noticed after
seconds, in which others may send much."""

CLOSE_TIMEOUT_S = 3.0


class NatsMissing(OperatorError):
    """The extra `cluster` is not installed."""

    code = "nats_missing"


class NatsLine:
    """A connection to NATS, or to one of several (`nats://a:4222,nats://b:4222`)."""

    def __init__(self, url: str, root: str) -> None:
        """`root`: what all subjects begin with. Raises NatsMissing."""
        try:
            import nats  # an extra: most servers are one process
        except ImportError:
            raise NatsMissing(
                "Several server processes talk through NATS, whose client is not installed: "
                "pip install 'plausch[cluster]'."
            ) from None
        self._failure = nats.errors.Error
        self._servers = [one.strip() for one in url.split(",")]
        self._take: Callable[[bytes], None] = _ignore
        self._back: Callable[[], None] = _nothing
        self._lost: Callable[[], None] = _nothing
        self._unheard: Callable[[str], None] = _nobody
        self._inbox = f"{root}.n.{secrets.token_hex(8)}"
        self._nowhere = f"{root}.nowhere"
        self._passing: dict[str, asyncio.Future[None]] = {}
        self._barriers = 0
        self._client: Client | None = None
        self._wanted: dict[str, Subscription | None] = {f"{self._inbox}.>": None}
        self._commands: deque[tuple[str, Any, str]] = deque()
        self._waiting_bytes = 0
        self._work = asyncio.Event()
        self._is_over = False
        self._writing: asyncio.Task[None] | None = None
        self._closing = self._complained = self._was_refused = False
        self._was_told = False  # that the line is up, by its client

    def begin(
        self,
        take: Callable[[bytes], None],
        back: Callable[[], None],
        lost: Callable[[], None],
        unheard: Callable[[str], None],
    ) -> None:
        """Connect in the background. `take` gets what comes, `back` is called whenever the line is
        up again, `lost` when NATS or its client dropped something on the way here, `unheard` with
        the subject to which something was sent to which nobody listens."""
        self._take, self._back, self._lost, self._unheard = take, back, lost, unheard
        self._start(self._write())

    @property
    def is_up(self) -> bool:
        """Whether what is published now has somewhere to go. The client knows of a broken
        connection before it says so: it waits until all that it had sent is away."""
        return self._was_told and self._client is not None and self._client.is_connected

    def publish(self, subject: str, payload: bytes) -> None:
        """Send it to whoever listens now; dropped while the line is down."""
        self._send(subject, payload, "")

    def _send(self, subject: str, payload: bytes, answer_to: str) -> None:
        if not self.is_up:
            return
        if self._has_room(len(payload)):
            self._waiting_bytes += len(payload)
            self._commands.append((subject, payload, answer_to))
            self._work.set()
        else:
            self._lost()

    def _has_room(self, size_bytes: int) -> bool:
        written = 0 if self._client is None else self._client.pending_data_size
        waits = self._waiting_bytes + written + size_bytes
        return len(self._commands) < WAITING_COMMANDS and waits <= WAITING_BYTES

    def send_to(self, subject: str, payload: bytes) -> None:
        """As `publish`; NATS says so when nobody listens (`unheard`)."""
        self._send(subject, payload, f"{self._inbox}.{subject}")

    def subscribe(self, subject: str) -> None:
        """Hear it from now on, also after the line was down."""
        self._wanted.setdefault(subject, None)
        if self._client is not None:
            self._commands.append((subject, True, ""))
            self._work.set()

    def unsubscribe(self, subject: str) -> None:
        """Do not hear it any more."""
        if self._client is None:
            self._wanted.pop(subject, None)
        else:
            self._commands.append((subject, False, ""))
            self._work.set()

    async def flush(self) -> None:
        """Return when NATS has taken what was asked for before."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commands.append(("", done, ""))
        self._work.set()
        await done

    async def close(self) -> None:
        """Send what waits, and hang up."""
        with suppress(TimeoutError):
            if self.is_up:
                await asyncio.wait_for(self.flush(), CLOSE_TIMEOUT_S)
        self._closing = True
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._client is not None:
            await self._hang_up(self._client)

    async def _hang_up(self, client: "Client") -> None:
        # RuntimeError: NATS is gone, and the client still has something to write.
        with suppress(self._failure, OSError, TimeoutError, RuntimeError):
            await asyncio.wait_for(client.close(), CLOSE_TIMEOUT_S)

    # --- one writer ----------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._writing = asyncio.get_running_loop().create_task(work)
        self._writing.add_done_callback(self._wrote)

    def _wrote(self, task: asyncio.Task[None]) -> None:
        """The writer never ends by itself: that is a bug, and without one nothing would be said or
        heard until a restart."""
        if task.cancelled() or self._closing:
            return
        log.error(
            "The line to NATS failed unexpectedly; it begins anew.", exc_info=task.exception()
        )
        self._was_told = False
        self._lost()
        self._start(self._write_anew())

    async def _write_anew(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._hang_up(client)
        self._wanted = dict.fromkeys(self._wanted)
        await asyncio.sleep(RETRY_S)
        await self._write()

    async def _write(self) -> None:
        while True:
            self._is_over = False
            self._client = await self._connect()
            await self._subscribe_all()
            self._is_back()
            while not self._is_over:
                await self._work.wait()
                await self._carry_out()

    async def _connect(self) -> "Client":
        import nats

        while True:
            try:
                return await nats.connect(
                    self._servers,
                    connect_timeout=CONNECT_TIMEOUT_S,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RETRY_S,
                    ping_interval=PING_S,
                    max_outstanding_pings=1,
                    no_echo=True,
                    pending_size=-1,  # dropped while it is down, never kept for later
                    disconnected_cb=self._on_down,
                    reconnected_cb=self._on_up,
                    closed_cb=self._on_closed,
                    error_cb=self._on_error,
                )
            except (self._failure, OSError, TimeoutError) as error:
                self._complain(error)
            await asyncio.sleep(RETRY_S)

    def _is_back(self) -> None:
        if self._complained:
            log.warning("NATS is there.")
        self._was_told, self._complained = True, False
        self._back()

    def _complain(self, error: Exception | None = None) -> None:
        """Once, until it is back."""
        if not self._complained and not self._closing:
            self._complained = True
            reason = "the connection ended" if error is None else type(error).__name__
            log.error(
                "NATS cannot be reached (%s): devices on other server processes are told late "
                "until it is there.",
                reason,
            )

    async def _subscribe_all(self) -> None:
        for subject in list(self._wanted):
            await self._do(subject, True, "")

    async def _carry_out(self) -> None:
        self._work.clear()
        while self._commands:
            subject, what, answer_to = self._commands.popleft()
            if isinstance(what, bytes):
                self._waiting_bytes -= len(what)
            await self._do(subject, what, answer_to)

    async def _do(self, subject: str, what: Any, answer_to: str) -> None:
        client = self._client
        assert client is not None  # nosec B101
        try:
            if isinstance(what, bytes):
                await client.publish(subject, what, answer_to)
            elif what is True:
                if self._wanted.get(subject) is None:
                    self._wanted[subject] = await client.subscribe(subject, cb=self._came)
            elif what is False:
                subscription = self._wanted.pop(subject, None)
                if subscription is not None:
                    await subscription.unsubscribe()
            else:
                await self._pass_barrier(client)
                if not what.done():
                    what.set_result(None)
        except (self._failure, OSError, TimeoutError, RuntimeError):  # the last: as in close()
            if isinstance(what, bytes):
                self._lost()
            elif isinstance(what, asyncio.Future) and not what.done():
                what.set_exception(TimeoutError())

    async def _pass_barrier(self, client: "Client") -> None:
        """Return when NATS has taken all that was asked for before: it answers in order that nobody
        listens where this goes. The client's own flush does not do: its PING overtakes what the
        client has not written yet. Raises TimeoutError, and as publish."""
        if not client.is_connected:
            raise TimeoutError
        self._barriers += 1
        name = f"flush.{self._barriers}"
        passed = self._passing[name] = asyncio.get_running_loop().create_future()
        try:
            await client.publish(self._nowhere, b"", f"{self._inbox}.{name}")
            await asyncio.wait_for(passed, CONNECT_TIMEOUT_S)
        finally:
            del self._passing[name]

    # --- what NATS says ------------------------------------------------------------------

    async def _came(self, message: "Msg") -> None:
        if message.subject.startswith(self._inbox):  # only NATS itself answers there
            about = message.subject[len(self._inbox) + 1 :]
            passed = self._passing.get(about)
            if passed is None:
                self._unheard(about)
            elif not passed.done():
                passed.set_result(None)
        else:
            self._take(message.data)

    async def _on_down(self) -> None:
        self._was_told = False
        self._complain()

    async def _on_up(self) -> None:
        self._is_back()

    async def _on_closed(self) -> None:
        """The client has given up, for instance because it was not let in."""
        self._was_told = False
        self._complain()
        self._wanted = dict.fromkeys(self._wanted)
        self._is_over = True
        self._work.set()

    async def _on_error(self, error: Exception) -> None:
        self._lost()
        if not self.is_up:
            self._complain(error)
        elif not self._was_refused and "permissions violation" in str(error).lower():
            self._was_refused = True
            log.error(
                "NATS does not let this server publish or listen where it has to: allow its user "
                "both on the subjects plausch.> (%s).",
                str(error)[:200],
            )


def _ignore(payload: bytes) -> None:
    """Nobody listens yet."""


def _nobody(subject: str) -> None:
    """Nobody waits yet."""


def _nothing() -> None:
    """Nobody waits yet."""
