"""Maintenance and suspensions, ordered by command beside two gateways of one PostgreSQL, as real
devices meet them: nothing that is written is lost, and nobody has to restart anything.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from cast import PATIENCE_S, acquainted, message
from company import did
from plausch.sdk import Client, ServerRefused, Unreachable
from postgres_cluster import Cluster
from server_process import ServerProcess
from street import OPEN, Street, street_of


@pytest.fixture
async def street(postgres: Cluster, tmp_path: Path) -> AsyncIterator[Street]:
    """With two gateways."""
    async with street_of(postgres, tmp_path, f"maintenance_retry_ms = 150\n{OPEN}") as made:
        for _ in range(2):
            made.opens()
        yield made


async def order(street: Street, *arguments: object) -> None:
    """The operator's, beside the running gateways, as another process."""
    at = ("--data", street.gateways[0].directory, "--database", street.database_url)
    await asyncio.to_thread(did, *arguments, *at)


async def refused_by(street: Street, gateway: ServerProcess) -> None:
    """Return when a gateway is in maintenance: it takes nobody new. A name is tried once."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            name = f"new{secrets.token_hex(4)}"
            url = f"http://localhost:{gateway.port}"
            try:
                await Client.register(street.folder / "homes" / name, url, name)
            except ServerRefused as refused:
                assert refused.code == "maintenance"
                assert "Wir ziehen um." in str(refused)
                return
            await asyncio.sleep(0.05)


async def test_what_is_written_during_maintenance_goes_out_after_it(street: Street) -> None:
    first, second = street.gateways
    anna, ben = await street.person("anna", first), await street.person("ben", second)
    cem = await street.person("cem", second)
    annas = await anna.conversation_with(str(ben.address))
    await annas.send_text("Vorher.")
    assert (await message(ben)).text == "Vorher."
    await order(street, "maintenance", "on", "--minutes", 30, "--text", "Wir ziehen um.")
    for gateway in (first, second):
        await refused_by(street, gateway)
    sent = [await annas.send_text(f"Dabei {number}.") for number in range(3)]
    picture = street.folder / "picture"
    picture.write_bytes(secrets.token_bytes(200_000))
    file = asyncio.create_task(annas.send_file(picture))
    new = asyncio.create_task(anna.conversation_with(str(cem.address)))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await sent[0].accepted()
    # A device comes back meanwhile: it logs in, and reads.
    await ben.close()
    ben = await street.stack.enter_async_context(await Client.open(street.folder / "homes" / "ben"))
    bens = await ben.conversation_with(str(anna.address))
    async with asyncio.timeout(PATIENCE_S):
        while not ben.online:
            await asyncio.sleep(0.02)
    assert [one.text for one in await bens.history()] == ["Vorher."]
    await order(street, "maintenance", "off")
    async with asyncio.timeout(PATIENCE_S):
        for one in sent:
            await one.accepted()
        await file
        await (await new).send_text("Neu hier.")
    texts = [(await message(ben)).text for _ in range(3)]
    assert texts == ["Dabei 0.", "Dabei 1.", "Dabei 2."]
    assert (await message(ben)).attachment is not None
    assert (await message(cem)).text == "Neu hier."


async def test_a_stolen_device_is_removed_during_maintenance(street: Street) -> None:
    first, second = street.gateways
    anna, ben = await street.person("anna", first), await street.person("ben", second)
    _, bens = await acquainted(anna, ben)
    stolen = await street.linked(anna, first, "telephone", second)
    await bens.send_text("An beide.")
    assert (await message(stolen)).text == "An beide."
    await order(street, "maintenance", "on", "--text", "Wir ziehen um.")
    for gateway in (first, second):
        await refused_by(street, gateway)
    await anna.remove_device(stolen.device)
    transport = stolen._device.core.transport
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(transport.failure, ServerRefused):  # sent away, and not let in again
            await asyncio.sleep(0.02)
    assert transport.failure.code == "device_removed"
    await order(street, "maintenance", "off")
    async with asyncio.timeout(PATIENCE_S):
        while stolen.device in bens.members:
            await asyncio.sleep(0.02)
    await bens.send_text("Nicht mehr an das Telefon.")
    texts = [(await message(anna)).text for _ in range(2)]
    assert texts == ["An beide.", "Nicht mehr an das Telefon."]


async def test_a_suspended_account_is_sent_away_and_comes_back(street: Street) -> None:
    first, second = street.gateways
    anna, ben = await street.person("anna", first), await street.person("ben", second)
    annas, bens = await acquainted(anna, ben)
    await order(street, "accounts", "suspend", "ben")
    async with asyncio.timeout(PATIENCE_S):
        while ben.online:
            await asyncio.sleep(0.02)
    transport = ben._device.core.transport
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(transport.failure, ServerRefused):  # the next login
            await asyncio.sleep(0.02)
    assert transport.failure.code == "account_suspended"
    waiting = await bens.send_text("Ich warte.")
    await annas.send_text("Bist du da?")
    await order(street, "accounts", "unsuspend", "ben")
    async with asyncio.timeout(PATIENCE_S):
        while True:  # what was refused last may have been before the order
            with suppress(ServerRefused, Unreachable):
                await ben.synchronize()
                break
        await waiting.accepted()
    assert (await message(ben)).text == "Bist du da?"
    assert (await message(anna)).text == "Ich warte."
