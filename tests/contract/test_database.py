"""What both engines promise to a body."""

import asyncio

import pytest

from plausch.base.errors import LocalError
from plausch.db.interface import Bulk, ConstraintViolated, Database, Transaction

PUT = Bulk("INSERT INTO thing (id, name, body) {rows}", ("int", "text", "bytes"))
FIND = Bulk(
    "SELECT t.id, t.name FROM thing t JOIN ({rows}) AS v ON t.id = v.column1 "
    "AND t.name = v.column2",
    ("int", "text"),
)


@pytest.fixture
async def things(database: Database) -> Database:
    async def body(tx: Transaction) -> None:
        await tx.execute(
            "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT NOT NULL, body {bytes} NOT NULL)"
        )
        await tx.execute("CREATE TABLE numbered (id {serial}, name TEXT UNIQUE)")

    await database.transact(body)
    return database


async def put(database: Database, key: int, name: str = "a") -> None:
    async def body(tx: Transaction) -> int:
        return await tx.execute(
            "INSERT INTO thing (id, name, body) VALUES ($1, $2, $3)", key, name, b"\x00\xff"
        )

    assert await database.transact(body) == 1


async def names(database: Database) -> list[tuple[int, str]]:
    async def body(tx: Transaction) -> list[tuple[int, str]]:
        return [
            (row[0], row[1]) for row in await tx.fetch("SELECT id, name FROM thing ORDER BY id")
        ]

    return await database.read(body)


async def test_values_come_back_as_they_went_in(things: Database) -> None:
    async def body(tx: Transaction) -> list[tuple[object, ...]]:
        await tx.execute(
            "INSERT INTO thing (id, name, body) VALUES ($1, $2, $3)", 2**62, "ä\U0001f600", b"\x00"
        )
        return await tx.fetch("SELECT id, name, body FROM thing")

    assert await things.transact(body) == [(2**62, "ä\U0001f600", b"\x00")]


async def test_placeholders_may_be_repeated_and_in_any_order(things: Database) -> None:
    async def body(tx: Transaction) -> list[tuple[object, ...]]:
        await tx.execute("INSERT INTO thing (name, id, body) VALUES ($2, $1, $3)", 1, "x", b"")
        return await tx.fetch(
            "SELECT id FROM thing WHERE name = $2 AND id = $1 AND id = $1", 1, "x"
        )

    assert await things.transact(body) == [(1,)]


async def test_the_engine_numbers_rows(things: Database) -> None:
    async def body(tx: Transaction) -> list[int]:
        sql = "INSERT INTO numbered (name) VALUES ($1) RETURNING id"
        return [(await tx.fetch(sql, name))[0][0] for name in ("a", "b")]

    assert await things.transact(body) == [1, 2]


@pytest.mark.parametrize("count", [0, 1, 7, 513, 1300])
async def test_bulk_statements_carry_any_number_of_rows(things: Database, count: int) -> None:
    rows = [(n, f"name {n}", n.to_bytes(4, "big")) for n in range(count)]

    async def body(tx: Transaction) -> list[tuple[object, ...]]:
        await tx.fetch_bulk(PUT, rows)
        return await tx.fetch_bulk(FIND, [(n, f"name {n}") for n in range(0, count, 2)])

    found = await things.transact(body)
    assert sorted(row[0] for row in found) == list(range(0, count, 2))
    assert len(await names(things)) == count


async def test_an_error_undoes_its_body_and_only_that(things: Database) -> None:
    async def fails(tx: Transaction) -> None:
        await tx.execute("INSERT INTO thing (id, name, body) VALUES (7, 'gone', $1)", b"")
        raise RuntimeError("as intended")

    results = await asyncio.gather(
        put(things, 1), things.transact(fails), put(things, 2), return_exceptions=True
    )
    assert isinstance(results[1], RuntimeError)
    assert await names(things) == [(1, "a"), (2, "a")]


async def test_a_constraint_is_named_the_same_on_both(things: Database) -> None:
    await put(things, 1)
    with pytest.raises(ConstraintViolated):
        await put(things, 1, "b")
    assert await names(things) == [(1, "a")]


async def test_a_swallowed_failure_never_becomes_a_commit(things: Database) -> None:
    await put(things, 1)

    async def body(tx: Transaction) -> str:
        await tx.execute("INSERT INTO thing (id, name, body) VALUES (2, 'x', $1)", b"")
        try:
            await tx.execute("INSERT INTO thing (id, name, body) VALUES (1, 'x', $1)", b"")
        except ConstraintViolated:
            return "acknowledged"
        return "impossible"

    with pytest.raises(ConstraintViolated):
        await things.transact(body)
    assert await names(things) == [(1, "a")]


async def test_nothing_can_be_done_after_a_failed_statement(things: Database) -> None:
    await put(things, 1)

    async def body(tx: Transaction) -> None:
        with pytest.raises(ConstraintViolated):
            await tx.execute("INSERT INTO thing (id, name, body) VALUES (1, 'x', $1)", b"")
        await tx.fetch("SELECT 1")

    with pytest.raises(LocalError):
        await things.transact(body)


async def test_many_bodies_at_once_all_land(things: Database) -> None:
    await asyncio.gather(*[put(things, n) for n in range(700)])
    assert len(await names(things)) == 700


async def test_a_read_sees_what_was_acknowledged_and_cannot_write(things: Database) -> None:
    await put(things, 1)
    assert await names(things) == [(1, "a")]

    async def body(tx: Transaction) -> None:
        await tx.execute("DELETE FROM thing")

    with pytest.raises(Exception, match=r"read-only|readonly|not take"):
        await things.read(body)
    assert await names(things) == [(1, "a")]


async def test_a_closed_database_refuses(database: Database) -> None:
    await database.close()

    async def body(tx: Transaction) -> None:
        await tx.fetch("SELECT 1")

    with pytest.raises(LocalError):
        await database.transact(body)
    with pytest.raises(LocalError):
        await database.read(body)


async def test_close_finishes_what_waits(things: Database) -> None:
    waiting = [asyncio.ensure_future(put(things, n)) for n in range(20)]
    await asyncio.sleep(0)
    if things.engine == "postgresql":
        await asyncio.gather(*waiting)
    await things.close()
    await asyncio.gather(*waiting)
