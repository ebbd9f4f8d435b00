"""Two gateways on one PostgreSQL, with a real NATS between them: Anna is connected to the one, Ben
to the other, and it is as if there were one. NATS and gateways die; nothing is lost, and what
nobody was told of is found in bounded time.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cast import acquainted, message
from plausch.sdk import Client
from plausch.sdk.conversation import Conversation
from postgres_cluster import Cluster
from street import OPEN, Street, street_of

ROUND_MS = 4_000
"""How long the edge's wheel takes for a round here; 45 s by default. Ten rounds are longer than a
test waits: what is found here is found because of a doubt."""


@pytest.fixture
async def street(postgres: Cluster, tmp_path: Path) -> AsyncIterator[Street]:
    async with street_of(postgres, tmp_path, f"silence_ms = {ROUND_MS}\n{OPEN}") as made:
        yield made


async def couple(street: Street) -> tuple[Conversation, Conversation, Client, Client]:
    one, two = street.opens(), street.opens()
    anna, ben = await street.person("anna", one), await street.person("ben", two)
    annas, bens = await acquainted(anna, ben)
    return annas, bens, anna, ben


async def test_two_gateways_are_as_one(street: Street) -> None:
    annas, _, anna, ben = await couple(street)
    async with asyncio.timeout(20):
        sent = await annas.send_text("Noch etwas")
        assert (await message(ben)).text == "Noch etwas"
        while (await annas.history())[-1].state.value not in ("delivered", "read"):
            await asyncio.sleep(0.02)
    assert sent is not None
    cem = await street.person("cem", street.gateways[1])
    group = await anna.create_group("Zu dritt", [str(ben.address), str(cem.address)])
    await group.send_text("an beide")
    assert (await message(ben)).text == (await message(cem)).text == "an beide"


async def test_without_nats_everything_arrives_a_little_later(street: Street) -> None:
    annas, bens, anna, ben = await couple(street)
    street.nats.kill()
    for number in range(3):
        await annas.send_text(f"ohne {number}")
        assert (await message(ben)).text == f"ohne {number}"
    await bens.send_text("auch ohne")
    assert (await message(anna)).text == "auch ohne"
    street.nats.start()
    await annas.send_text("wieder mit")
    assert (await message(ben)).text == "wieder mit"


async def test_what_a_gateway_took_before_nats_was_there(street: Street) -> None:
    """Gateways start while NATS is away."""
    street.nats.kill()
    annas, _, _, ben = await couple(street)
    street.nats.start()
    await annas.send_text("jetzt")
    assert (await message(ben)).text == "jetzt"


async def test_a_gateway_dies_after_it_committed(street: Street) -> None:
    """What it took and told nobody is found by the other gateway's devices."""
    annas, _, _, ben = await couple(street)
    one = street.gateways[0]
    street.nats.kill()  # whatever the gateway says from here on is not heard
    await (await annas.send_text("das Letzte")).accepted()
    one.kill()
    street.nats.start()
    assert (await message(ben)).text == "das Letzte"
    one.start()


async def test_a_device_that_moves_to_another_gateway_is_there_once(street: Street) -> None:
    annas, bens, anna, ben = await couple(street)
    one, two = street.gateways
    for round_ in range(3):
        two.stop()
        await annas.send_text(f"während {round_}")
        two.start()
        assert (await message(ben)).text == f"während {round_}"
        await bens.send_text(f"danach {round_}")
        assert (await message(anna)).text == f"danach {round_}"
    assert one.log() == ""


async def test_a_device_is_linked_though_each_came_to_another_gateway(street: Street) -> None:
    _, bens, anna, _ = await couple(street)
    one, two = street.gateways
    tablet = await street.linked(anna, one, "tablet", two)
    await bens.send_text("an beide Geräte")
    assert (await message(anna)).text == "an beide Geräte"
    assert (await message(tablet)).text == "an beide Geräte"
