"""A WebSocket client without manners: it sends whatever bytes a test wants."""

import asyncio
import contextlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import msgspec

from plausch.wire import frames as f
from plausch.wire.codec import decode_server


@dataclass
class RawSocket:
    """One TCP connection, upgraded or not."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def tcp(cls, url: str) -> Self:
        """Connected, nothing sent."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    @classmethod
    async def websocket(cls, url: str, headers: str = "") -> Self:
        """Upgraded, Hello not read yet."""
        one = await cls.tcp(url)
        await one.upgrade(headers)
        return one

    async def upgrade(self, headers: str = "") -> None:
        """Become a WebSocket."""
        status, _, _ = await self.http("GET /v1/socket HTTP/1.1", upgrade_headers() + headers)
        assert status == 101, status

    async def http(self, request_line: str, headers: str = "") -> tuple[int, dict[str, str], bytes]:
        """Send a request; status, headers in lower case, body."""
        self.writer.write(f"{request_line}\r\nHost: localhost\r\n{headers}\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await self.reader.readexactly(int(fields.get("content-length", "0")))
        return int(head[0].split()[1]), fields, body

    def write(self, raw: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(raw)

    def binary(self, payload: bytes) -> None:
        """Send a whole binary message."""
        self.write(ws_frame(payload))

    async def message(self) -> bytes | None:
        """The next WebSocket message's payload; None at a close frame or the end."""
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8), "big")
            payload = await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        if first & 0xF == 8:
            self.close_code = int.from_bytes(payload[:2], "big")
            return None
        return payload

    close_code: int = 0

    async def frames(self) -> list[f.ServerFrame]:
        """All frames until the connection ends."""
        found = []
        while (raw := await self.message()) is not None:
            with contextlib.suppress(msgspec.DecodeError):
                found.append(decode_server(raw))
        return found

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


def upgrade_headers() -> str:
    key = b64encode(bytes(16)).decode()
    return (
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
    )


def ws_frame(
    payload: bytes, first: int = 0x82, mask: bool = True, size: int | None = None
) -> bytes:
    """One WebSocket frame; `size` lies about the length."""
    size = len(payload) if size is None else size
    bit = 0x80 if mask else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    return head + (bytes(4) if mask else b"") + payload
