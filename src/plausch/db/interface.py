"""How every room speaks SQL: one interface, two engines (sqlite.py, postgres.py), one SQL text.

Statements use the placeholders `$1`, `$2`, ... and a few words in braces that each engine spells
in its own way (dialect.py). A unit of work is an `async def body(tx)` handed to
`Database.transact`; when `transact` returns, everything the body wrote is on disk.

A body must await nothing but its transaction, must not touch what other tasks change (SQLite
runs it on a thread of its own), and may be run again from its beginning after a lost race or
connection: it acts on the database and on its own variables only. What has to be told to others
is told after `transact` has returned.
"""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from plausch.base.errors import LocalError, OperatorError

T = TypeVar("T")

Value = int | str | bytes | float | None
"""What a column holds. Truth values are stored as 0 and 1 in both engines."""

Row = tuple[Any, ...]
"""One row of an answer; its columns have the types that the SELECT names."""


class StorageUnavailable(OperatorError):
    """The database did not take the work: disk full, read-only, connection lost, locked.

    Nothing of the body counts as done. (After a connection is lost during COMMIT, PostgreSQL may
    have done it all the same; whoever repeats the work must be able to recognise it.)
    """

    code = "storage_unavailable"


class StorageDamaged(StorageUnavailable):
    """The file is no database, or its pages do not fit together: only a backup helps."""


class ConstraintViolated(LocalError):
    """A unique, foreign key, not-null or check constraint forbids a row; the body is undone."""

    code = "constraint"


@dataclass(frozen=True, slots=True)
class Bulk:
    """One statement over many rows, sent to the engine at once.

    `sql` contains `{rows}`, which stands for a table of the given rows with the columns
    `column1`, `column2`, ...: after INSERT INTO t (...) it is what to insert; in parentheses it
    is a subquery. `kinds` names the type of each column: "int", "text" or "bytes".

    A large call may be cut into several statements, so a row must not depend on another one.
    """

    sql: str
    kinds: tuple[str, ...]


class Transaction(Protocol):
    """What a body may do. After a statement has failed only the end of the body is left."""

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        """All rows of a SELECT or of a RETURNING clause.

        Raises ConstraintViolated, StorageUnavailable.
        """
        ...

    async def execute(self, sql: str, *values: Value) -> int:
        """Run a statement without an answer; how many rows it changed.

        Raises ConstraintViolated, StorageUnavailable.
        """
        ...

    async def fetch_bulk(self, bulk: Bulk, rows: Sequence[Sequence[Value]]) -> list[Row]:
        """Run one statement over many rows; all rows that it returns, in no particular order;
        what belongs to one of the given rows comes in the statement's.

        Raises ConstraintViolated, StorageUnavailable.
        """
        ...


Body = Callable[[Transaction], Coroutine[Any, Any, T]]


class Database(Protocol):
    """A durable store of rows."""

    engine: str
    """"sqlite" or "postgresql"; for reports and migrations, never to choose between two texts."""

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        """Run the body in one transaction and return its result once that is on disk.

        An error raised by the body undoes everything the body did, and is raised here.
        `repeatable` says that the body recognises its own earlier work (idempotency), so that it
        may be run again even when it is unknown whether a COMMIT arrived.

        Raises StorageUnavailable, and whatever the body raises.
        """
        ...

    async def reshape(self, body: Body[T]) -> T:
        """As `transact` for a body that changes tables: of all processes one after the other, and
        its statements may take as long as they need. It recognises its own earlier work.

        Raises StorageUnavailable, and whatever the body raises.
        """
        ...

    async def read(self, body: Body[T]) -> T:
        """Run a body that only reads, on one snapshot that includes all that was acknowledged.

        Raises StorageUnavailable, and whatever the body raises.
        """
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        """One moment of the database for a long reading, while others write. Unlike a body it may
        await whatever it likes, and is not begun again when the connection is lost.

        Raises StorageUnavailable, LocalError (`:memory:` has no second reader).
        """
        ...

    async def close(self) -> None:
        """Finish what waits, then let go of files and connections. Later calls are refused."""
        ...
