"""The tables as a whole."""

import pytest

from full_store import rows_of
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import migrate
from plausch.server.store import filling
from plausch.server.store.schema import (
    FILLING_STEP,
    STAYING,
    STEPS,
    StoreIncomplete,
    prepare,
    travelling,
)


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
        return {row[0] for row in rows} - {"schema_step", "sqlite_stat1", "sqlite_sequence"}

    travels = {table.name for table in await travelling()}
    assert travels == await memory.read(body) - STAYING
    assert {filling.NAME, "upload", "upload_tail", "allowance", "regime"} == STAYING
    assert travels == set(rows_of(1)), "tests/full_store.py has a row for each"


def test_the_mark_came_with_its_step() -> None:
    assert STEPS[FILLING_STEP - 1].statements == filling.TABLES
