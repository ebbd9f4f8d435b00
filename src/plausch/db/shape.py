"""Which tables a program has, read from its own migration steps, so that none can be forgotten.

The steps are taken on an empty SQLite in memory and looked at there; the same steps make the same
tables in PostgreSQL, which a test compares.
"""

import graphlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from plausch.base.errors import LocalError
from plausch.db.file import open_file
from plausch.db.interface import Transaction
from plausch.db.migrate import Step
from plausch.db.sqlite import MEMORY

Kind = Literal["int", "text", "bytes"]

_KINDS: dict[str, Kind] = {"INTEGER": "int", "BIGINT": "int", "TEXT": "text", "BLOB": "bytes"}
_NUMBERED = "INTEGER"
"""What {serial} is in SQLite; every other number is written BIGINT."""

_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
    "AND name NOT IN ('schema_step', 'schema_floor') ORDER BY name"
)
_COLUMNS = 'SELECT name, type, "notnull", pk FROM pragma_table_info($1) ORDER BY cid'
_REFERENCES = 'SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)'


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    nullable: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `key` are the columns of its primary key, in order; `numbered` is the one that
    the engine numbers by itself, "" when there is none."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    numbered: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    @property
    def key_places(self) -> tuple[int, ...]:
        """Where in a row the key's columns stand."""
        return tuple(self.names.index(name) for name in self.key)

    @property
    def wide(self) -> tuple[str, ...]:
        """The columns whose values may be long."""
        return tuple(column.name for column in self.columns if column.kind != "int")


async def tables_of(steps: Sequence[Step]) -> tuple[Table, ...]:
    """All tables that the steps lead to, each after those that it refers to.

    Raises LocalError for a table that both engines do not order alike by its key, or that has
    none: it could not be copied.
    """
    database = await open_file(MEMORY, steps)
    try:
        return await database.read(_look)
    finally:
        await database.close()


async def _look(tx: Transaction) -> tuple[Table, ...]:
    found: dict[str, Table] = {}
    references: dict[str, set[str]] = {}
    for (name,) in await tx.fetch(_TABLES):
        found[name] = _table(name, await tx.fetch(_COLUMNS, name))
        references[name] = {row[0] for row in await tx.fetch(_REFERENCES, name)} - {name}
    return tuple(found[name] for name in _after_what_they_need(references))


def _table(name: str, rows: Iterable[tuple[str, str, int, int]]) -> Table:
    columns, key, numbered = [], [], ""
    for column, spelled, not_null, place in rows:
        if spelled not in _KINDS:
            raise LocalError(f"The column {name}.{column} has the type {spelled}: not known here.")
        if place and _KINDS[spelled] == "text":
            raise LocalError(f"The key of {name} has a text, which engines order each in its way.")
        columns.append(Column(column, _KINDS[spelled], not (not_null or place)))
        if place:
            key.append((place, column))
            numbered = column if spelled == _NUMBERED else numbered
    if not key:
        raise LocalError(f"The table {name} has no primary key: nothing orders its rows.")
    return Table(name, tuple(columns), tuple(column for _, column in sorted(key)), numbered)


def _after_what_they_need(references: dict[str, set[str]]) -> list[str]:
    sorter = graphlib.TopologicalSorter(references)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise LocalError(f"Tables refer to each other in a circle: {error.args[1]}.") from None
    order: list[str] = []
    while ready := sorted(sorter.get_ready()):
        order += ready
        sorter.done(*ready)
    return order
