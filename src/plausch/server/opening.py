"""What stands between the network and a connection on which nobody has logged in yet.

The WebSocket parser keeps a frame's bytes until the frame is whole, and a frame may be as large
as a Commit. Somebody without a name needs a few small frames only: until the login the bytes are
counted before the parser gets them. After it nothing is in the way any more.
"""

import asyncio
from typing import Protocol, cast

from plausch.server.limits import KIB


class Closable(Protocol):
    """The connection that is being opened."""

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        """Say why, then close."""
        ...


class Opening(asyncio.BufferedProtocol):
    """Passes at most `most_bytes` on to the stream's own protocol, until `end`."""

    __slots__ = ("_connection", "_left_bytes", "_most_bytes", "_parser", "_stream")

    def __init__(self, connection: Closable, stream: asyncio.Transport, most_bytes: int) -> None:
        self._connection, self._stream = connection, stream
        self._parser = cast(asyncio.BufferedProtocol, stream.get_protocol())
        self._most_bytes = self._left_bytes = most_bytes
        stream.set_protocol(self)

    def end(self) -> None:
        """Somebody has logged in: from now on the parser gets everything by itself."""
        self._stream.set_protocol(self._parser)

    def allow(self, more_bytes: int) -> None:
        """So much more may come without a login."""
        self._most_bytes += more_bytes
        self._left_bytes += more_bytes

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: the parser's own buffer."""
        return cast(memoryview, self._parser.get_buffer(sizehint))

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came. Too many are for nobody, and no more of them are read."""
        self._left_bytes -= nbytes
        if self._left_bytes >= 0:
            self._parser.buffer_updated(nbytes)
            return
        self._connection.close(
            "too_large",
            f"At most {self._most_bytes // KIB} KiB may be sent before the login; log in first.",
        )
        if not self._stream.is_closing():
            self._stream.pause_reading()

    def eof_received(self) -> bool | None:
        """The other side sends no more."""
        return self._parser.eof_received()

    def pause_writing(self) -> None:
        """The other side reads more slowly than it is written to."""
        self._parser.pause_writing()

    def resume_writing(self) -> None:
        """The other side has caught up."""
        self._parser.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._parser.connection_lost(exc)
