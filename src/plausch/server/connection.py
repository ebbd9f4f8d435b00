"""One device's connection: WebSocket messages in and out, requests in order, pressure back.

A server holds many thousands of these, most of them silent: no task, no timer, no dictionary
for each; the queue exists only while a request has to wait.

Order: requests of one connection are carried out in the order they came. Appends go to the
delivery's next batch at once; any other request waits until the appends before it are answered,
and what follows waits for it.

Pressure: with too many requests unanswered the connection's bytes are left unread; a device
that does not read its pushes is closed and catches up later from the log.
"""

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from plausch.server.hub import websocket_message
from plausch.wire import frames as f
from plausch.wire.codec import BUNDLE_BYTES, MessageTooLarge, WireError
from plausch.wire.session import ServerSession, State, refused

if TYPE_CHECKING:
    from plausch.server.edge import Edge
    from plausch.server.records import DeviceRecord

LINGER_S = 2.0
"""How long a closed connection may take to read what it is closed for."""

_PING = b"\x89\x00"

STALL_BYTES = 64 * 1024
"""With this much unread, the size of what is unread is looked at for every push."""

POLICY_VIOLATION = 1008
CLOSE_CODES = {
    "too_large": 1009,
    "server_restart": 1012,
    "slow_reader": 1013,
    "too_many_connections": 1013,
    "bad_frame": 1002,
}
"""RFC 6455 section 7.4.1, and the registry of WebSocket close codes."""


class Connection(WSListener):
    """The server's end of one WebSocket."""

    __slots__ = (
        "_edge",
        "_queue",
        "_reading",
        "_running",
        "_stalled",
        "_stream",
        "_unanswered",
        "address",
        "device",
        "ephemerals",
        "failures",
        "nonce",
        "session",
        "silence",
        "slot",
    )

    def __init__(self, edge: "Edge") -> None:
        self._edge = edge
        self._queue: deque[f.ClientFrame] | None = None
        self._running = False
        self._reading = True
        self._stalled = False
        self._stream: asyncio.Transport | None = None
        self._unanswered = 0
        self.address = ""
        self.device: DeviceRecord | None = None
        self.ephemerals = 0
        self.failures = 0
        self.nonce = b""
        self.session = ServerSession()
        self.silence = 0  # visits since something was heard; 2: asked for a sign of life
        self.slot = 0  # in the edge's wheel

    # --- what picows calls ---------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade is done: greet, or turn away when there are too many."""
        self._stream = transport.underlying_transport
        self._stream.set_write_buffer_limits(high=STALL_BYTES)
        if not self._edge.entered(self, transport):
            self.close(
                "too_many_connections",
                "Too many connections come from this address; close some and try again.",
                60_000,
            )
            return
        self.nonce = secrets.token_bytes(32)
        self.send(self._edge.hello(self.nonce))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One WebSocket frame came."""
        self.silence = 0
        if self.session.state is State.CLOSED:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.disconnect()
            return
        if frame.msg_type != WSMsgType.BINARY or not frame.fin:
            self._control(transport, frame)
            return
        try:
            request = self.session.receive_bytes(frame.get_payload_as_bytes())
        except MessageTooLarge as error:
            self.send(refused(error.request_id, error.code, str(error), error.fault))
        except WireError as error:
            self.close(error.code, str(error))
        else:
            self._accept(request)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is gone, for whatever reason."""
        self.session.sent(f.Closing)
        self._queue = None
        self._edge.left(self)

    def pause_writing(self) -> None:
        """The device reads more slowly than it is written to."""
        self._stalled = True

    def resume_writing(self) -> None:
        """The device has caught up."""
        self._stalled = False
        self._advance()

    def _control(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self.session.sent(f.Closing)
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind != WSMsgType.PONG:  # picows answers pings itself
            self.close(
                "bad_frame",
                "Only whole binary WebSocket messages are accepted: no text, no fragments.",
            )

    # --- out -----------------------------------------------------------------------------

    def send(self, frame: f.ServerFrame) -> None:
        """Send a frame to this connection."""
        if self.session.state is not State.CLOSED and self._stream is not None:
            self._stream.write(websocket_message(self.session.send_frame(frame)))

    def push(self, message: bytes) -> None:
        """Send a prepared WebSocket message, if the device has resumed and keeps up."""
        if self.session.state is not State.RESUMED or self._stream is None:
            return
        if self._stalled:
            # One answer may be as large as a bundle; what counts is what is pushed on top.
            limit = self._edge.limits.unread_bytes + BUNDLE_BYTES
            if self._stream.get_write_buffer_size() > limit:
                self.close(
                    "slow_reader",
                    "This connection does not read what is sent to it; connect again and catch "
                    "up from the log.",
                    1_000,
                )
                return
        self._stream.write(message)

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        """Say why, then close; for good after LINGER_S even if the device does not read."""
        if self.session.state is State.CLOSED or self._stream is None:
            return
        self.send(f.Closing(code, sentence, retry_after_ms))
        close_code = CLOSE_CODES.get(code, POLICY_VIOLATION)
        self._stream.write(b"\x88\x02" + close_code.to_bytes(2, "big"))
        self._queue = None
        # The other side may be in the middle of sending: closing at once would reset the
        # connection, and the reason might never be read. So it may answer with its own close.
        loop = asyncio.get_running_loop()
        loop.call_later(LINGER_S, self._stream.abort)
        self._edge.closing(self)

    # --- requests, in order --------------------------------------------------------------

    def _accept(self, request: f.ClientFrame) -> None:
        if self._queue is None and self._edge.dispatch.at_once(self, request):
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(request)
        if not self._running:
            self._advance()
        self._press()

    def append_submitted(self) -> None:
        """An append of this connection is in the delivery's next batch."""
        self._unanswered += 1
        if self._unanswered >= self._edge.limits.requests_waiting:
            self._press()

    def append_answered(self, answer: f.ServerFrame) -> None:
        """The batch with an append of this connection is on disk, or it was refused."""
        self._unanswered -= 1
        self.send(answer)
        if self._queue is not None and not self._running:
            self._advance()
        if not self._reading:
            self._press()

    def _advance(self) -> None:
        """Begin what may begin now."""
        queue = self._queue
        if queue is None or self._running:
            return
        while queue and not self._stalled:
            if self._edge.dispatch.at_once(self, queue[0]):
                queue.popleft()
                continue
            if self._unanswered:
                return
            self._running = True
            self._edge.run(self._carry_out(queue.popleft()))
            return
        if not queue:
            self._queue = None

    async def _carry_out(self, request: f.ClientFrame) -> None:
        try:
            answer = await self._edge.dispatch.carry_out(self, request)
        finally:
            self._running = False
        if answer is not None:
            self.send(answer)
        if self.failures >= self._edge.limits.login_attempts:
            self.close("too_many_attempts", "Too many logins failed on this connection.", 1_000)
        self._advance()
        self._press()

    def _press(self) -> None:
        """Leave bytes unread while something waits its turn or too many appends are unanswered."""
        if self._stream is None or self._stream.is_closing():
            return
        limit = self._edge.limits.requests_waiting
        if self._reading:
            if self._queue or self._unanswered >= limit:
                self._reading = False
                self._stream.pause_reading()
        elif not self._queue and self._unanswered <= limit // 2:
            self._reading = True
            self._stream.resume_reading()

    # --- once in a while -----------------------------------------------------------------

    def visit(self) -> None:
        """Called every `silence_ms`: ask a silent device for a sign of life, close a dead one."""
        self.ephemerals = 0
        if self._stream is None or self.session.state is State.CLOSED:
            return
        if self.device is None:
            self.close("login_timeout", "Nobody logged in on this connection in time.")
        elif self.silence == 0:
            self.silence = 1
        elif self.silence == 1:
            self.silence = 2
            self._stream.write(_PING)
        else:
            self._stream.abort()
