"""SQLite: group commit, isolation of bodies, full and read-only disks, death."""

import asyncio
import importlib.util
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from plausch.base.errors import LocalError
from plausch.db import sqlite as engine
from plausch.db.interface import (
    Database,
    Row,
    StorageDamaged,
    StorageUnavailable,
    Transaction,
)
from plausch.db.sqlite import MEMORY, open_sqlite

LEDGER = Path(__file__).with_name("ledger.py")


def _ledger() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ledger", LEDGER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ledger = _ledger()


def run(path: Path, mode: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(LEDGER), str(path), mode],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


async def check_file(path: Path, acknowledged: set[int]) -> set[int]:
    """All that was acknowledged is there, and the file is sound."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database = open_sqlite(path)
    found: set[int] = await ledger.numbers(database)
    await database.close()
    assert acknowledged <= found
    return found


async def test_a_full_disk_is_never_acknowledged_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    lines = run(path, "full")
    assert lines[-1] == "recovered"
    acknowledged = {int(line) for line in lines[:-1]}
    assert await check_file(path, acknowledged) == acknowledged


def test_a_read_only_disk_is_never_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir()
    path = folder / "ledger.db"

    async def prepare() -> None:
        database = open_sqlite(path)
        await ledger.create(database)
        await database.close()

    asyncio.run(prepare())
    for parent in [folder, *folder.parents]:
        if parent.owner() in ("root",) and parent.stat().st_mode & 0o005 != 0o005:
            parent.chmod(parent.stat().st_mode | 0o005)
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        lines = run(path, "readonly")
    finally:
        folder.chmod(0o755)
    assert lines[0].startswith("refused The database ")
    assert "writable" in lines[0]


@pytest.mark.parametrize("attempt", range(4))
async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / "ledger.db"
    acknowledged: set[int] = set()
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, str(LEDGER), str(path), "kill"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(random.randint(1, 400)):
            acknowledged.add(int(process.stdout.readline()))
        process.kill()
        rest, _ = process.communicate()
        acknowledged |= {int(line) for line in rest.decode().split("\n")[:-1]}
        await check_file(path, acknowledged)


async def _memory() -> Database:
    database = open_sqlite(MEMORY)
    await ledger.create(database)
    return database


async def test_waiting_bodies_share_one_commit(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "ledger.db")
    await ledger.create(database)
    seen: list[int] = []

    def body(number: int):  # type: ignore[no-untyped-def]
        async def insert(tx: Transaction) -> None:
            await tx.execute("INSERT INTO ledger (number, body) VALUES ($1, $2)", number, b"")
            seen.append((await tx.fetch("SELECT count(*) FROM ledger"))[0][0])

        return insert

    await asyncio.gather(*[database.transact(body(n)) for n in range(40)])
    assert seen == list(range(1, 41))  # each sees those before it in its batch
    await database.close()


async def test_a_failed_body_leaves_its_neighbours_alone() -> None:
    database = await _memory()

    async def fails(tx: Transaction) -> None:
        await tx.execute("INSERT INTO ledger (number, body) VALUES (99, $1)", b"")
        await tx.execute("INSERT INTO no_such_table VALUES (1)")

    results = await asyncio.gather(
        ledger.write(database, 1),
        database.transact(fails),
        ledger.write(database, 2),
        return_exceptions=True,
    )
    assert isinstance(results[1], sqlite3.OperationalError)
    assert await ledger.numbers(database) == {1, 2}
    await database.close()


async def test_a_body_that_waits_for_something_else_is_refused() -> None:
    database = await _memory()

    async def sleeps(tx: Transaction) -> None:
        await tx.execute("INSERT INTO ledger (number, body) VALUES (5, $1)", b"")
        await asyncio.sleep(0)

    with pytest.raises(LocalError, match="other than its transaction"):
        await database.transact(sleeps)
    assert await ledger.numbers(database) == set()
    await database.close()


async def test_who_stops_waiting_before_the_batch_begins_is_passed_over() -> None:
    database = await _memory()
    task = asyncio.ensure_future(ledger.write(database, 1))
    await asyncio.sleep(0)
    task.cancel()
    await ledger.write(database, 2)
    assert 2 in await ledger.numbers(database)
    await database.close()


async def test_a_failed_commit_fails_every_body_and_the_next_batch_works(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    database = open_sqlite(path)
    await ledger.create(database)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")  # another program holds the file
    results = await asyncio.gather(
        *[ledger.write(database, n) for n in range(3)], return_exceptions=True
    )
    assert all(isinstance(one, StorageUnavailable) for one in results)
    blocker.execute("ROLLBACK")
    blocker.close()
    await ledger.write(database, 7)
    assert await ledger.numbers(database) == {7}
    await database.close()


async def test_more_bodies_than_one_commit_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BODIES_PER_COMMIT", 3)
    database = await _memory()
    await asyncio.gather(*[ledger.write(database, n) for n in range(20)])
    assert await ledger.numbers(database) == set(range(20))
    await database.close()


async def test_durability_settings_are_what_they_must_be(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "ledger.db", background_checkpoints=True)

    async def body(tx: Transaction) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: (await tx.fetch(f"PRAGMA {name}"))[0][0] for name in names}

    assert await database.transact(body) == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
    }
    await database.close()


async def test_every_connection_is_opened_with_the_pragmas_of_its_database(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "test.db", pragmas=("cache_spill = OFF",))

    async def spill(transaction: Transaction) -> list[Row]:
        return await transaction.fetch("PRAGMA cache_spill")

    assert await database.transact(spill) == await database.read(spill) == [(0,)]
    database._abandon_writer()
    assert await database.transact(spill) == [(0,)]
    await database.close()


async def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "list.db"
    path.write_bytes(b"a shopping list " * 1000)
    with pytest.raises(StorageDamaged, match="restore it from a backup") as damaged:
        open_sqlite(path)
    assert damaged.value.code == StorageUnavailable.code


async def test_the_log_is_copied_into_the_database_beside_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_PAUSE_S", 0.0)
    monkeypatch.setattr(engine, "WAL_FRAMES_LIMIT", 50)
    path = tmp_path / "ledger.db"
    database = open_sqlite(path, background_checkpoints=True)
    await ledger.create(database)
    for number in range(400):
        await ledger.write(database, number)
    assert path.stat().st_size > 100_000  # not all of it can still be in the log
    await database.close()
    assert await check_file(path, set(range(400))) == set(range(400))


def test_a_path_that_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="nowhere"):
        open_sqlite(tmp_path / "nowhere" / "x.db")
    (tmp_path / "text.db").write_text("this is no database " * 100)
    with pytest.raises(StorageUnavailable, match=r"text\.db"):
        open_sqlite(tmp_path / "text.db")


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        await open_sqlite(tmp_path / "private.db").close()

    asyncio.run(scenario())
    assert (tmp_path / "private.db").stat().st_mode & 0o777 == 0o600
