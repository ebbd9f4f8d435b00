"""Filling a store: goes on where it was, mixes nothing, and finds out what differs."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from full_store import all_rows, fill_store
from plausch.db.interface import Database, Row, StorageUnavailable, Transaction
from plausch.db.migrate import migrate
from plausch.db.rows import Key
from plausch.db.shape import Table
from plausch.db.sqlite import open_sqlite
from plausch.server.filling import (
    CopyDiffers,
    DatabaseRows,
    TableCopy,
    Tally,
    TargetTaken,
    complete,
    fill,
    silent,
)
from plausch.server.store import filling, sweep
from plausch.server.store.schema import STEPS, prepare, travelling


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_sqlite(tmp_path / "source.db")
    await fill_store(database)
    yield database
    await database.close()


@pytest.fixture
async def target(memory: Database) -> Database:
    await migrate(memory, STEPS)
    return memory


class Dying(DatabaseRows):
    """A source that is gone after so many batches."""

    def __init__(self, database: Database, batches: int) -> None:
        super().__init__(database, "source")
        self.left = batches
        self.whole = DatabaseRows(database, "source")
        self.asked: list[tuple[str, Key | None]] = []

    async def batches(self, table: Table, after: Key | None) -> AsyncIterator[list[Row]]:
        self.asked.append((table.name, after))
        async for rows in super().batches(table, after):
            if not self.left:
                raise StorageUnavailable("gone")
            self.left -= 1
            yield rows

    async def copies(self, tables: Sequence[Table], told: Tally) -> list[TableCopy]:
        return await self.whole.copies(tables, told)


async def run(target: Database, source: DatabaseRows, *, anew: bool = False) -> list[TableCopy]:
    return await fill(target, await travelling(), source, silent, silent, anew=anew)


async def test_an_interrupted_copy_goes_on_after_its_last_row(
    source: Database, target: Database
) -> None:
    interruptions = 0
    while interruptions < 50:
        dying = Dying(source, 4)
        try:
            copies = await run(target, dying)
            break
        except StorageUnavailable:
            interruptions += 1
    assert interruptions > 5
    assert ("account", (40,)) in dying.asked
    await complete(target)
    assert await all_rows(target) == await all_rows(source)
    assert {one.table: one.rows for one in copies} == {
        name: len(rows) for name, rows in (await all_rows(source)).items()
    }


async def test_only_the_same_source_goes_on(source: Database, target: Database) -> None:
    with pytest.raises(StorageUnavailable):
        await run(target, Dying(source, 3))
    other = DatabaseRows(source, "another")
    with pytest.raises(TargetTaken, match=r"from something else \(source\)"):
        await run(target, other)
    await run(target, other, anew=True)
    assert await all_rows(target) == await all_rows(source)


async def test_a_target_that_holds_something_stays_as_it_is(
    source: Database, target: Database
) -> None:
    await target.transact(lambda tx: sweep.note(tx, 7))
    for anew in (False, True):
        with pytest.raises(TargetTaken, match="the table sweep has rows"):
            await run(target, DatabaseRows(source, "source"), anew=anew)
    assert await target.read(sweep.last) == 7
    assert await target.read(filling.origin) is None
    await prepare(target)


async def change(database: Database, sql: str) -> None:
    async def body(tx: Transaction) -> None:
        assert await tx.execute(sql) == 1

    await database.transact(body)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE account SET kind = 'business' WHERE id = 1",
        "DELETE FROM invitation WHERE created_at_ms = 1 AND code_hash = x'" + "00" * 32 + "'",
        "INSERT INTO invitation VALUES (x'01', 1, 2)",
        "UPDATE envelope SET message = x'00' WHERE seq = 700",
    ],
)
async def test_a_source_that_was_written_to_is_found_out(
    source: Database, target: Database, sql: str
) -> None:
    """Between an interruption and its continuation: in rows that had come already."""
    with pytest.raises(StorageUnavailable):
        await run(target, Dying(source, 5))
    await change(source, sql)
    with pytest.raises(CopyDiffers, match="--anew"):
        await run(target, DatabaseRows(source, "source"))
    assert await target.read(filling.origin) == "source", "no server begins on it"
    await run(target, DatabaseRows(source, "source"), anew=True)
    assert await all_rows(target) == await all_rows(source)


class Stubborn(DatabaseRows):
    """A source that gives every row once more."""

    async def batches(self, table: Table, after: Key | None) -> AsyncIterator[list[Row]]:
        async for rows in super().batches(table, None):
            yield rows


async def test_a_row_that_is_there_already_is_a_sentence(
    source: Database, target: Database
) -> None:
    with pytest.raises(StorageUnavailable):
        await run(target, Dying(source, 5))
    with pytest.raises(CopyDiffers, match="does not take rows of the table account"):
        await run(target, Stubborn(source, "source"))


async def test_whoever_watches_is_told_of_every_row_twice_compared(
    source: Database, target: Database
) -> None:
    told: dict[str, dict[str, int]] = {"copied": {}, "compared": {}}

    def teller(stage: str) -> Tally:
        def tell(what: str, count: int) -> None:
            told[stage][what] = told[stage].get(what, 0) + count

        return tell

    tables: Sequence[Table] = await travelling()
    rows = DatabaseRows(source, "source")
    await fill(target, tables, rows, teller("copied"), teller("compared"))
    there = {name: len(rows) for name, rows in (await all_rows(source)).items()}
    assert told["copied"] == there
    assert told["compared"] == {name: 2 * count for name, count in there.items()}
