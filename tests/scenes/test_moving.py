"""Moving up and coming back, with real processes: killed at random moments, under load, ahead."""

import asyncio
import os
import random
import secrets
import signal
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from company import PLAUSCH, clean_environment, plausch
from full_store import all_rows, fill_store, put_blobs
from load import Pair, new_pair
from plausch.db.interface import Database, Transaction
from plausch.db.open import open_database
from plausch.server.dump_file import read_dump
from plausch.wire import frames as f
from postgres_cluster import Cluster
from server_process import ServerProcess
from wire_device import WireDevice

KILLS = int(os.environ.get("PLAUSCH_MOVING_KILLS", "8"))
ENVELOPES = 40_000


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("PLAUSCH_SEED", secrets.randbelow(2**32)))
    print(f"PLAUSCH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
async def town_url(postgres: Cluster) -> AsyncIterator[str]:
    name = "moving_" + secrets.token_hex(4)
    yield await postgres.create_database(name)
    await postgres.drop_database(name)


@pytest.fixture
async def full(tmp_path: Path) -> Path:
    """A server's folder, with rows in every table and blobs."""
    folder = tmp_path / "old"
    folder.mkdir()
    database = await open_database(folder / "plausch.db")
    await fill_store(database, envelopes=ENVELOPES)
    await database.close()
    await (await put_blobs(folder / "blobs")).close()
    return folder


async def how_many(database: Database) -> int:
    """Envelopes that have arrived; 0 before there is a table."""

    async def body(tx: Transaction) -> int:
        there = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'filling'"
        if not (await tx.fetch(there))[0][0]:
            return 0
        return int((await tx.fetch("SELECT count(*) FROM envelope"))[0][0])

    return await database.read(body)


def begin(*arguments: object) -> "subprocess.Popen[bytes]":
    """A command in the background."""
    return subprocess.Popen(
        [*PLAUSCH, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
    )


async def killed_after(process: "subprocess.Popen[bytes]", target: Database, rows: int) -> bool:
    """Whether it was killed, once that many rows have come, before it was done."""
    while process.poll() is None:
        if await how_many(target) >= rows:
            process.kill()
            break
    return await asyncio.to_thread(process.wait) == -signal.SIGKILL


async def test_moving_up_goes_on_however_often_it_is_killed(
    full: Path, town_url: str, dice: random.Random
) -> None:
    target = await open_database(town_url)
    command = ("migrate-store", "--from", full, "--to", town_url)
    marks = sorted(dice.randrange(ENVELOPES) for _ in range(KILLS))
    killed = 0
    for mark in marks:
        killed += await killed_after(begin(*command), target, mark)
    assert killed > 0
    if killed == KILLS:  # otherwise one of them had come to its end
        refused = plausch("serve", "--data", full, "--database", town_url, "--port", 0)
        assert refused.code == 1
        assert "not complete" in refused.sentence
        refused = plausch("serve", "--data", full, "--port", 0)
        assert refused.code == 1
        assert "a move there has begun" in refused.sentence
        assert plausch(*command, "--quiet").code == 0
    old = await open_database(full / "plausch.db")
    assert await all_rows(target) == await all_rows(old)
    await old.close()
    await target.close()
    with ServerProcess(full.parent / "new", database_url=town_url) as server:
        await (await new_pair(server.url)).check(server.url)
    refused = plausch(*command)
    assert refused.code == 1
    assert "holds something already" in refused.sentence


async def test_nobody_moves_a_store_under_a_running_server(tmp_path: Path, town_url: str) -> None:
    with ServerProcess(tmp_path) as server:
        refused = plausch("migrate-store", "--from", server.directory, "--to", town_url)
        assert refused.code == 1
        assert f"Process {server.pid} is at" in refused.sentence
        await (await new_pair(server.url)).check(server.url)
    moved = plausch("migrate-store", "--from", server.directory, "--to", town_url, "--json")
    assert moved.code == 0, moved.err
    assert moved.json["tables"]["account"]["rows"] == 2


@pytest.fixture(params=["sqlite", "postgresql"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    url = request.getfixturevalue("town_url") if request.param == "postgresql" else ""
    with ServerProcess(tmp_path / "busy", database_url=url) as server:
        yield server


def place(server: ServerProcess, url: str) -> tuple[object, ...]:
    return ("--data", server.directory, *(("--database", url) if url else ()))


async def test_people_write_while_a_backup_runs_and_go_on_elsewhere(
    busy: ServerProcess, tmp_path: Path
) -> None:
    pairs = [await new_pair(busy.url) for _ in range(4)]
    writing = [asyncio.create_task(pair.write(busy.url)) for pair in pairs]
    await written(pairs, 400)
    promised = [dict(pair.ledger.promised) for pair in pairs]
    dump = tmp_path / "town.tar"
    made = await asyncio.to_thread(plausch, "backup", dump, *place(busy, busy._database_url))
    assert made.code == 0, made.err
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    await written(pairs, sum(map(len, promised)) + 400)
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    for pair in pairs:
        await pair.check(busy.url)

    with ServerProcess(tmp_path / "new") as new:
        pass  # its folder is made, and everything in it is thrown away again
    for path in new.directory.glob("plausch.db*"):
        path.unlink()
    restored = plausch("restore", dump, "--data", new.directory, "--json")
    assert restored.code == 0, restored.err
    await same_as(dump, new.directory / "plausch.db", restored.json["tables"])
    with new:
        for pair, before in zip(pairs, promised, strict=True):
            await goes_on(pair, before, busy.url, new.url)


async def written(pairs: list[Pair], count: int) -> None:
    """Wait until so much is acknowledged."""
    while sum(len(pair.ledger.promised) for pair in pairs) < count:
        await asyncio.sleep(0.01)


async def same_as(dump: Path, file: Path, tables: dict[str, dict[str, object]]) -> None:
    """The restored store row by row, and by what the command said of it."""
    database = await open_database(file)
    there = await all_rows(database)
    await database.close()
    with dump.open("rb") as opened:
        found = await read_dump(opened, dump)
        for table in found.tables:
            rows = [row for part in found.rows(table) for row in part]
            assert there[table.name] == rows
            assert tables[table.name] == {
                "rows": len(rows),
                "sha256": found.manifest.tables[table.name].sha256,
            }


async def goes_on(pair: Pair, promised: dict[bytes, int], old: str, new: str) -> None:
    """What was promised before the backup is there, in its place; and they write on."""
    log = await whole_log(pair, new)
    before = await whole_log(pair, old)
    plain = [(one.seq, one.epoch, one.sender, one.message, one.stamp) for one in log]
    assert plain == [
        (one.seq, one.epoch, one.sender, one.message, one.stamp) for one in before[: len(log)]
    ]
    assert promised.items() <= {one.message: one.seq for one in log}.items()
    pair.ledger.promised = {one.message: one.seq for one in log if one.kind == f.APPLICATION}
    pair.ledger.uncertain.clear()
    pair.ledger.shown.clear()
    count = len(pair.ledger.promised)
    writing = asyncio.create_task(pair.write(new))
    await written([pair], count + 50)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await pair.check(new) >= count + 50


async def whole_log(pair: Pair, url: str) -> list[f.Envelope]:
    device = await WireDevice.open(url, pair.people[0])
    try:
        return await device.read_log(pair.ledger.conversation)
    finally:
        await device.close()


async def test_a_restore_that_was_killed_goes_on(full: Path, dice: random.Random) -> None:
    dump, new = full.parent / "town.tar", full.parent / "new"
    assert plausch("backup", dump, "--data", full, "--quiet").code == 0
    command = ("restore", dump, "--data", new, "--quiet")
    killed = False
    for _ in range(5):
        process = begin(*command)
        file = new / "plausch.db-wal"
        size = dice.randrange(1, 8_000_000)
        while process.poll() is None:
            if file.exists() and file.stat().st_size >= size:
                process.kill()
        killed = await asyncio.to_thread(process.wait) == -signal.SIGKILL or killed
        if process.returncode == 0:
            break
    if process.returncode != 0:
        refused = plausch("serve", "--data", new, "--port", 0)
        assert refused.code == 1
        assert "not complete" in refused.sentence
        assert plausch(*command).code == 0
    assert killed
    again = full.parent / "again.tar"
    assert plausch("backup", again, "--data", new).code == 0
    with dump.open("rb") as one, again.open("rb") as other:
        first, second = await read_dump(one, dump), await read_dump(other, again)
        assert first.manifest == second.manifest
