"""Wake-ups through a real server: from a frame to a push service of the test's own."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import opaque_message
from plausch.server.config import ServerConfig
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.wire import frames as f
from push_stub import PushStub, push_stub
from wire_device import Person, WasRefused, WireDevice

LIMITS = Limits(wake_up_pause_ms=300)


@pytest.fixture
async def stub() -> AsyncIterator[PushStub]:
    async with push_stub() as made:
        yield made


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    config = ServerConfig(tmp_path, port=0, private_push_services=True, limits=LIMITS)
    made = Server(config)
    await made.start()
    yield made
    await made.stop()


def url_of(server: Server) -> str:
    assert server.edge is not None
    return f"http://127.0.0.1:{server.edge.port}"


async def device_of(server: Server, name: str) -> WireDevice:
    return await WireDevice.register(url_of(server), Person.new(name))


async def wakes_at(device: WireDevice, endpoint: str) -> None:
    await device.ask(f.Done, f.SetWakeUp(device.session.next_id(), endpoint))


async def together(server: Server, stub: PushStub) -> tuple[WireDevice, WireDevice, bytes]:
    """Anna, and Cem who is to be woken and has left; and their conversation."""
    anna, cem = await device_of(server, "anna"), await device_of(server, "cem")
    bundle = cem.person.key_package()
    await cem.offer_key_package(bundle)
    await wakes_at(cem, f"{stub.url}/cem")
    await cem.resume()
    group = await anna.converse([bundle], [cem.person.device.uri])
    await cem.pushed(f.MailboxMoved)
    await cem.ask(f.Mailbox, f.ReadMailbox(cem.session.next_id(), 0, 50))
    await cem.close()
    await asyncio.sleep(0.05)
    return anna, cem, group.group_id


async def say(device: WireDevice, conversation: bytes, quiet: bool = False) -> None:
    message = opaque_message(conversation, 1)
    await device.ask(
        f.Appended,
        f.Append(
            device.session.next_id(),
            conversation,
            1,
            f.APPLICATION,
            message,
            secrets.token_bytes(16),
            quiet,
        ),
    )


async def test_a_message_wakes_who_is_away_by_an_empty_request(
    server: Server, stub: PushStub
) -> None:
    anna, _, conversation = await together(server, stub)
    asked = f.GetWakeUpKey(anna.session.next_id())
    key = (await anna.ask(f.WakeUpKey, asked)).key
    stub.taken.clear()
    await say(anna, conversation)
    await stub.until(lambda: len(stub.taken) == 1)
    [request] = stub.taken
    assert (request.method, request.target, request.body) == ("POST", "/cem", b"")
    assert request.key == key
    assert request.claims["aud"] == stub.url
    assert request.claims["sub"] == "https://localhost"
    names = str(request.headers) + request.target + str(request.claims)
    assert conversation.hex() not in names
    assert anna.person.device.uri not in names


async def test_many_messages_are_few_wake_ups_and_nobody_waits(
    server: Server, stub: PushStub
) -> None:
    anna, _, conversation = await together(server, stub)
    stub.taken.clear()
    stub.answer = None  # it says nothing at all
    async with asyncio.timeout(5):
        for _ in range(200):
            await say(anna, conversation)
    await stub.until(lambda: len(stub.taken) == 1)
    await asyncio.sleep(0.5)
    assert len(stub.taken) == 1


async def test_who_is_connected_is_not_woken_and_who_reads_reports_neither(
    server: Server, stub: PushStub
) -> None:
    anna, cem, conversation = await together(server, stub)
    await asyncio.sleep(0.9)  # what the Welcome may have caused is over
    stub.taken.clear()
    await say(anna, conversation, quiet=True)
    again = await WireDevice.open(url_of(server), cem.person)
    await again.resume()
    await say(anna, conversation)
    await again.pushed(f.Delivery)
    await asyncio.sleep(0.8)
    assert stub.taken == []


async def test_a_dead_endpoint_is_asked_once(server: Server, stub: PushStub) -> None:
    anna, _, conversation = await together(server, stub)
    await asyncio.sleep(0.9)
    stub.taken.clear()
    stub.says(410)
    await say(anna, conversation)
    await stub.until(lambda: len(stub.taken) == 1)
    stub.says(201)
    await asyncio.sleep(0.4)
    await say(anna, conversation)
    await asyncio.sleep(0.9)
    assert len(stub.taken) == 1


async def test_who_wants_it_no_more(server: Server, stub: PushStub) -> None:
    anna, cem, conversation = await together(server, stub)
    await asyncio.sleep(0.9)
    again = await WireDevice.open(url_of(server), cem.person)
    for _ in range(2):
        await again.ask(f.Done, f.DropWakeUp(again.session.next_id()))
    await again.close()
    stub.taken.clear()
    await say(anna, conversation)
    await asyncio.sleep(0.9)
    assert stub.taken == []


async def test_the_key_outlives_the_server(tmp_path: Path) -> None:
    keys = set()
    for name in ("anna", "ben"):
        server = Server(ServerConfig(tmp_path, port=0))
        await server.start()
        device = await device_of(server, name)
        asked = f.GetWakeUpKey(device.session.next_id())
        keys.add((await device.ask(f.WakeUpKey, asked)).key)
        await device.close()
        await server.stop()
    assert len(keys) == 1
    for path in tmp_path.glob("plausch.db*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "endpoint", ["", "http://push.example/", "https://127.0.0.1/", "https://[::1]/", "https://a"]
)
async def test_by_default_nothing_within_the_network_is_called(
    tmp_path: Path, endpoint: str
) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    await server.start()
    device = await device_of(server, "anna")
    with pytest.raises(WasRefused) as caught:
        await wakes_at(device, endpoint)
    assert caught.value.frame.code == "bad_endpoint"
    assert caught.value.frame.fault == "local"
    await device.close()
    await server.stop()
