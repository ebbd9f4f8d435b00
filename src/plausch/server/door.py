"""Where every TCP connection comes in: its first bytes decide whether it gets an answer of plain
HTTP here, or becomes a WebSocket and is picows' from then on.

Memory: an answer's body is one object for all who get it, handed to the transport as it is
(uvloop keeps a reference to what it could not send yet), and the kernel is asked to queue little.
A thousand readers that do not read cost a thousand sockets, not a thousand bodies.

Who asks to become a WebSocket may have to wait for its turn (turnstile.py). Meanwhile it is read
on, because a connection that is not read does not say that its other end has gone; a client says
nothing before it has its answer, so that what comes is little.

Time: a head has HEAD_TIMEOUT_S, an answer as long as SLOWEST_BYTES_PER_S needs for it. After the
last byte the connection is shut for writing and what still comes is thrown away until the client
closes: closing with unread bytes would be a reset, which can take the answer's end with it.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from plausch.base.http import HEAD_BYTES, HEAD_END, Answer, BadRequest, Request, parse_request
from plausch.server.routes import page

if TYPE_CHECKING:
    from plausch.server.edge import Edge

log = logging.getLogger("plausch.server")

HEAD_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 30.0
SLOWEST_BYTES_PER_S = 8 * 1024
LINGER_S = 2.0
THROWN_AWAY_BYTES = 256 * 1024
"""What may still come after the request, before the connection is cut."""

EARLY_BYTES = 4 * 1024
"""What may come of a connection that waits to become a WebSocket, before it is cut."""

UNSENT_BYTES = 64 * 1024
"""What the kernel queues beyond what is on its way to the reader (TCP_NOTSENT_LOWAT)."""

_FAILED = "The server failed to answer this; its operator finds the reason in the log.\n"
_CROWDED = "Too many devices connect at this moment; try again in a few seconds.\n"
_TOO_LONG = f"The head of a request has at most {HEAD_BYTES // 1024} KiB.\n"

_NOBODY = asyncio.Protocol()
"""uvloop's stream keeps the method that took its bytes before picows' buffer did, for as long as it
lives: this one's instead of the door's, which can go."""


class Door(asyncio.Protocol):
    """A connection that is no WebSocket, or not yet."""

    __slots__ = (
        "_answered",
        "_coming",
        "_edge",
        "_flushed",
        "_head",
        "_stream",
        "_thrown_away",
        "_timer",
        "_waits",
        "address",
        "caller",
        "waits_as",
    )

    def __init__(self, edge: "Edge") -> None:
        self._edge = edge
        self._answered = False
        self._coming: asyncio.Future[Answer] | None = None
        self._flushed = False
        self._head = bytearray()
        self._stream: asyncio.Transport | None = None
        self._thrown_away = 0
        self._timer: asyncio.TimerHandle | None = None
        self._waits = False
        self.address = self.caller = self.waits_as = ""
        """What an answer on its way is counted by, the connection itself, and who waits to become
        a WebSocket; "" when there is none."""

    # --- what the event loop calls -------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._stream = cast(asyncio.Transport, transport)
        if self._edge.arrived(self, self._peer()):
            self._wait(HEAD_TIMEOUT_S)
        else:
            self._stream.abort()

    def data_received(self, raw: bytes) -> None:
        """Bytes came: of the head, too early, or too late."""
        if self._waits:
            self._head += raw
            if len(self._head) > HEAD_BYTES + EARLY_BYTES:
                self.cut()
            return
        if self._answered:
            self._thrown_away += len(raw)
            if self._thrown_away > THROWN_AWAY_BYTES:
                self.cut()
            return
        looked_at = max(0, len(self._head) - len(HEAD_END) + 1)
        self._head += raw
        end = self._head.find(HEAD_END, looked_at)
        if end >= HEAD_BYTES or (end < 0 and len(self._head) >= HEAD_BYTES):
            self._send(page(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _TOO_LONG))
        elif end >= 0:
            self._decide(bytes(self._head[:end]))

    def pause_writing(self) -> None:
        """The reader is slower than we are: the kernel has not taken all of the answer."""
        self._flushed = False

    def resume_writing(self) -> None:
        """The kernel has the whole answer."""
        self._linger()

    def eof_received(self) -> bool:
        """The client says no more; whether the connection stays open for the answer's rest."""
        return self._answered and not self._flushed and not self._waits

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        self._leave()

    # --- what the edge and its turnstile call --------------------------------------------

    @property
    def owes_answer(self) -> bool:
        """Whether its request has not come yet, or its answer is looked for."""
        return not self._answered or (self._coming is not None and not self._coming.done())

    def cut(self) -> None:
        """End it now, whatever was under way."""
        if self._stream is not None:
            self._stream.abort()

    def enter(self) -> None:
        """Its turn to become a WebSocket: picows gets the connection, and all that was read."""
        stream = cast(asyncio.Transport, self._stream)
        self._waits = False
        if stream.is_closing():
            return
        if self._edge.draining:  # it was before the last ones could be let in
            stream.abort()
            return
        stream.pause_reading()  # or uvloop would hand on bytes in the way of the old protocol
        self._leave()
        protocol = self._edge.websocket()
        stream.set_protocol(_NOBODY)
        stream.set_protocol(protocol)
        protocol.connection_made(stream)
        rest = memoryview(self._head)
        while rest and not stream.is_closing():
            room = protocol.get_buffer(-1)
            count = min(len(room), len(rest))
            room[:count] = rest[:count]
            protocol.buffer_updated(count)
            rest = rest[count:]
        if not stream.is_closing():
            stream.resume_reading()

    def turn_away(self) -> None:
        """Too many wait to become a WebSocket, or it has waited for too long."""
        self._waits = False
        if not cast(asyncio.Transport, self._stream).is_closing():
            retry = {"Retry-After": "5"}
            self._send(page(HTTPStatus.SERVICE_UNAVAILABLE, _CROWDED, **retry))

    # --- within --------------------------------------------------------------------------

    def _decide(self, head: bytes) -> None:
        try:
            request = parse_request(head)
        except BadRequest as error:
            self._send(page(HTTPStatus.BAD_REQUEST, f"{error}\n"))
            return
        answer = self._edge.answer(self, request, self._peer())
        if answer is None:
            self._queue_up(request)
        elif isinstance(answer, Answer):
            self._send(answer, request)
        else:
            self._await(answer, request)

    def _queue_up(self, request: Request) -> None:
        """Others may be before it."""
        if len(self._head) > HEAD_BYTES + EARLY_BYTES:
            self.cut()
            return
        self._answered = self._waits = True
        self._wait(ANSWER_TIMEOUT_S)
        self._edge.queue_up(self, request, self._peer())

    def _peer(self) -> str:
        stream = cast(asyncio.Transport, self._stream)
        return str((stream.get_extra_info("peername") or ("",))[0])  # it may be gone already

    def _await(self, answer: Awaitable[Answer], request: Request) -> None:
        """The answer has to be looked for first; until it is found nothing more is read."""
        self._answered = True
        self._head.clear()
        self._wait(ANSWER_TIMEOUT_S)
        self._coming = asyncio.ensure_future(answer)
        self._coming.add_done_callback(lambda done: self._found(done, request))

    def _found(self, done: "asyncio.Future[Answer]", request: Request) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._send(done.result(), request)
        else:  # a bug of ours: the visitor gets a sentence, the log the place
            log.error("A page failed unexpectedly.", exc_info=error)
            self._send(page(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED), request)

    def _send(self, answer: Answer, request: Request | None = None) -> None:
        stream = cast(asyncio.Transport, self._stream)
        self._answered = self._flushed = True
        self._head.clear()
        self._wait(ANSWER_TIMEOUT_S + len(answer.body) / SLOWEST_BYTES_PER_S)
        stream.set_write_buffer_limits(high=0)
        if len(answer.body) > UNSENT_BYTES and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            kernel = stream.get_extra_info("socket")
            kernel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        if answer.body and (request is None or request.method != "HEAD"):
            stream.writelines([answer.head(), answer.body])
        else:
            stream.write(answer.head())
        stream.write_eof()
        if self._flushed:
            self._linger()

    def _linger(self) -> None:
        """Give the client a moment to read and to close; then close."""
        self._flushed = True
        self._wait(LINGER_S)

    def _wait(self, limit_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._time_is_up)

    def _time_is_up(self) -> None:
        stream = cast(asyncio.Transport, self._stream)
        if self._waits:
            self._edge.turnstile.forget(self.waits_as, self)
            self.turn_away()
        elif self._flushed:
            stream.close()
        else:
            stream.abort()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._coming is not None:
            self._coming.cancel()
        self._edge.departed(self)
