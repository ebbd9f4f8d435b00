"""One connection: order, pressure, and what is left when it is gone."""

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plausch.server.config import ServerConfig
from plausch.server.connection import Connection
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.wire import frames as f
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


def test_a_connection_has_no_dictionary() -> None:
    assert "__dict__" not in dir(Connection)


async def test_far_more_than_may_wait_is_answered_in_order(url: str) -> None:
    device, conversation, message = await conversing(url)
    futures = []
    for number in range(200):
        if number % 7 == 3:
            futures.append(device.begin(f.Resume(device.session.next_id())))
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


async def test_what_has_ended_is_let_go(url: str) -> None:
    for _ in range(5):
        device, _, _ = await conversing(url)
        await device.close()
    for _ in range(20):
        await asyncio.sleep(0.01)
        gc.collect()
        left = [one for one in gc.get_objects() if type(one) is Connection]
        if not left:
            break
    assert left == []


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
