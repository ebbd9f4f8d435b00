"""SQLite: statements on the event loop, the durable COMMIT on a thread, many bodies in each.

Bodies that wait at the same time share one BEGIN IMMEDIATE ... COMMIT, each inside a savepoint of
its own: the price of the fsync is paid once, and an error in one body undoes only that body.
`synchronous=FULL` syncs the write-ahead log in every COMMIT; futures are resolved after that and
not before. When COMMIT fails, every body of the batch has failed.

Statements run on the event loop's own thread because a thread that steps through SQLite takes the
interpreter lock twice for each row, and beside a busy loop each taking was measured to cost up to
25 ms; a statement itself takes microseconds. Only COMMIT waits for the disk, and it alone runs
elsewhere, while the loop serves its sockets and the next bodies gather. A body's coroutine thus
never suspends, and is driven with `send(None)`.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from plausch.base.errors import LocalError
from plausch.db.dialect import sqlite_bulk, sqlite_text
from plausch.db.interface import (
    Body,
    Bulk,
    ConstraintViolated,
    Row,
    StorageDamaged,
    StorageUnavailable,
    T,
    Value,
)

MEMORY = ":memory:"
BODIES_PER_COMMIT = 512
"""Bodies that share one COMMIT at most: bounds how long the first one waits for the last."""

ROWS_PER_STATEMENT = 512
"""Rows in one VALUES list at most; smaller powers of two make up the rest, so that SQLite's
statement cache holds every size that occurs."""

CHECKPOINT_PAUSE_S = 0.25
WAL_FRAMES_LIMIT = 98_304
"""384 MiB of log: beyond it the writer itself finishes a checkpoint between two batches, because
a checkpoint beside an unceasing writer never catches up and the log would grow for ever."""

WAL_FILE_BYTES = 1 << 29
"""A log that began anew keeps its file up to this size. It lies above the limit, so that a busy
server never cuts its file: that took a quarter of a second, in which no COMMIT was answered."""

_MACHINE_FAILURES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
}


def _machine_failed(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _MACHINE_FAILURES


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _unavailable(path: str, error: Exception) -> StorageUnavailable:
    if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED:
        return StorageDamaged(
            f"The database {path} is damaged ({error}): restore it from a backup."
        )
    return StorageUnavailable(
        f"The database {path} did not take the work ({error}): check that its disk has free "
        "space, is writable, and that no other process holds the file."
    )


class SqliteTransaction:
    """A transaction on one connection; all statements run at once, on the calling thread."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self.failed: Exception | None = None

    def _run(self, sql: str, values: Sequence[Value]) -> sqlite3.Cursor:
        if self.failed is not None:
            raise LocalError("A statement failed earlier in this transaction: end the body.")
        try:
            return self._connection.execute(sql, values)
        except sqlite3.IntegrityError as error:
            self.failed = ConstraintViolated(f"The database forbids this row: {error}.")
            raise self.failed from error
        except sqlite3.Error as error:
            self.failed = _unavailable(self._path, error) if _machine_failed(error) else error
            if self.failed is error:
                raise
            raise self.failed from error

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        """All rows of the answer."""
        return self._run(sqlite_text(sql), values).fetchall()

    async def execute(self, sql: str, *values: Value) -> int:
        """How many rows were changed."""
        return self._run(sqlite_text(sql), values).rowcount

    async def fetch_bulk(self, bulk: Bulk, rows: Sequence[Sequence[Value]]) -> list[Row]:
        """One statement for each power of two in the number of rows."""
        answer: list[Row] = []
        start, left = 0, len(rows)
        while left:
            count = min(ROWS_PER_STATEMENT, 1 << (left.bit_length() - 1))
            flat = [value for row in rows[start : start + count] for value in row]
            answer += self._run(sqlite_bulk(bulk.sql, len(bulk.kinds), count), flat).fetchall()
            start, left = start + count, left - count
        return answer


class _Job:
    """A body that waits for its COMMIT, and the future of whoever waits for it."""

    __slots__ = ("body", "error", "future", "result")

    def __init__(self, body: Body[Any], future: "asyncio.Future[Any]") -> None:
        self.body = body
        self.future = future
        self.result: object = None
        self.error: Exception | None = None

    def settle(self) -> None:
        """Resolve the future."""
        if self.future.done():  # its owner was cancelled meanwhile
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends. Raises what it raises; LocalError if it suspends."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise LocalError("A transaction's body awaited something other than its transaction.")


class _CommitThread:
    """Runs COMMIT where waiting for the disk stops nobody else."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sqlite-commit", daemon=True)
        self._thread.start()

    def commit(
        self,
        connection: sqlite3.Connection,
        loop: asyncio.AbstractEventLoop,
        then: Callable[[sqlite3.Error | None], None],
    ) -> None:
        """Commit, then call `then` on the loop with the error or None."""

        def work() -> None:
            failure: sqlite3.Error | None = None
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                failure = error
            with suppress(RuntimeError):  # that loop has ended: nobody waits any more
                loop.call_soon_threadsafe(then, failure)

        self._asked.put(work)

    def stop(self) -> None:
        """End after what was asked."""
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (work := self._asked.get()) is not None:
            work()


class _Checkpoints:
    """Copies the log into the database beside the writer, so that no COMMIT waits for it."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self.wanted = threading.Event()
        self.writer_should_finish = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sqlite-checkpoint", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; waits for a running checkpoint."""
        self._closing.set()
        self.wanted.set()
        self._thread.join()

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while not self._closing.is_set():
            self.wanted.wait()
            self._closing.wait(CHECKPOINT_PAUSE_S)
            self.wanted.clear()
            with suppress(sqlite3.Error):  # a full disk: the writer's own COMMIT reports it
                connection = connection or self._connect()
                _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if frames > WAL_FRAMES_LIMIT:
                    self.writer_should_finish = True
        if connection is not None:
            connection.close()


class SqliteDatabase:
    """A database file (or `:memory:`) behind the interface of interface.py; one event loop."""

    engine = "sqlite"

    def __init__(self, path: str, *, background_checkpoints: bool, pragmas: Sequence[str]) -> None:
        self._path = path
        self._pragmas = ("foreign_keys = ON", "temp_store = MEMORY", *pragmas)
        self._background = background_checkpoints and path != MEMORY
        self._waiting: list[_Job] = []
        self._busy = False
        self._closed = False
        self._idle: asyncio.Future[None] | None = None
        self._writer: sqlite3.Connection | None = self._connect_writer()
        self._reader: sqlite3.Connection | None = None
        self._committer = _CommitThread()
        self._checkpoints = _Checkpoints(self._connect) if self._background else None

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        """Run the body with others in one COMMIT. Whether a COMMIT failed is certain here, so
        that `repeatable` changes nothing."""
        if self._closed:
            raise LocalError(f"The database {self._path} is closed.")
        loop = asyncio.get_running_loop()
        job = _Job(body, loop.create_future())
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            loop.call_soon(self._pump, loop)
        result: T = await job.future
        return result

    async def reshape(self, body: Body[T]) -> T:
        """A transaction is alone and has no limit of time anyhow."""
        return await self.transact(body)

    async def read(self, body: Body[T]) -> T:
        """Run the body on the reading connection, on one snapshot."""
        if self._path == MEMORY:
            return await self.transact(body)
        if self._closed:
            raise LocalError(f"The database {self._path} is closed.")
        try:
            if self._reader is None:
                self._reader = self._connect_reader()
            return self._read(self._reader, body)
        except sqlite3.Error as error:
            self._reader = None
            raise _unavailable(self._path, error) from error

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqliteTransaction]:
        """A connection of its own. The log cannot begin anew before it ends, and grows by what is
        written meanwhile."""
        if self._path == MEMORY:
            raise LocalError("A database in memory has one connection: no snapshot beside it.")
        try:
            connection = self._connect_reader()
            try:
                connection.execute("BEGIN")
                yield SqliteTransaction(connection, self._path)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from error

    async def close(self) -> None:
        """Finish what waits and close the file."""
        if self._closed:
            return
        self._closed = True
        if self._busy:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        self._committer.stop()
        if self._checkpoints is not None:
            self._checkpoints.stop()
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()

    # --- connections -----------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=2.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        for pragma in self._pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _connect_writer(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")
        pages = 0 if self._background else 1000
        connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_FILE_BYTES}")
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    # --- writing ---------------------------------------------------------------------------

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the bodies that wait, then let them be committed."""
        batch, self._waiting = (
            self._waiting[:BODIES_PER_COMMIT],
            self._waiting[BODIES_PER_COMMIT:],
        )
        batch = [job for job in batch if not job.future.done()]
        try:
            if self._writer is None:
                self._writer = self._connect_writer()
            self._run_bodies(self._writer, batch)
        except StorageUnavailable as error:
            self._finish(loop, batch, error)
            return
        except sqlite3.Error as error:
            self._finish(loop, batch, error)
            return

        def then(failure: sqlite3.Error | None) -> None:
            self._finish(loop, batch, failure)

        self._committer.commit(self._writer, loop, then)

    def _run_bodies(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        if self._checkpoints is not None and self._checkpoints.writer_should_finish:
            self._checkpoints.writer_should_finish = False
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for job in batch:
            self._run_body(connection, job, alone=len(batch) == 1)

    def _run_body(self, connection: sqlite3.Connection, job: _Job, *, alone: bool) -> None:
        """Run one body inside its savepoint. Raises StorageUnavailable: the batch is lost."""
        if not alone:
            connection.execute("SAVEPOINT body")
        transaction = SqliteTransaction(connection, self._path)
        try:
            job.result = _drive(job.body(transaction))
            job.error = transaction.failed
        except Exception as error:  # whatever a body raises belongs to whoever awaits it
            job.error = error
        if isinstance(transaction.failed, StorageUnavailable):
            raise transaction.failed
        if job.error is not None:
            # Some errors make SQLite roll back everything by itself, other bodies included.
            if not connection.in_transaction:
                raise _unavailable(self._path, job.error)
            if alone:
                connection.execute("ROLLBACK")
                connection.execute("BEGIN")
            else:
                connection.execute("ROLLBACK TO body")
        if not alone:
            connection.execute("RELEASE body")

    def _finish(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Job], failure: Exception | None
    ) -> None:
        """Tell all who waited, and go on with those who wait now."""
        if failure is not None:
            self._abandon_writer()
            if not isinstance(failure, StorageUnavailable):
                failure = _unavailable(self._path, failure)
        for job in batch:
            job.error = failure or job.error
            job.settle()
        if self._checkpoints is not None:
            self._checkpoints.wanted.set()
        if self._waiting:
            loop.call_soon(self._pump, loop)
            return
        self._busy = False
        if self._idle is not None:
            self._idle.set_result(None)

    def _abandon_writer(self) -> None:
        """Undo, and begin with a new connection: this one's view of the disk is in doubt."""
        if self._writer is None:
            return
        with suppress(sqlite3.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        if self._path != MEMORY:
            with suppress(sqlite3.Error):
                self._writer.close()
            self._writer = None

    # --- reading ---------------------------------------------------------------------------

    def _read(self, connection: sqlite3.Connection, body: Body[T]) -> T:
        transaction = SqliteTransaction(connection, self._path)
        connection.execute("BEGIN")
        try:
            result = _drive(body(transaction))
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if transaction.failed is not None:
            raise transaction.failed
        return result


def open_sqlite(
    path: Path | str, *, background_checkpoints: bool = False, pragmas: Sequence[str] = ()
) -> SqliteDatabase:
    """Open or create a database file (mode 0600), or `:memory:`.

    `background_checkpoints` moves checkpoints to a thread of their own: for a server with a
    steady stream of writes. `pragmas` ("secure_delete = ON") hold for every connection, also for
    those that follow a failed one. Raises StorageUnavailable with what to do, StorageDamaged.
    """
    where = str(path)
    try:
        if where != MEMORY:
            os.close(os.open(where, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return SqliteDatabase(where, background_checkpoints=background_checkpoints, pragmas=pragmas)
    except (sqlite3.Error, OSError) as error:
        raise _unavailable(where, error) from error
