"""Maintenance and suspensions, ordered by command beside two gateways of one PostgreSQL, as real
devices meet them: nothing that is written is lost, and nobody has to restart anything.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cast import PATIENCE_S, message
from company import did
from nats_server import NatsServer
from plausch.sdk import Client, ServerRefused, Unreachable
from postgres_cluster import Cluster
from server_process import ServerProcess

LIMITS = """
[limits]
maintenance_retry_ms = 150
registrations_per_address_per_hour = 100000
"""


@dataclass
class House:
    """Two gateways, their operator, and people."""

    folder: Path
    database_url: str
    gateways: list[ServerProcess]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def person(self, name: str, gateway: int) -> Client:
        url = f"http://localhost:{self.gateways[gateway].port}"
        client = await Client.register(self.folder / "homes" / name, url, name)
        await self.stack.enter_async_context(client)
        await client.synchronize()
        return client

    async def order(self, *arguments: object) -> None:
        """Beside the running gateways, as another process."""
        at = ("--data", self.gateways[0].directory, "--database", self.database_url)
        await asyncio.to_thread(did, *arguments, *at)


@pytest.fixture
async def house(postgres: Cluster, tmp_path: Path) -> AsyncIterator[House]:
    url = await postgres.create_database(f"o{secrets.token_hex(6)}")
    with NatsServer(tmp_path / "nats") as nats:
        config = f'nats_url = "{nats.url}"\nblobs_dir = "{tmp_path}/blobs"\n{LIMITS}'
        gateways = [
            ServerProcess(tmp_path / name, database_url=url, config=config)
            for name in ("one", "two")
        ]
        made = House(tmp_path, url, [one.start() for one in gateways])
        try:
            yield made
        finally:
            await made.stack.aclose()
            for one in gateways:
                one.stop()
    assert not any("Traceback" in one.log() for one in gateways)


async def refused_by(house: House, gateway: int) -> None:
    """Return when a gateway is in maintenance: it takes nobody new. A name is tried once."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            name = f"new{secrets.token_hex(4)}"
            url = f"http://localhost:{house.gateways[gateway].port}"
            try:
                await Client.register(house.folder / "homes" / name, url, name)
            except ServerRefused as refused:
                assert refused.code == "maintenance"
                assert "Wir ziehen um." in str(refused)
                return
            await asyncio.sleep(0.05)


async def test_what_is_written_during_maintenance_goes_out_after_it(house: House) -> None:
    anna, ben = await house.person("anna", 0), await house.person("ben", 1)
    cem = await house.person("cem", 1)
    annas = await anna.conversation_with(str(ben.address))
    await annas.send_text("Vorher.")
    assert (await message(ben)).text == "Vorher."
    await house.order("maintenance", "on", "--minutes", 30, "--text", "Wir ziehen um.")
    for gateway in (0, 1):
        await refused_by(house, gateway)
    sent = [await annas.send_text(f"Dabei {number}.") for number in range(3)]
    picture = house.folder / "picture"
    picture.write_bytes(secrets.token_bytes(200_000))
    file = asyncio.create_task(annas.send_file(picture))
    new = asyncio.create_task(anna.conversation_with(str(cem.address)))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await sent[0].accepted()
    # A device comes back meanwhile: it logs in, and reads.
    await ben.close()
    ben = await house.stack.enter_async_context(await Client.open(house.folder / "homes" / "ben"))
    bens = await ben.conversation_with(str(anna.address))
    async with asyncio.timeout(PATIENCE_S):
        while not ben.online:
            await asyncio.sleep(0.02)
    assert [one.text for one in await bens.history()] == ["Vorher."]
    await house.order("maintenance", "off")
    async with asyncio.timeout(PATIENCE_S):
        for one in sent:
            await one.accepted()
        await file
        await (await new).send_text("Neu hier.")
    texts = [(await message(ben)).text for _ in range(3)]
    assert texts == ["Dabei 0.", "Dabei 1.", "Dabei 2."]
    assert (await message(ben)).attachment is not None
    assert (await message(cem)).text == "Neu hier."


async def test_a_suspended_account_is_sent_away_and_comes_back(house: House) -> None:
    anna, ben = await house.person("anna", 0), await house.person("ben", 1)
    annas = await anna.conversation_with(str(ben.address))
    await annas.send_text("Hallo!")
    assert (await message(ben)).text == "Hallo!"
    await house.order("accounts", "suspend", "ben")
    async with asyncio.timeout(PATIENCE_S):
        while ben.online:
            await asyncio.sleep(0.02)
    transport = ben._device.core.transport
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(transport.failure, ServerRefused):  # the next login
            await asyncio.sleep(0.02)
    assert transport.failure.code == "account_suspended"
    bens = await ben.conversation_with(str(anna.address))
    waiting = await bens.send_text("Ich warte.")
    await annas.send_text("Bist du da?")
    await house.order("accounts", "unsuspend", "ben")
    async with asyncio.timeout(PATIENCE_S):
        while True:  # what was refused last may have been before the order
            with suppress(ServerRefused, Unreachable):
                await ben.synchronize()
                break
        await waiting.accepted()
    assert (await message(ben)).text == "Bist du da?"
    assert (await message(anna)).text == "Ich warte."
