"""The tables are read from the steps: all of them, in an order in which they can be filled."""

import pytest

from engines import empty_postgres
from plausch.base.errors import LocalError
from plausch.db.interface import Transaction
from plausch.db.migrate import Step, migrate
from plausch.db.shape import Column, Table, tables_of
from plausch.server.store.schema import STEPS
from postgres_cluster import Cluster

KINDS = {"bigint": "int", "text": "text", "bytea": "bytes"}


def steps(*statements: str) -> list[Step]:
    return [Step(1, "tables", statements)]


async def test_columns_key_and_number_of_a_table() -> None:
    (table,) = await tables_of(
        steps("CREATE TABLE a (id {serial}, name TEXT NOT NULL, picture {bytes}, size BIGINT)")
    )
    assert table == Table(
        "a",
        (
            Column("id", "int", False),
            Column("name", "text", False),
            Column("picture", "bytes", True),
            Column("size", "int", True),
        ),
        ("id",),
        "id",
    )
    assert table.names == ("id", "name", "picture", "size")
    assert table.wide == ("name", "picture")


async def test_the_key_has_its_own_order() -> None:
    (table,) = await tables_of(
        steps("CREATE TABLE a (x BIGINT NOT NULL, y {bytes} NOT NULL, PRIMARY KEY (y, x))")
    )
    assert table.key == ("y", "x")
    assert table.key_places == (1, 0)
    assert table.numbered == ""


async def test_a_table_comes_after_those_that_it_refers_to() -> None:
    tables = await tables_of(
        steps(
            "CREATE TABLE a (id BIGINT PRIMARY KEY, b BIGINT REFERENCES b (id))",
            "CREATE TABLE b (id {serial}, c BIGINT REFERENCES c (id))",
            "CREATE TABLE c (id BIGINT PRIMARY KEY, up BIGINT REFERENCES c (id))",
        )
    )
    assert [table.name for table in tables] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["CREATE TABLE a (name TEXT PRIMARY KEY)"], "a text"),
        (["CREATE TABLE a (size BIGINT)"], "no primary key"),
        (["CREATE TABLE a (id {serial}, price NUMERIC)"], "type NUMERIC"),
        (
            [
                "CREATE TABLE a (id {serial}, b BIGINT REFERENCES b (id))",
                "CREATE TABLE b (id {serial}, a BIGINT REFERENCES a (id))",
            ],
            "circle",
        ),
    ],
)
async def test_a_table_that_cannot_be_copied_is_noticed(statements: list[str], said: str) -> None:
    with pytest.raises(LocalError, match=said):
        await tables_of(steps(*statements))


async def test_postgresql_has_the_same_tables_and_columns(postgres: Cluster) -> None:
    """No table and no column of the server can be forgotten, whatever its steps do."""

    async def look(tx: Transaction) -> set[tuple[str, str, str, bool, bool]]:
        rows = await tx.fetch(
            "SELECT table_name, column_name, data_type, is_nullable = 'YES', is_identity = 'YES' "
            "FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name NOT IN ('schema_step', 'schema_floor')"
        )
        return {(row[0], row[1], KINDS[row[2]], row[3], row[4]) for row in rows}  # type: ignore[misc]

    async with empty_postgres(postgres) as database:
        await migrate(database, STEPS)
        there = await database.read(look)
    assert there == {
        (table.name, column.name, column.kind, column.nullable, column.name == table.numbered)
        for table in await tables_of(STEPS)
        for column in table.columns
    }
