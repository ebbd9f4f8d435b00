"""Answers to appends: held for a turn of the loop, so that a batch's are one write."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from picows import WSMsgType

from cast import PATIENCE_S
from plausch.server.connection import Connection
from plausch.server.edge import READ_AT_ONCE_BYTES
from plausch.server.lanes import Lane
from plausch.server.limits import KIB
from plausch.server.main import Server
from plausch.server.pushes import websocket_message
from plausch.wire import frames as f
from plausch.wire.codec import decode_server, encode
from unit.server.test_connection import (
    Frame,
    append,
    conversing,
    serving,
    the_connection,
    until,
)
from wire_device import WireDevice

ANSWER = f.Appended(7, 1, 2)
ANSWER_MESSAGE = websocket_message(encode(ANSWER))


class Writes:
    """A connection's stream that writes down what is written, and nobody gets it."""

    def __init__(self, stream: asyncio.Transport) -> None:
        self._stream = stream
        self.all: list[bytes] = []

    def write(self, message: bytes) -> None:
        self.all.append(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Closing:
    """What picows gives a connection with a frame: says that it closes."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    def send_close(self, code: int) -> None:
        self._writes.all.append(b"close")

    def disconnect(self) -> None:
        """The test does it."""


async def written_by(server: Server) -> tuple[Connection, Writes, WireDevice, bytes, bytes]:
    assert server.edge is not None
    device, conversation, message = await conversing(f"http://127.0.0.1:{server.edge.port}")
    connection = the_connection(server)
    writes = Writes(cast(asyncio.Transport, connection._stream))
    connection._stream = cast(asyncio.Transport, writes)
    return connection, writes, device, conversation, message


async def a_turn() -> None:
    for _ in range(2):
        await asyncio.sleep(0)


async def test_the_answers_of_a_batch_are_one_write(server: Server) -> None:
    connection, writes, device, conversation, message = await written_by(server)
    requests = [append(device, conversation, message) for _ in range(8)]
    for request in requests:  # of one turn: they wait for the same batch
        connection.on_ws_frame(cast(Any, None), cast(Any, Frame(encode(request))))
    await until(lambda: bool(writes.all))
    (write,) = writes.all
    answers = []
    while write:
        size = write[1]
        answers.append(decode_server(write[2 : 2 + size]))
        write = write[2 + size :]
    assert [(one.id, one.seq) for one in answers if isinstance(one, f.Appended)] == [
        (request.id, seq) for seq, request in enumerate(requests, 1)
    ]


async def test_what_else_is_written_goes_behind_what_is_held_and_with_it(server: Server) -> None:
    connection, writes, *_ = await written_by(server)
    pushed = websocket_message(encode(f.MailboxMoved(1)))
    done = f.Done(8)
    connection._hold(ANSWER)
    connection._hold(ANSWER)
    connection.push(pushed)
    connection.send(done)
    await a_turn()
    assert writes.all == [2 * ANSWER_MESSAGE + pushed, websocket_message(encode(done))]


async def test_an_answer_alone_goes_out_when_the_turn_is_over(server: Server) -> None:
    connection, writes, *_ = await written_by(server)
    for _ in range(2):
        connection._hold(ANSWER)
        assert writes.all == []
        await a_turn()
        assert writes.all == [ANSWER_MESSAGE]
        writes.all.clear()


async def test_a_reason_comes_behind_the_answers_that_are_held(server: Server) -> None:
    connection, writes, *_ = await written_by(server)
    connection._hold(ANSWER)
    connection.close("server_restart", "The server restarts.")
    await a_turn()
    (write,) = writes.all
    assert write.startswith(ANSWER_MESSAGE) and len(write) > len(ANSWER_MESSAGE)


async def test_a_close_is_answered_behind_the_answers_that_are_held(server: Server) -> None:
    connection, writes, *_ = await written_by(server)
    connection._hold(ANSWER)
    frame = Frame(b"", WSMsgType.CLOSE)
    connection.on_ws_frame(cast(Any, Closing(writes)), cast(Any, frame))
    await a_turn()
    assert writes.all == [ANSWER_MESSAGE, b"close"]


async def test_who_is_cut_is_told_nothing_more(server: Server) -> None:
    connection, writes, *_ = await written_by(server)
    connection._hold(ANSWER)
    connection.cut()
    await a_turn()
    connection._hold(ANSWER)
    await a_turn()
    assert writes.all == []


async def test_a_bug_in_one_connection_keeps_no_other_from_its_answers(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    connection, writes, *_ = await written_by(server)
    assert server.edge is not None

    class Broken:
        def let_go(self) -> None:
            raise RuntimeError("a bug")

    server.edge.hold(cast(Connection, Broken()))
    connection._hold(ANSWER)
    await a_turn()
    assert writes.all == [ANSWER_MESSAGE]
    assert "Answers could not be sent." in caplog.text


async def test_large_appends_that_wait_for_the_disk_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie in memory, of every connection: 256 of 64 KiB would be 16 MiB for each."""
    server, url = await serving(tmp_path)
    device, conversation, message = await conversing(url)
    connection = the_connection(server)
    assert server.edge is not None
    appends = server.edge.dispatch._services.delivery._appends
    empty, gate, most_bytes = appends._empty, asyncio.Event(), 0

    async def slowly(lane: Lane) -> None:
        nonlocal most_bytes
        await gate.wait()
        most_bytes = max(most_bytes, sum(len(one.request.message) for one in lane.waiting))
        await empty(lane)

    monkeypatch.setattr(appends, "_empty", slowly)
    large = message.ljust(64 * KIB, b"\0")
    futures = [device.begin(append(device, conversation, large)) for _ in range(100)]
    async with asyncio.timeout(PATIENCE_S):
        await until(lambda: not connection._reading)
    gate.set()
    assert {type(one) for one in await asyncio.gather(*futures)} == {f.Appended}
    assert most_bytes <= 1024 * KIB + READ_AT_ONCE_BYTES
    await until(lambda: connection._reading and not connection._unanswered)
    await server.stop()
