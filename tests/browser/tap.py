"""Between the browsers and the server: passes on every byte, and keeps what devices append.

What never reaches a log is seen here too: a ciphertext that was sent a second time, say.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from plausch.base.errors import PlauschError
from plausch.wire import frames as f
from plausch.wire.codec import decode_client

PIECE_BYTES = 64 * 1024
CONTINUATION, BINARY = 0, 2
LENGTH_BYTES = {126: 2, 127: 8}
MASK_BYTES = 4


class Listener:
    """Reads the frames of one WebSocket's client (RFC 6455) out of the bytes that it sends."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._is_socket: bool | None = None
        self._message = bytearray()
        self._opcode = 0

    def take(self, piece: bytes) -> Iterator[bytes]:
        """The messages that end with this piece; none on a connection that is no WebSocket."""
        self._bytes += piece
        if self._is_socket is None and b"\r\n\r\n" in self._bytes:
            head, _, rest = bytes(self._bytes).partition(b"\r\n\r\n")
            self._is_socket = b"upgrade: websocket" in head.lower()
            self._bytes = bytearray(rest)
        if not self._is_socket:
            return
        while (frame := self._frame()) is not None:
            is_last, opcode, payload = frame
            self._opcode = opcode or self._opcode
            if opcode in (CONTINUATION, BINARY):
                self._message += payload
                if is_last:
                    yield bytes(self._message)
                    self._message.clear()

    def _frame(self) -> tuple[bool, int, bytes] | None:
        raw = self._bytes
        if len(raw) < 2:
            return None
        size, start = raw[1] & 0x7F, 2
        if size in LENGTH_BYTES:
            start += LENGTH_BYTES[size]
            size = int.from_bytes(raw[2:start])
        end = start + MASK_BYTES + size
        if len(raw) < end:
            return None
        mask, masked = raw[start : start + MASK_BYTES], raw[start + MASK_BYTES : end]
        repeated = (bytes(mask) * (size // MASK_BYTES + 1))[:size]
        payload = int.from_bytes(masked) ^ int.from_bytes(repeated)
        first = raw[0]
        del raw[:end]
        return bool(first & 0x80), first & 0x0F, payload.to_bytes(size)


class Tap:
    """One port of ours for a port of the server."""

    def __init__(self) -> None:
        self.port = 0
        self.server_port = 0
        self.appended: list[f.Append | f.AppendCommit] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        listener = Listener()
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.server_port)
            try:
                ways = [self._pass(reader, here, listener), self._pass(there, writer, None)]
                await asyncio.wait(
                    [asyncio.create_task(way) for way in ways], return_when="FIRST_COMPLETED"
                )
            finally:
                here.close()
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener | None
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if listener is not None:
                    self._hear(listener, piece)
                writer.write(piece)
                await writer.drain()

    def _hear(self, listener: Listener, piece: bytes) -> None:
        for message in listener.take(piece):
            with contextlib.suppress(PlauschError):
                frame = decode_client(message)
                if isinstance(frame, f.Append | f.AppendCommit):
                    self.appended.append(frame)


@asynccontextmanager
async def tapping() -> AsyncIterator[Tap]:
    """A tap that listens; `server_port` is to be set before anybody connects."""
    tap = Tap()
    listening = await asyncio.start_server(tap.serve, "127.0.0.1", 0)
    tap.port = listening.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        listening.close()
