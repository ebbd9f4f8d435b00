"""What stands in for Citus, which Debian does not have: its functions with the signatures that its
documentation gives, in a database of a plain PostgreSQL.

They refuse what Citus refuses of a table (keys without the distribution column, references that
leave the shard), write down each call, and cut the table by the hash of its column into PARTS
partitions with PostgreSQL's own means. So PostgreSQL's partition pruning answers whether a
statement names its shard: a plan that runs on more than one partition of a table would go to more
than one machine. Rows of one value lie in the partition of the same number in every table.
"""

import json
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from plausch.db.dialect import postgres_bulk, postgres_text
from plausch.db.interface import Bulk, Value
from plausch.db.postgres import PostgresDatabase, PostgresTransaction
from postgres_cluster import Cluster

PARTS = 8
STORE = "plausch.server.store."

_STUB = f"""
CREATE SCHEMA citus;
CREATE TYPE citus.distribution_type AS ENUM ('hash', 'range', 'append');
CREATE SCHEMA stub;
CREATE TABLE stub.calls (place serial, kind text, of text, by text, beside text, shards int);

CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = table_name
            AND confrelid::regclass::text NOT IN (SELECT of FROM stub.calls)) THEN
        RAISE 'a reference table refers to a local one: %', table_name;
    END IF;
    INSERT INTO stub.calls (kind, of) VALUES ('reference', table_name::text);
END $$;

CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text,
    distribution_type citus.distribution_type DEFAULT 'hash', colocate_with text DEFAULT 'default',
    shard_count int DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := table_name::text;
    columns text;
    sequence text;
BEGIN
    IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = table_name AND i.indisunique
            AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = table_name
                AND a.attname = distribution_column AND a.attnum = ANY(i.indkey::int[]))) THEN
        RAISE 'cannot create constraint on "%": it does not include the partition column', name;
    END IF;
    IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f'
            AND table_name IN (conrelid, confrelid)) THEN
        RAISE 'foreign keys of "%" have to be dropped first', name;
    END IF;
    IF colocate_with <> 'none' AND NOT EXISTS (SELECT FROM stub.calls
            WHERE kind = 'distributed' AND of = colocate_with) THEN
        RAISE 'relation "%" is not distributed', colocate_with;
    END IF;
    INSERT INTO stub.calls (kind, of, by, beside, shards)
        VALUES ('distributed', name, distribution_column, colocate_with, shard_count);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', name, name || '_before');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY HASH (%I)',
        name, name || '_before', distribution_column);
    FOR part IN 0..{PARTS - 1} LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS {PARTS}, '
            'REMAINDER %s)', name || '_part' || part, name, part);
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, name || '_before');
    SELECT string_agg(attname, ',') INTO columns FROM pg_attribute
        WHERE attrelid = name::regclass AND attidentity <> '';
    IF columns IS NOT NULL THEN
        sequence := pg_get_serial_sequence(name, columns);
        EXECUTE format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %I',
            sequence, columns, name);
    END IF;
    EXECUTE format('DROP TABLE %I', name || '_before');
END $$;

INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    SELECT 4294000000, 'citus', 10, 2200, false, 'stub';
"""
_TELL = (
    "SET session_preload_libraries = 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_timing = off",
    "SET auto_explain.log_format = 'json'",
    "SET client_min_messages = 'log'",
)
_PART = re.compile(r"(\w+)_part(\d+)")


@dataclass(frozen=True)
class Ran:
    """A statement as it ran. `function` of the store; by table the parts that it looked into, and
    what it wrote to."""

    function: str
    text: str
    parts: dict[str, set[int]]
    written: set[str]


@dataclass
class Watched:
    """A database with the stub, and what runs on it."""

    database: PostgresDatabase
    url: str
    ran: list[Ran] = field(default_factory=list)
    callers: dict[str, str] = field(default_factory=dict)
    """Function of the store by statement."""

    def hear(self, message: str) -> None:
        """The server says how a statement has run."""
        _, found, plan = message.partition("plan:\n")
        if not found:
            return
        told = json.loads(plan)
        function = self.callers.get(told["Query Text"])
        if function is None:
            return
        parts: dict[str, set[int]] = {}
        written: set[str] = set()
        for node in _nodes(told["Plan"]):
            names = [
                one["Relation Name"]
                for one in [node, *node.get("Target Tables", ())]
                if "Relation Name" in one
            ]
            if node["Node Type"] == "ModifyTable":
                written |= {_PART.sub(r"\1", name) for name in names}
            elif node["Actual Loops"] > 0:
                for table, part in (
                    match.groups() for match in map(_PART.fullmatch, names) if match
                ):
                    parts.setdefault(table, set()).add(int(part))
        self.ran.append(Ran(function, told["Query Text"], parts, written))

    async def calls(self) -> list[tuple[str, str, str | None, str | None]]:
        """(kind, table, column, beside which) of the stub's calls, in their order."""
        connection = await asyncpg.connect(self.url)
        try:
            rows = await connection.fetch("SELECT * FROM stub.calls ORDER BY place")
        finally:
            await connection.close()
        return [(row["kind"], row["of"], row["by"], row["beside"]) for row in rows]

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        """A look that is not written down."""
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


@contextmanager
def callers_known(watched: Watched) -> Iterator[None]:
    """Which function of the store each statement comes from."""

    def note(text: str) -> None:
        frame = sys._getframe(2)
        module = frame.f_globals["__name__"]
        if module.startswith(STORE):
            name = f"{module.removeprefix(STORE)}.{frame.f_code.co_name}"
            watched.callers[text] = name

    fetch, execute, fetch_bulk = (
        PostgresTransaction.fetch,
        PostgresTransaction.execute,
        PostgresTransaction.fetch_bulk,
    )

    def fetching(self: PostgresTransaction, sql: str, *values: Value) -> Any:
        note(postgres_text(sql))
        return fetch(self, sql, *values)

    def executing(self: PostgresTransaction, sql: str, *values: Value) -> Any:
        note(postgres_text(sql))
        return execute(self, sql, *values)

    def bulk_fetching(
        self: PostgresTransaction, bulk: Bulk, rows: Sequence[Sequence[Value]]
    ) -> Any:
        note(postgres_bulk(bulk.sql, bulk.kinds))
        return fetch_bulk(self, bulk, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresTransaction, "fetch", fetching)
        patch.setattr(PostgresTransaction, "execute", executing)
        patch.setattr(PostgresTransaction, "fetch_bulk", bulk_fetching)
        yield


@asynccontextmanager
async def distributed(cluster: Cluster, name: str) -> AsyncIterator[Watched]:
    """An empty database that believes to have Citus, watched and dropped afterwards."""
    url = await cluster.create_database(name)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_STUB)
        for setting in _TELL:
            await connection.execute(f'ALTER DATABASE "{name}" {setting}')
    finally:
        await connection.close()
    heard: list[Watched] = []

    class Listening(asyncpg.Connection):  # type: ignore[type-arg]
        """Listeners of its own would be taken off whenever the pool gets it back."""

        def _process_log_message(self, fields: dict[str, str], _last_query: str) -> None:
            heard[0].hear(fields.get("M", ""))

    async def keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Nothing is reset between two uses, as `open_postgres` does."""

    pool = await asyncpg.create_pool(
        url, min_size=0, max_size=4, connection_class=Listening, reset=keep
    )
    watched = Watched(PostgresDatabase(pool), url)
    heard.append(watched)
    try:
        with callers_known(watched):
            yield watched
    finally:
        await watched.database.close()
        await cluster.drop_database(name)
