"""Too much, too slow, too silent: the real server under pressure keeps its promises."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from load import new_pair
from plausch.wire import frames as f
from raw_socket import RawSocket
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WireDevice

MESSAGES = 400
LARGE_BYTES = 30 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server")) as process:
        yield process
    assert "Traceback" not in process.log()


async def two(server: ServerProcess) -> tuple[WireDevice, WireDevice, bytes, int, bytes]:
    """Two devices in a conversation: (one, other, conversation, epoch, a message's beginning)."""
    pair = await new_pair(server.url)
    one = await WireDevice.open(server.url, pair.people[0])
    other = await WireDevice.open(server.url, pair.people[1])
    ledger = pair.ledger
    return one, other, ledger.conversation, ledger.epoch, ledger.sample


async def test_a_slow_reader_is_closed_and_catches_up(server: ServerProcess) -> None:
    one, slow, conversation, epoch, sample = await two(server)
    assert slow.transport is not None
    slow.transport.underlying_transport.pause_reading()
    message = sample.ljust(LARGE_BYTES, b"\0")
    for _ in range(MESSAGES):
        await one.append(conversation, epoch, message)
    slow.transport.underlying_transport.resume_reading()
    await asyncio.wait_for(slow.gone(), 20)
    pushed = sum(len(push.envelopes) for push in slow.pushes if isinstance(push, f.Delivery))
    assert pushed < MESSAGES
    again = await WireDevice.open(server.url, slow.person)
    log = await again.read_log(conversation)
    assert len([envelope for envelope in log if envelope.kind == f.APPLICATION]) == MESSAGES
    await again.close()
    await one.close()


async def test_a_flood_of_appends_is_answered_in_order(server: ServerProcess) -> None:
    one, other, conversation, epoch, sample = await two(server)
    count = 3000
    futures = [
        one.begin(
            f.Append(
                one.session.next_id(),
                conversation,
                epoch,
                f.APPLICATION,
                sample + number.to_bytes(4, "big"),
                secrets.token_bytes(16),
            )
        )
        for number in range(count)
    ]
    answers = await asyncio.gather(*futures)
    seqs = [answer.seq for answer in answers if isinstance(answer, f.Appended)]
    assert seqs == list(range(seqs[0], seqs[0] + count))
    log = await other.read_log(conversation, seqs[0] - 1)
    assert [envelope.message[-4:] for envelope in log] == [
        number.to_bytes(4, "big") for number in range(count)
    ]
    await one.close()
    await other.close()


async def test_what_follows_an_append_sees_it(server: ServerProcess) -> None:
    one, other, conversation, epoch, sample = await two(server)
    for number in range(20):
        append = f.Append(
            one.session.next_id(), conversation, epoch, f.APPLICATION, sample, number.to_bytes(16)
        )
        read = f.Read(one.session.next_id(), conversation, 0, 500)
        account = f.GetAccount(one.session.next_id(), one.person.address.name)
        waiting = [one.begin(frame) for frame in (append, read, account)]
        appended, envelopes, found = await asyncio.gather(*waiting)
        assert isinstance(appended, f.Appended)
        assert isinstance(envelopes, f.Envelopes)
        assert envelopes.head == envelopes.envelopes[-1].seq == appended.seq
        assert isinstance(found, f.Account)
    await one.close()
    await other.close()


async def test_silence_is_asked_after_and_then_cut(tmp_path: Path) -> None:
    config = "[limits]\nsilence_ms = 1000\n"
    with ServerProcess(tmp_path, config=config) as impatient:
        alive = await WireDevice.register(impatient.url, Person.new("alive"))
        nobody = await RawSocket.websocket(impatient.url)
        frames = await asyncio.wait_for(nobody.frames(), 20)
        assert isinstance(frames[-1], f.Closing)
        assert frames[-1].code == "login_timeout"
        deaf = await WireDevice.register(impatient.url, Person.new("deaf"))
        assert deaf.transport is not None
        deaf.transport.underlying_transport.pause_reading()
        for _ in range(60):  # the deaf one answers no ping; the other one does, and stays
            await asyncio.sleep(0.1)
        deaf.transport.underlying_transport.resume_reading()
        await asyncio.wait_for(deaf.gone(), 20)
        await alive.resume()
        await alive.close()


async def test_more_connections_than_open_files(tmp_path: Path) -> None:
    config = OPEN_LIMITS
    prefix = ("prlimit", "--nofile=60:60")
    with ServerProcess(tmp_path, config=config, prefix=prefix) as small:
        device = await WireDevice.register(small.url, Person.new("first"))
        crowd = [await RawSocket.tcp(small.url) for _ in range(100)]
        await device.resume()
        for one in crowd:
            await one.close()
        await device.resume()
        for _ in range(100):
            try:
                later = await asyncio.wait_for(
                    WireDevice.register(small.url, Person.new("later")), 10
                )
                break
            except (ConnectionError, TimeoutError, OSError):
                await asyncio.sleep(0.1)
        await later.close()
        await device.close()


async def test_sigterm_says_good_bye_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path).start()
    pair = await new_pair(server.url)
    idle = await WireDevice.register(server.url, Person.new("idle"))
    writing = asyncio.create_task(pair.write(server.url))
    while len(pair.ledger.promised) < 100:
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(server.stop) == 0
    await asyncio.wait_for(idle.gone(), 10)
    assert idle.closing is not None
    assert idle.closing.code == "server_restart"
    assert idle.close_code == 1012
    with pytest.raises((ConnectionError, OSError)):
        await writing
    server.start()
    assert await pair.check(server.url) >= 100
    assert server.stop() == 0
    assert "Traceback" not in server.log()
