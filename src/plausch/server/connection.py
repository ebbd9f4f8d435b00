"""One device's connection: WebSocket messages in and out, requests in order, pressure back.

A server holds many thousands of these, most of them silent: no task, no timer, no dictionary
for each; the queue exists only while a request has to wait.

Order: requests of one connection are carried out in the order they came. Appends go to the
delivery's next batch at once; any other request waits until the appends before it are answered,
and what follows waits for it. Answers to appends are held until the loop's next turn, and go out
with what is pushed in this one: a write to a socket costs a fifth of a message, and a batch has
several for each busy connection. Whatever else is written goes behind them.

Pressure: with too many requests unanswered the connection's bytes are left unread, and what was
read by then may only be so much; a device that does not read its pushes is closed and catches up
later from the log. Until the login the connection may send a few small frames (opening.py).
"""

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from plausch.server.opening import Opening
from plausch.server.pieces import Pieces
from plausch.server.pushes import websocket_message
from plausch.wire import frames as f
from plausch.wire.codec import BUNDLE_BYTES, MessageTooLarge, WireError
from plausch.wire.linking import PAIRING_MESSAGE_BYTES, PAIRING_MESSAGES
from plausch.wire.session import ServerSession, State, refused

if TYPE_CHECKING:
    from plausch.server.edge import Edge
    from plausch.server.records import DeviceRecord

LINGER_S = 2.0
"""How long a closed connection may take to read what it is closed for."""

_PING = b"\x89\x00"
_PONG = b"\x8a"

STALL_BYTES = 64 * 1024
"""With this much unread, the size of what is unread is looked at for every push."""

FRAME_BYTES_MORE = 256
"""What a pairing's message takes on the wire beside itself, and a few other frames."""

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
        "_held",
        "_opening",
        "_pieces",
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
        "is_opening",
        "nonce",
        "pings",
        "session",
        "silence",
        "slot",
    )

    def __init__(self, edge: "Edge") -> None:
        self._edge = edge
        self._held = b""
        self._opening: Opening | None = None
        self._pieces: Pieces | None = None
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
        self.is_opening = False  # it has a place among those on which nobody has logged in
        self.nonce = b""
        self.pings = 0
        self.session = ServerSession()
        self.silence = 0  # visits since something was heard; 2: asked for a sign of life
        self.slot = 0  # in the edge's wheel

    # --- what picows calls ---------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The upgrade is done: greet, or turn away when there are too many."""
        self._stream = transport.underlying_transport
        self._stream.set_write_buffer_limits(high=STALL_BYTES)
        self._opening = Opening(self, self._stream, self._edge.limits.opening_bytes)
        if wait_ms := self._edge.entered(self, transport):
            self.close(
                "too_many_connections",
                "Too many connections come from this address, or too many wait for their login; "
                "try again later.",
                wait_ms,
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
        if frame.rsv1 or frame.rsv2 or frame.rsv3:  # picows leaves them to whoever has extensions
            self.close(
                "bad_frame", "The reserved bits of a WebSocket frame are 0: nothing uses them."
            )
            return
        is_first = frame.msg_type == WSMsgType.BINARY and self._pieces is None
        if not is_first and (frame.msg_type != WSMsgType.CONTINUATION or self._pieces is None):
            self._control(transport, frame)
            return
        try:
            message = self._message(frame)
            if message is None:
                return
            request = self.session.receive_bytes(message)
        except MessageTooLarge as error:
            self.send(refused(error.request_id, error.code, str(error), error.fault))
        except WireError as error:
            self.close(error.code, str(error))
        else:
            self._accept(request)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is gone, for whatever reason."""
        self.session.sent(f.Closing)
        self._queue, self._pieces, self._held = None, None, b""
        self._edge.unread.forget(self)
        self._edge.left(self)

    def pause_writing(self) -> None:
        """The device reads more slowly than it is written to."""
        self._stalled = True
        if self._stream is not None:
            self._edge.unread.note(self, self._stream.get_write_buffer_size())

    def resume_writing(self) -> None:
        """The device has caught up."""
        self._stalled = False
        self._edge.unread.forget(self)
        self._advance()
        self.press()

    def _message(self, frame: WSFrame) -> bytes | None:
        """The message that ends with this frame, None when more of it comes. Raises WireError."""
        payload = frame.get_payload_as_bytes()
        pieces = self._pieces
        if frame.fin:
            self._pieces = None
            return payload if pieces is None else pieces.whole(payload)
        if pieces is None:
            self._pieces = Pieces(payload)
        else:
            pieces.add(payload)
        return None

    def _control(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self.session.sent(f.Closing)
            self.let_go()
            is_fit = _may_close_with(frame.get_payload_as_bytes())
            transport.send_close(WSCloseCode.OK if is_fit else WSCloseCode.PROTOCOL_ERROR)
            transport.disconnect()
        elif kind == WSMsgType.PING:
            self._answer_ping(frame.get_payload_as_bytes())
        elif kind != WSMsgType.PONG:
            self.close(
                "bad_frame",
                "Only binary WebSocket messages are accepted, and the pieces of one in a row.",
            )

    def _answer_ping(self, payload: bytes) -> None:
        self.pings += 1
        if self.pings > self._edge.most_pings:
            self.close("rate_limited", "Too many WebSocket pings; one in a while is enough.", 1_000)
        elif not self._stalled and self._stream is not None:  # only the latest needs an answer
            self._write(self._stream, _PONG + bytes((len(payload),)) + payload)

    def logged_in(self, device: "DeviceRecord") -> None:
        """The connection speaks for a device from now on."""
        self.device, self.nonce = device, b""
        if self._opening is not None:
            self._opening.end()
            self._opening = None
        self._edge.admitted(self)

    def pairs(self) -> None:
        """The connection is one half of a pairing: its messages may come."""
        if self._opening is not None:
            self._opening.allow(PAIRING_MESSAGES * (PAIRING_MESSAGE_BYTES + FRAME_BYTES_MORE))
        self._edge.admitted(self)

    # --- out -----------------------------------------------------------------------------

    def send(self, frame: f.ServerFrame) -> None:
        """Send a frame to this connection, if the device keeps up."""
        if self.session.state is State.CLOSED or self._stream is None:
            return
        if not self._stalled or self._keeps_up(self._stream):
            self._write(self._stream, websocket_message(self.session.send_frame(frame)))

    def push(self, message: bytes) -> None:
        """Send a prepared WebSocket message, if the device has resumed and keeps up."""
        if self.session.state is not State.RESUMED or self._stream is None:
            return
        if not self._stalled or self._keeps_up(self._stream):
            self._write(self._stream, message)

    def let_go(self) -> None:
        """The turn is over: send what is held."""
        if self._held and self._stream is not None:
            self._write(self._stream, b"")

    def _hold(self, frame: f.ServerFrame) -> None:
        """Send a frame with what follows it in this turn of the loop, or after it."""
        if self.session.state is State.CLOSED or self._stream is None:
            return
        if not self._stalled or self._keeps_up(self._stream):
            if not self._held:
                self._edge.hold(self)
            self._held += websocket_message(self.session.send_frame(frame))

    def _write(self, stream: asyncio.Transport, message: bytes) -> None:
        if self._held:
            message, self._held = self._held + message, b""
        stream.write(message)

    def _keeps_up(self, stream: asyncio.Transport) -> bool:
        """Whether what is unread may grow; closes the connection of a device that is too slow."""
        behind_bytes = stream.get_write_buffer_size()
        self._edge.unread.note(self, behind_bytes)
        if self.session.state is State.CLOSED:  # it was the one to be cut
            return False
        # One answer may be as large as a bundle; what counts is what comes on top.
        if behind_bytes <= self._edge.limits.unread_bytes + BUNDLE_BYTES:
            return True
        self.close(
            "slow_reader",
            "This connection does not read what is sent to it; connect again and catch up from "
            "the log.",
            1_000,
        )
        return False

    def cut(self) -> None:
        """End it now, without a word: it would not be read. From here on it is nobody's; the loop
        says only in its next turn that it is gone."""
        if self._stream is not None and self.session.state is not State.CLOSED:
            self.session.sent(f.Closing)
            self._queue, self._held = None, b""
            self._stream.abort()
            self._edge.closing(self)

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        """Say why, then close; for good after LINGER_S even if the device does not read."""
        if self.session.state is State.CLOSED or self._stream is None:
            return
        closing = self.session.send_frame(f.Closing(code, sentence, retry_after_ms))
        close_code = CLOSE_CODES.get(code, POLICY_VIOLATION)
        farewell = websocket_message(closing) + b"\x88\x02" + close_code.to_bytes(2, "big")
        self._write(self._stream, farewell)
        self._queue = None
        # The other side may be in the middle of sending: closing at once would reset the
        # connection, and the reason might never be read. So it may answer with its own close,
        # which is heard whatever comes before it.
        if not self._reading and not self._stream.is_closing():
            self._reading = True
            self._stream.resume_reading()
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
        if len(self._queue) > self._edge.limits.requests_queued:
            self.close("too_many_requests", "Too many requests wait; await some answers first.")
            return
        if not self._running:
            self._advance()
        self.press()

    def append_submitted(self, weight: int) -> None:
        """An append of this connection is in the delivery's next batch; a large one has the weight
        of several."""
        self._unanswered += weight
        if self._unanswered >= self._edge.limits.requests_waiting:
            self.press()

    def append_answered(self, answer: f.ServerFrame, weight: int) -> None:
        """The batch with an append of this connection is on disk, or it was refused."""
        self._unanswered -= weight
        self._hold(answer)
        if self._queue is not None and not self._running:
            self._advance()
        if not self._reading:
            self.press()

    def _advance(self) -> None:
        """Begin what may begin now."""
        if self._queue is None or self._running:
            return
        self._running = True  # an append that is refused at once must not begin what follows it
        while self._queue and not self._stalled:
            if not self._edge.dispatch.at_once(self, self._queue[0]):
                if self._unanswered:
                    break
                self._edge.run(self._carry_out(self._queue.popleft()))
                return
            if self._queue:  # still open
                self._queue.popleft()
        self._running = False
        if not self._queue:
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
        self.press()

    def press(self) -> None:
        """Leave bytes unread while something waits its turn, too many appends are unanswered, or
        the server is about to stop."""
        if self.session.state is State.CLOSED or self._stream is None or self._stream.is_closing():
            return
        limit, draining = self._edge.limits.requests_waiting, self._edge.draining
        if self._reading:
            if self._queue or self._unanswered >= limit or draining:
                self._reading = False
                self._stream.pause_reading()
        elif not self._queue and self._unanswered <= limit // 2 and not draining:
            self._reading = True
            self._stream.resume_reading()

    # --- once in a while -----------------------------------------------------------------

    def visit(self) -> None:
        """Called after `login_ms`, then every `silence_ms`: close what nobody logged in on and what
        is dead, ask a silent device for a sign of life."""
        self.ephemerals = self.pings = 0
        if self._stream is None or self.session.state is State.CLOSED:
            return
        if self.session.state is State.OPENING:  # not while the server owes an answer
            self.close("login_timeout", "Nobody logged in on this connection in time.")
        elif self.session.state is State.PAIRING and not self._edge.dispatch.pairings.attends(self):
            self.close(
                "pairing_over", "This device has ended its pairing; nothing more comes here."
            )
        elif self.silence == 0:
            self.silence = 1
        elif self.silence == 1:
            self.silence = 2
            self._write(self._stream, _PING)
        else:
            self._stream.abort()


def _may_close_with(payload: bytes) -> bool:
    """Whether a close frame may say this (RFC 6455 section 7.4); picows lets more codes by."""
    code = int.from_bytes(payload[:2], "big") if payload else 1000
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
