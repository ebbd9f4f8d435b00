"""Everybody comes in, without waiting for anybody else."""

import asyncio
import errno
import logging
import socket
from typing import Any

import pytest

from plausch.server import entrance
from plausch.server.entrance import Entrance

CROWD = 48


class Greeting(asyncio.Protocol):
    """Says one byte to whoever comes."""

    made = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Greeting.made += 1
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"!")
        transport.close()


@pytest.fixture(autouse=True)
def nobody_yet() -> None:
    Greeting.made = 0


async def greeted(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = await reader.read()
    writer.close()
    return said


async def test_a_crowd_is_let_in_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer's question may be the last in the queue: no timer stands before it."""
    loop = asyncio.get_running_loop()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("somebody waits for a time")

    monkeypatch.setattr(entrance, "ACCEPTED_AT_ONCE", CROWD // 3)
    door = Entrance(Greeting)
    port = await door.open("127.0.0.1", 0)
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(CROWD)]
    with monkeypatch.context() as strict:
        strict.setattr(loop, "call_at", never)
        strict.setattr(loop, "call_later", never)
        while Greeting.made < CROWD:
            await asyncio.sleep(0)
    assert await greeted(port) == b"!"
    for one in crowd:
        one.close()
    await door.close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port))


async def test_who_waits_when_it_closes_is_still_let_in() -> None:
    door = Entrance(Greeting)
    port = await door.open("127.0.0.1", 0)
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(CROWD)]
    await door.close()
    assert Greeting.made == len(crowd)
    for one in crowd:
        one.close()


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    first, second = Entrance(Greeting), Entrance(Greeting)
    port = await first.open("127.0.0.1", 0)
    with pytest.raises(OSError):
        await second.open("127.0.0.1", port)
    assert second._sockets == []
    await first.close()


async def test_a_port_can_be_shared() -> None:
    first, second = Entrance(Greeting), Entrance(Greeting)
    port = await first.open("127.0.0.1", 0, shares_port=True)
    assert await second.open("127.0.0.1", port, shares_port=True) == port
    await first.close()
    assert await greeted(port) == b"!"
    await second.close()


async def test_without_a_host_it_listens_everywhere() -> None:
    door = Entrance(Greeting)
    port = await door.open("", 0)
    assert await greeted(port) == b"!"
    await door.close()


async def test_without_files_it_waits_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(entrance, "NO_FILES_PAUSE_S", 0.001)
    failures = [errno.EMFILE, errno.ECONNABORTED, errno.EPROTO, errno.ENFILE]
    accept = socket.socket.accept

    def short(self: socket.socket) -> Any:
        if failures:
            number = failures.pop(0)
            raise OSError(number, "as told")
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", short)
    door = Entrance(Greeting)
    with caplog.at_level(logging.ERROR):
        port = await door.open("127.0.0.1", 0)
        assert await greeted(port) == b"!"
    assert caplog.text.count("No connection can be accepted: as told.") == 2
    await door.close()
