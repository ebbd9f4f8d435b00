"""One process has the vault open; others hand their requests to it over HOME/control.sock.

A vault has one owner at a time, because keys must never be used twice. While `listen` or an agent
is that owner, `send`, `history` and the like are carried out by it: one line of JSON each way on
a Unix socket of mode 0600, and only for processes of the same user (SO_PEERCRED). The owner
greets first: a request is handed over only to somebody who is there to take it, so that what was
not greeted can safely be tried again.
"""

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

import msgspec

from plausch.base.errors import Fault, PlauschError
from plausch.cli.requests import Answer, Request, decode_request
from plausch.sdk import Client

SOCKET_NAME = "control.sock"
GREETING = b"plausch 1\n"
LINE_BYTES = 4 * 1024 * 1024
CONNECT_S = 3.0
GRACE_S = 10.0


class ResidentError(PlauschError):
    """The process that has the vault open cannot be asked."""

    code = "resident"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One line back: either `answer`, or what went wrong in the words of the error."""

    answer: msgspec.Raw = msgspec.Raw(b"null")
    code: str = ""
    fault: str = ""
    sentence: str = ""


@contextmanager
def _socket_path(home: Path) -> Iterator[str]:
    """The socket's path through /proc/self/fd: short enough for sockaddr_un whatever the folder."""
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET_NAME}"
    finally:
        os.close(folder)


def peer_uid(peer: socket.socket) -> int:
    """The user of the process at the other end, as the kernel says (unix(7), SO_PEERCRED)."""
    answer = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", answer)
    return int(uid)


def _bound(home: Path) -> socket.socket:
    """A listening socket that is 0600 from its first moment; a dead predecessor is removed.

    The caller holds the vault, so nobody else can be listening there.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _remove_socket(home)
    with _socket_path(home) as path:
        old_mask = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(old_mask)
    listener.listen(16)
    listener.setblocking(False)
    return listener


def _remove_socket(home: Path) -> None:
    """Gone with the folder, perhaps: then there is nothing to remove."""
    with contextlib.suppress(OSError):
        (home / SOCKET_NAME).unlink()


@asynccontextmanager
async def resident(client: Client, home: Path) -> AsyncIterator[None]:
    """While this block runs, other processes of this user may have requests carried out here.

    Raises ResidentError when the socket cannot be made.
    """
    try:
        listener = _bound(home)
    except OSError as error:
        raise ResidentError(
            f"The control socket {home / SOCKET_NAME} cannot be made ({error.strerror}); check "
            "the folder's owner and mode."
        ) from None
    visits: set[asyncio.Task[None]] = set()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())  # a stream's callback has one
        visits.add(task)
        try:
            await _serve_one(client, reader, writer)
        finally:
            visits.discard(task)
            writer.close()

    server = await asyncio.start_unix_server(visit, sock=listener, limit=LINE_BYTES)
    try:
        yield
    finally:
        server.close()
        await _finish(visits)
        _remove_socket(home)


async def _finish(visits: set[asyncio.Task[None]]) -> None:
    """Let what was begun come to its end; what takes too long is cut off."""
    if visits:
        await asyncio.wait(visits, timeout=GRACE_S)
    for task in list(visits):
        task.cancel()
    await asyncio.gather(*visits, return_exceptions=True)


async def _serve_one(
    client: Client, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    peer = writer.get_extra_info("socket")
    if peer_uid(peer) != os.getuid():
        return
    try:
        writer.write(GREETING)
        line = await reader.readline()
    except (ValueError, ConnectionError):  # ValueError: longer than LINE_BYTES
        return
    if not line:
        return
    try:
        answer = await decode_request(line).carry_out(client)
        reply = Reply(answer=msgspec.Raw(msgspec.json.encode(answer)))
    except PlauschError as error:
        reply = Reply(code=error.code, fault=str(error.fault), sentence=str(error))
    with contextlib.suppress(ConnectionError):
        writer.write(msgspec.json.encode(reply) + b"\n")
        await writer.drain()


async def ask_resident(home: Path, request: Request[Answer]) -> Answer:
    """Have the process that holds the vault carry the request out.

    Raises ResidentError when nobody answers, and otherwise what that process met.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await _connect(home)
            if await reader.readline() != GREETING:
                raise ConnectionRefusedError
    except (OSError, TimeoutError, ValueError):
        raise ResidentError(
            f"Another process has the vault in {home} open and takes no requests; wait until it "
            "is done, or end it.",
            code="vault_busy",
            fault=Fault.LOCAL,
        ) from None
    try:
        writer.write(msgspec.json.encode(request) + b"\n")
        await writer.drain()
        async with asyncio.timeout(request.answer_s):
            line = await reader.readline()
    except (OSError, TimeoutError, ValueError):
        line = b""
    finally:
        writer.close()
    return _answer(home, request, line)


async def _connect(home: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    with _socket_path(home) as path:
        state = os.lstat(path)
        if not stat.S_ISSOCK(state.st_mode) or state.st_uid != os.getuid():
            raise ConnectionRefusedError
        return await asyncio.open_unix_connection(path, limit=LINE_BYTES)


def _answer(home: Path, request: Request[Answer], line: bytes) -> Answer:
    try:
        reply = msgspec.json.decode(line, type=Reply)
        if reply.sentence:
            raise ResidentError(reply.sentence, code=reply.code, fault=Fault(reply.fault))
        answer = msgspec.json.decode(reply.answer, type=request.answer_type)
    except (msgspec.MsgspecError, ValueError):
        raise ResidentError(
            f"The process that has the vault in {home} open ended without an answer; look at the "
            "history before trying again."
        ) from None
    return cast(Answer, answer)  # answer_type is the Answer of this request
