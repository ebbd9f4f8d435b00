"""PostgreSQL through asyncpg: a pool, prepared statements, one transaction for each body.

`synchronous_commit = on` is asked for explicitly, whatever the server's default: COMMIT answers
after the write-ahead log is on disk. A body that lost a race (deadlock, serialization failure) or
its connection before COMMIT was sent is run again from its beginning, which the interface allows;
after a connection is lost during COMMIT only a `repeatable` body is, because it may be done.

A network that swallows packets gives no answer at all. The kernel gives a connection up after
SILENT_MS without a sign of the other end, and PostgreSQL does the same, so that the locks of who
is cut off are free again. Once a connection is lost, a body waits AWAY_TIMEOUT_S for the next (of
several servers, where the primary has to be found, CONNECT_TIMEOUT_S) and is not begun again after
GIVE_UP_S; from then on bodies have one attempt each until one succeeds.

COMMIT may wait for a synchronous standby, and nothing here cancels that: PostgreSQL would report it
as done. Who is cancelled, or has waited too long, lets go of the connection without a word, which
leaves the waiting as it is. What others cancel is heard as a warning, and is not acknowledged.
Which of several servers is connected to, and when a connection may be used: primary.py.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
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
from plausch.db.primary import KEEP_ALIVE, SILENT_MS, Primary, servers_of, warnings_of

ATTEMPTS = 5
CONNECTIONS = 8
STATEMENT_TIMEOUT_MS = 15_000
SILENCE_TIMEOUT_S = 20.0
"""A server that has not even said that a statement took too long is not there any more."""

CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0
COMMIT_PATIENCE_S = 30.0
"""How long a COMMIT may wait for the standby; then its connection is let go."""

CANCELLED_PATIENCE_S = 1.0
"""How long one whose task was cancelled may."""

RESHAPING = 0x706C_6175_7363_6800
"""The advisory lock of who changes tables: "plausch" in ASCII."""

GIVE_UP_S = 12.0
AWAY_TIMEOUT_S = 2.0

_LOST_RACE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_LOST_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    # Among others: nothing can be asked, because the server's last word is half heard.
    asyncpg.InternalClientError,
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
    asyncpg.InsufficientPrivilegeError,
)
_ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (
        asyncpg.InvalidCatalogNameError,
        "make that database (CREATE DATABASE), or correct its name in the URL",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "correct user and password in the URL, or let that user in (CREATE ROLE, pg_hba.conf)",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "let the user of the URL own the database, or give it the rights for that",
    ),
)
"""What mends it, where it is not the machine."""

_MACHINE_ADVICE = (
    "check that it runs, can be reached, and that its disk has free space and is writable"
)


class _CommitUnknown(Exception):
    """The connection was lost while COMMIT was under way, or the standby may not have it."""


_TAKEN = (
    asyncpg.IntegrityConstraintViolationError,
    # IF NOT EXISTS does not wait for a process that is creating the same table: whoever loses
    # finds the name taken in one of three catalogues, and only one of them is a unique index.
    asyncpg.DuplicateTableError,
    asyncpg.DuplicateObjectError,
)


def _unavailable(error: BaseException) -> StorageUnavailable:
    reason = str(error) or type(error).__name__
    fitting = (said for kind, said in _ADVICE if isinstance(error, kind))
    advice = next(fitting, _MACHINE_ADVICE)
    return StorageUnavailable(f"PostgreSQL did not take the work ({reason}): {advice}.")


def _let_go(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """End it without a word to the server, so that nothing is cancelled there."""
    with suppress(asyncpg.InterfaceError):  # it is lost already
        connection.terminate()


@contextmanager
def _given_up_in_doubt(connection: "asyncpg.Connection[asyncpg.Record]") -> Iterator[None]:
    """It does not go back into the pool after what leaves it of no use to the next one."""
    try:
        yield
    except asyncpg.ReadOnlySQLTransactionError:
        _let_go(connection)  # it is a standby: not a connection to keep
        raise
    except (TimeoutError, asyncio.CancelledError, asyncpg.InternalClientError, _CommitUnknown):
        # Whether anybody is there is unknown: asking for a ROLLBACK could wait as long again.
        _let_go(connection)
        raise


class PostgresTransaction:
    """A transaction on one connection."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self.failed: BaseException | None = None
        self.is_patient = False
        """A statement may take as long as it needs."""

    @asynccontextmanager
    async def _statement(self) -> AsyncIterator[None]:
        if self.failed is not None:
            raise LocalError("A statement failed earlier in this transaction: end the body.")
        try:
            async with asyncio.timeout(None if self.is_patient else SILENCE_TIMEOUT_S):
                yield
        except _TAKEN as error:
            self.failed = ConstraintViolated(f"The database forbids this row: {error}.")
            raise self.failed from error
        except BaseException as error:
            self.failed = error
            if isinstance(error, TimeoutError):
                _let_go(self._connection)
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


_Work = Callable[[PostgresTransaction], Coroutine[Any, Any, T]]


class PostgresDatabase:
    """A PostgreSQL database behind the interface of interface.py."""

    engine = "postgresql"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", *, of_several: bool = False) -> None:
        """`of_several`: when this server cannot be written to, there may be one that can."""
        self._pool = pool
        self._of_several = of_several
        self._closed = self._away = False
        # To find out which of several is the primary takes its time.
        self._lost_patience_s = CONNECT_TIMEOUT_S if of_several else AWAY_TIMEOUT_S

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        """Run the body in a READ COMMITTED transaction; again after a lost race."""
        return await self._attempts(body, repeatable=repeatable, reading=False)

    async def reshape(self, body: Body[T]) -> T:
        """Run the body under an advisory lock, with the limit of waiting for others' locks alone:
        whoever waits for a table holds up those who come after."""

        async def alone(transaction: PostgresTransaction) -> T:
            await transaction.execute("SET LOCAL statement_timeout = 0")
            await transaction.execute("SET LOCAL lock_timeout = 0")
            transaction.is_patient = True
            await transaction.fetch("SELECT pg_advisory_xact_lock($1)", RESHAPING)
            await transaction.execute("SET LOCAL lock_timeout TO DEFAULT")
            return await body(transaction)

        return await self._attempts(alone, repeatable=True, reading=False)

    async def read(self, body: Body[T]) -> T:
        """Run the body on one snapshot, read-only."""
        return await self._attempts(body, repeatable=True, reading=True)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PostgresTransaction]:
        """A REPEATABLE READ transaction that only reads."""
        transaction: PostgresTransaction | None = None
        try:
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                with _given_up_in_doubt(connection):
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
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

    async def _attempts(self, body: _Work[T], *, repeatable: bool, reading: bool) -> T:
        if self._closed:
            raise LocalError("The database is closed.")
        give_up_s = asyncio.get_running_loop().time() + GIVE_UP_S
        patience_s = self._lost_patience_s if self._away else CONNECT_TIMEOUT_S
        for attempt in range(1, ATTEMPTS + 1):
            try:
                result = await self._once(body, patience_s, reading=reading)
                self._away = False
                return result
            except _LOST_RACE as error:
                failure: BaseException = error
            except _CommitUnknown as error:
                failure = error.__cause__ or error
                # Others of the pool might read what the standby does not have: each is made anew,
                # and waits for the standby first.
                await self._pool.expire_connections()
                if not repeatable:
                    raise _unavailable(failure) from failure
                patience_s = self._lost_patience_s
            except _MACHINE_FAILURES as error:
                if not (isinstance(error, _LOST_CONNECTION) or self._is_moved(error)):
                    raise _unavailable(error) from error
                failure, patience_s = error, self._lost_patience_s
            except _LOST_CONNECTION as error:
                failure, patience_s = error, self._lost_patience_s
            if self._away or asyncio.get_running_loop().time() > give_up_s:
                break
            if attempt < ATTEMPTS:
                await asyncio.sleep(0.02 * 4**attempt)  # 80 ms to 5 s
        self._away = not isinstance(failure, _LOST_RACE)
        raise _unavailable(failure) from failure

    def _is_moved(self, error: BaseException) -> bool:
        """Whether another server may be the one to write to now."""
        return self._of_several and isinstance(error, asyncpg.ReadOnlySQLTransactionError)

    async def _once(self, body: _Work[T], patience_s: float, *, reading: bool) -> T:
        connection = await self._pool.acquire(timeout=patience_s)
        try:
            with _given_up_in_doubt(connection):
                if reading:
                    frame = connection.transaction(isolation="repeatable_read", readonly=True)
                else:
                    frame = connection.transaction()
                await _start(connection, frame)
                return await _run(PostgresTransaction(connection), connection, frame, body)
        finally:
            # A connection lost from here on changes nothing about what was committed.
            with suppress(asyncpg.PostgresError, *_LOST_CONNECTION):
                await self._pool.release(connection)


async def _start(
    connection: "asyncpg.Connection[asyncpg.Record]", frame: asyncpg.transaction.Transaction
) -> None:
    """BEGIN. Raises TimeoutError of a server that is silent, whose connection has ended then."""
    try:
        async with asyncio.timeout(SILENCE_TIMEOUT_S):
            await frame.start()
    except TimeoutError:
        _let_go(connection)
        raise


async def _run(
    transaction: PostgresTransaction,
    connection: "asyncpg.Connection[asyncpg.Record]",
    frame: asyncpg.transaction.Transaction,
    body: _Work[T],
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
        try:
            await frame.rollback()
        except (asyncpg.PostgresError, *_LOST_CONNECTION):
            _let_go(connection)
        raise
    with warnings_of(connection) as heard:
        await _commit(connection, frame)
    # From here on it may be done: whatever is raised says so, or the body would be run again.
    if heard:
        raise _CommitUnknown from StorageUnavailable(heard[0])
    return result


async def _commit(
    connection: "asyncpg.Connection[asyncpg.Record]", frame: asyncpg.transaction.Transaction
) -> None:
    """COMMIT, in a task that nobody cancels: asyncpg would cancel the statement on the server."""
    committing = asyncio.ensure_future(frame.commit())
    committing.add_done_callback(lambda done: done.exception())  # looked at, whoever is cancelled
    try:
        await asyncio.wait((committing,), timeout=COMMIT_PATIENCE_S)
    except asyncio.CancelledError:
        await asyncio.wait((committing,), timeout=CANCELLED_PATIENCE_S)
        raise
    finally:
        if not committing.done():
            _let_go(connection)
            await asyncio.wait((committing,))
    try:
        committing.result()
    except _LOST_CONNECTION as error:
        raise _CommitUnknown from error


async def _keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Transactions leave nothing behind in a session that would have to be reset."""


async def open_postgres(
    url: str, *, connections: int = CONNECTIONS, schema: str | None = None
) -> PostgresDatabase:
    """Connect to `postgresql://...`, which may name several servers, of which one is the primary;
    `schema` is the search path, for tests and shared databases.

    Raises StorageUnavailable when there is no server, LocalError when the URL is none.
    """
    settings = {
        "synchronous_commit": "on",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(2 * STATEMENT_TIMEOUT_MS),
        "tcp_user_timeout": str(SILENT_MS),
        **{f"tcp_keepalives_{name}": str(value) for name, value in KEEP_ALIVE.items()},
        "application_name": "plausch",
        "jit": "off",
    }
    if schema is not None:
        settings["search_path"] = schema
    try:
        servers = servers_of(url)
        pool = await asyncpg.create_pool(
            url,
            connect=Primary(servers).connect,
            min_size=0,
            max_size=connections,
            reset=_keep,
            timeout=CONNECT_TIMEOUT_S,
            statement_cache_size=256,
            server_settings=settings,
        )
        async with pool.acquire():  # is anybody there?
            pass
    except (asyncpg.PostgresError, *_LOST_CONNECTION) as error:
        raise _unavailable(error) from error
    except ValueError as error:
        raise LocalError(
            f"The database URL cannot be read ({error}): expected something like "
            "postgresql://user@host/database."
        ) from error
    return PostgresDatabase(pool, of_several=len(servers) > 1)
