"""One connection: order, pressure, and what is left when it is gone."""

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from picows import WSMsgType

from plausch.server.config import ServerConfig
from plausch.server.connection import Connection
from plausch.server.delivery import Delivery
from plausch.server.devices import Devices
from plausch.server.lanes import Lane
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.server.records import DeviceRecord
from plausch.wire import frames as f
from plausch.wire.session import State
from raw_socket import RawSocket, ws_frame
from wire_device import Person, WireDevice


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(requests_waiting=4)))
    yield await server.start()
    await server.stop()


async def conversing(url: str) -> tuple[WireDevice, bytes, bytes]:
    device = await WireDevice.register(url, Person.new("p" + secrets.token_hex(6)))
    await device.resume()
    group = await device.converse([], [])
    return device, group.group_id, group.encrypt(b"x")


def append(device: WireDevice, conversation: bytes, message: bytes) -> f.Append:
    return f.Append(
        device.session.next_id(),
        conversation,
        0,
        f.APPLICATION,
        message,
        secrets.token_bytes(16),
    )


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def the_connection(server: Server) -> Connection:
    """The only one that is open."""
    assert server.edge is not None
    (connection,) = [one for bucket in server.edge._wheel for one in bucket]
    return connection


@dataclass
class Frame:
    """A WebSocket frame as picows hands it over."""

    payload: bytes
    msg_type: WSMsgType = WSMsgType.BINARY
    fin: bool = True
    rsv1: bool = False
    rsv2: bool = False
    rsv3: bool = False

    def get_payload_as_bytes(self) -> bytes:
        return self.payload


def test_a_connection_has_no_dictionary() -> None:
    assert "__dict__" not in dir(Connection)


async def test_far_more_than_may_wait_is_answered_in_order(url: str) -> None:
    device, conversation, message = await conversing(url)
    futures = []
    for number in range(200):
        if number % 7 == 3:
            futures.append(device.begin(f.Resume(device.session.next_id(), b"")))
        else:
            futures.append(device.begin(append(device, conversation, message)))
    order: list[int] = []
    for number, future in enumerate(futures):
        future.add_done_callback(lambda _, number=number: order.append(number))
    answers = await asyncio.gather(*futures)
    assert order == sorted(order)
    seqs = [answer.seq for answer in answers if isinstance(answer, f.Appended)]
    assert seqs == list(range(1, len(seqs) + 1))
    resumed = [answer for answer in answers if isinstance(answer, f.Resumed)]
    assert [answer.moved[0].head for answer in resumed] == sorted(
        answer.moved[0].head for answer in resumed
    )
    await device.close()


async def test_one_who_leaves_in_the_middle_hurts_nobody(url: str) -> None:
    device, conversation, message = await conversing(url)
    for _ in range(50):
        device.begin(append(device, conversation, message))
    device.begin(f.Read(device.session.next_id(), conversation, 0, 500))
    assert device.transport is not None
    device.transport.disconnect(False)
    await device.gone()
    again = await WireDevice.open(url, device.person)
    log = await again.read_log(conversation)
    assert [one.seq for one in log] == list(range(1, len(log) + 1))
    await again.close()


async def test_what_has_ended_is_let_go(server: Server) -> None:
    edge = server.edge
    assert edge is not None

    def left() -> int:  # a number: a list of them would keep what it finds
        gc.collect()
        return sum(type(one) is Connection and one._edge is edge for one in gc.get_objects())

    for _ in range(5):
        device, _, _ = await conversing(f"http://127.0.0.1:{edge.port}")
        assert left() == 1
        await device.close()
        async with asyncio.timeout(60):
            await until(lambda: left() == 0)


async def test_nothing_is_pushed_before_resume(url: str) -> None:
    device, conversation, message = await conversing(url)
    twin = await WireDevice.connect(url, device.person)
    await twin.log_in()  # the older connection of the same device ends here
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "replaced"
    answer = await twin.begin(append(twin, conversation, message))
    assert isinstance(answer, f.Appended)
    assert twin.pushes == []
    await twin.close()


# --- pressure and order --------------------------------------------------------------------


async def serving(folder: Path, **limits: int) -> tuple[Server, str]:
    server = Server(ServerConfig(folder, port=0, limits=Limits(**limits)))
    return server, await server.start()


async def test_what_is_refused_at_once_waits_its_turn_and_is_answered_once(tmp_path: Path) -> None:
    """Behind a request that takes a while, hundreds of appends over the day's limit."""
    server, url = await serving(tmp_path, sends_per_device_per_day=1)
    device, conversation, message = await conversing(url)
    await device.append(conversation, 0, message)
    order: list[int] = []
    futures = [device.begin(f.Read(device.session.next_id(), conversation, 0, 500))]
    futures += [device.begin(append(device, conversation, message)) for _ in range(300)]
    futures.append(device.begin(f.Resume(device.session.next_id(), b"")))
    for number, future in enumerate(futures):
        future.add_done_callback(lambda _, number=number: order.append(number))
    first, *refused, last = await asyncio.gather(*futures)
    assert isinstance(first, f.Envelopes)
    assert {one.code for one in refused if isinstance(one, f.Refused)} == {"rate_limited"}
    assert isinstance(last, f.Resumed)
    assert order == list(range(302))
    assert [one for one in device.pushes if isinstance(one, f.Refused)] == []  # no second answer
    await server.stop()


async def test_a_connection_that_caught_up_is_heard_again(tmp_path: Path) -> None:
    """Only frames without an answer wait behind what the device did not read for a while."""
    server, url = await serving(tmp_path)
    device, conversation, message = await conversing(url)
    for _ in range(24):
        await device.append(conversation, 0, message.ljust(60_000, b"\0"))
    assert device.transport is not None
    stream = device.transport.underlying_transport
    stream.pause_reading()
    connection = the_connection(server)
    while not connection._stalled:  # the kernel takes a few megabytes first
        read = f.Read(device.session.next_id(), conversation, 0, 500)
        pair = (read, f.Acknowledge(conversation, 24))
        connection.silence = 1  # until something is heard
        stream.write(b"".join([ws_frame(device.session.send_frame(one)) for one in pair]))
        await until(lambda: connection.silence == 0)
        await until(lambda: connection._queue is None or connection._stalled)
    assert connection._queue, "the acknowledgement waits"
    stream.resume_reading()
    assert (await asyncio.wait_for(device.resume(), 20)).moved == []
    await server.stop()


async def test_answers_that_nobody_reads_do_not_fill_the_memory(tmp_path: Path) -> None:
    server, url = await serving(tmp_path, sends_per_device_per_day=1, unread_bytes=0)
    device, conversation, message = await conversing(url)
    await device.append(conversation, 0, message)
    assert device.transport is not None
    stream, connection = device.transport.underlying_transport, the_connection(server)
    stream.pause_reading()
    for _ in range(400):  # some twenty megabytes of answers
        if connection.session.state is State.CLOSED:
            break
        frames = [append(device, conversation, b"x") for _ in range(1_000)]
        stream.write(b"".join([ws_frame(device.session.send_frame(one)) for one in frames]))
        await asyncio.sleep(0)
    assert connection.session.state is State.CLOSED
    stream.resume_reading()
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "slow_reader"
    await server.stop()


async def test_a_read_sees_the_appends_before_it_and_none_behind_it(url: str) -> None:
    device, conversation, message = await conversing(url)
    reads = []
    for number in range(12):
        for _ in range(number):
            device.begin(append(device, conversation, message))
        reads.append(device.begin(f.Read(device.session.next_id(), conversation, 0, 500)))
    heads = [answer.head for answer in await asyncio.gather(*reads)]  # type: ignore[union-attr]
    assert heads == [number * (number + 1) // 2 for number in range(12)]
    await device.close()


async def test_what_is_too_large_is_refused_and_the_frames_around_it_are_not(url: str) -> None:
    device, conversation, message = await conversing(url)
    futures = [
        device.begin(append(device, conversation, one))
        for one in (message, message.ljust(64 * 1024 + 1, b"\0"), message)
    ]
    first, large, last = await asyncio.gather(*futures)
    assert isinstance(large, f.Refused)
    assert (large.code, large.fault) == ("too_large", "local")
    assert isinstance(first, f.Appended)
    assert isinstance(last, f.Appended)
    assert (first.seq, last.seq) == (1, 2)
    await device.resume()
    await device.close()


async def test_with_as_many_appends_unanswered_as_may_be_its_bytes_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four may wait for the disk; the rest stays with the device, and comes when there is room."""
    server, url = await serving(tmp_path, requests_waiting=4)
    device, conversation, message = await conversing(url)
    connection = the_connection(server)
    assert server.edge is not None
    appends = server.edge.dispatch._services.delivery._appends
    empty, gate, most = appends._empty, asyncio.Event(), 0

    async def slowly(lane: Lane) -> None:
        nonlocal most
        await gate.wait()
        most = max(most, len(lane.waiting))
        await empty(lane)

    monkeypatch.setattr(appends, "_empty", slowly)
    futures = [device.begin(append(device, conversation, message)) for _ in range(4)]
    await until(lambda: not connection._reading)
    assert connection._unanswered == 4
    futures += [device.begin(append(device, conversation, message)) for _ in range(20)]
    gate.set()
    answers = await asyncio.gather(*futures)
    seqs = [one.seq for one in answers if isinstance(one, f.Appended)]
    assert seqs == list(range(1, 25))
    assert most < 24
    await until(lambda: connection._reading)
    await server.stop()


# --- the ends of a connection --------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "close_code"),
    [
        ("too_large", 1009),
        ("bad_frame", 1002),
        ("server_restart", 1012),
        ("slow_reader", 1013),
        ("too_many_connections", 1013),
        ("replaced", 1008),
        ("anything else", 1008),
    ],
)
async def test_a_reason_has_its_websocket_code(tmp_path: Path, code: str, close_code: int) -> None:
    server, url = await serving(tmp_path)
    socket = await RawSocket.websocket(url)
    await socket.message()
    connection = the_connection(server)
    connection.close(code, "Because.", 7)
    connection.close("another", "Nobody is told twice.")
    connection.send(f.Done(1))
    connection.push(b"\x82\x00")
    assert await socket.frames() == [f.Closing(code, "Because.", 7)]
    assert socket.close_code == close_code
    await socket.close()
    await server.stop()


async def test_after_its_reason_nothing_of_a_connection_counts(tmp_path: Path) -> None:
    server, url = await serving(tmp_path)
    device, conversation, message = await conversing(url)
    connection = the_connection(server)
    raw = [device.session.send_frame(append(device, conversation, message)) for _ in range(5)]
    connection.close("replaced", "Because.")
    assert device.transport is not None
    device.transport.underlying_transport.write(b"".join(map(ws_frame, raw)))
    await device.gone()
    again = await WireDevice.open(url, device.person)
    assert await again.read_log(conversation) == []
    await server.stop()


async def test_a_close_is_answered_by_a_close(url: str) -> None:
    socket = await RawSocket.websocket(url)
    await socket.message()
    socket.write(ws_frame((1000).to_bytes(2, "big"), first=0x88))
    assert await socket.message() is None
    assert socket.close_code == 1000
    assert await socket.reader.read() == b""
    await socket.close()


async def test_a_ping_is_answered_by_a_pong_with_the_same_bytes(url: str) -> None:
    socket = await RawSocket.websocket(url)
    await socket.message()
    socket.write(ws_frame(b"are you there", first=0x89))
    assert await socket.reader.readexactly(15) == b"\x8a\x0dare you there"
    await socket.close()


async def test_pings_that_nobody_reads_the_answers_of_are_not_answered(tmp_path: Path) -> None:
    server, url = await serving(tmp_path, pings_per_minute=1_000_000)
    device, _, _ = await conversing(url)
    connection = the_connection(server)
    assert device.transport is not None
    stream = device.transport.underlying_transport
    stream.pause_reading()
    pings = ws_frame(b"x" * 125, first=0x89) * 4_000
    unread = connection._stream.get_write_buffer_size  # type: ignore[union-attr]
    while not connection._stalled:  # the kernel takes a few megabytes first
        stream.write(pings)
        await asyncio.sleep(0)
    most, before = unread(), connection.pings
    stream.write(pings)
    await until(lambda: connection.pings > before + 2_000)
    assert unread() <= most
    stream.resume_reading()
    await device.resume()
    await server.stop()


async def test_too_many_pings_end_a_connection_and_a_few_do_not(tmp_path: Path) -> None:
    server, url = await serving(tmp_path, pings_per_minute=4, silence_ms=60_000)
    device, _, _ = await conversing(url)
    connection, ping = the_connection(server), ws_frame(b"", first=0x89)
    assert device.transport is not None
    for _ in range(3):
        device.transport.underlying_transport.write(ping * 4)
        await device.resume()
        connection.visit()  # the minute is over
    device.transport.underlying_transport.write(ping * 5)
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "rate_limited"
    await server.stop()


async def test_more_than_may_wait_behind_a_request_end_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url = await serving(tmp_path, requests_queued=50)
    device, conversation, _ = await conversing(url)
    never = asyncio.Event()

    async def stuck(self: Delivery, *arguments: object) -> object:
        await never.wait()
        raise ConnectionError

    monkeypatch.setattr(Delivery, "read", stuck)
    device.begin(f.Read(device.session.next_id(), conversation, 0, 1))
    acknowledged = ws_frame(device.session.send_frame(f.Acknowledge(conversation, 1)))
    assert device.transport is not None
    device.transport.underlying_transport.write(acknowledged * 50)
    connection = the_connection(server)
    await until(lambda: connection._queue is not None and len(connection._queue) == 50)
    # What is left unread may come in a later read, and only then.
    connection.on_ws_frame(connection._stream, Frame(acknowledged[6:]))  # type: ignore[arg-type]
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "too_many_requests"
    never.set()
    await server.stop()


async def test_who_owes_nothing_is_given_time_to_log_in_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that the server is slow to judge is not the device's fault."""
    server, url = await serving(tmp_path)
    device, _, _ = await conversing(url)
    await device.close()
    asked, gate, found = asyncio.Event(), asyncio.Event(), Devices.login

    async def slow(self: Devices, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        asked.set()
        await gate.wait()
        return await found(self, uri, nonce, signature)

    monkeypatch.setattr(Devices, "login", slow)
    again = await WireDevice.connect(url, device.person)
    login = asyncio.ensure_future(again.log_in())
    await asked.wait()
    the_connection(server).visit()
    gate.set()
    await login
    await again.resume()
    await server.stop()


async def test_a_reason_reaches_a_device_whose_bytes_were_left_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the middle of a long request, has sent more, and is replaced by its twin."""
    server, url = await serving(tmp_path, requests_waiting=2)
    device, conversation, message = await conversing(url)
    connection, gate = the_connection(server), asyncio.Event()
    assert server.edge is not None
    delivery, reading = server.edge.dispatch._services.delivery, Delivery.read

    async def long(self: Delivery, *arguments: object) -> object:
        await gate.wait()
        return await reading(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Delivery, "read", long)
    device.begin(f.Read(device.session.next_id(), conversation, 0, 500))
    for _ in range(300):
        device.begin(append(device, conversation, message.ljust(10_000, b"\0")))
    await until(lambda: not connection._reading)
    newer = await WireDevice.connect(url, device.person)
    await newer.log_in()
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "replaced"
    gate.set()
    await until(lambda: not server.edge._tasks)  # type: ignore[union-attr]
    resumption = await delivery.resume(connection.device)  # type: ignore[arg-type]
    assert resumption.moved == []  # what waited behind the request was never begun
    await server.stop()


# --- silence -------------------------------------------------------------------------------


async def test_silence_is_noted_then_asked_after_then_the_end(tmp_path: Path) -> None:
    server, url = await serving(tmp_path)
    device, _, _ = await conversing(url)
    connection = the_connection(server)
    for _ in range(3):
        connection.visit()
        assert connection.silence == 1
        await device.resume()
        assert connection.silence == 0
    connection.visit()
    connection.visit()  # a ping, which the device answers
    await until(lambda: connection.silence == 0)
    assert device.transport is not None
    device.transport.underlying_transport.pause_reading()
    for _ in range(3):
        connection.visit()
    device.transport.underlying_transport.resume_reading()
    await device.gone()
    assert device.closing is None  # nobody was there to be told
    await server.stop()


async def test_a_visit_to_what_has_ended_does_nothing(tmp_path: Path) -> None:
    server, url = await serving(tmp_path)
    socket = await RawSocket.websocket(url)
    await socket.message()
    connection = the_connection(server)
    connection.visit()  # nobody has logged in in time
    connection.visit()
    connection.visit()
    (closing,) = await socket.frames()
    assert isinstance(closing, f.Closing)
    assert closing.code == "login_timeout"
    await socket.close()
    await server.stop()
