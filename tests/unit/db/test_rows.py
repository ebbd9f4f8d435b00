"""Rows in the order of their keys, in bounded batches, with the same fingerprint everywhere."""

import secrets

import pytest

from engines import database
from plausch.base.errors import LocalError
from plausch.db import rows as rows_module
from plausch.db.interface import ConstraintViolated, Database, Row, Transaction
from plausch.db.migrate import Step, migrate
from plausch.db.rows import (
    Fingerprint,
    Key,
    batch,
    clear,
    continue_numbers,
    count,
    insert,
    key_of,
    last_key,
)
from plausch.db.shape import Table, tables_of

__all__ = ["database"]

STEPS = [
    Step(
        1,
        "tables",
        (
            "CREATE TABLE pair (a {bytes} NOT NULL, b BIGINT NOT NULL, t TEXT, c {bytes}, "
            "PRIMARY KEY (a, b))",
            "CREATE TABLE numbered (id {serial}, n BIGINT NOT NULL)",
        ),
    )
]


@pytest.fixture
async def pair(database: Database) -> Table:
    await migrate(database, STEPS)
    return (await tables_of(STEPS))[1]


@pytest.fixture
async def numbered(database: Database) -> Table:
    await migrate(database, STEPS)
    return (await tables_of(STEPS))[0]


async def put(database: Database, table: Table, rows: list[Row]) -> None:
    async def body(tx: Transaction) -> None:
        await insert(tx, table, rows)

    await database.transact(body)


async def batches(database: Database, table: Table) -> list[list[Row]]:
    found: list[list[Row]] = []
    after: Key | None = None
    while True:

        async def body(tx: Transaction, after: Key | None = after) -> list[Row]:
            return await batch(tx, table, after)

        rows = await database.read(body)
        if not rows:
            return found
        found.append(rows)
        after = key_of(table, rows[-1])


async def test_rows_come_in_the_order_of_the_key_each_once(
    database: Database, pair: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "ROWS_AT_ONCE", 1_000)
    rows: list[Row] = [
        (first, second, None if second % 2 else "é", b"" if second else None)
        for first in (b"", b"\0", b"\0\0", b"\x7f", b"\x80", b"\xff")
        for second in (-(2**63), -1, 0, 1, 2**63 - 1, *range(5, 400))
    ]
    shuffled = sorted(rows, key=lambda _: secrets.token_bytes(4))
    await put(database, pair, shuffled)
    found = await batches(database, pair)
    assert [row for part in found for row in part] == sorted(rows, key=lambda row: row[:2])
    assert [len(part) for part in found] == [1_000, 1_000, 400]


async def test_a_batch_ends_where_it_has_enough_bytes(
    database: Database, pair: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "BYTES_AT_ONCE", 1_000)
    sizes = [400, 400, 400, 5_000, 1, 999, 999, 1]
    await put(database, pair, [(b"k", n, "", bytes(size)) for n, size in enumerate(sizes)])
    found = await batches(database, pair)
    assert [[len(row[3]) for row in part] for part in found] == [
        [400, 400, 400],
        [5_000],
        [1, 999],
        [999],  # and the byte of its key
        [1],
    ]


async def test_the_fingerprint_is_of_the_rows_not_of_the_engine_or_the_batches(
    database: Database, pair: Table
) -> None:
    rows: list[Row] = [(bytes([n % 7]), n, f"t{n}", bytes(n)) for n in range(1_200)]
    await put(database, pair, rows)
    whole, single = Fingerprint(), Fingerprint()
    for part in await batches(database, pair):
        whole.add(part)
    for row in sorted(rows, key=lambda row: row[:2]):
        single.add([row])
    assert (whole.rows, whole.digest) == (single.rows, single.digest)
    for changed in ((b"\0", 0, "t0", b"x"), (b"\0", 0, "t1", b""), (b"\0", 1, "t0", b"")):
        other = Fingerprint()
        other.add([changed])
        one = Fingerprint()
        one.add([(b"\0", 0, "t0", b"")])
        assert other.digest != one.digest


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 65_535, 65_536, 65_537])
def test_the_head_of_an_array_is_no_part_of_the_fingerprint(length: int) -> None:
    whole, parts = Fingerprint(), Fingerprint()
    rows = [(n,) for n in range(length)]
    whole.add(rows)
    for first in range(0, length, 7):
        parts.add(rows[first : first + 7])
    assert (whole.rows, whole.digest) == (parts.rows, parts.digest) == (length, whole.digest)


async def test_counts_and_last_keys(database: Database, pair: Table) -> None:
    assert await database.read(lambda tx: last_key(tx, pair)) is None
    await put(database, pair, [(b"a", 9, None, None), (b"b", -1, None, None)])
    assert await database.read(lambda tx: last_key(tx, pair)) == (b"b", -1)
    assert await database.read(lambda tx: count(tx, pair)) == 2
    await database.transact(lambda tx: clear(tx, pair))
    assert await database.read(lambda tx: count(tx, pair)) == 0


async def test_a_row_that_is_there_is_refused(database: Database, pair: Table) -> None:
    await put(database, pair, [(b"a", 9, None, None)])
    with pytest.raises(ConstraintViolated):
        await put(database, pair, [(b"z", 1, None, None), (b"a", 9, None, None)])
    assert await database.read(lambda tx: count(tx, pair)) == 1


async def test_a_text_that_only_sqlite_holds_is_named(database: Database, pair: Table) -> None:
    with pytest.raises(LocalError, match=r"pair \(key \(b'a', 9\)\) has a zero character"):
        await put(database, pair, [(b"a", 9, "x\0y", None)])


@pytest.mark.parametrize("numbers", [[], [1], [3, 900]])
async def test_new_rows_are_numbered_after_those_that_came(
    database: Database, numbered: Table, numbers: list[int]
) -> None:
    if numbers:
        await put(database, numbered, [(number, 0) for number in numbers])
    await continue_numbers(database, [numbered])

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("INSERT INTO numbered (n) VALUES (1) RETURNING id"))[0][0])

    assert await database.transact(body) == max(numbers, default=0) + 1
