"""PostgreSQL with a synchronous standby: who may be written to, and when COMMIT may be believed."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from cluster.pair import Node, Pair
from cluster.whole import new_folder
from plausch.base.errors import LocalError
from plausch.db import postgres as engine
from plausch.db import primary as theory
from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.db.postgres import open_postgres
from plausch.db.primary import Primary, servers_of

PATIENCE_S = 120.0


@pytest.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    """Nobody mends here what a test breaks; and a busy machine is no silent server."""
    monkeypatch.setattr(theory, "SERVER_TIMEOUT_S", 20.0)
    monkeypatch.setattr(theory, "STANDBY_TIMEOUT_S", 20.0)
    monkeypatch.setattr(engine, "CONNECT_TIMEOUT_S", 60.0)
    folder = new_folder()
    made = Pair(folder, lambda *_, **__: None)
    try:
        await made.start()
        yield made
    finally:
        for node in made.nodes:
            node.part.kill()
            await node.part.ended()
        shutil.rmtree(folder, ignore_errors=True)


async def create(database: Database) -> None:
    async def body(tx: Transaction) -> None:
        await tx.execute("CREATE TABLE ledger (number BIGINT PRIMARY KEY)")

    await database.transact(body)


async def write(database: Database, number: int, *, repeatable: bool = False) -> None:
    async def body(tx: Transaction) -> None:
        await tx.execute("INSERT INTO ledger VALUES ($1) ON CONFLICT DO NOTHING", number)

    await database.transact(body, repeatable=repeatable)


async def numbers(database: Database) -> set[int]:
    async def body(tx: Transaction) -> set[int]:
        return {row[0] for row in await tx.fetch("SELECT number FROM ledger")}

    return await database.read(body)


async def port_of(database: Database) -> int:
    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT inet_server_port()"))[0][0])

    return await database.read(body)


async def until(holds: Callable[[object], bool], node: Node, sql: str) -> object:
    async with asyncio.timeout(PATIENCE_S):
        while not holds(answer := await node.ask(sql)):
            await asyncio.sleep(0.02)
    return answer


WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


async def waiting(node: Node, count: int) -> None:
    """So many commits wait for the standby."""
    await until(lambda answer: answer == count, node, f"SELECT count(*) {WAITING}")


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("postgresql://u@h/d", ["postgresql://u@h/d"]),
        ("postgresql://u@/d?host=/run", ["postgresql://u@/d?host=/run"]),
        (
            "postgresql://u@h/d?target_session_attrs=standby",
            ["postgresql://u@h/d?target_session_attrs=standby"],
        ),
        ("postgresql://u:p@a:1,b:2/d", ["postgresql://u:p@a:1/d", "postgresql://u:p@b:2/d"]),
        ("postgresql://a,b", ["postgresql://a", "postgresql://b"]),
        (
            "postgresql://u@a,[::1]:2/d?target_session_attrs=read-write&sslmode=require",
            ["postgresql://u@a/d?sslmode=require", "postgresql://u@[::1]:2/d?sslmode=require"],
        ),
    ],
)
def test_a_url_names_one_server_or_several(url: str, servers: list[str]) -> None:
    assert list(servers_of(url)) == servers


@pytest.mark.parametrize("wanted", ["any", "standby", "prefer-standby", "read-only", "read-wri"])
def test_of_several_servers_the_primary_is_wanted(wanted: str) -> None:
    with pytest.raises(LocalError, match="read-write"):
        servers_of(f"postgresql://a,b/d?target_session_attrs={wanted}")


async def test_several_servers_of_which_none_is_there_are_all_named() -> None:
    with pytest.raises(StorageUnavailable, match=r"none of its servers may be written to: .+; .+"):
        await open_postgres("postgresql://u@127.0.0.1:1,127.0.0.1:2/d")


async def test_nothing_is_acknowledged_that_the_standby_does_not_have(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, third = [await open_postgres(pair.url) for _ in range(3)]
    await create(one)
    await write(other, 1)
    await write(third, 1)
    primary = pair.primary
    pair.standby.part.kill()
    await pair.standby.part.ended()

    # Whoever is cancelled lets the commit wait on: cancelled on the server, it would be visible.
    task = asyncio.ensure_future(write(one, 2))
    await waiting(primary, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await waiting(primary, 1)
    assert await numbers(other) == {1}

    # Nor does whoever has waited for too long.
    with monkeypatch.context() as patch:
        patch.setattr(engine, "COMMIT_PATIENCE_S", 0.2)
        with pytest.raises(StorageUnavailable):
            await write(third, 4)
    await waiting(primary, 2)
    assert await numbers(other) == {1}

    # What an operator cancels is reported as done, with a warning: it is not acknowledged.
    task = asyncio.ensure_future(write(other, 3))
    await waiting(primary, 3)
    newest = f"SELECT pid {WAITING} ORDER BY query_start DESC LIMIT 1"
    await primary.ask(f"SELECT pg_cancel_backend(({newest}))")
    with pytest.raises(StorageUnavailable, match="synchronous replication"):
        await task

    # It is to be seen on the primary now. Who recognises it there is not told that it is done.
    seen = "SELECT count(*) FROM ledger WHERE number = 3"
    await until(lambda answer: answer == 1, _as_owner(primary), seen)
    again = asyncio.ensure_future(_in_the_end(other, 3))
    await waiting(primary, 3)
    assert not again.done()
    with monkeypatch.context() as patch:
        patch.setattr(theory, "STANDBY_TIMEOUT_S", 0.2)
        with pytest.raises(StorageUnavailable, match="none is there"):
            await open_postgres(primary.url())
    await pair.standby.part.start()
    await again
    assert await numbers(other) == {1, 2, 3, 4}
    await until(lambda answer: answer == 4, _as_owner(pair.standby), "SELECT count(*) FROM ledger")
    for database in (one, other, third):
        await database.close()


class _as_owner:  # noqa: N801
    """A node, asked in the database of the server."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def ask(self, sql: str) -> object:
        return await self._node.ask(sql, "plausch")


async def _in_the_end(database: Database, number: int) -> None:
    """Acknowledged, however often it has to be asked for."""
    while True:
        try:
            return await write(database, number, repeatable=True)
        except StorageUnavailable:
            continue


async def test_the_standby_takes_over_and_the_old_primary_is_never_written_to(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_postgres(pair.url)
    await create(database)
    await write(database, 1)
    old, new = pair.primary, pair.standby
    assert await port_of(database) == old.port

    # The kernel is told to notice a machine that is gone.
    connection = await Primary((old.url(),)).connect()
    stream = connection._transport.get_extra_info("socket")
    assert stream.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == theory.SILENT_MS
    await connection.close()

    # A standby can be read from by who names it; and is not what was asked for when it is not.
    reading = await open_postgres(new.url())
    with pytest.raises(StorageUnavailable, match="read-only"):
        await write(reading, 1)
    await reading.close()
    with pytest.raises(StorageUnavailable, match="attribute"):
        await open_postgres(f"{new.url()}?target_session_attrs=read-write")

    # Its end in the middle of everything.
    await pair.promote()
    await _in_the_end(database, 2)
    assert await port_of(database) == new.port

    # The old one comes back as it was, as a primary; and is told to wait for nobody.
    await old.part.start()
    await old.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
    await old.ask("SELECT pg_reload_conf()")
    await until(lambda answer: answer == "", old, "SHOW synchronous_standby_names")
    fresh = await open_postgres(pair.url)
    assert await port_of(fresh) == new.port
    assert await numbers(fresh) == {1, 2}
    await fresh.close()

    # Who names it alone gets it: nothing is compared then (docs/cluster.md).
    alone = await open_postgres(old.url())
    assert await port_of(alone) == old.port
    await alone.close()

    # It may also be silent, as a machine without power: it is not waited for.
    with monkeypatch.context() as patch:
        patch.setattr(theory, "SERVER_TIMEOUT_S", 8.0)
        os.kill(old.part.pid, signal.SIGSTOP)
        fresh = await open_postgres(pair.url)
        assert await port_of(fresh) == new.port
        os.kill(old.part.pid, signal.SIGCONT)
    await fresh.close()

    # Whoever has seen the new one does not go back, though it is away.
    new.part.kill()
    await new.part.ended()
    with pytest.raises(StorageUnavailable, match="old primary"):
        await write(database, 3)
    await new.part.start()
    await write(database, 3)
    assert await numbers(database) == {1, 2, 3}
    assert await _as_owner(old).ask("SELECT count(*) FROM ledger") == 1
    await database.close()
