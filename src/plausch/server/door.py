"""Where every TCP connection comes in: its first bytes decide whether it gets an answer of plain
HTTP here, or becomes a WebSocket and is picows' from then on.

Memory: an answer's body is one object for all who get it, handed to the transport as it is
(uvloop keeps a reference to what it could not send yet), and the kernel is asked to queue little.
A thousand readers that do not read cost a thousand sockets, not a thousand bodies.

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

UNSENT_BYTES = 64 * 1024
"""What the kernel queues beyond what is on its way to the reader (TCP_NOTSENT_LOWAT)."""

_FAILED = "The server failed to answer this; its operator finds the reason in the log.\n"
_TOO_LONG = f"The head of a request has at most {HEAD_BYTES // 1024} KiB.\n"


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
        "address",
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
        self.address = ""
        """What an answer on its way is counted by; "" when there is none."""

    # --- what the event loop calls -------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._stream = cast(asyncio.Transport, transport)
        if self._edge.arrived(self):
            self._wait(HEAD_TIMEOUT_S)
        else:
            self._stream.abort()

    def data_received(self, raw: bytes) -> None:
        """Bytes came: of the head, or too late."""
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
        return self._answered and not self._flushed

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        self._leave()

    # --- what the edge calls -------------------------------------------------------------

    @property
    def owes_answer(self) -> bool:
        """Whether its request has not come yet, or its answer is looked for."""
        return not self._answered or (self._coming is not None and not self._coming.done())

    def cut(self) -> None:
        """End it now, whatever was under way."""
        if self._stream is not None:
            self._stream.abort()

    # --- within --------------------------------------------------------------------------

    def _decide(self, head: bytes) -> None:
        stream = cast(asyncio.Transport, self._stream)
        try:
            request = parse_request(head)
        except BadRequest as error:
            self._send(page(HTTPStatus.BAD_REQUEST, f"{error}\n"))
            return
        peer = stream.get_extra_info("peername") or ("",)  # it may be gone already
        answer = self._edge.answer(self, request, str(peer[0]))
        if answer is None:
            self._queue_up(stream)
        elif isinstance(answer, Answer):
            self._send(answer, request)
        else:
            self._await(answer, request)

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

    def _queue_up(self, stream: asyncio.Transport) -> None:
        """Others may be before it; until then nothing more is read."""
        self._answered = True
        self._wait(ANSWER_TIMEOUT_S)
        stream.pause_reading()
        self._edge.turnstile.admit(lambda: self._become_websocket(stream))

    def _become_websocket(self, stream: asyncio.Transport) -> None:
        """picows gets the connection, and all that was read of it so far."""
        if stream.is_closing():
            return
        if self._edge.draining:  # it was before the last ones could be let in
            stream.abort()
            return
        self._leave()
        protocol = self._edge.websocket()
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

    def _wait(self, limit_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._time_is_up)

    def _time_is_up(self) -> None:
        stream = cast(asyncio.Transport, self._stream)
        if self._flushed:
            stream.close()
        else:
            stream.abort()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._coming is not None:
            self._coming.cancel()
        self._edge.departed(self)
