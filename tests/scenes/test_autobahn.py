"""The cases of Autobahn's WebSocket test suite, by its numbers, against the real server.

The suite itself needs Python 2 and wants an echo. Here each message is an `Append` of exactly the
case's length, and its answer, which names the request, is the echo. Text is never taken: the
protocol is binary. What the server does differently from an echo is in spec/wire.md, Autobahn.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from plausch.identity.login import sign_login
from plausch.wire import frames as f
from plausch.wire.codec import decode_server, encode
from raw_socket import RawSocket, upgrade_headers
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WireDevice

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = bytes((0x37, 0xFA, 0x21, 0x3D))
"""The one in the examples of RFC 6455 section 5.7."""

PATIENCE_S = 60.0
numbers = count(2)


def frame(payload: bytes, opcode: int = BINARY, *, fin: bool = True, rsv: int = 0) -> bytes:
    """A masked frame of a client."""
    size = len(payload)
    head = bytes(((0x80 if fin else 0) | rsv << 4 | opcode,))
    if size < 126:
        head += bytes((0x80 | size,))
    elif size < 65536:
        head += bytes((0x80 | 126,)) + size.to_bytes(2, "big")
    else:
        head += bytes((0x80 | 127,)) + size.to_bytes(8, "big")
    key = (MASK * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + MASK + masked.to_bytes(size, "big")


def message(size: int) -> bytes:
    """A request whose WebSocket message has exactly this length, from 60 bytes on."""
    number = next(numbers)

    def of(padding: int) -> bytes:
        return encode(f.Append(number, bytes(16), 0, f.APPLICATION, bytes(padding), bytes(16)))

    spare = size - len(of(0)) - 4
    while len(of(spare)) < size:
        spare += 1
    assert len(of(spare)) == size, f"no request has {size} bytes"
    return of(spare)


def pieces(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def fragments(payload: bytes, parts: int, between: bytes = b"") -> list[bytes]:
    """A message in so many frames."""
    cut = pieces(payload, -(-len(payload) // parts))
    last = len(cut) - 1
    return [
        frame(one, CONT if place else BINARY, fin=place == last)
        + (between if place < last else b"")
        for place, one in enumerate(cut)
    ]


ECHO, BAD = "echo", "closing bad_frame 1002"
TOO_LARGE, OVERSIZE = "closing too_large 1009", "close 1009"
FAILED, DONE = "close 1002", "close 1000"


def pong(payload: bytes = b"") -> str:
    return f"pong {payload.hex()}"


WAIT = b""
"""Among what is sent: read one thing before the next is sent."""

GOOD_BYE = frame((1000).to_bytes(2, "big"), CLOSE)


@dataclass
class Case:
    """What is sent, in these writes, and what must come back."""

    number: str
    sends: Sequence[bytes]
    hears: Sequence[str]

    @property
    def stays(self) -> bool:
        """Whether the connection is still good, and is then ended with good manners."""
        return not self.hears or not self.hears[-1].startswith("clos")


def octets(*frames: bytes) -> list[bytes]:
    return pieces(b"".join(frames), 1)


def framing() -> Iterator[Case]:
    sizes = (0, 125, 126, 127, 128, 65535, 65536, 65536)
    for at, size in enumerate(sizes, 1):
        whole = frame(b"*" * size, TEXT)
        yield Case(f"1.1.{at}", pieces(whole, 997) if at == 8 else [whole], [BAD])
        whole = frame(message(size) if size else b"")
        yield Case(f"1.2.{at}", pieces(whole, 997) if at == 8 else [whole], [ECHO if size else BAD])


def pings() -> Iterator[Case]:
    hello, binary, longest = b"Hello, world!", bytes.fromhex("00fffefdfcfb00ff"), b"\xfe" * 125
    yield Case("2.1", [frame(b"", PING)], [pong()])
    yield Case("2.2", [frame(hello, PING)], [pong(hello)])
    yield Case("2.3", [frame(binary, PING)], [pong(binary)])
    yield Case("2.4", [frame(longest, PING)], [pong(longest)])
    yield Case("2.5", [frame(longest + b"\xfe", PING)], [FAILED])
    yield Case("2.6", octets(frame(longest, PING)), [pong(longest)])
    yield Case("2.7", [frame(b"", PONG)], [])
    yield Case("2.8", [frame(b"unasked", PONG)], [])
    yield Case("2.9", [frame(b"unasked", PONG), frame(hello, PING)], [pong(hello)])
    ten = [frame(b"%d" % number, PING) for number in range(10)]
    answers = [pong(b"%d" % number) for number in range(10)]
    yield Case("2.10", [b"".join(ten)], answers)
    yield Case("2.11", octets(*ten), answers)


def reserved() -> Iterator[Case]:
    good, ping = frame(message(80)), frame(b"", PING)
    yield Case("3.1", [frame(message(80), rsv=1)], [BAD])
    yield Case("3.2", [good, WAIT, frame(message(80), rsv=2), ping], [ECHO, BAD])
    yield Case("3.3", [good, WAIT, frame(message(80), rsv=3) + ping], [ECHO, BAD])
    late = octets(frame(message(80), rsv=4))
    yield Case("3.4", [good, WAIT, *late], [ECHO, BAD])
    yield Case("3.5", [frame(b"binary", rsv=5)], [BAD])
    yield Case("3.6", [frame(b"ping", PING, rsv=6)], [BAD])
    yield Case("3.7", [frame(b"", CLOSE, rsv=7)], [BAD])
    for first, opcodes in ((1, range(3, 8)), (2, range(11, 16))):
        for at, opcode in enumerate(opcodes, 1):
            number, empty = f"4.{first}.{at}", b"" if at == 1 else b"reserved"
            if at < 3:
                yield Case(number, [frame(empty, opcode)], [FAILED])
            else:
                yield Case(number, [good, WAIT, frame(empty, opcode), ping], [ECHO, FAILED])


def fragmentation() -> Iterator[Case]:
    for number, opcode in (("5.1", PING), ("5.2", PONG)):
        both = [frame(b"one", opcode, fin=False), frame(b"two", CONT)]
        yield Case(number, both, [FAILED])
    two, ping = fragments(message(80), 2), frame(b"between", PING)
    yield Case("5.3", two, [ECHO])
    yield Case("5.4", [b"".join(two)], [ECHO])
    yield Case("5.5", octets(*two), [ECHO])
    around = fragments(message(80), 2, ping)
    yield Case("5.6", around, [pong(b"between"), ECHO])
    yield Case("5.7", [b"".join(around)], [pong(b"between"), ECHO])
    yield Case("5.8", octets(*around), [pong(b"between"), ECHO])
    for first, fin in ((9, True), (12, False)):
        both = [frame(b"of nothing", CONT, fin=fin), frame(message(80))]
        yield Case(f"5.{first}", both[:1], [BAD])
        yield Case(f"5.{first + 1}", [b"".join(both)], [BAD])
        yield Case(f"5.{first + 2}", octets(*both), [BAD])
    rest = [frame(b"of nothing", CONT, fin=False), frame(message(80))]
    yield Case("5.15", [*fragments(message(80), 2), WAIT, *rest], [ECHO, BAD])
    yield Case("5.16", [frame(b"of nothing", CONT, fin=False), *two], [BAD])
    yield Case("5.17", [frame(b"of nothing", CONT), *two], [BAD])
    yield Case("5.18", [frame(b"one", fin=False), frame(b"two")], [BAD])
    five = fragments(message(100), 5, ping)
    yield Case("5.19", five, [pong(b"between")] * 4 + [ECHO])
    yield Case("5.20", [b"".join(five)], [pong(b"between")] * 4 + [ECHO])


UTF_8 = {
    "6.1.1": "",
    "6.2.1": "48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121",
    "6.3.1": "cebae1bdb9cf83cebcceb5eda080656469746564",
    "6.4.1": "cebae1bdb9cf83cebcceb5f4908080",
    "6.5.1": "cebae1bdb9cf83cebcceb5",
    "6.6.1": "ce",
    "6.6.5": "cebae1bdb9",
    "6.7.1": "00",
    "6.8.1": "f888808080",
    "6.9.4": "f48fbfbf",
    "6.10.1": "f7bfbfbf",
    "6.11.3": "efbfbd",
    "6.12.1": "80",
    "6.13.1": "c020c120",
    "6.14.1": "c0",
    "6.15.1": "c0e080f0808080",
    "6.16.1": "fe",
    "6.17.1": "c0af",
    "6.18.1": "c1bf",
    "6.19.1": "c080",
    "6.20.1": "eda080",
    "6.21.1": "eda080edb080",
    "6.22.1": "efbfbe",
    "6.23.1": "efbfbd",
}


def texts() -> Iterator[Case]:
    for number, raw in UTF_8.items():
        yield Case(number, [frame(bytes.fromhex(raw), TEXT)], [BAD])
    # Fail fast: the first piece of a text is refused, whatever would follow.
    yield Case("6.1.2", [frame(b"", TEXT, fin=False)], [BAD])
    yield Case("6.4.2", [frame(b"\xce\xba", TEXT, fin=False)], [BAD])
    # A text within a request: a name that is no UTF-8.
    account = encode(f.GetAccount(next(numbers), "anna")).replace(b"anna", b"an\xce\xce")
    yield Case("6.3.2", [frame(account)], [BAD])


def closed(code: int, reason: bytes = b"") -> bytes:
    return frame(code.to_bytes(2, "big") + reason, CLOSE)


def closing() -> Iterator[Case]:
    good, ping = frame(message(80)), frame(b"", PING)
    yield Case("7.1.1", [good, WAIT, GOOD_BYE], [ECHO, DONE])
    yield Case("7.1.2", [GOOD_BYE + GOOD_BYE], [FAILED])
    yield Case("7.1.3", [GOOD_BYE + ping], [DONE])
    yield Case("7.1.4", [GOOD_BYE + good], [DONE])
    two = fragments(message(80), 2)
    yield Case("7.1.5", [two[0] + GOOD_BYE + two[1]], [DONE])
    yield Case("7.1.6", [frame(message(60_000)), WAIT, GOOD_BYE + ping], [ECHO, DONE])
    yield Case("7.3.1", [frame(b"", CLOSE)], [DONE])
    yield Case("7.3.2", [frame(b"a", CLOSE)], [FAILED])
    yield Case("7.3.3", [closed(1000)], [DONE])
    yield Case("7.3.4", [closed(1000, b"Hello World!")], [DONE])
    yield Case("7.3.5", [closed(1000, b"*" * 123)], [DONE])
    yield Case("7.3.6", [closed(1000, b"*" * 124)], [FAILED])
    yield Case("7.5.1", [closed(1000, bytes.fromhex(UTF_8["6.3.1"]))], ["close 1007"])
    valid = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for at, code in enumerate(valid, 1):
        yield Case(f"7.7.{at}", [closed(code)], [DONE])
    for at, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield Case(f"7.9.{at}", [closed(code)], [FAILED])
    yield Case("7.13.1", [closed(5000)], [FAILED])
    yield Case("7.13.2", [closed(65535)], [FAILED])


def limits() -> Iterator[Case]:
    kib = 1024
    yield Case("9.1.1", [frame(bytes(64 * kib), TEXT)], [BAD])
    yield Case("9.2.1", [frame(message(64 * kib))], [ECHO])
    yield Case("9.2.2", [frame(bytes(256 * kib + 1))], [BAD])
    yield Case("9.2.3", [frame(append_of(1024 * kib))], [TOO_LARGE])
    yield Case("9.2.4", [frame(bytes(4096 * kib))[:20]], [OVERSIZE])
    for at, size in enumerate((64, 256, kib, 4 * kib, 16 * kib, 64 * kib), 1):
        parts = -(-(64 * kib) // size)
        yield Case(f"9.4.{at}", [b"".join(fragments(message(64 * kib), parts))], [ECHO])
        yield Case(f"9.6.{at}", pieces(frame(message(64 * kib)), max(size, 1024)), [ECHO])
    for at, size in enumerate((64, 256, kib, 4 * kib, 16 * kib), 2):
        yield Case(f"9.8.{at}", [frame(message(size)) for _ in range(100)], [ECHO] * 100)
    yield Case("9.8.1", [frame(b"")], [BAD])
    yield Case("10.1.1", pieces(b"".join(fragments(message(65536), 51)), 1300), [ECHO])


def append_of(size: int) -> bytes:
    return encode(f.Append(1, bytes(16), 0, f.APPLICATION, bytes(size), bytes(16)))


CASES = [
    one
    for group in (framing, pings, reserved, fragmentation, texts, closing, limits)
    for one in group()
]


@dataclass
class Peer:
    """A device that is logged in, with a raw socket."""

    server: ServerProcess
    person: Person = field(default_factory=lambda: Person.new("autobahn"))

    async def connect(self) -> RawSocket:
        socket = await RawSocket.websocket(self.server.url)
        hello = decode_server(await socket.message() or b"")
        assert isinstance(hello, f.Hello)
        person = self.person
        signature = sign_login(person.key, hello.domain, hello.nonce, person.device)
        socket.write(frame(encode(f.Login(1, person.device.uri, signature))))
        assert isinstance(decode_server(await socket.message() or b""), f.LoggedIn)
        return socket


async def hear(socket: RawSocket) -> str:
    """The next thing that the server says, in a word; "" at the end."""
    try:
        first, size = await socket.reader.readexactly(2)
        if size >= 126:
            size = int.from_bytes(await socket.reader.readexactly(2 if size == 126 else 8), "big")
        payload = await socket.reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return ""
    if first == 0x80 | PONG:
        return pong(payload)
    if first == 0x80 | CLOSE:
        return f"close {int.from_bytes(payload[:2], 'big')}"
    assert first == 0x80 | BINARY, f"the server sent a frame that begins with {first:#x}"
    said = decode_server(payload)
    if isinstance(said, f.Closing):
        assert said.sentence.endswith(".")
        closed_by = await hear(socket)
        return f"closing {said.code} {closed_by.removeprefix('close ')}"
    assert isinstance(said, f.Refused), said
    assert said.code in ("unknown_conversation", "too_large")
    return ECHO


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    config = f"{OPEN_LIMITS}pings_per_minute = 1000000\n"
    with ServerProcess(folder, config=config) as process:
        yield process
    assert process.log() == ""


@pytest.fixture(scope="module")
def peer(server: ServerProcess) -> Peer:
    one = Peer(server)

    async def register() -> None:
        await (await WireDevice.register(server.url, one.person)).close()

    asyncio.run(register())
    return one


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.number)
async def test_case(peer: Peer, case: Case) -> None:
    socket = await peer.connect()
    heard = []
    async with asyncio.timeout(PATIENCE_S):
        for chunk in case.sends:
            if chunk == WAIT:
                heard.append(await hear(socket))
            else:
                socket.write(chunk)
                await asyncio.sleep(0)
        wanted = [*case.hears, DONE] if case.stays else list(case.hears)
        while len(heard) < len(case.hears):
            heard.append(await hear(socket))
        if case.stays:
            socket.write(GOOD_BYE)
            heard.append(await hear(socket))
        assert heard == wanted
        socket.writer.write_eof() if not socket.writer.is_closing() else None
        assert await hear(socket) == "", "the server went on after its close"
    await socket.close()


@pytest.mark.parametrize("number", ["12.1.1", "13.1.1", "13.7.1"])
async def test_compression_is_not_offered(peer: Peer, number: str) -> None:
    """Nobody agrees to it: what is sent is ciphertext, which does not get smaller."""
    offers = {
        "12.1.1": "permessage-deflate",
        "13.1.1": "permessage-deflate; client_no_context_takeover; client_max_window_bits",
        "13.7.1": "permessage-deflate; server_max_window_bits=9, permessage-deflate",
    }
    socket = await RawSocket.tcp(peer.server.url)
    headers = upgrade_headers() + f"Sec-WebSocket-Extensions: {offers[number]}\r\n"
    status, fields, _ = await socket.http("GET /v1/socket HTTP/1.1", headers)
    assert status == 101
    assert "sec-websocket-extensions" not in fields
    await socket.message()
    socket.write(frame(message(80), rsv=4))
    assert await asyncio.wait_for(hear(socket), PATIENCE_S) == BAD
    await socket.close()
