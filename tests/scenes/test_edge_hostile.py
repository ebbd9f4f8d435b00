"""Hostile devices against the real server: each gets a sentence, nobody else notices."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from plausch.base.errors import LocalError
from plausch.wire import codec
from plausch.wire import frames as f
from plausch.wire.frame import MAX_INTEGER
from plausch.wire.session import ALLOWED, State
from postgres_cluster import Cluster
from raw_socket import RawSocket, ws_frame
from server_process import ServerProcess
from unit.wire.samples import CLIENT, CONVERSATION, DEVICE, SERVER
from wire_device import Person, WasRefused, WireDevice

NAME = "quiet-anna-7f3"
"""Unlike anything that a log may hold by chance."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server")) as process:
        yield process
    assert "Traceback" not in process.log()
    assert "ERROR" not in process.log()
    assert NAME not in process.log()
    assert "127.0.0.1" not in process.log()


@pytest.fixture
async def device(server: ServerProcess) -> AsyncIterator[WireDevice]:
    one = await WireDevice.register(server.url, Person.new(NAME + secrets.token_hex(4)))
    yield one
    await one.close()


async def expect_closing(socket: RawSocket, code: str, close_code: int) -> f.Closing:
    """The connection ends with this reason, in a sentence."""
    frames = await asyncio.wait_for(socket.frames(), 10)
    assert isinstance(frames[0], f.Hello)
    last = frames[-1]
    assert isinstance(last, f.Closing)
    assert last.code == code
    assert last.sentence.endswith(".")
    assert "Traceback" not in last.sentence
    assert socket.close_code == close_code
    await socket.close()
    return last


def truncations() -> list[bytes]:
    return [raw[:cut] for raw in map(codec.encode, CLIENT[:3]) for cut in range(len(raw))]


def wrong_types() -> list[bytes]:
    found = []
    for frame in CLIENT:
        fields = msgspec.msgpack.decode(codec.encode(frame))
        for place in range(len(fields)):
            found.append(
                msgspec.msgpack.encode([*fields[:place], {"a": None}, *fields[place + 1 :]])
            )
    return found


def junk() -> list[bytes]:
    dice = random.Random(20261123)
    found = [dice.randbytes(dice.randint(0, 400)) for _ in range(100)]
    found += [b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 5000, b"\x80"]
    found += [codec.encode(one) for one in SERVER]
    return found


@pytest.mark.parametrize("make", [truncations, wrong_types, junk])
async def test_what_is_no_frame_is_answered_with_a_sentence(
    server: ServerProcess, device: WireDevice, make: object
) -> None:
    gate = asyncio.Semaphore(20)

    async def one(raw: bytes) -> None:
        async with gate:
            socket = await RawSocket.websocket(server.url)
            socket.binary(raw)
            await expect_closing(socket, "bad_frame", 1002)

    await asyncio.gather(*map(one, make()))  # type: ignore[operator]
    await device.resume()


@pytest.mark.parametrize("frame", CLIENT, ids=lambda one: type(one).__name__)
async def test_a_frame_in_the_wrong_state(server: ServerProcess, frame: f.ClientFrame) -> None:
    socket = await RawSocket.websocket(server.url)
    if type(frame) not in ALLOWED[State.OPENING]:
        socket.binary(codec.encode(frame))
        await expect_closing(socket, "wrong_state", 1008)
        return
    socket.binary(codec.encode(frame))  # refused: its certificate or signature is nonsense
    await socket.message()
    refused = codec.decode_server(await socket.message() or b"")
    # Anybody may open a pairing, before any login: nothing of it can be nonsense.
    expected = f.Done if isinstance(frame, f.OpenPairing) else f.Refused
    assert isinstance(refused, expected)
    await socket.close()


async def test_register_and_login_wait_for_their_answer(server: ServerProcess) -> None:
    socket = await RawSocket.websocket(server.url)
    login = codec.encode(f.Login(1, DEVICE, bytes(64)))
    socket.write(ws_frame(login) + ws_frame(login))
    await expect_closing(socket, "wrong_state", 1008)


@pytest.mark.parametrize("kind", [f.Register, f.Login])
async def test_after_the_login_there_is_no_other(device: WireDevice, kind: type) -> None:
    device.send_raw(codec.encode(next(one for one in CLIENT if type(one) is kind)))
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "wrong_state"


@pytest.mark.parametrize(
    ("raw", "close_code"),
    [
        (ws_frame(b"hello", first=0x81), 1002),  # a text message
        (ws_frame(b"\x93\x03", first=0x02) * 2, 1002),  # a message within another
        (ws_frame(b"", first=0x02), 1002),  # an empty piece, which never ends
        (ws_frame(b"\x93", first=0x02) + ws_frame(b"", first=0x00), 1002),
        (ws_frame(b"rest", first=0x80), 1002),  # a continuation of nothing
        (ws_frame(b"", first=0x01) * 50, 1002),
    ],
)
async def test_only_binary_messages(server: ServerProcess, raw: bytes, close_code: int) -> None:
    socket = await RawSocket.websocket(server.url)
    socket.write(raw)
    await expect_closing(socket, "bad_frame", close_code)


async def test_a_message_in_pieces_is_whole_at_its_end(server: ServerProcess) -> None:
    socket = await RawSocket.websocket(server.url)
    request = codec.encode(f.Read(1, CONVERSATION, 0, 1))
    first, *rest = [request[at : at + 3] for at in range(0, len(request), 3)]
    socket.write(ws_frame(first, first=0x02))
    for piece in rest:
        socket.write(ws_frame(b"", first=0x8A))  # a pong may come between them
        socket.write(ws_frame(piece, first=0x00))
    socket.write(ws_frame(b"", first=0x80))
    await expect_closing(socket, "wrong_state", 1008)


@pytest.mark.parametrize(
    ("raw", "close_code"),
    [
        (ws_frame(b"\x92\x1b\x01", mask=False), 1002),
        (ws_frame(b"x", first=0x83), 1002),  # an unknown opcode
        (ws_frame(b"x" * 126, first=0x89), 1002),  # a ping that is too long
        (ws_frame(b"x", first=0x09), 1002),  # a fragmented ping
        (ws_frame(b"\x03", first=0x88), 1002),  # a close code of one byte
        (ws_frame(b"", size=5 * 1024 * 1024), 1009),
        (ws_frame(b"", size=2**62), 1009),
    ],
)
async def test_what_is_no_websocket_frame_is_closed(
    server: ServerProcess, raw: bytes, close_code: int
) -> None:
    socket = await RawSocket.websocket(server.url)
    socket.write(raw)
    await asyncio.wait_for(socket.frames(), 10)
    assert socket.close_code == close_code
    await socket.close()


async def test_a_message_over_64_kib_is_refused_and_the_connection_goes_on(
    device: WireDevice,
) -> None:
    with pytest.raises(WasRefused, match="too_large"):
        await device.append(CONVERSATION, 0, bytes(codec.MESSAGE_BYTES + 1))
    await device.resume()


@pytest.mark.parametrize("size", [codec.FRAME_BYTES, codec.BUNDLE_BYTES + 1])
async def test_a_frame_over_its_limit_ends_the_connection(device: WireDevice, size: int) -> None:
    frame = f.Append(9, CONVERSATION, 0, f.APPLICATION, bytes(size), bytes(16))
    device.send_raw(codec.encode(frame))
    await asyncio.wait_for(device.gone(), 10)
    assert device.closing is not None
    assert device.closing.code == "too_large"
    assert device.close_code == 1009


async def test_half_a_frame_and_gone(server: ServerProcess, device: WireDevice) -> None:
    for cut in (1, 2, 5, 20):
        socket = await RawSocket.websocket(server.url)
        socket.write(ws_frame(codec.encode(CLIENT[0]))[:cut])
        await socket.close()
    half_upgrade = await RawSocket.tcp(server.url)
    half_upgrade.write(b"GET /v1/socket HTTP/1.1\r\nUpgr")
    await half_upgrade.close()
    await device.resume()


async def test_a_hundred_connections_that_do_nothing(
    server: ServerProcess, device: WireDevice
) -> None:
    silent = [await RawSocket.tcp(server.url) for _ in range(50)]
    silent += [await RawSocket.websocket(server.url) for _ in range(50)]
    await device.resume()
    for one in silent:
        await one.close()


@pytest.mark.parametrize(
    "frame",
    [
        f.Append(7, CONVERSATION, 0, f.APPLICATION, b"\x00\x01\x00\x02junk", bytes(16)),
        f.AppendCommit(7, CONVERSATION, 0, b"junk", bytes(16), b"junk", b"junk", [DEVICE]),
        f.CreateConversation(7, CONVERSATION, b"junk"),
        f.UploadKeyPackages(7, [b"junk"], b"junk"),
        f.PublishDeviceList(7, b"junk", [b"junk"]),
        f.ClaimKeyPackages(7, "nobody-here", 1, []),
        f.GetAccount(7, "Not A Name"),
        f.GetAccount(7, "nobody-here"),
        f.GetGroupInfo(7, CONVERSATION),
        f.Read(7, CONVERSATION, 0, 10),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_nonsense_inside_a_frame_is_refused_in_a_sentence(
    device: WireDevice, frame: f.ClientFrame
) -> None:
    answer = await device.begin(frame)
    assert isinstance(answer, f.Refused)
    assert answer.code != "internal"
    assert answer.sentence.endswith(".")
    await device.resume()


async def test_frames_without_answer_may_be_nonsense_too(device: WireDevice) -> None:
    device.send(f.Acknowledge(CONVERSATION, 2**53 - 1))
    device.send(f.AcknowledgeMailbox(2**53 - 1))
    device.send(f.SendEphemeral(CONVERSATION, b"typing"))
    (refused,) = await device.pushed(f.Refused)
    assert (refused.id, refused.code) == (0, "unknown_conversation")
    await device.resume()


async def test_mutated_frames_of_a_logged_in_device(
    server: ServerProcess, device: WireDevice
) -> None:
    dice = random.Random(7)
    for _ in range(30):
        one = await WireDevice.open(server.url, device.person)
        for _ in range(20):
            raw = bytearray(codec.encode(dice.choice(CLIENT[2:])))
            for _ in range(dice.randint(0, 2)):
                raw[dice.randrange(len(raw))] = dice.randrange(256)
            one.transport.send(2, bytes(raw))  # type: ignore[union-attr]
        one.transport.send_close()  # type: ignore[union-attr]
        await asyncio.wait_for(one.gone(), 10)
    again = await WireDevice.open(server.url, device.person)
    await again.close()


def strange(state: State) -> Iterator[f.ClientFrame]:
    """Every request of a device in that state, with a text or a number that is strange."""
    for frame in CLIENT:
        if type(frame) not in ALLOWED[state] or "id" not in frame.__struct_fields__:
            continue
        for name in frame.__struct_fields__:
            value = getattr(frame, name)
            odd: tuple[object, ...] = ()
            if isinstance(value, str):
                odd = ("\0", "a\0b", "\U0001f600", "%", "_!\\'\"")
            elif isinstance(value, list) and value and isinstance(value[0], str):
                odd = (["\0"], ["a\0b", "a\0b"])
            elif isinstance(value, int) and name != "id":
                odd = (0, MAX_INTEGER)
            yield from (msgspec.structs.replace(frame, **{name: one}) for one in odd)


async def test_no_text_and_no_number_is_an_error_of_the_database(
    tmp_path: Path, postgres: Cluster
) -> None:
    """PostgreSQL has texts without zeros and numbers of 64 bits, and says so by an error."""
    database = f"h{secrets.token_hex(6)}"
    url = await postgres.create_database(database)
    with ServerProcess(tmp_path, database_url=url) as server:
        person = Person.new("mallory")
        device = await WireDevice.register(server.url, person)
        await device.resume()
        asked = 0
        for frame in strange(State.OPENING):
            nobody = await WireDevice.connect(server.url, person)
            with suppress(ConnectionError):
                answer = await nobody.begin(frame)
                assert not isinstance(answer, f.Refused) or answer.fault != "operator", frame
            await nobody.close()
        for frame in strange(State.RESUMED):
            try:
                number = device.session.next_id()
                answer = await device.begin(msgspec.structs.replace(frame, id=number))
            except (ConnectionError, LocalError):  # it is no frame, and the connection ends
                device = await WireDevice.open(server.url, person)
                continue
            asked += 1
            assert not isinstance(answer, f.Refused) or answer.fault != "operator", frame
        await device.close()
    assert asked > 40
    assert "Traceback" not in server.log()
    await postgres.drop_database(database)
