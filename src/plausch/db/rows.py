"""A table's rows as they are, in the order of its key, a bounded batch at a time.

The same rows have the same bytes (MessagePack) whichever engine they come from, so that a
fingerprint tells whether two databases hold the same.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from plausch.base.errors import LocalError
from plausch.db.interface import Bulk, Database, Row, Transaction
from plausch.db.shape import Table

ROWS_AT_ONCE = 4_000
BYTES_AT_ONCE = 4 * 1024 * 1024
"""A batch ends with the row that goes beyond it; a single row may be larger."""

Key = tuple[int | bytes, ...]
"""The values of a row's primary key."""

_encode = msgspec.msgpack.Encoder().encode


class Fingerprint:
    """How many rows, and the SHA-256 over all of them in the order of their keys."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def add(self, rows: Sequence[Row]) -> bytes:
        """Count the next rows in; their encoding, a MessagePack array of arrays."""
        encoded = _encode(rows)
        # An array's head has 1, 3 or 5 bytes; what follows does not depend on the batch.
        head = 1 if len(rows) < 16 else 3 if len(rows) < 65_536 else 5
        self._hash.update(memoryview(encoded)[head:])
        self.rows += len(rows)
        return encoded

    @property
    def digest(self) -> str:
        """The SHA-256 in hexadecimal digits."""
        return self._hash.hexdigest()


@lru_cache(maxsize=256)
def _texts(table: Table, count_of_key: int) -> tuple[str, str]:
    """The statements for a batch's sizes and for its rows; `count_of_key` is 0 at the beginning."""
    names, key = ", ".join(table.names), ", ".join(table.key)
    lengths = "+".join(["0", *(" ".join(["coalesce(length(", c, "),0)"]) for c in table.wide)])
    marks = ", ".join("$" + str(place) for place in range(1, count_of_key + 1))
    after = " ".join(["WHERE (", key, ") > (", marks, ")"]) if count_of_key else ""
    limit = "$" + str(count_of_key + 1)
    tail = " ".join(["FROM", table.name, after, "ORDER BY", key, "LIMIT", limit])
    return " ".join(["SELECT", lengths, tail]), " ".join(["SELECT", names, tail])


async def batch(tx: Transaction, table: Table, after: Key | None) -> list[Row]:
    """The next rows after a key (None: from the beginning); none at the end."""
    key = after or ()
    sizes, rows = _texts(table, len(key))
    count = ROWS_AT_ONCE
    if table.wide:
        total = count = 0
        for (length,) in await tx.fetch(sizes, *key, ROWS_AT_ONCE):
            count += 1
            total += length
            if total >= BYTES_AT_ONCE:
                break
    return await tx.fetch(rows, *key, count) if count else []


def key_of(table: Table, row: Row) -> Key:
    """A row's primary key."""
    return tuple(row[place] for place in table.key_places)


async def last_key(tx: Transaction, table: Table) -> Key | None:
    """The key of the last row; None of an empty table."""
    key, backwards = ", ".join(table.key), ", ".join(column + " DESC" for column in table.key)
    rows = await tx.fetch(
        " ".join(["SELECT", key, "FROM", table.name, "ORDER BY", backwards, "LIMIT 1"])
    )
    return tuple(rows[0]) if rows else None


async def count(tx: Transaction, table: Table) -> int:
    """How many rows there are."""
    return int((await tx.fetch(" ".join(["SELECT count(*) FROM", table.name])))[0][0])


async def insert(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Add rows as they are. Raises ConstraintViolated; LocalError for a text with a zero
    character, which PostgreSQL cannot hold."""
    texts = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    for row in rows if texts else ():
        if any("\0" in (row[place] or "") for place in texts):
            raise LocalError(
                f"A text in the table {table.name} (key {key_of(table, row)}) has a zero "
                "character: no database but SQLite holds it; remove it there."
            )
    names = ", ".join(table.names)
    sql = " ".join(["INSERT INTO", table.name, "(", names, ") {rows}"])
    await tx.fetch_bulk(Bulk(sql, tuple(column.kind for column in table.columns)), rows)


async def clear(tx: Transaction, table: Table) -> None:
    """Delete every row."""
    await tx.execute(" ".join(["DELETE FROM", table.name]))


async def continue_numbers(database: Database, tables: Sequence[Table]) -> None:
    """Let the engine number new rows after those that came with their numbers. SQLite does so by
    itself."""
    if database.engine != "postgresql":
        return

    async def body(tx: Transaction) -> None:
        for table in tables:
            if table.numbered:
                column = table.numbered
                sequence = "".join(["pg_get_serial_sequence('", table.name, "', '", column, "')"])
                highest = "".join(["coalesce(max(", column, "), 0) + 1, false"])
                await tx.fetch(
                    " ".join(["SELECT setval(", sequence, ",", highest, ") FROM", table.name])
                )

    await database.transact(body, repeatable=True)
