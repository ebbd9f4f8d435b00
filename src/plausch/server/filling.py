"""Filling an empty store from another one: every table, in the order of its key, a batch at a time.

Where the copy stands is where the rows end that are in the target: there is no second account of
it, so a copy that was killed goes on at the last batch that was committed. A mark in the target
(`store/filling.py`) keeps servers off until counts and fingerprints of all tables have been
compared.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from plausch.base.errors import LocalError, OperatorError
from plausch.db.interface import ConstraintViolated, Database, Row, Transaction
from plausch.db.rows import (
    Fingerprint,
    Key,
    batch,
    clear,
    continue_numbers,
    insert,
    key_of,
    last_key,
)
from plausch.db.shape import Table
from plausch.server.store import filling

Tally = Callable[[str, int], None]
"""Called with a table's name, or "blobs", and how many more of it are done."""


class TargetTaken(LocalError):
    """Rows would be mixed with what the target holds."""

    code = "store_taken"


class CopyDiffers(OperatorError):
    """What came is not what was there."""

    code = "copy_differs"


@dataclass(frozen=True, slots=True)
class TableCopy:
    """What a table holds: how many rows, and the SHA-256 over them in hexadecimal digits."""

    table: str
    rows: int
    digest: str


class RowSource(Protocol):
    """Where rows come from. `origin` names it, so that nothing else goes on with its copy."""

    origin: str

    def batches(self, table: Table, after: Key | None) -> AsyncIterator[list[Row]]:
        """A table's rows after that key, in order, a bounded batch at a time."""
        ...

    async def copies(self, tables: Sequence[Table], told: Tally) -> list[TableCopy]:
        """What each table ought to hold."""
        ...


class DatabaseRows:
    """A RowSource in a database to which nobody writes meanwhile."""

    def __init__(self, database: Database, origin: str) -> None:
        self._database, self.origin = database, origin

    async def batches(self, table: Table, after: Key | None) -> AsyncIterator[list[Row]]:
        """As `RowSource.batches`."""
        while rows := await self._database.read(partial(batch, table=table, after=after)):
            yield rows
            after = key_of(table, rows[-1])

    async def copies(self, tables: Sequence[Table], told: Tally) -> list[TableCopy]:
        """As `RowSource.copies`, by reading all of it."""
        found = []
        for table in tables:
            fingerprint = Fingerprint()
            async for rows in self.batches(table, None):
                fingerprint.add(rows)
                told(table.name, len(rows))
            found.append(TableCopy(table.name, fingerprint.rows, fingerprint.digest))
        return found


async def fill(
    target: Database,
    tables: Sequence[Table],
    source: RowSource,
    told: Tally,
    compared: Tally,
    *,
    anew: bool = False,
    claimed: Callable[[], None] = lambda: None,
) -> list[TableCopy]:
    """Copy all rows, or those that are missing after an interruption, and compare; what each table
    holds. The target stays marked as incomplete: `complete` ends that. `anew` empties a target
    that an earlier copy has begun to fill. `claimed` is called before the first row is copied,
    when it is certain that the target takes them.

    Raises TargetTaken, CopyDiffers, StorageUnavailable, and what the source raises.
    """
    await _claim(target, tables, source.origin, anew=anew)
    claimed()
    for table in tables:
        await _copy(target, table, source, told)
    await continue_numbers(target, tables)
    wanted = await source.copies(tables, compared)
    there = await DatabaseRows(target, "").copies(tables, compared)
    for one, other in zip(wanted, there, strict=True):
        if one != other:
            raise CopyDiffers(
                f"The table {one.table} has {other.rows} rows here (SHA-256 {other.digest[:16]}), "
                f"{one.rows} where they come from ({one.digest[:16]}): one of both was written to "
                "meanwhile. Begin again with --anew."
            )
    return there


async def complete(target: Database) -> None:
    """Everything has come: servers may begin. Raises StorageUnavailable."""
    await target.transact(filling.end, repeatable=True)


async def _claim(target: Database, tables: Sequence[Table], origin: str, *, anew: bool) -> None:
    async def body(tx: Transaction) -> str | None:
        marked = await filling.origin(tx)
        if marked is not None and anew:
            for table in reversed(tables):
                await clear(tx, table)
            await filling.end(tx)
            marked = None
        if marked is None:
            for table in tables:
                if await last_key(tx, table) is not None:
                    return table.name
            await filling.begin(tx, origin)
        elif marked != origin:
            raise TargetTaken(
                f"The target is being filled from something else ({marked}): go on with that, or "
                "empty it with --anew."
            )
        return None

    try:
        taken = await target.transact(body, repeatable=True)
    except ConstraintViolated:
        raise TargetTaken("Somebody else has just begun to fill this target.") from None
    if taken is not None:
        raise TargetTaken(
            f"The target holds something already (the table {taken} has rows): give an empty "
            "database in which no server was ever started."
        )


async def _copy(target: Database, table: Table, source: RowSource, told: Tally) -> None:
    async def standing(tx: Transaction) -> Key | None:
        return await last_key(tx, table)

    async for rows in source.batches(table, await target.read(standing)):
        try:
            await target.transact(partial(insert, table=table, rows=rows))
        except ConstraintViolated as error:
            raise CopyDiffers(
                f"The target does not take rows of the table {table.name}, because somebody else "
                f"writes to it, or the source was written to: begin again with --anew. ({error})"
            ) from error
        told(table.name, len(rows))


def silent(_what: str, _count: int) -> None:
    """Nobody is told."""
