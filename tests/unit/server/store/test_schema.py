"""The tables as a whole."""

from plausch.db.interface import Database, Transaction
from plausch.server.store.schema import STEPS, prepare


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
