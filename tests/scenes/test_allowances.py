"""Two server processes of one PostgreSQL: what somebody may have is one amount, not two."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from delivery_world import opaque_append
from plausch.wire import frames as f
from postgres_cluster import Cluster
from server_process import ServerProcess
from street import street_of
from wire_device import Person, WasRefused, WireDevice

LIMITS = """
sends_per_device_per_day = 64
registrations_per_address_per_hour = 4
"""


@pytest.fixture
async def gateways(postgres: Cluster, tmp_path: Path) -> AsyncIterator[list[ServerProcess]]:
    async with street_of(postgres, tmp_path, LIMITS) as street:
        yield [street.opens(), street.opens()]


async def sent(device: WireDevice, conversation: bytes, most: int) -> int:
    """How many messages the server takes, of up to `most`."""
    for count in range(most):
        request = opaque_append(conversation, 0)
        try:
            await device.ask(
                f.Appended, msgspec.structs.replace(request, id=device.session.next_id())
            )
        except WasRefused as refused:
            assert refused.frame.code == "rate_limited"
            return count
    return most


async def test_a_device_and_an_address_have_as_much_at_two_processes_as_at_one(
    gateways: list[ServerProcess],
) -> None:
    first, second = [one.url for one in gateways]
    hour = time.time() // 3600
    person = Person.new("anna")
    anna = await WireDevice.register(first, person)
    for url, name in ((second, "cem"), (second, "dora"), (first, "emil")):
        await (await WireDevice.register(url, Person.new(name))).close()
    refusals = 0
    for url in (first, second):
        with suppress(WasRefused):
            await WireDevice.register(url, Person.new(f"more{secrets.token_hex(4)}"))
            refusals -= 1
        refusals += 1
    group = person.group(secrets.token_bytes(16))
    made = f.CreateConversation(anna.session.next_id(), group.group_id, group.group_info())
    await anna.ask(f.Done, made)
    total = await sent(anna, group.group_id, 20)
    for url in (second, first, second):
        await anna.close()
        anna = await WireDevice.open(url, person)
        total += await sent(anna, group.group_id, 40)
    await anna.close()
    if time.time() // 3600 != hour:
        pytest.skip("A new hour has begun meanwhile.")
    assert refusals == 2
    assert 64 - 64 // 16 <= total <= 64, "the process that she left may have a piece"
