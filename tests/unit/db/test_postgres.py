"""PostgreSQL: lost races, lost connections, crashes, full and read-only disks."""

import asyncio
import contextlib
import importlib.util
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

from plausch.base.errors import LocalError
from plausch.db import postgres as engine
from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.db.postgres import open_postgres
from postgres_cluster import Cluster, running_cluster


def _ledger() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ledger", Path(__file__).with_name("ledger.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ledger = _ledger()


@pytest.fixture
async def url(postgres: Cluster) -> AsyncIterator[str]:
    name = f"p{secrets.token_hex(8)}"
    yield await postgres.create_database(name)
    await postgres.drop_database(name)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_postgres(url)
    await ledger.create(opened)
    yield opened
    await opened.close()


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster that the test may crash."""
    with running_cluster() as cluster:
        yield cluster


async def test_commits_are_synchronous_whatever_the_server_says(database: Database) -> None:
    async def body(tx: Transaction) -> list[str]:
        names = ("synchronous_commit", "fsync", "statement_timeout")
        return [(await tx.fetch(f"SHOW {name}"))[0][0] for name in names]

    assert await database.transact(body) == ["on", "on", "15s"]


async def test_a_deadlock_is_tried_again(database: Database) -> None:
    for number in (1, 2):
        await ledger.write(database, number)
    met = asyncio.Barrier(2)
    tries = 0

    async def cross(tx: Transaction, first: int, second: int) -> None:
        nonlocal tries
        tries += 1
        sql = "UPDATE ledger SET body = $2 WHERE number = $1"
        await tx.execute(sql, first, b"1")
        if tries <= 2:
            await met.wait()
        await tx.execute(sql, second, b"2")

    await asyncio.gather(
        database.transact(lambda tx: cross(tx, 1, 2)), database.transact(lambda tx: cross(tx, 2, 1))
    )
    assert tries == 3


async def test_a_connection_lost_before_commit_is_tried_again(database: Database) -> None:
    tries = 0

    async def body(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        await tx.execute("INSERT INTO ledger (number, body) VALUES (1, $1)", b"")
        if tries == 1:
            await tx.fetch("SELECT pg_terminate_backend(pg_backend_pid())")

    await database.transact(body)
    assert tries == 2
    assert await ledger.numbers(database) == {1}


async def test_a_commit_of_unknown_fate_is_repeated_only_when_that_is_safe(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncpg.transaction.Transaction.commit
    losses = 1

    async def commit_then_lose(self: asyncpg.transaction.Transaction) -> None:
        nonlocal losses
        await real(self)
        if losses:
            losses -= 1
            raise asyncpg.ConnectionDoesNotExistError("lost in the middle of COMMIT")

    monkeypatch.setattr(asyncpg.transaction.Transaction, "commit", commit_then_lose)
    with pytest.raises(StorageUnavailable):
        await ledger.write(database, 1)
    assert await ledger.numbers(database) == {1}
    losses = 1

    async def body(tx: Transaction) -> None:
        sql = "INSERT INTO ledger (number, body) VALUES (2, $1) ON CONFLICT DO NOTHING"
        await tx.execute(sql, b"")

    await database.transact(body, repeatable=True)
    assert await ledger.numbers(database) == {1, 2}


async def test_a_statement_that_takes_too_long_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STATEMENT_TIMEOUT_MS", 50)
    database = await open_postgres(url)

    async def body(tx: Transaction) -> None:
        await tx.fetch("SELECT pg_sleep(60)")

    with pytest.raises(StorageUnavailable, match="timeout"):
        await database.transact(body)
    await database.close()


async def test_who_changes_tables_may_take_longer_and_waits_for_the_one_before(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits are a second here; waiting for a table that others use keeps its limit."""
    monkeypatch.setattr(engine, "STATEMENT_TIMEOUT_MS", 1_000)
    database, other = await open_postgres(url), await open_postgres(url)
    begun, order = asyncio.Event(), []

    async def slow(tx: Transaction) -> str:
        monkeypatch.setattr(engine, "SILENCE_TIMEOUT_S", 0.1)
        begun.set()
        try:
            await tx.fetch("SELECT pg_sleep(1.5)")
        finally:
            monkeypatch.setattr(engine, "SILENCE_TIMEOUT_S", 20.0)
        order.append("slow")
        return str((await tx.fetch("SELECT current_setting('lock_timeout')"))[0][0])

    async def after(tx: Transaction) -> None:
        await tx.fetch("SELECT 1")
        order.append("after")

    # The second one's first statements have the limit still, and must not meet the small one.
    await other.transact(lambda tx: tx.fetch("SELECT 1"))
    slowly = asyncio.create_task(database.reshape(slow))
    await begun.wait()
    monkeypatch.setattr(engine, "SILENCE_TIMEOUT_S", 20.0)
    await other.reshape(after)
    assert (await slowly, order) == ("1s", ["slow", "after"])
    await database.close()
    await other.close()


async def test_a_server_that_is_silent_is_given_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ATTEMPTS", 2)
    database = await open_postgres(url)
    tries = 0

    async def body(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        monkeypatch.setattr(engine, "SILENCE_TIMEOUT_S", 0.1)
        try:
            await tx.fetch("SELECT pg_sleep(60)")
        finally:
            monkeypatch.setattr(engine, "SILENCE_TIMEOUT_S", 20.0)

    with pytest.raises(StorageUnavailable, match="TimeoutError"):
        await database.transact(body)
    assert tries == 2
    await database.close()


async def test_a_read_only_database_is_an_operators_error_and_heals(
    postgres: Cluster, url: str
) -> None:
    database = await open_postgres(url)
    await ledger.create(database)
    name = url.partition("@/")[2].partition("?")[0]
    admin = await asyncpg.connect(postgres.url())
    await admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    await database.close()
    database = await open_postgres(url)
    with pytest.raises(StorageUnavailable, match="read-only"):
        await ledger.write(database, 1)
    await admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    await admin.close()
    await database.close()
    database = await open_postgres(url)
    await ledger.write(database, 2)
    assert await ledger.numbers(database) == {2}
    await database.close()


async def test_a_full_disk_is_never_acknowledged_and_heals(own_cluster: Cluster) -> None:
    own_cluster.stop()
    own_cluster.start(file_bytes=20 << 20)  # above the 16 MiB of a piece of its log
    database = await open_postgres(own_cluster.url())
    await ledger.create(database)
    acknowledged: set[int] = set()
    with pytest.raises(StorageUnavailable):
        for number in range(200):
            await ledger.write(database, number, secrets.token_bytes(400_000))
            acknowledged.add(number)
    assert 1 < len(acknowledged) < 200
    assert await ledger.numbers(database) == acknowledged
    own_cluster.stop()
    own_cluster.start()
    await ledger.write(database, 999, secrets.token_bytes(400_000))
    assert await ledger.numbers(database) == acknowledged | {999}
    await database.close()


async def test_a_crash_loses_nothing_that_was_acknowledged(own_cluster: Cluster) -> None:
    database = await open_postgres(own_cluster.url())
    await ledger.create(database)
    acknowledged: set[int] = set()
    stopped = False

    async def writer(number: int) -> None:
        while not stopped:
            try:
                await ledger.write(database, number)
            except StorageUnavailable:
                pass
            else:
                acknowledged.add(number)
            number += 8

    writers = [asyncio.ensure_future(writer(n)) for n in range(8)]
    for round_ in range(2):
        while len(acknowledged) < 200 * (round_ + 1):
            await asyncio.sleep(0)
        await asyncio.to_thread(own_cluster.stop, "immediate")
        await asyncio.to_thread(own_cluster.start)
    stopped = True
    await asyncio.gather(*writers)
    await ledger.write(database, 10**9)
    assert acknowledged <= await ledger.numbers(database)
    await database.close()


async def test_what_the_server_says_of_a_name_is_followed_by_what_mends_it(
    postgres: Cluster, url: str
) -> None:
    with pytest.raises(StorageUnavailable, match=r"does not exist\): make that database"):
        await open_postgres(postgres.url("no_such_database"))
    admin, nobody = await asyncpg.connect(url), f"r{secrets.token_hex(6)}"
    foreign = url.replace("//plausch@", f"//{nobody}@")
    with pytest.raises(StorageUnavailable, match=r"does not exist\): correct user and password"):
        await open_postgres(foreign)
    await admin.execute(f'CREATE ROLE "{nobody}" LOGIN')
    await admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    database = await open_postgres(foreign)
    with pytest.raises(StorageUnavailable, match=r"schema public\): let the user of the URL own"):
        await ledger.create(database)
    await database.close()
    await admin.execute(f'DROP ROLE "{nobody}"')
    await admin.close()


async def test_no_server_and_no_url_are_explained(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="PostgreSQL did not take the work"):
        await open_postgres(f"postgresql://x@/x?host={tmp_path}")
    with pytest.raises(LocalError, match="database URL"):
        await open_postgres("postgresql://x@host:notaport/x")


class Silence:
    """A way to PostgreSQL by which, for a while, nothing comes through: no end, no refusal. Or
    only no end, `is_endless`: what the server said last comes."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster, self._folder = cluster, folder
        self.is_endless = False
        self.all_said = asyncio.Event()
        """Somebody's end was kept back, and all that was said before was handed on."""
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    def url(self, database_url: str) -> str:
        return database_url.replace(str(self._cluster.folder), str(self._folder))

    def begins(self) -> None:
        self._speaks.clear()

    def ends(self) -> None:
        self._speaks.set()

    async def __aenter__(self) -> "Silence":
        path = self._folder / ".s.PGSQL.5432"
        self._server = await asyncio.start_unix_server(self._came, path)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(self._cluster.folder / ".s.PGSQL.5432")
        for source, target in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._carry(source, target))
            self._carrying.add(task)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while raw := await source.read(65536):
                await self._speaks.wait()
                target.write(raw)
        if self.is_endless:
            self.all_said.set()
        else:
            target.close()


async def test_a_server_that_says_nothing_is_given_up_and_found_again(
    postgres: Cluster, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SILENCE_TIMEOUT_S", "COMMIT_PATIENCE_S", "GIVE_UP_S", "AWAY_TIMEOUT_S"):
        monkeypatch.setattr(engine, name, 0.5)

    async def ask(tx: Transaction) -> None:
        await tx.fetch("SELECT 1")

    async with asyncio.timeout(120), Silence(postgres, tmp_path) as silence:
        database = await open_postgres(silence.url(url))
        await ledger.create(database)
        await ledger.write(database, 1)
        silence.begins()
        # Who waits no longer than a moment need not wait for a ROLLBACK either.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await database.read(ask)
        for number in (2, 3):
            with pytest.raises(StorageUnavailable, match="check that it runs"):
                await ledger.write(database, number)
        silence.ends()
        while True:
            with contextlib.suppress(StorageUnavailable):
                await ledger.write(database, 4)
                break
        assert {1, 4} <= await ledger.numbers(database) <= {1, 2, 3, 4}
        await database.close()


class GivenUp(Exception):
    """The body's own end."""


@pytest.mark.parametrize("where", ["begin", "statement", "rollback", "snapshot"])
async def test_a_connection_whose_end_is_half_heard_is_lost_and_never_used_again(
    where: str, postgres: Cluster, url: str, tmp_path: Path
) -> None:
    """Its last word has come, that it ends, and its end not yet: asyncpg can ask nothing there."""
    ended: list[int] = []

    async def half_end(tx: Transaction) -> None:
        assert isinstance(tx, engine.PostgresTransaction)
        ended.append(await pid_of(tx))
        await admin.execute("SELECT pg_terminate_backend($1)", ended[0])
        await silence.all_said.wait()
        for _ in range(10):  # it is in the socket, and read when the event loop comes to it
            await asyncio.sleep(0)

    async def pid_of(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT pg_backend_pid()"))[0][0])

    async def body(tx: Transaction) -> int:
        if where in ("statement", "rollback") and not ended:
            await half_end(tx)
            if where == "rollback":
                raise GivenUp
        return await pid_of(tx)

    admin = await asyncpg.connect(url)
    async with Silence(postgres, tmp_path) as silence:
        silence.is_endless = True
        database = await open_postgres(silence.url(url), connections=1)
        if where == "snapshot":
            with pytest.raises(StorageUnavailable):
                async with database.snapshot() as tx:
                    await half_end(tx)
                    await tx.fetch("SELECT 1")
        elif where == "begin":
            held = database._pool._holders[0]._con
            await half_end(engine.PostgresTransaction(held))
        elif where == "rollback":
            with pytest.raises(GivenUp):
                await database.transact(body)
        assert await database.transact(body) not in ended
        silence.is_endless = False
        await database.close()
    await admin.close()
