"""Where connections come in: heads in pieces, answers to slow readers, the way to the WebSocket."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from socket import SO_LINGER, SO_RCVBUF, SOL_SOCKET, socket

import pytest

from built_site import FILES, PAGE, write_site
from plausch.base.http import HEAD_BYTES, Answer, Request
from plausch.db.interface import StorageUnavailable
from plausch.server import door as module
from plausch.server.config import ServerConfig
from plausch.server.edge import Edge
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.wire import frames as f
from plausch.wire.codec import encode
from raw_socket import RawSocket, upgrade_headers, ws_frame

BIG = os.urandom(3_000_000)
DOORS = 16
BIG_PATH = "/assets/big-00000000.js"
GET_BIG = f"GET {BIG_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class House:
    """A server with a web app, and its edge."""

    def __init__(self, server: Server, url: str) -> None:
        assert server.edge is not None
        self.edge: Edge = server.edge
        self.url = url

    async def connect(self) -> RawSocket:
        return await RawSocket.tcp(self.url)

    async def connect_as(self, address: str) -> RawSocket:
        """From another address of this machine."""
        port = int(self.url.rpartition(":")[2])
        pair = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        return RawSocket(*pair)

    async def slow(self) -> RawSocket:
        """A connection whose reader's kernel takes little."""
        port = int(self.url.rpartition(":")[2])
        narrow = socket()
        narrow.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
        return RawSocket(*await asyncio.open_connection(sock=narrow, limit=4096))

    async def empty(self) -> None:
        """Wait until nobody stands at the door, and nobody is counted."""
        await until(lambda: not self.edge._doors and self.edge._answers.taken == 0)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    write_site(tmp_path / "web", {**FILES, BIG_PATH[1:]: BIG})
    config = ServerConfig(
        tmp_path / "data",
        port=0,
        web_dir=tmp_path / "web",
        limits=Limits(answers_per_address=4, doors=DOORS),
    )
    server = Server(config)
    yield House(server, await server.start())
    await server.stop()


async def whole(connection: RawSocket) -> bytes:
    """All that comes until the server closes."""
    return await connection.reader.read()


# --- heads -----------------------------------------------------------------------------------


async def test_a_head_may_come_byte_by_byte(house: House) -> None:
    connection = await house.connect()
    for byte in b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n":
        connection.write(bytes((byte,)))
        await connection.writer.drain()
        await asyncio.sleep(0)
    answer = await whole(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(PAGE)
    await connection.close()
    await house.empty()


@pytest.mark.parametrize("ended", [True, False])
async def test_a_head_may_only_be_so_long(house: House, ended: bool) -> None:
    connection = await house.connect()
    end = b"\r\n\r\n" if ended else b""
    connection.write(b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES + end)
    assert (await whole(connection)).startswith(b"HTTP/1.1 431 ")
    await connection.close()


async def test_the_longest_head_is_read(house: House) -> None:
    connection = await house.connect()
    first = b"GET / HTTP/1.1\r\nX: "
    connection.write(first + b"a" * (HEAD_BYTES - len(first) - 4) + b"\r\n\r\n")
    assert (await whole(connection)).startswith(b"HTTP/1.1 200 ")
    await connection.close()


async def test_who_says_nothing_is_let_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_TIMEOUT_S", 0.05)
    silent, half = await house.connect(), await house.connect()
    half.write(b"GET / HTTP/1.1\r\nHost: ")
    for connection in (silent, half):
        with suppress(ConnectionResetError):
            assert await whole(connection) == b""
        await connection.close()
    await house.empty()


async def test_who_leaves_in_the_middle_of_a_head_is_forgotten(house: House) -> None:
    connection = await house.connect()
    connection.write(b"GET / HT")
    await until(lambda: len(house.edge._doors) == 1)
    await connection.close()
    await house.empty()


@pytest.mark.parametrize("head", [b"nonsense\r\n\r\n", b"\r\n\r\n", b"\x00" * 40 + b"\r\n\r\n"])
async def test_nonsense_is_a_bad_request(house: House, head: bytes) -> None:
    connection = await house.connect()
    connection.write(head)
    answer = await whole(connection)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"first line" in answer
    await connection.close()
    await house.empty()


# --- answers ---------------------------------------------------------------------------------


async def test_a_large_answer_comes_whole_to_a_slow_reader(house: House) -> None:
    connection = await house.slow()
    connection.write(GET_BIG)
    head = await connection.reader.readuntil(b"\r\n\r\n")
    assert f"Content-Length: {len(BIG)}\r\n".encode() in head
    read = bytearray()
    while piece := await connection.reader.read(50_000):
        read += piece
        await asyncio.sleep(0)
    assert bytes(read) == BIG
    await connection.close()
    await house.empty()


async def test_head_has_the_headers_alone(house: House) -> None:
    connection = await house.connect()
    connection.write(GET_BIG.replace(b"GET", b"HEAD"))
    answer = await whole(connection)
    assert answer.endswith(b"\r\n\r\n")
    assert f"Content-Length: {len(BIG)}\r\n".encode() in answer
    await connection.close()


async def test_who_has_said_all_gets_the_whole_answer(house: House) -> None:
    connection = await house.slow()
    connection.write(GET_BIG)
    connection.writer.write_eof()
    answer = await whole(connection)
    assert answer.endswith(BIG)
    await connection.close()
    await house.empty()


async def test_a_body_that_nobody_wanted_does_not_spoil_the_answer(house: House) -> None:
    """Unread bytes at a close would be a reset, which throws away what is on its way."""
    connection = await house.connect()
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    connection.write(head + bytes(50_000))
    await connection.writer.drain()
    await asyncio.sleep(0.05)
    connection.write(bytes(50_000))
    answer = await whole(connection)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"/v1/socket.\n")
    await connection.close()
    await house.empty()


async def test_a_second_request_has_no_answer(house: House) -> None:
    connection = await house.connect()
    connection.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
    answer = await whole(connection)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in answer
    await connection.close()


async def test_who_floods_after_the_answer_is_cut_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "THROWN_AWAY_BYTES", 10_000)
    monkeypatch.setattr(module, "LINGER_S", 3600)
    connection = await house.connect()
    connection.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    await until(lambda: any(door._answered for door in house.edge._doors))
    connection.write(bytes(1_000_000))
    await house.empty()
    await connection.close()


async def test_who_does_not_close_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_S", 0.05)
    connection = await house.connect()
    connection.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    await house.empty()
    assert (await whole(connection)).endswith(b"ok\n")
    await connection.close()


async def test_who_does_not_read_is_cut_off_in_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.0)
    monkeypatch.setattr(module, "SLOWEST_BYTES_PER_S", len(BIG) * 20)
    connection = await house.slow()
    connection.writer.transport.pause_reading()
    connection.write(GET_BIG)
    await until(lambda: house.edge._answers.taken == 1)
    await house.empty()
    await connection.close()


async def test_a_large_answer_has_the_time_that_a_slow_line_needs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    waiting = module.Door._wait

    def noted(self: module.Door, limit_s: float) -> None:
        waits.append(limit_s)
        waiting(self, limit_s)

    monkeypatch.setattr(module.Door, "_wait", noted)
    connection = await house.connect()
    connection.write(GET_BIG)
    await whole(connection)
    expected = module.ANSWER_TIMEOUT_S + len(BIG) / module.SLOWEST_BYTES_PER_S
    assert waits == [module.HEAD_TIMEOUT_S, expected, module.LINGER_S]
    await connection.close()


async def test_who_resets_the_connection_in_the_middle_is_forgotten(house: House) -> None:
    connection = await house.slow()
    connection.write(GET_BIG)
    await connection.reader.readuntil(b"\r\n\r\n")
    raw = connection.writer.get_extra_info("socket")
    raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    connection.writer.transport.abort()
    await house.empty()


# --- how many --------------------------------------------------------------------------------


async def test_one_address_has_only_so_many_answers_at_once(house: House) -> None:
    slow = [await house.slow() for _ in range(4)]
    for connection in slow:
        connection.writer.transport.pause_reading()
        connection.write(GET_BIG)
    await until(lambda: house.edge._answers.taken == 4)
    fifth = await house.connect()
    status, headers, body = await fifth.http("GET / HTTP/1.1")
    assert (status, headers["retry-after"]) == (429, "5")
    assert b"try again" in body
    await fifth.close()
    for connection in slow:
        connection.writer.transport.abort()
    await house.empty()
    again = await house.connect()
    assert (await again.http("GET / HTTP/1.1"))[0] == 200
    await again.close()


async def test_there_are_only_so_many_doors(house: House) -> None:
    waiting = [await house.connect() for _ in range(DOORS // 2)]
    for address in ("127.0.0.2", "127.0.0.3"):
        waiting += [await house.connect_as(address) for _ in range(DOORS // 4)]
    await until(lambda: len(house.edge._doors) == DOORS)
    one_more = await house.connect_as("127.0.0.4")
    with suppress(ConnectionResetError):
        assert await whole(one_more) == b""
    await one_more.close()
    for connection in waiting:
        await connection.close()
    await house.empty()


async def test_one_address_does_not_take_all_doors(house: House) -> None:
    waiting = [await house.connect() for _ in range(DOORS // 2)]
    await until(lambda: len(house.edge._doors) == DOORS // 2)
    one_more = await house.connect()
    with suppress(ConnectionResetError):
        assert await whole(one_more) == b""
    await one_more.close()
    other = await house.connect_as("127.0.0.2")
    assert (await other.http("GET / HTTP/1.1"))[0] == 200
    for connection in (other, *waiting):
        await connection.close()
    await house.empty()
    assert house.edge._callers.taken == 0


async def test_a_websocket_stands_at_no_door(house: House) -> None:
    sockets = [await RawSocket.websocket(house.url) for _ in range(10)]
    assert len(house.edge._doors) == 0
    assert house.edge.connections == 10
    for one in sockets:
        await one.close()


# --- the way to the websocket ----------------------------------------------------------------


def upgrade(more: str = "") -> bytes:
    return f"GET /v1/socket HTTP/1.1\r\nHost: x\r\n{upgrade_headers()}{more}\r\n".encode()


async def upgraded(connection: RawSocket) -> None:
    head = await connection.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    assert (await connection.message() or b"")[1] == 1


@pytest.mark.parametrize("padding", [0, 1_000, 1_700, 2_048, 9_000, 15_000])
async def test_a_head_of_any_length_becomes_a_websocket(house: House, padding: int) -> None:
    connection = await house.connect()
    connection.write(upgrade(f"Cookie: {'a' * padding}\r\n"))
    await upgraded(connection)
    await connection.close()


async def test_a_head_in_pieces_becomes_a_websocket(house: House) -> None:
    connection = await house.connect()
    head = upgrade()
    for start in range(0, len(head), 7):
        connection.write(head[start : start + 7])
        await connection.writer.drain()
        await asyncio.sleep(0)
    await upgraded(connection)
    await connection.close()


@pytest.mark.parametrize("size", [0, 3_000])
async def test_frames_that_came_with_the_head_are_not_lost(house: House, size: int) -> None:
    connection = await house.connect()
    asked = ws_frame(encode(f.GetAccount(1, "a" * 32)))
    connection.write(upgrade(f"Cookie: {'a' * size}\r\n") + asked + asked[:3])
    head = await connection.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    first, second = await connection.message(), await connection.message()
    assert (first or b"")[1] == 1
    assert second is not None, "the frame in the wrong state was read and answered"
    await connection.close()


async def test_an_upgrade_that_picows_does_not_like_is_a_bad_request(house: House) -> None:
    connection = await house.connect()
    connection.write(upgrade().replace(b"Sec-WebSocket-Key", b"X-Key"))
    assert (await whole(connection)).startswith(b"HTTP/1.1 400 ")
    await connection.close()
    await house.empty()
    assert house.edge.connections == 0


async def test_an_old_http_does_not_become_a_websocket(house: House) -> None:
    connection = await house.connect()
    connection.write(upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert (await whole(connection)).startswith(b"HTTP/1.1 400 ")
    await connection.close()


# --- the end ---------------------------------------------------------------------------------


async def test_a_server_that_stops_cuts_what_is_under_way(tmp_path: Path) -> None:
    write_site(tmp_path / "web", {**FILES, BIG_PATH[1:]: BIG})
    server = Server(ServerConfig(tmp_path / "data", port=0, web_dir=tmp_path / "web"))
    house = House(server, await server.start())
    reading, silent = await house.slow(), await house.connect()
    reading.writer.transport.pause_reading()
    reading.write(GET_BIG)
    await until(lambda: house.edge._answers.taken == 1)
    await asyncio.wait_for(server.stop(), 10)
    await house.empty()
    for connection in (reading, silent):
        connection.writer.transport.resume_reading()
        with suppress(ConnectionResetError):
            assert not (await whole(connection)).endswith(BIG[-1000:])
        await connection.close()


# --- answers that have to be looked for ------------------------------------------------------


class Slow:
    """Pages that come when a test lets them."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.cancelled = False
        monkeypatch.setattr(house.edge._cards, "answer", self.answer)

    async def answer(self, request: Request) -> Answer | None:
        self.asked.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if request.path == "/broken":
            raise KeyError("a bug")
        if request.path == "/down":
            raise StorageUnavailable("The disk is gone.")
        return Answer(HTTPStatus.OK, {}, b"found") if request.path == "/linde" else None


@pytest.fixture
def slow(house: House, monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(house, monkeypatch)


async def asked(house: House, slow: Slow, path: str) -> RawSocket:
    connection = await house.connect()
    connection.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await slow.asked.wait()
    return connection


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/linde", b" 200 ", b"found"),
        ("/nobody", b" 200 ", PAGE),
        ("/down", b" 200 ", PAGE),
        ("/broken", b" 500 ", module._FAILED.encode()),
    ],
)
async def test_an_answer_comes_when_it_is_found(
    house: House, slow: Slow, path: str, status: bytes, body: bytes
) -> None:
    connection = await asked(house, slow, path)
    connection.write(b"GET /linde HTTP/1.1\r\n\r\n")  # too late: one request for a connection
    slow.go.set()
    answer = await whole(connection)
    assert status in answer.partition(b"\r\n")[0]
    assert answer.endswith(body)
    await connection.close()
    await house.empty()


async def test_who_leaves_is_not_looked_for_any_longer(house: House, slow: Slow) -> None:
    connection = await asked(house, slow, "/linde")
    raw = connection.writer.get_extra_info("socket")
    raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    connection.writer.transport.abort()
    await until(lambda: slow.cancelled)
    await house.empty()


async def test_an_answer_that_never_comes_ends_the_connection(
    house: House, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.05)
    connection = await asked(house, slow, "/linde")
    with suppress(ConnectionError):
        assert await whole(connection) == b""
    await house.empty()
