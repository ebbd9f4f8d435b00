"""Floods against the real server: who floods is closed, memory stays, nobody else waits."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from plausch.identity.login import sign_login
from plausch.wire import frames as f
from plausch.wire.codec import BUNDLE_BYTES, FRAME_BYTES, decode_server, encode
from postgres_cluster import Cluster
from raw_socket import RawSocket, ws_frame
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WireDevice

MIB = 1024 * 1024
PINGS = ws_frame(b"x" * 125, first=0x89) * 2000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server")) as process:
        yield process
    assert "Traceback" not in process.log()
    assert "ERROR" not in process.log()


async def logged_in(server: ServerProcess, person: Person) -> RawSocket:
    """A connection of a registered person, without manners from here on."""
    socket = await RawSocket.websocket(server.url)
    hello = decode_server(await socket.message() or b"")
    assert isinstance(hello, f.Hello)
    signature = sign_login(person.key, hello.domain, hello.nonce, person.device)
    socket.binary(encode(f.Login(1, person.device.uri, signature)))
    assert isinstance(decode_server(await socket.message() or b""), f.LoggedIn)
    return socket


async def pour(socket: RawSocket, raw: bytes, most_bytes: int) -> None:
    """Send it again and again and read nothing, until the connection ends or that is sent."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        for _ in range(most_bytes // len(raw)):
            socket.writer.write(raw)
            await asyncio.wait_for(socket.writer.drain(), 10)


async def closing(socket: RawSocket) -> str:
    """The code with which the connection ends."""
    last = b""
    while (raw := await socket.message()) is not None:
        last = raw
    frame = decode_server(last)
    assert isinstance(frame, f.Closing)
    return frame.code


async def registered(server: ServerProcess) -> Person:
    person = Person.new("p" + secrets.token_hex(6))
    await (await WireDevice.register(server.url, person)).close()
    return person


async def test_pings_by_nobody_take_no_memory(server: ServerProcess) -> None:
    anna = await WireDevice.register(server.url, Person.new("p" + secrets.token_hex(6)))
    before = server.memory_bytes()
    socket = await RawSocket.websocket(server.url)
    await pour(socket, PINGS, 200 * MIB)
    assert server.memory_bytes() - before < 16 * MIB
    await anna.resume()
    await socket.close()
    await anna.close()


async def test_pings_by_a_device_end_its_connection(server: ServerProcess) -> None:
    before = server.memory_bytes()
    socket = await logged_in(server, await registered(server))
    await pour(socket, PINGS, 200 * MIB)
    assert server.memory_bytes() - before < 32 * MIB
    await socket.close()
    polite = await logged_in(server, await registered(server))
    polite.write(ws_frame(b"", first=0x89) * 1000)
    assert await closing(polite) == "rate_limited"
    await polite.close()


async def test_large_frames_by_nobody_take_no_memory(server: ServerProcess) -> None:
    frame = ws_frame(b"", size=BUNDLE_BYTES) + bytes(BUNDLE_BYTES - 1)
    before = server.memory_bytes()
    crowd = [await RawSocket.websocket(server.url) for _ in range(100)]
    for socket in crowd:
        await pour(socket, frame, len(frame))
    assert server.memory_bytes() - before < 30 * MIB
    for socket in crowd:
        await socket.close()


async def test_who_sends_too_much_before_the_login_is_told_so(server: ServerProcess) -> None:
    socket = await RawSocket.websocket(server.url)
    socket.write(ws_frame(b"", size=FRAME_BYTES) + bytes(40 * 1024))
    assert await closing(socket) == "too_large"
    assert socket.close_code == 1009
    await socket.close()


async def test_acknowledgements_of_invented_conversations_cost_their_sender_only(
    tmp_path: Path,
) -> None:
    server = ServerProcess(tmp_path).start()
    anna = await WireDevice.register(server.url, Person.new("anna"))
    mallory = await logged_in(server, await registered(server))
    before = server.memory_bytes()
    for _ in range(50):
        invented = [f.Acknowledge(secrets.token_bytes(16), 1) for _ in range(2_000)]
        with contextlib.suppress(ConnectionError):
            mallory.write(b"".join([ws_frame(encode(one)) for one in invented]))
        await anna.resume()
    assert server.memory_bytes() - before < 32 * MIB
    assert await asyncio.to_thread(server.stop) == 0
    assert server.log() == ""
    await mallory.close()


async def test_requests_piled_up_behind_a_large_one_end_the_connection(
    server: ServerProcess,
) -> None:
    anna = await WireDevice.register(server.url, Person.new("p" + secrets.token_hex(6)))
    socket = await logged_in(server, await registered(server))
    large = f.CreateConversation(1, bytes(16), bytes(BUNDLE_BYTES - 100))
    small = ws_frame(encode(f.Read(2, bytes(16), 0, 1)))
    with contextlib.suppress(ConnectionError):
        # The large frame has made room for all of them, so they are read at once.
        socket.write(ws_frame(encode(large)))
        socket.write(small * 60_000)
    assert await closing(socket) == "too_many_requests"
    await anna.resume()
    await socket.close()
    await anna.close()


async def test_a_device_taken_from_the_list_elsewhere_is_out_within_a_turn(
    tmp_path: Path, postgres: Cluster
) -> None:
    config = OPEN_LIMITS + "silence_ms = 1000\n"
    url = await postgres.create_database(f"f{secrets.token_hex(6)}")
    with (
        ServerProcess(tmp_path / "one", database_url=url, config=config) as one,
        ServerProcess(tmp_path / "other", database_url=url, config=config) as other,
    ):
        person = Person.new("anna")
        phone, twin = await WireDevice.register(one.url, person), person.next_device()
        both = person.next_list([person.device, twin.device], [person.key, twin.key])
        publish = f.PublishDeviceList(phone.session.next_id(), both, [twin.certificate])
        await phone.ask(f.Done, publish)
        laptop = await WireDevice.open(other.url, twin)
        ben = await WireDevice.register(other.url, Person.new("ben"))
        alone = person.next_list([person.device], [person.key])
        await phone.ask(f.Done, f.PublishDeviceList(phone.session.next_id(), alone, []))
        await asyncio.wait_for(laptop.gone(), 20)
        assert laptop.closing is not None
        assert laptop.closing.code == "device_removed"
        for device in (phone, ben):
            await device.resume()
            await device.close()
