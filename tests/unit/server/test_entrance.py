"""Everybody comes in, a few at a time."""

import asyncio
import errno
import logging
import socket
from typing import Any

import pytest

from plausch.server import entrance
from plausch.server.entrance import FEWEST, LATE_S, MOST, Entrance, Pace, Turnstile


def test_a_loop_that_is_late_lets_fewer_in_and_one_that_is_not_more() -> None:
    pace = Pace()
    for _ in range(MOST):
        pace.paused(0.0)
    assert pace.quota == MOST
    pace.paused(2 * LATE_S)
    assert pace.quota == MOST // 2
    pace.paused(LATE_S)
    assert pace.quota == MOST // 2 + 1
    for _ in range(10):
        pace.paused(1.0)
    assert pace.quota == FEWEST


# --- the turnstile -------------------------------------------------------------------------


async def test_who_comes_alone_does_not_wait() -> None:
    entered: list[int] = []
    turnstile = Turnstile()
    turnstile.admit(lambda: entered.append(1))
    assert entered == [1]


async def test_a_crowd_enters_in_order_and_not_in_one_turn_of_the_loop() -> None:
    entered: list[int] = []
    sizes: list[int] = []
    turnstile, done = Turnstile(), asyncio.Event()
    count = 10 * MOST

    def enter(number: int) -> None:
        entered.append(number)
        if number == count - 1:
            done.set()

    for number in range(count):
        turnstile.admit(lambda number=number: enter(number))  # type: ignore[misc]
    sizes.append(len(entered))
    go_on = Turnstile._go_on

    def counted(due_s: float) -> None:
        before = len(entered)
        go_on(turnstile, due_s)
        sizes.append(len(entered) - before)

    turnstile._go_on = counted  # type: ignore[method-assign]
    await done.wait()
    assert entered == list(range(count))
    assert max(sizes) <= MOST
    turnstile.admit(lambda: entered.append(-1))  # nobody is before it, at the latest after a pause
    while entered[-1] != -1:
        await asyncio.sleep(0.001)


# --- the entrance --------------------------------------------------------------------------


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


async def test_a_crowd_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = 0
    rest = Entrance._rest

    def counted(self: Entrance, listening: socket.socket, pause_s: float) -> None:
        nonlocal rests
        rests += 1
        rest(self, listening, pause_s)

    monkeypatch.setattr(Entrance, "_rest", counted)
    door = Entrance(Greeting)
    port = await door.open("127.0.0.1", 0)
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * MOST)]
    assert await greeted(port) == b"!"  # the last in the queue
    assert Greeting.made == len(crowd) + 1
    assert rests >= len(crowd) // MOST
    for one in crowd:
        one.close()
    await door.close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port))


async def test_who_waits_when_it_closes_is_still_let_in() -> None:
    door = Entrance(Greeting)
    port = await door.open("127.0.0.1", 0)
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * MOST)]
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
