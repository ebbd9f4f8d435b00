"""SQLite: one writing thread, one reading thread, many bodies in one durable COMMIT.

Bodies that wait at the same time share one BEGIN IMMEDIATE ... COMMIT, each inside a savepoint of
its own: the price of the fsync is paid once, and an error in one body undoes only that body.
`synchronous=FULL` syncs the write-ahead log in every COMMIT; futures are resolved after that and
not before. When COMMIT fails, every body of the batch has failed.

A body's coroutine never suspends here (its statements return at once), so the thread drives it
with `send(None)`; no event loop is involved.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from plausch.base.errors import LocalError
from plausch.db.dialect import sqlite_bulk, sqlite_text
from plausch.db.interface import (
    Body,
    Bulk,
    ConstraintViolated,
    Row,
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
WAL_FRAMES_LIMIT = 32_768
"""128 MiB of log: beyond it the writer itself finishes a checkpoint between two batches, because
a checkpoint beside an unceasing writer never catches up and the log would grow for ever."""

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


def _unavailable(path: str, error: Exception) -> StorageUnavailable:
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
    """A body that waits for its thread, and the future of whoever waits for it."""

    __slots__ = ("body", "error", "future", "loop", "result")

    def __init__(self, body: Body[Any]) -> None:
        self.body = body
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: object = None
        self.error: Exception | None = None

    def settle(self) -> None:
        """Resolve the future, on its own event loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _settle_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.settle()


def _drive(coroutine: Coroutine[Any, Any, object]) -> object:
    """Run a coroutine that never suspends. Raises what it raises; LocalError if it suspends."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise LocalError("A transaction's body awaited something other than its transaction.")


class _Worker:
    """A thread with a queue of jobs and a connection of its own."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], sqlite3.Connection],
        serve: Callable[[sqlite3.Connection, list[_Job]], bool],
        path: str,
    ) -> None:
        self._connect, self._serve, self._path = connect, serve, path
        self._connection: sqlite3.Connection | None = connect()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, body: Body[T]) -> "asyncio.Future[T]":
        """Queue a body. Raises LocalError after close."""
        if self._closed:
            raise LocalError(f"The database {self._path} is closed.")
        job = _Job(body)
        self._jobs.put(job)
        return job.future

    def stop(self) -> None:
        """Let the thread finish the queue and end; waits for it."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _batch(self) -> tuple[list[_Job], bool]:
        """The jobs that wait now (at least one, or none at the end), and whether to go on."""
        job = self._jobs.get()
        batch: list[_Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) == BODIES_PER_COMMIT:
                return batch, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _work(self) -> None:
        going = True
        while going:
            batch, going = self._batch()
            batch = [job for job in batch if not job.future.cancelled()]
            if batch:
                self._attempt(batch)
                self._tell(batch)
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()

    def _attempt(self, batch: list[_Job]) -> None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            healthy = self._serve(self._connection, batch)
        except sqlite3.Error as error:
            for job in batch:
                job.error = _unavailable(self._path, error)
            healthy = False
        except StorageUnavailable as error:
            for job in batch:
                job.error = error
            healthy = False
        if not healthy:
            self._abandon()

    def _abandon(self) -> None:
        """Undo, and begin with a new connection: this one's view of the disk is in doubt."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        if self._path != MEMORY:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _tell(self, batch: list[_Job]) -> None:
        """Wake each event loop once, whatever the number of its jobs."""
        loops = {job.loop for job in batch}
        for loop in loops:
            mine = batch if len(loops) == 1 else [job for job in batch if job.loop is loop]
            with suppress(RuntimeError):  # that loop has ended: nobody waits any more
                loop.call_soon_threadsafe(_settle_all, mine)


class SqliteDatabase:
    """A database file (or `:memory:`) behind the interface of interface.py."""

    engine = "sqlite"

    def __init__(self, path: str, *, background_checkpoints: bool) -> None:
        self._path = path
        self._background = background_checkpoints and path != MEMORY
        self._finish_checkpoint = threading.Event()
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._writer = _Worker("sqlite-writer", self._connect_writer, self._write, path)
        self._reader = (
            self._writer
            if path == MEMORY
            else _Worker("sqlite-reader", self._connect_reader, self._read, path)
        )
        self._checkpointer: threading.Thread | None = None
        if self._background:
            self._checkpointer = threading.Thread(
                target=self._checkpoint_beside, name="sqlite-checkpoint", daemon=True
            )
            self._checkpointer.start()

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        """Run the body with others in one COMMIT. A failed COMMIT is certain here, so that
        `repeatable` changes nothing."""
        return await self._writer.submit(body)

    async def read(self, body: Body[T]) -> T:
        """Run the body on the reading connection, on one snapshot."""
        return await self._reader.submit(body)

    async def close(self) -> None:
        """Finish the queues and close the file."""
        self._closing.set()
        self._dirty.set()
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._reader.stop()
        if self._checkpointer is not None:
            self._checkpointer.join()
        self._writer.stop()

    # --- connections -----------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=5.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    def _connect_writer(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")
        pages = 0 if self._background else 1000
        connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    # --- the writing thread ----------------------------------------------------------------

    def _write(self, connection: sqlite3.Connection, batch: list[_Job]) -> bool:
        if self._finish_checkpoint.is_set():
            self._finish_checkpoint.clear()
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for job in batch:
            self._write_one(connection, job, alone=len(batch) == 1)
        if connection.in_transaction:
            connection.execute("COMMIT")
        if self._background:
            self._dirty.set()
        return True

    def _write_one(self, connection: sqlite3.Connection, job: _Job, *, alone: bool) -> None:
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
            connection.execute("ROLLBACK" if alone else "ROLLBACK TO body")
        if not alone:
            connection.execute("RELEASE body")

    # --- the reading thread ----------------------------------------------------------------

    def _read(self, connection: sqlite3.Connection, batch: list[_Job]) -> bool:
        healthy = True
        for job in batch:
            transaction = SqliteTransaction(connection, self._path)
            connection.execute("BEGIN")
            try:
                job.result = _drive(job.body(transaction))
                job.error = transaction.failed
            except Exception as error:  # whatever a body raises belongs to whoever awaits it
                job.error = error
            healthy = healthy and not isinstance(transaction.failed, StorageUnavailable)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return healthy

    # --- the checkpointing thread ----------------------------------------------------------

    def _checkpoint_beside(self) -> None:
        """Copy the log into the database beside the writer, so that no COMMIT waits for it."""
        connection: sqlite3.Connection | None = None
        while not self._closing.is_set():
            self._dirty.wait()
            self._closing.wait(CHECKPOINT_PAUSE_S)
            self._dirty.clear()
            with suppress(sqlite3.Error):  # a full disk: the writer's own COMMIT will report it
                if connection is None:
                    connection = self._connect()
                _, frames, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if frames > WAL_FRAMES_LIMIT and done < frames:
                    self._finish_checkpoint.set()
        if connection is not None:
            connection.close()


def open_sqlite(path: Path | str, *, background_checkpoints: bool = False) -> SqliteDatabase:
    """Open or create a database file (mode 0600), or `:memory:`.

    `background_checkpoints` moves checkpoints to a thread of their own: for a server with a
    steady stream of writes. Raises StorageUnavailable with what to do.
    """
    where = str(path)
    try:
        if where != MEMORY:
            os.close(os.open(where, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return SqliteDatabase(where, background_checkpoints=background_checkpoints)
    except (sqlite3.Error, OSError) as error:
        raise _unavailable(where, error) from error
