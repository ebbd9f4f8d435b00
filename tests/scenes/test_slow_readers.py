"""Thousands that ask and do not read, and devices that vanish without a word: the others are
served, and the server's memory and sockets have a bound.

PLAUSCH_SLOW_READERS sets how many (`make soak`: 5,000).
"""

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from islands import island
from load import new_pair
from plausch.identity.login import sign_login
from plausch.server.main import raise_open_files
from plausch.wire import frames as f
from plausch.wire.codec import decode_server, encode
from raw_socket import RawSocket, ws_frame
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WireDevice

MIB = 1024 * 1024
READERS = int(os.environ.get("PLAUSCH_SLOW_READERS", "200"))
UNREAD_MIB = max(8, READERS // 20)
"""What they may leave unread together; without that bound it would be 300 KiB for each here, and
1 MiB at worst."""

MESSAGES = 4
"""Of 60 KiB, in the log that each of them asks for."""

SPARE_FILES = 200
"""What test and server have open beside the readers."""

KIB_EACH = 24
"""What a connection takes beside what it has not read, generously: also tables that grew."""

PATIENCE_S = 60.0
LIMITS = f"{OPEN_LIMITS}unread_total_bytes = {UNREAD_MIB * MIB}\nopenings_per_address = 100000\n"


@pytest.fixture
def open_files() -> Iterator[None]:
    """As many as the system allows: each reader has one here, and one at the server."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < READERS + SPARE_FILES:
        pytest.skip(f"{READERS} readers need more open files than this machine's {hard}")
    raise_open_files()
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def slow_reader(url: str, person: Person) -> RawSocket:
    """A device's connection whose kernel takes as little as it may."""
    parts = urlsplit(url)
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, (parts.hostname, parts.port))
    # Nothing is read by itself beyond a few kilobytes.
    one = RawSocket(*await asyncio.open_connection(sock=plug, limit=2048))
    await one.upgrade()
    hello = decode_server(await one.message() or b"")
    assert isinstance(hello, f.Hello)
    signature = sign_login(person.key, hello.domain, hello.nonce, person.device)
    one.binary(encode(f.Login(1, person.device.uri, signature)))
    assert isinstance(decode_server(await one.message() or b""), f.LoggedIn)
    return one


@pytest.mark.timeout(300 + READERS)
@pytest.mark.usefixtures("open_files")
async def test_slow_readers_have_a_bound_together(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, config=LIMITS) as server:
        pair = await new_pair(server.url)
        ledger = pair.ledger
        other = await WireDevice.open(server.url, pair.people[1])
        writer = await WireDevice.open(server.url, pair.people[0])
        crowd = []
        # Each reads the log of a conversation of its own: so much is unread for each of them.
        for number in range(READERS):
            person = Person.new(f"slow-{number}")
            one = await WireDevice.register(server.url, person)
            group = await one.converse([], [])
            message = group.encrypt(b"x").ljust(60_000, b"\0")
            for _ in range(MESSAGES):
                await one.append(group.group_id, group.epoch, message)
            crowd.append((person, group.group_id))
            await one.close()
        readers = [await slow_reader(server.url, person) for person, _ in crowd]
        before, held = server.memory_bytes(), sockets(server)
        for reader, (_, conversation) in zip(readers, crowd, strict=True):
            request = ws_frame(encode(f.Read(2, conversation, 0, 500)))
            reader.write(request * 40)
            await writer.append(ledger.conversation, ledger.epoch, ledger.new_message())
        await other.read_log(ledger.conversation)  # nobody else waits
        async with asyncio.timeout(PATIENCE_S):
            while (cut := held - sockets(server)) <= 0:
                await other.resume()
        grown = server.memory_bytes() - before
        print(f"{READERS} slow readers, {cut} cut: {before // MIB} MiB, {grown // MIB} MiB more")
        assert grown < UNREAD_MIB * MIB * 2 + READERS * KIB_EACH * 1024 + 24 * MIB
        # Whoever was cut off connects again and has all of it.
        person, conversation = crowd[0]
        again = await WireDevice.open(server.url, person)
        assert len(await again.read_log(conversation)) == MESSAGES
        for device in (again, other, writer):
            await device.close()
        for reader in readers:
            reader.writer.transport.abort()
        assert server.log() == ""


def sockets(server: ServerProcess) -> int:
    """How many sockets the server's process has."""
    links = []
    for one in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            links.append(str(one.readlink()))
        except FileNotFoundError:  # closed just now
            continue
    return sum(link.startswith("socket:") for link in links)


async def test_who_vanished_without_a_word_is_let_go(tmp_path: Path) -> None:
    """Within three rounds of `silence_ms`, 135 s as it is set by default."""
    with island("people", "others") as sea:
        config = f'host = "0.0.0.0"\n{OPEN_LIMITS}silence_ms = 3000\n'
        with ServerProcess(tmp_path, config=config, prefix=sea.prefix) as server:
            near, far = (f"http://{sea.there(one)}:{server.port}" for one in ("others", "people"))
            pair = await new_pair(near)
            writer = await WireDevice.open(near, pair.people[0])
            alone = sockets(server)
            gone = [await WireDevice.open(far, pair.people[1])]
            for number in range(20):
                gone.append(await WireDevice.register(far, Person.new(f"far-{number}")))
            gone += [await RawSocket.websocket(far) for _ in range(5)]  # type: ignore[misc]
            gone += [await RawSocket.tcp(far) for _ in range(5)]  # type: ignore[misc]
            assert sockets(server) > alone + 20
            sea.cut("people")
            # What is written to them goes nowhere, and holds nobody up.
            for _ in range(20):
                message = pair.ledger.new_message()
                answer = await writer.append(pair.ledger.conversation, pair.ledger.epoch, message)
                pair.ledger.promised[message] = answer.seq
            async with asyncio.timeout(PATIENCE_S):
                while sockets(server) > alone:
                    await asyncio.sleep(0.1)
            await writer.resume()
            await writer.close()
            sea.mend("people")
            assert await pair.check(far) > 20
            for one in gone:
                await one.close()
            assert server.log() == ""
