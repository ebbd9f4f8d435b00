"""Backup, restore and moving up: whatever the engines are, every row and every blob arrives."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from engines import empty_postgres, empty_sqlite
from full_store import BLOBS, all_rows, fill_store, put_blobs
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import migrate
from plausch.server.dump import write_dump
from plausch.server.dump_file import read_dump
from plausch.server.filling import DatabaseRows, complete, fill, silent
from plausch.server.local_blobs import LocalBlobs
from plausch.server.restoring import restore
from plausch.server.store import account
from plausch.server.store.schema import STEPS, StoreIncomplete, prepare, travelling


@pytest.fixture(params=["sqlite", "postgresql"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":
            (tmp_path / "target").mkdir()
            yield await stack.enter_async_context(empty_sqlite(tmp_path / "target"))
        else:
            cluster = request.getfixturevalue("postgres")
            yield await stack.enter_async_context(empty_postgres(cluster))


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    store = await put_blobs(tmp_path / "blobs")
    yield store
    await store.close()


@pytest.fixture
async def new_blobs(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    store = LocalBlobs(tmp_path / "new-blobs")
    store.prepare()
    yield store
    await store.close()


async def registered(database: Database, name: str) -> int:
    async def body(tx: Transaction) -> int:
        return await account.add(tx, name, "person", b"k", b"l", 1)

    return await database.transact(body)


async def test_a_dump_brings_back_every_row_and_every_blob(
    database: Database, target: Database, blobs: LocalBlobs, new_blobs: LocalBlobs
) -> None:
    await fill_store(database)
    file = io.BytesIO()
    dumped = await write_dump(database, blobs, file, 1, silent)
    assert (dumped.blobs, dumped.gone, dumped.damaged) == (len(BLOBS), 0, [])
    file.seek(0)
    dump = await read_dump(file, Path("a.tar"))
    copies = await restore(dump, target, new_blobs, silent, silent)
    assert await all_rows(target) == await all_rows(database)
    assert sum(one.rows for one in copies) == dumped.rows
    for name, content in BLOBS.items():
        assert await new_blobs.read(name, 0, len(content) + 1) == content
    again = io.BytesIO()
    await write_dump(target, new_blobs, again, 1, silent)
    assert again.getvalue() == file.getvalue(), "a dump of the copy is the same, byte for byte"


async def test_moving_brings_every_row_and_numbers_go_on(
    database: Database, target: Database
) -> None:
    await fill_store(database)
    await migrate(target, STEPS)
    tables = await travelling()
    copies = await fill(target, tables, DatabaseRows(database, "here"), silent, silent)
    with pytest.raises(StoreIncomplete, match="not complete"):
        await prepare(target)
    await complete(target)
    await prepare(target)
    before = await all_rows(target)
    assert before == await all_rows(database)
    assert {one.table: one.rows for one in copies} == {
        name: len(rows) for name, rows in before.items()
    }
    assert await registered(target, "olga") == 41
    assert await registered(target, "ben") == 42


async def test_a_dump_is_one_moment_of_a_store_that_is_written(
    database: Database, blobs: LocalBlobs, tmp_path: Path
) -> None:
    """Somebody registers between any two batches; what is in the dump fits together."""
    await fill_store(database)
    await database.read(account_names)
    written: list[asyncio.Task[int]] = []

    def told(what: str, _count: int) -> None:
        written.append(asyncio.ensure_future(registered(database, f"n{len(written)}")))

    before = await all_rows(database)
    file = io.BytesIO()
    await write_dump(database, blobs, file, 1, told)
    await asyncio.gather(*written)
    assert len(written) > len(before)
    file.seek(0)
    dump = await read_dump(file, Path("a.tar"))
    found = {
        table.name: [row for rows in dump.rows(table) for row in rows] for table in dump.tables
    }
    assert found == before


async def account_names(tx: Transaction) -> list[str]:
    return [row[0] for row in await tx.fetch("SELECT name FROM account")]


async def test_a_snapshot_sees_nothing_of_what_comes_after(database: Database) -> None:
    await prepare(database)
    await registered(database, "anna")
    async with database.snapshot() as tx:
        assert await account_names(tx) == ["anna"]
        await registered(database, "cem")
        assert await account_names(tx) == ["anna"]
    async with database.snapshot() as tx:
        assert sorted(await account_names(tx)) == ["anna", "cem"]


async def test_an_error_of_whoever_reads_a_snapshot_stays_theirs(database: Database) -> None:
    await prepare(database)
    for error in (OSError(28, "No space left on device"), TimeoutError(), ValueError()):
        with pytest.raises(type(error)) as raised:
            async with database.snapshot() as tx:
                await account_names(tx)
                raise error
        assert raised.value is error
    async with database.snapshot() as tx:
        assert await account_names(tx) == []


async def test_a_snapshot_only_reads(database: Database) -> None:
    await prepare(database)
    with pytest.raises(Exception, match=r"read-only|readonly|did not take the work"):
        async with database.snapshot() as tx:
            await account.add(tx, "anna", "person", b"k", b"l", 1)
