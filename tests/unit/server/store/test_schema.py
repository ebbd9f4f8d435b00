"""The tables as a whole."""

import asyncio

import pytest

from engines import empty_postgres
from full_store import rows_of
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import MEMORY_TABLES, SchemaRefused, Step, migrate
from plausch.db.postgres import open_postgres
from plausch.server.store import filling, schema
from plausch.server.store.schema import (
    FILLING_STEP,
    STAYING,
    STEPS,
    StoreIncomplete,
    demand_prepared,
    prepare,
    travelling,
)
from postgres_cluster import Cluster


async def test_preparing_twice_changes_nothing(memory: Database) -> None:
    assert await prepare(memory) == len(STEPS)
    assert await prepare(memory) == 0


async def test_every_table_of_a_log_has_its_conversation_first_in_the_key(
    memory: Database,
) -> None:
    await prepare(memory)

    async def body(tx: Transaction) -> dict[str, list[str]]:
        tables = await tx.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
        keys = {}
        for (table,) in tables:
            columns = await tx.fetch(f"SELECT name, pk FROM pragma_table_info('{table}')")
            keys[table] = [name for name, place in sorted(columns, key=lambda c: c[1]) if place]
        return keys

    keys = await memory.read(body)
    for table in ("envelope", "proposal", "member", "stay", "device_cursor", "welcome"):
        assert keys[table][0] == "conversation_id", table
    assert keys["mailbox"][0] == "device_id"


async def test_foreign_keys_hold(memory: Database) -> None:
    await prepare(memory)

    async def body(tx: Transaction) -> list[object]:
        return list(await tx.fetch("PRAGMA foreign_key_check"))

    assert await memory.read(body) == []


async def test_a_store_that_is_not_complete_is_not_upgraded_and_not_used(memory: Database) -> None:
    await migrate(memory, STEPS[:FILLING_STEP])
    await memory.transact(lambda tx: filling.begin(tx, "elsewhere"))
    with pytest.raises(StoreIncomplete, match="Give the same 'plausch migrate-store'"):
        await prepare(memory)
    await memory.transact(filling.end)
    assert await prepare(memory) == len(STEPS) - FILLING_STEP


async def test_every_table_travels_but_what_is_of_this_store_alone(memory: Database) -> None:
    await prepare(memory)

    async def body(tx: Transaction) -> set[str]:
        rows = await tx.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row[0] for row in rows} - {*MEMORY_TABLES, "sqlite_stat1", "sqlite_sequence"}

    travels = {table.name for table in await travelling()}
    assert travels == await memory.read(body) - STAYING
    assert {filling.NAME, "upload", "upload_tail", "allowance", "regime"} == STAYING
    assert travels == set(rows_of(1)), "tests/full_store.py has a row for each"


def test_the_mark_came_with_its_step() -> None:
    assert STEPS[FILLING_STEP - 1].statements == filling.TABLES


async def test_a_server_on_postgresql_takes_what_older_ones_survive_and_no_more(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = len(STEPS)
    beside = Step(last + 1, "more", ("CREATE TABLE more (id BIGINT)",), beside=True)
    alone = Step(last + 2, "no more", ("DROP TABLE more",))
    async with empty_postgres(postgres) as database:
        await prepare(database)
        monkeypatch.setattr(schema, "STEPS", (*STEPS, beside))
        assert await prepare(database) == 1
        monkeypatch.setattr(schema, "STEPS", (*STEPS, beside, alone))
        with pytest.raises(SchemaRefused, match=r"stop them all, give 'plausch migrate --all'"):
            await prepare(database)
        assert await schema.upgrade(database, alone=False) == (0, [alone])
        url = postgres.url(await database.read(name_of))
        server = await open_postgres(url)
        with pytest.raises(SchemaRefused, match="connected to this database still"):
            await schema.upgrade(database, alone=True)
        await server.close()
        while await database.read(others):
            pass  # PostgreSQL takes a moment to see that it is gone
        assert await schema.upgrade(database, alone=True) == (1, ())
        assert await prepare(database) == 0
        monkeypatch.setattr(schema, "STEPS", STEPS)
        with pytest.raises(SchemaRefused, match="newer version"):
            await prepare(database)


async def test_servers_may_start_at_once_on_an_empty_database(postgres: Cluster) -> None:
    async with empty_postgres(postgres) as database:
        assert sum(await asyncio.gather(*[prepare(database) for _ in range(3)])) == len(STEPS)


def test_step_16_is_remembered_as_it_was_first_given() -> None:
    """Stores and backups have this digest; its text was mended since."""
    first = "49c3528ea874018d6fe5d12dff71faf95dc99032550c4af8ff1c9474898a9d66"
    assert STEPS[15].digest == first


async def name_of(tx: Transaction) -> str:
    return str((await tx.fetch("SELECT current_database()::text"))[0][0])


async def others(tx: Transaction) -> int:
    rows = await tx.fetch(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'plausch' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int(rows[0][0])


async def test_who_copies_a_store_knows_all_of_it(
    memory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version may serve beside a newer one's tables; a backup by it would lack them."""
    more = Step(len(STEPS) + 1, "more", ("CREATE TABLE more (id BIGINT)",), beside=True)
    await migrate(memory, (*STEPS, more))
    assert await prepare(memory) == 0
    with pytest.raises(SchemaRefused, match="keeps more in it"):
        await demand_prepared(memory)
    monkeypatch.setattr(schema, "STEPS", (*STEPS, more))
    await demand_prepared(memory)
