"""One device's connection to a gateway: WebSocket messages up, bytes down, and what befalls them.

The gateway's half is what picows would give to its `Connection`; the device's half reads the bytes
that the server writes, which may end anywhere.
"""

from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from picows import WSMsgType

from simulation.virtual_loop import NOBODY, Process, VirtualLoop
from simulation.weather import Dice, Weather

if TYPE_CHECKING:
    from plausch.server.connection import Connection

KERNEL_BYTES = 64 * 1024
"""What lies between the two ends before the server's own buffer grows."""


class Piece:
    """One WebSocket frame from a device, as picows shows it."""

    __slots__ = ("fin", "msg_type", "payload")
    rsv1 = rsv2 = rsv3 = False

    def __init__(self, msg_type: WSMsgType, payload: bytes, fin: bool = True) -> None:
        self.msg_type, self.payload, self.fin = msg_type, payload, fin

    def get_payload_as_bytes(self) -> bytes:
        return self.payload


class Incoming:
    """Bytes of a server into (opcode, payload); RFC 6455 section 5.2, unmasked and whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, raw: bytes) -> Iterator[tuple[int, bytes]]:
        self._buffer += raw
        while True:
            size, start = self._head()
            if size < 0 or len(self._buffer) < start + size:
                return
            opcode, payload = self._buffer[0] & 0x0F, bytes(self._buffer[start : start + size])
            assert self._buffer[0] & 0x80, "the server fragments no messages"
            del self._buffer[: start + size]
            yield opcode, payload

    def _head(self) -> tuple[int, int]:
        raw = self._buffer
        if len(raw) < 2:
            return -1, 0
        short = raw[1]
        if short < 126:
            return short, 2
        end = 4 if short == 126 else 10
        return (int.from_bytes(raw[2:end], "big"), end) if len(raw) >= end else (-1, 0)


class Wire:
    """Both directions. `number` tells connections apart."""

    def __init__(
        self,
        loop: VirtualLoop,
        weather: Weather,
        dice: Dice,
        number: int,
        take: Callable[[bytes], None],
        lost: Callable[[], None],
    ) -> None:
        self.number = number
        self.frozen_until_s = 0.0
        """The device reads nothing before."""
        self._loop, self._weather, self._dice = loop, weather, dice
        self._take, self._lost = take, lost
        self._down: deque[bytes] = deque()
        self._up: deque[Piece] = deque()
        self._held: deque[Piece] = deque()
        self._down_s = self._up_s = 0.0
        self._process: Process | None = None
        self.listener: Connection | None = None
        self._is_paused = self._is_reading_paused = False
        self.is_vanished = False
        self.device_gone = self.server_gone = False
        # what picows' transport shows
        self.request = SimpleNamespace(headers={})
        self.response = SimpleNamespace(headers={})
        self.underlying_transport = self

    def attach(self, listener: "Connection", process: Process) -> None:
        """A gateway has taken the connection."""
        self.listener, self._process = listener, process
        self._loop.call_soon(listener.on_ws_connected, self, context=process.context)

    # --- the device's half -------------------------------------------------------------------

    def send(self, message: bytes) -> None:
        """A WebSocket message of the device, perhaps in pieces."""
        if len(message) > 2 and self._dice.chance(self._weather.pieces):
            at = self._dice.randrange(1, len(message))
            self._push_up(Piece(WSMsgType.BINARY, message[:at], False))
            self._push_up(Piece(WSMsgType.CONTINUATION, message[at:]))
        else:
            self._push_up(Piece(WSMsgType.BINARY, message))

    def ping(self) -> None:
        self._push_up(Piece(WSMsgType.PING, b""))

    def pong(self) -> None:
        self._push_up(Piece(WSMsgType.PONG, b""))

    def hang_up(self) -> None:
        """The device goes, without a word to itself."""
        if not self.device_gone:
            self.device_gone = True
            self._later_up(self._hear_end)

    # --- the gateway's half: what picows and asyncio would do ----------------------------------

    def set_write_buffer_limits(self, high: int) -> None:
        self._high = high

    def get_protocol(self) -> None:
        """Nobody parses bytes here."""

    def set_protocol(self, protocol: Any) -> None:
        """The bytes before the login are not counted (tests/unit/server/test_opening.py)."""

    def get_extra_info(self, name: str) -> Any:
        return ("10.0.0.1", 1)

    def get_write_buffer_size(self) -> int:
        return max(0, sum(map(len, self._down)) - KERNEL_BYTES)

    def is_closing(self) -> bool:
        return self.server_gone

    def write(self, raw: bytes) -> None:
        if self.server_gone:
            return
        self._down.append(raw)
        at_s = self._loop.now_s + self._dice.about_s(self._weather.network_s)
        self._down_s = max(self._down_s, at_s, self.frozen_until_s)
        self._loop.call_at(self._down_s, self._arrive_down, context=NOBODY)
        if not self._is_paused and self.get_write_buffer_size() > self._high:
            self._is_paused = True
            assert self.listener is not None
            self.listener.pause_writing()

    def pause_reading(self) -> None:
        self._is_reading_paused = True

    def resume_reading(self) -> None:
        self._is_reading_paused = False
        assert self._process is not None
        self._loop.call_soon(self._read_held, context=self._process.context)

    def send_close(self, code: Any, message: bytes = b"") -> None:
        self.write(b"\x88\x02" + int(code).to_bytes(2, "big"))

    def disconnect(self, graceful: bool = True) -> None:
        """Close after what was written."""
        if not self.server_gone:
            self._end_server()
            self._later_down(self._hear_end_down)

    def abort(self) -> None:
        """Close, and lose what was not sent."""
        if not self.server_gone:
            self._end_server()
            if not self.is_vanished:
                self._down.clear()
                self._later_down(self._hear_end_down)

    # --- what the network does -----------------------------------------------------------------

    def cut(self) -> None:
        """Both ends are told at once; of what is under way some has arrived, down to the byte."""
        under_way = b"" if self.is_vanished else b"".join(self._down)
        self._down.clear()
        if under_way and not self.device_gone:
            self._take(under_way[: self._dice.randrange(len(under_way) + 1)])
        if not self.is_vanished:
            arrived = self._dice.randrange(len(self._up) + 1)
            self._held.extend(list(self._up)[:arrived])
        self._up.clear()
        if self._process is not None:
            self._loop.call_soon(self._end_cut, context=self._process.context)
        self._end_device()

    def vanish(self) -> None:
        """From now on nothing arrives, and nobody is told."""
        self.is_vanished = True

    # --- within --------------------------------------------------------------------------------

    def _push_up(self, piece: Piece) -> None:
        if not self.device_gone:
            self._up.append(piece)
            self._later_up(self._arrive_up)

    def _later_up(self, what: Callable[..., None], *values: Any) -> None:
        if self._process is None:
            return
        at_s = self._loop.now_s + self._dice.about_s(self._weather.network_s)
        self._up_s = max(self._up_s, at_s)
        self._loop.call_at(self._up_s, what, *values, context=self._process.context)

    def _later_down(self, what: Callable[..., None]) -> None:
        at_s = self._loop.now_s + self._dice.about_s(self._weather.network_s)
        self._down_s = max(self._down_s, at_s)
        self._loop.call_at(self._down_s, what, context=NOBODY)

    def _arrive_up(self) -> None:
        if self._up and not self.is_vanished:
            self._held.append(self._up.popleft())
            self._read_held()

    def _read_held(self) -> None:
        while self._held and not self._is_reading_paused and not self.server_gone:
            assert self.listener is not None
            self.listener.on_ws_frame(self, self._held.popleft())  # type: ignore[arg-type]

    def _arrive_down(self) -> None:
        if not self._down or self.is_vanished:
            return
        raw = self._down.popleft()
        if self._is_paused and self.get_write_buffer_size() <= self._high // 4:
            self._is_paused = False
            if self._process is not None and self.listener is not None:
                self._loop.call_soon(self.listener.resume_writing, context=self._process.context)
        if not self.device_gone:
            self._take(raw)

    def _end_cut(self) -> None:
        self._read_held()
        self._end_server()

    def _hear_end(self) -> None:
        if not self.is_vanished:
            self._read_held()
            self._end_server()

    def _hear_end_down(self) -> None:
        if not self.is_vanished:
            self._end_device()

    def _end_server(self) -> None:
        if self.server_gone:
            return
        self.server_gone = True
        if self.listener is not None and self._process is not None:
            gone = self.listener.on_ws_disconnected
            self._loop.call_soon(gone, self, context=self._process.context)

    def _end_device(self) -> None:
        if not self.device_gone:
            self.device_gone = True
            self._lost()
