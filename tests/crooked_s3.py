"""What says it is an S3 service and answers as it likes: bytes that a test gives it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from plausch.server.s3_address import S3Address


def answer(status: str, body: bytes = b"", *headers: str, length: int = -1) -> bytes:
    """An HTTP answer that may promise another length than it has."""
    promised = len(body) if length < 0 else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {promised}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(status: str, code: str, message: str = "") -> bytes:
    """An S3 service's error."""
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return answer(status, text.encode(), "Content-Type: application/xml")


@asynccontextmanager
async def crooked_s3(answers: Sequence[bytes]) -> AsyncIterator[S3Address]:
    """A bucket that gives these answers, one to each connection, the last one for ever; an empty
    one is none at all."""
    turns = [*answers]
    open_ones: set[asyncio.StreamWriter] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            said = turns.pop(0) if len(turns) > 1 else turns[0]
            if said:
                writer.write(said)
                await writer.drain()
                writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield S3Address("crooked", "p/", f"http://127.0.0.1:{port}", style="path")
    finally:
        server.close()
        for writer in open_ones:
            writer.close()
