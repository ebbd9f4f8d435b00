"""A newer version takes the place of an older one without a pause: both serve one database, devices
on both write to each other all the time, and the older one is replaced while they do.
"""

import asyncio
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cast import PATIENCE_S, message
from nats_server import NatsServer
from plausch.db.migrate import step_reached
from plausch.db.postgres import open_postgres
from plausch.sdk import Client
from plausch.sdk.conversation import Conversation
from plausch.server.store.schema import STEPS
from postgres_cluster import Cluster
from server_process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "ad3ffb50a1538f34b3564466ece762001a6be0a5"
"""The last version with 15 steps, which knows nothing of other versions."""
ITS_STEPS = 15

CONFIG = """
[limits]
silence_ms = 4000
registrations_per_address_per_hour = 100000
"""
FORGETFUL = """
import sys
from plausch.server.store import schema
schema.STEPS = schema.STEPS[:-1]
from plausch.server.main import main
sys.exit(main(sys.argv[1:]))
"""
"""This version without its last step, and so with this version's rules: what the version before
it will be at the next upgrade."""


@dataclass
class House:
    """Servers of several versions on one database."""

    folder: Path
    database_url: str
    nats: NatsServer
    servers: list[ServerProcess] = field(default_factory=list)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def opens(
        self,
        *,
        port: int = 0,
        prefix: tuple[str, ...] = (),
        program: tuple[str, ...] = ("-m", "plausch.server.main"),
    ) -> ServerProcess:
        server = ServerProcess(
            self.folder / f"server{len(self.servers)}",
            database_url=self.database_url,
            config=f'nats_url = "{self.nats.url}"\nblobs_dir = "{self.folder}/blobs"\n{CONFIG}',
            port=port,
            prefix=prefix,
            program=program,
        )
        self.servers.append(server.start())
        return server

    def opens_version_before(self) -> ServerProcess:
        """Its own source, out of the history."""
        source = self.folder / "before"
        source.mkdir()
        if shutil.which("git") is None:
            pytest.skip("there is no git, and so no history")
        archive = subprocess.run(
            ["git", "archive", BEFORE, "src"], cwd=ROOT, capture_output=True, check=False
        )
        if archive.returncode:
            pytest.skip(f"the version before is not in the history: {archive.stderr.decode()}")
        subprocess.run(["tar", "-x", "-C", source], input=archive.stdout, check=True)
        return self.opens(prefix=("env", f"PYTHONPATH={source / 'src'}"))

    async def person(self, name: str, server: ServerProcess) -> Client:
        home = self.folder / "homes" / name
        client = await Client.register(home, f"http://localhost:{server.port}", name)
        await self.stack.enter_async_context(client)
        await client.synchronize()
        return client

    async def steps(self) -> int:
        database = await open_postgres(self.database_url)
        try:
            return await step_reached(database)
        finally:
            await database.close()


@pytest.fixture
async def house(postgres: Cluster, tmp_path: Path) -> AsyncIterator[House]:
    name = f"u{secrets.token_hex(6)}"
    url = await postgres.create_database(name)
    with NatsServer(tmp_path / "nats") as nats:
        made = House(tmp_path, url, nats)
        try:
            yield made
        finally:
            await made.stack.aclose()
            for server in made.servers:
                server.stop()
            logs = [server.log() for server in made.servers]
    await postgres.drop_database(name)
    assert not any("Traceback" in log for log in logs), logs


async def texts(reader: Client, expected: list[str]) -> None:
    """These come, in this order, and nothing twice."""
    async with asyncio.timeout(PATIENCE_S):
        assert [(await message(reader)).text for _ in expected] == expected


async def talk(one: Conversation, sender: Client, reader: Client, texts_: list[str]) -> None:
    for text in texts_:
        await (await one.send_text(text)).accepted()
    await texts(reader, texts_)


async def test_devices_on_both_versions_write_to_each_other_while_the_newer_takes_over(
    house: House,
) -> None:
    before = house.opens_version_before()
    anna, ben = await house.person("anna", before), await house.person("ben", before)
    annas = await anna.conversation_with(str(ben.address))
    await talk(annas, anna, ben, ["noch alles alt"])
    assert await house.steps() == ITS_STEPS

    written: list[str] = []
    stop = asyncio.Event()

    async def keeps_writing() -> None:
        while not stop.is_set():
            await (await annas.send_text(f"Nr. {len(written)}")).accepted()
            written.append(f"Nr. {len(written)}")

    writing = asyncio.create_task(keeps_writing())
    newer = await asyncio.to_thread(house.opens)
    assert await house.steps() == len(STEPS) > ITS_STEPS
    cem = await house.person("cem", newer)

    # A conversation that the newer version began, with a Welcome for a device of the older one;
    # and the other way round.
    cems = await cem.conversation_with(str(anna.address))
    await talk(cems, cem, anna, ["vom neuen zum alten"])
    bens = await ben.conversation_with(str(cem.address))
    await talk(bens, ben, cem, ["vom alten zum neuen"])
    back = await cem.conversation_with(str(ben.address))
    group = await anna.create_group("Zu dritt", [str(ben.address), str(cem.address)])
    stop.set()
    await writing
    await texts(ben, written)
    await talk(back, cem, ben, ["und zurück"])
    await (await group.send_text("an beide")).accepted()
    await texts(ben, ["an beide"])
    await texts(cem, ["an beide"])

    # The older one stops, and the newer version takes its place.
    await asyncio.to_thread(before.stop)
    sent = await annas.send_text("während des Wechsels")
    await asyncio.to_thread(house.opens, port=before.port)
    await sent.accepted()
    await texts(ben, ["während des Wechsels"])
    await talk(cems, cem, anna, ["alles neu"])


async def test_the_version_before_starts_again_beside_a_newer_one(house: House) -> None:
    """The newer one is not good: one goes back, and loses nothing by it."""
    newer = await asyncio.to_thread(house.opens)
    anna = await house.person("anna", newer)
    older = await asyncio.to_thread(house.opens, program=("-c", FORGETFUL))
    ben = await house.person("ben", older)
    annas = await anna.conversation_with(str(ben.address))
    await talk(annas, anna, ben, ["hin"])
    bens = await ben.conversation_with(str(anna.address))
    await talk(bens, ben, anna, ["her"])
    assert await house.steps() == len(STEPS)
