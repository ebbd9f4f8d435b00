"""Migrations: once, in order, never on a database of unknown shape."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engines import empty_postgres, empty_sqlite
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import SchemaRefused, Step, expand, migrate, step_reached
from plausch.db.postgres import open_postgres
from postgres_cluster import Cluster

FIRST = Step(1, "a table", ("CREATE TABLE a (id {serial}, name TEXT)",))
SECOND = Step(2, "a column", ("ALTER TABLE a ADD COLUMN size BIGINT", "CREATE TABLE b (x TEXT)"))
BESIDE = Step(3, "room beside", ("CREATE TABLE c (x TEXT)",), beside=True)
FLOOR = Step(4, "no way back", ("DROP TABLE b",))
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
    await migrate(database, [FIRST, SECOND])
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


async def test_a_version_before_may_start_again_beside_what_it_does_not_look_at(
    database: Database,
) -> None:
    """The newer one is not good, and is taken back."""
    older, newer = [FIRST, SECOND], [FIRST, SECOND, BESIDE]
    await migrate(database, older)
    assert await migrate(database, newer) == 1
    assert await migrate(database, older) == 0
    assert await expand(database, older) == (0, [])
    assert await step_reached(database) == 3


async def test_below_the_floor_nobody_is_let_in(database: Database) -> None:
    steps = [FIRST, SECOND, BESIDE, FLOOR, Step(5, "later", ("SELECT 1",), beside=True)]
    await migrate(database, steps)
    assert await migrate(database, steps[:4]) == 0
    for older in (steps[:3], steps[:2]):
        with pytest.raises(SchemaRefused, match="newer version"):
            await migrate(database, older)
        with pytest.raises(SchemaRefused, match="newer version"):
            await expand(database, older)


async def test_expanding_stops_before_what_the_version_before_does_not_survive(
    database: Database,
) -> None:
    steps = [FIRST, SECOND, BESIDE, FLOOR, Step(5, "later", ("SELECT 1",), beside=True)]
    await migrate(database, steps[:2])
    taken, left = await expand(database, steps)
    assert (taken, list(left)) == (1, steps[3:]), "and nothing is taken out of its turn"
    assert await _count(database, "b") == 0
    assert await migrate(database, steps[:2]) == 0, "it goes on"
    assert await migrate(database, steps) == 2


async def test_an_empty_database_has_nobody_beside(database: Database) -> None:
    assert await expand(database, [FIRST, SECOND, BESIDE, FLOOR]) == (4, [])
    assert await expand(database, [FIRST, SECOND, BESIDE, FLOOR]) == (0, [])


async def test_an_empty_database_gets_all_steps_or_none(database: Database) -> None:
    """Or a first start that was interrupted would look like an older version's database."""
    with pytest.raises(Exception, match="already exists"):
        await expand(database, [FIRST, SECOND, BROKEN])
    assert await step_reached(database) == 0
    assert await expand(database, [FIRST, SECOND, BESIDE, FLOOR]) == (4, [])


async def test_who_starts_while_an_empty_database_is_being_filled_waits(postgres: Cluster) -> None:
    gate = 4711
    slow = Step(2, "slow", SECOND.statements, postgresql=(f"SELECT pg_advisory_xact_lock({gate})",))
    steps = [FIRST, slow, BESIDE, FLOOR]

    async def name(tx: Transaction) -> str:
        return str((await tx.fetch("SELECT current_database()::text"))[0][0])

    async def waiting(tx: Transaction) -> int:
        rows = await tx.fetch(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' "
            "AND datname = current_database()"
        )
        return int(rows[0][0])

    async with empty_postgres(postgres) as watching:
        url = postgres.url(await watching.read(name))
        one, other = await open_postgres(url), await open_postgres(url)
        async with watching.snapshot() as tx:
            await tx.fetch("SELECT pg_advisory_lock($1)", gate)
            first = asyncio.create_task(expand(one, steps))
            while await watching.read(waiting) < 1 and not first.done():
                await asyncio.sleep(0.01)
            second = asyncio.create_task(expand(other, steps))
            third = asyncio.create_task(step_reached(other))
            while await watching.read(waiting) < 3 and not second.done():
                await asyncio.sleep(0.01)
            await tx.fetch("SELECT pg_advisory_unlock($1)", gate)
        assert [await first, await second] == [(4, []), (0, [])]
        assert await third == 4
        await one.close()
        await other.close()


async def test_several_processes_may_expand_at_once(database: Database) -> None:
    await migrate(database, [FIRST, SECOND])
    taken = await asyncio.gather(*[expand(database, [FIRST, SECOND, BESIDE]) for _ in range(4)])
    assert [list(left) for _, left in taken] == [[]] * 4
    assert await step_reached(database) == 3


async def test_what_is_for_postgresql_alone(database: Database) -> None:
    step = Step(3, "room", (), postgresql=("ALTER TABLE b SET (fillfactor = 70)",))
    assert await migrate(database, [FIRST, SECOND, step]) == 3
    assert step.digest != Step(3, "room", ()).digest
    assert FIRST.digest == Step(1, "another name", FIRST.statements, beside=True).digest


async def test_a_step_may_be_beside_on_some_databases_alone(database: Database) -> None:
    """It depends on what PostgreSQL has; SQLite is not asked."""
    step = Step(3, "moves", (), beside=True, alone_where="SELECT 1 FROM a")
    steps = [FIRST, SECOND, step]
    await migrate(database, steps[:2])

    async def fill(tx: Transaction) -> None:
        await tx.execute("INSERT INTO a (name) VALUES ('x')")

    await database.transact(fill)
    taken, left = await expand(database, steps)
    if database.engine == "sqlite":
        assert (taken, list(left)) == (1, [])
        assert await migrate(database, steps[:2]) == 0
        return
    assert (taken, list(left)) == (0, [step])
    assert await migrate(database, steps) == 1
    with pytest.raises(SchemaRefused, match="newer version"):
        await migrate(database, steps[:2])


async def test_a_mended_step_is_known_by_the_text_that_it_had(database: Database) -> None:
    first = Step(2, "rows", ("CREATE TABLE z (x TEXT)", "INSERT INTO z VALUES ('slow')"))
    mended = Step(2, "rows", ("CREATE TABLE z (x TEXT)",), taken_as=first.digest)
    await migrate(database, [FIRST, first])
    assert await migrate(database, [FIRST, mended]) == 0
    assert mended.digest == first.digest, "and the version before knows it"


async def test_the_memory_of_an_older_version_is_taken_over(database: Database) -> None:
    """It kept no floor: everything that it knows is below none."""
    await migrate(database, [FIRST, SECOND])

    async def as_before(transaction: Transaction) -> None:
        await transaction.execute("DROP TABLE schema_floor")

    await database.transact(as_before)
    assert await migrate(database, [FIRST, SECOND, BESIDE]) == 1
    assert await migrate(database, [FIRST, SECOND]) == 0
