"""A newer version takes the place of an older one without a pause: both serve one database, devices
on both write to each other all the time, and the older one is replaced while they do.
"""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cast import PATIENCE_S, message
from plausch.db.migrate import step_reached
from plausch.db.postgres import open_postgres
from plausch.sdk import Client
from plausch.sdk.conversation import Conversation
from plausch.server.store.schema import STEPS
from postgres_cluster import Cluster
from server_process import ServerProcess
from street import OPEN, Street, street_of

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "ad3ffb50a1538f34b3564466ece762001a6be0a5"
"""The last version with 15 steps, which knows nothing of other versions."""
ITS_STEPS = 15

FORGETFUL = """
import sys
from plausch.server.store import schema
schema.STEPS = schema.STEPS[:-1]
from plausch.server.main import main
sys.exit(main(sys.argv[1:]))
"""
"""This version without its last step, and so with this version's rules: what the version before
it will be at the next upgrade."""


@pytest.fixture
async def street(postgres: Cluster, tmp_path: Path) -> AsyncIterator[Street]:
    """On whose database servers of several versions will be."""
    async with street_of(postgres, tmp_path, f"silence_ms = 4000\n{OPEN}") as made:
        yield made


def opens_version_before(street: Street) -> ServerProcess:
    """Its own source, out of the history."""
    source = street.folder / "before"
    source.mkdir()
    if shutil.which("git") is None:
        pytest.skip("there is no git, and so no history")
    archive = subprocess.run(
        ["git", "archive", BEFORE, "src"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"the version before is not in the history: {archive.stderr.decode()}")
    subprocess.run(["tar", "-x", "-C", source], input=archive.stdout, check=True)
    return street.opens(prefix=("env", f"PYTHONPATH={source / 'src'}"))


async def steps(street: Street) -> int:
    database = await open_postgres(street.database_url)
    try:
        return await step_reached(database)
    finally:
        await database.close()


async def texts(reader: Client, expected: list[str]) -> None:
    """These come, in this order, and nothing twice."""
    async with asyncio.timeout(PATIENCE_S):
        assert [(await message(reader)).text for _ in expected] == expected


async def talk(one: Conversation, sender: Client, reader: Client, texts_: list[str]) -> None:
    for text in texts_:
        await (await one.send_text(text)).accepted()
    await texts(reader, texts_)


async def test_devices_on_both_versions_write_to_each_other_while_the_newer_takes_over(
    street: Street,
) -> None:
    before = opens_version_before(street)
    anna, ben = await street.person("anna", before), await street.person("ben", before)
    annas = await anna.conversation_with(str(ben.address))
    await talk(annas, anna, ben, ["noch alles alt"])
    assert await steps(street) == ITS_STEPS

    written: list[str] = []
    stop = asyncio.Event()

    async def keeps_writing() -> None:
        while not stop.is_set():
            await (await annas.send_text(f"Nr. {len(written)}")).accepted()
            written.append(f"Nr. {len(written)}")

    writing = asyncio.create_task(keeps_writing())
    newer = await asyncio.to_thread(street.opens)
    assert await steps(street) == len(STEPS) > ITS_STEPS
    cem = await street.person("cem", newer)

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
    await asyncio.to_thread(street.opens, port=before.port)
    await sent.accepted()
    await texts(ben, ["während des Wechsels"])
    await talk(cems, cem, anna, ["alles neu"])


async def test_the_version_before_starts_again_beside_a_newer_one(street: Street) -> None:
    """The newer one is not good: one goes back, and loses nothing by it."""
    newer = await asyncio.to_thread(street.opens)
    anna = await street.person("anna", newer)
    older = await asyncio.to_thread(street.opens, program=("-c", FORGETFUL))
    ben = await street.person("ben", older)
    annas = await anna.conversation_with(str(ben.address))
    await talk(annas, anna, ben, ["hin"])
    bens = await ben.conversation_with(str(anna.address))
    await talk(bens, ben, anna, ["her"])
    assert await steps(street) == len(STEPS)
