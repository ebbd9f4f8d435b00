"""Migrations: once, in order, never on a database of unknown shape."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engines import empty_postgres, empty_sqlite
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import SchemaRefused, Step, migrate, step_reached

FIRST = Step(1, "a table", ("CREATE TABLE a (id {serial}, name TEXT)",))
SECOND = Step(2, "a column", ("ALTER TABLE a ADD COLUMN size BIGINT", "CREATE TABLE b (x TEXT)"))
BROKEN = Step(3, "broken", ("CREATE TABLE c (x TEXT)", "CREATE TABLE c (x TEXT)"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        async with empty_sqlite(tmp_path) as opened:
            yield opened
    else:
        async with empty_postgres(request.getfixturevalue("postgres")) as opened:
            yield opened


async def _count(database: Database, table: str) -> int:
    async def body(tx: Transaction) -> int:
        return int((await tx.fetch(f"SELECT count(*) FROM {table}"))[0][0])

    return await database.read(body)


async def test_missing_steps_are_applied_once(database: Database) -> None:
    assert await migrate(database, [FIRST]) == 1
    assert await migrate(database, [FIRST]) == 0
    assert await migrate(database, [FIRST, SECOND]) == 1
    assert await _count(database, "b") == 0


async def test_several_processes_may_start_at_once(database: Database) -> None:
    counts = await asyncio.gather(*[migrate(database, [FIRST, SECOND]) for _ in range(4)])
    assert all(count <= 2 for count in counts)
    assert await migrate(database, [FIRST, SECOND]) == 0


async def test_a_step_is_all_or_nothing(database: Database) -> None:
    with pytest.raises(Exception, match="already exists"):
        await migrate(database, [FIRST, SECOND, BROKEN])
    assert await migrate(database, [FIRST, SECOND]) == 0
    with pytest.raises(Exception, match=r"no such table|does not exist"):
        await _count(database, "c")


async def test_a_newer_or_changed_database_is_refused(database: Database) -> None:
    await migrate(database, [FIRST, SECOND])
    with pytest.raises(SchemaRefused, match="newer version"):
        await migrate(database, [FIRST])
    with pytest.raises(SchemaRefused, match="another text"):
        await migrate(database, [FIRST, Step(2, "a column", ("CREATE TABLE z (x TEXT)",))])


async def test_steps_are_numbered_without_gaps(database: Database) -> None:
    with pytest.raises(SchemaRefused, match="numbered"):
        await migrate(database, [SECOND])


async def test_how_far_a_database_is(database: Database) -> None:
    assert await step_reached(database) == 0
    await migrate(database, [FIRST])
    assert await step_reached(database) == 1
    await migrate(database, [FIRST, SECOND])
    assert await step_reached(database) == 2
