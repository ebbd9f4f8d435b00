"""PostgreSQL through asyncpg: a pool, prepared statements, one transaction for each body.

`synchronous_commit = on` is asked for explicitly, whatever the server's default: COMMIT answers
after the write-ahead log is on disk. A body that lost a race (deadlock, serialization failure) or
its connection before COMMIT was sent is run again from its beginning, which the interface allows;
after a connection is lost during COMMIT only a `repeatable` body is, because it may be done.

A network that swallows packets gives no answer at all. The kernel gives a connection up after
UNHEARD_MS without a sign of the other end, and PostgreSQL does the same, so that the locks of who
is cut off are free again. Once a connection is lost, a body waits AWAY_TIMEOUT_S for the next and
is not begun again after GIVE_UP_S; from then on bodies have one attempt each until one succeeds.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from plausch.base.errors import LocalError
from plausch.db.dialect import postgres_bulk, postgres_text
from plausch.db.interface import (
    Body,
    Bulk,
    ConstraintViolated,
    Row,
    StorageUnavailable,
    T,
    Value,
)

ATTEMPTS = 5
CONNECTIONS = 8
STATEMENT_TIMEOUT_MS = 15_000
CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0
COMMAND_TIMEOUT_S = 20.0
"""Above the statement's own: a server that is there answers before."""

UNHEARD_MS = 8_000
KEEPALIVE = {"idle": 5, "interval": 1, "count": 3}
"""Seconds, and how often: a connection that waits for an answer is given up after 8 s as well."""

GIVE_UP_S = 12.0
AWAY_TIMEOUT_S = 2.0

_LOST_RACE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_LOST_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
    TimeoutError,
)
_MACHINE_FAILURES = (
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.OperatorInterventionError,  # cancelled by timeout, shutting down
    asyncpg.PostgresSystemError,  # input or output error
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
    asyncpg.InternalServerError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


class _CommitUnknown(Exception):
    """The connection was lost while COMMIT was under way."""


_TAKEN = (
    asyncpg.IntegrityConstraintViolationError,
    # IF NOT EXISTS does not wait for a process that is creating the same table: whoever loses
    # finds the name taken in one of three catalogues, and only one of them is a unique index.
    asyncpg.DuplicateTableError,
    asyncpg.DuplicateObjectError,
)


def _unavailable(error: BaseException) -> StorageUnavailable:
    reason = str(error) or type(error).__name__
    return StorageUnavailable(
        f"PostgreSQL did not take the work ({reason}): check that it runs, can be reached, and "
        "that its disk has free space and is writable."
    )


class PostgresTransaction:
    """A transaction on one connection."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self.failed: BaseException | None = None

    @asynccontextmanager
    async def _statement(self) -> AsyncIterator[None]:
        if self.failed is not None:
            raise LocalError("A statement failed earlier in this transaction: end the body.")
        try:
            yield
        except _TAKEN as error:
            self.failed = ConstraintViolated(f"The database forbids this row: {error}.")
            raise self.failed from error
        except BaseException as error:
            self.failed = error
            raise

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        """All rows of the answer."""
        async with self._statement():
            records = await self._connection.fetch(postgres_text(sql), *values)
        return [tuple(record) for record in records]

    async def execute(self, sql: str, *values: Value) -> int:
        """How many rows were changed, read from the command tag."""
        async with self._statement():
            tag = await self._connection.execute(postgres_text(sql), *values)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else -1

    async def fetch_bulk(self, bulk: Bulk, rows: Sequence[Sequence[Value]]) -> list[Row]:
        """One statement with one array for each column."""
        if not rows:
            return []
        text = postgres_bulk(bulk.sql, bulk.kinds)
        columns = [list(column) for column in zip(*rows, strict=True)]
        async with self._statement():
            records = await self._connection.fetch(text, *columns)
        return [tuple(record) for record in records]


class PostgresDatabase:
    """A PostgreSQL database behind the interface of interface.py."""

    engine = "postgresql"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._closed = self._away = False

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        """Run the body in a READ COMMITTED transaction; again after a lost race."""
        return await self._attempts(body, repeatable=repeatable, reading=False)

    async def read(self, body: Body[T]) -> T:
        """Run the body on one snapshot, read-only."""
        return await self._attempts(body, repeatable=True, reading=True)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PostgresTransaction]:
        """A REPEATABLE READ transaction that only reads."""
        transaction: PostgresTransaction | None = None
        try:
            async with (
                self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                transaction = PostgresTransaction(connection)
                yield transaction
        except (*_MACHINE_FAILURES, *_LOST_CONNECTION) as error:
            # Whoever reads may have troubles of their own, with the disk that they write to.
            is_theirs = transaction is not None and transaction.failed is not error
            if is_theirs and isinstance(error, OSError):
                raise
            raise _unavailable(error) from error

    async def close(self) -> None:
        """Close the pool; connections still in use after 5 s are cut."""
        self._closed = True
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._pool.terminate()

    async def _attempts(self, body: Body[T], *, repeatable: bool, reading: bool) -> T:
        if self._closed:
            raise LocalError("The database is closed.")
        give_up_s = asyncio.get_running_loop().time() + GIVE_UP_S
        patience_s = AWAY_TIMEOUT_S if self._away else CONNECT_TIMEOUT_S
        for attempt in range(1, ATTEMPTS + 1):
            try:
                result = await self._once(body, patience_s, reading=reading)
                self._away = False
                return result
            except _LOST_RACE as error:
                failure: BaseException = error
            except _CommitUnknown as error:
                failure = error.__cause__ or error
                if not repeatable:
                    raise _unavailable(failure) from failure
                patience_s = AWAY_TIMEOUT_S
            except _MACHINE_FAILURES as error:
                if not isinstance(error, _LOST_CONNECTION):
                    raise _unavailable(error) from error
                failure, patience_s = error, AWAY_TIMEOUT_S
            except _LOST_CONNECTION as error:
                failure, patience_s = error, AWAY_TIMEOUT_S
            if self._away or asyncio.get_running_loop().time() > give_up_s:
                break
            if attempt < ATTEMPTS:
                await asyncio.sleep(0.02 * 4**attempt)  # 80 ms to 5 s
        self._away = not isinstance(failure, _LOST_RACE)
        raise _unavailable(failure) from failure

    async def _once(self, body: Body[T], patience_s: float, *, reading: bool) -> T:
        connection = await self._pool.acquire(timeout=patience_s)
        try:
            if reading:
                frame = connection.transaction(isolation="repeatable_read", readonly=True)
            else:
                frame = connection.transaction()
            await frame.start()
            return await _run(PostgresTransaction(connection), frame, body)
        except (TimeoutError, asyncio.CancelledError, _CommitUnknown):
            # Whether anybody is there is unknown: asking for a ROLLBACK could wait as long again.
            connection.terminate()
            raise
        finally:
            # A connection lost from here on changes nothing about what was committed.
            with suppress(asyncpg.PostgresError, *_LOST_CONNECTION):
                await self._pool.release(connection)


async def _run(
    transaction: PostgresTransaction, frame: asyncpg.transaction.Transaction, body: Body[T]
) -> T:
    """Body, then COMMIT or ROLLBACK. Raises _CommitUnknown, and what the body raises."""
    try:
        result = await body(transaction)
        # A swallowed error would make COMMIT a silent ROLLBACK.
        if transaction.failed is not None:
            raise transaction.failed
    except (TimeoutError, asyncio.CancelledError):
        raise
    except BaseException:
        with suppress(asyncpg.PostgresError, *_LOST_CONNECTION):
            await frame.rollback()
        raise
    try:
        await frame.commit()
    except _LOST_CONNECTION as error:
        raise _CommitUnknown from error
    return result


async def _keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Transactions leave nothing behind in a session that would have to be reset."""


async def _connect(*place: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect, and let the kernel watch over the connection where it goes by a network."""
    connection = await asyncpg.connect(*place, **options)
    kernel = connection._transport.get_extra_info("socket")  # asyncpg has no other way to it
    if kernel is not None and kernel.family != getattr(socket, "AF_UNIX", None):
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (
            ("TCP_KEEPIDLE", KEEPALIVE["idle"]),
            ("TCP_KEEPINTVL", KEEPALIVE["interval"]),
            ("TCP_KEEPCNT", KEEPALIVE["count"]),
            ("TCP_USER_TIMEOUT", UNHEARD_MS),
        ):
            if hasattr(socket, name):  # not on every system; COMMAND_TIMEOUT_S is
                kernel.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection


async def open_postgres(
    url: str, *, connections: int = CONNECTIONS, schema: str | None = None
) -> PostgresDatabase:
    """Connect to `postgresql://...`; `schema` is the search path, for tests and shared databases.

    Raises StorageUnavailable when there is no server, LocalError when the URL is none.
    """
    settings = {
        "synchronous_commit": "on",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(2 * STATEMENT_TIMEOUT_MS),
        "tcp_user_timeout": str(UNHEARD_MS),
        **{f"tcp_keepalives_{name}": str(value) for name, value in KEEPALIVE.items()},
        "application_name": "plausch",
        "jit": "off",
    }
    if schema is not None:
        settings["search_path"] = schema
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            connect=_connect,
            reset=_keep,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            statement_cache_size=256,
            server_settings=settings,
        )
        async with pool.acquire():  # is anybody there?
            pass
    except (asyncpg.PostgresError, OSError, TimeoutError, asyncpg.InterfaceError) as error:
        raise _unavailable(error) from error
    except ValueError as error:
        raise LocalError(
            f"The database URL cannot be read ({error}): expected something like "
            "postgresql://user@host/database."
        ) from error
    return PostgresDatabase(pool)
