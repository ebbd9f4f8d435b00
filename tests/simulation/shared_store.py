"""The database of the simulation: SQLite in memory on the loop's own thread, and what befalls it.

It outlives the gateways. Several gateways see it as they see PostgreSQL (`FarDatabase`: each body
is a transaction of its own, connections are lost before and during COMMIT, what may be repeated is
repeated); a single one sees it as its own file, through the real `SqliteDatabase` with group commit
and savepoints, whose COMMITs happen when the simulated disk has time (`SlowDisk`).

Not simulated: two PostgreSQL transactions whose statements alternate (tests/contract has those).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from unittest import mock

from plausch.base.errors import LocalError
from plausch.db import sqlite
from plausch.db.interface import Body, Database, StorageUnavailable, T, Transaction
from plausch.db.sqlite import MEMORY, SqliteDatabase, SqliteTransaction
from simulation.virtual_loop import VirtualLoop
from simulation.weather import Dice, Weather

ATTEMPTS = 5


class Store:
    """What is durable. `die` ends the process that is named, at once."""

    def __init__(
        self,
        image: bytes,
        loop: VirtualLoop,
        weather: Weather,
        dice: Dice,
        note: Callable[..., None],
    ) -> None:
        self.connection = sqlite3.connect(
            MEMORY, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        if image:
            self.connection.deserialize(image)
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.loop, self.weather, self.dice, self.note = loop, weather, dice, note
        self.commits = 0

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """What an auditor reads, past everything. Not while a body runs."""
        return self.connection.execute(sql, values).fetchall()

    def undo(self) -> None:
        """The process that was writing is gone."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def open(self, who: str, die: Callable[[], None], *, alone: bool) -> Database:
        """A gateway's database."""
        return SoloDatabase(self, who, die) if alone else FarDatabase(self, who, die)


class _Lost(Exception):
    """The connection went before COMMIT was sent."""


class _Unknown(Exception):
    """The connection went while COMMIT was under way."""


class FarDatabase:
    """As PostgresDatabase behaves, step by step (db/postgres.py)."""

    engine = "sqlite"

    def __init__(self, store: Store, who: str, die: Callable[[], None]) -> None:
        self._store, self._who, self._die = store, who, die
        self._closed = False
        self.is_cut_off = False
        """Only this gateway cannot reach it."""

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        return await self._attempts(body, repeatable=repeatable, writes=True)

    async def reshape(self, body: Body[T]) -> T:
        return await self.transact(body, repeatable=True)

    async def read(self, body: Body[T]) -> T:
        return await self._attempts(body, repeatable=True, writes=False)

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        raise LocalError("The simulation copies no stores.")

    async def close(self) -> None:
        self._closed = True

    async def _attempts(self, body: Body[T], *, repeatable: bool, writes: bool) -> T:
        if self._closed:
            raise LocalError("The database is closed.")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(body, writes)
            except _Lost:
                pass
            except _Unknown:
                if not repeatable:
                    break
            if attempt < ATTEMPTS:
                await asyncio.sleep(0.02 * 4**attempt)
        raise StorageUnavailable("The simulated connection was lost.")

    async def _once(self, body: Body[T], writes: bool) -> T:
        store, weather, dice = self._store, self._store.weather, self._store.dice
        await asyncio.sleep(dice.about_s(weather.database_s))
        if self.is_cut_off or weather.database_away or dice.chance(weather.commit_fails):
            raise _Lost
        if writes and weather.disk_full:
            raise StorageUnavailable("The simulated disk is full.")
        if writes and dice.chance(weather.dies_before):
            await self._never()
        result = self._run(body)
        if writes:
            store.commits += 1
            store.note(self._who, "COMMIT", store.commits)
            if dice.chance(weather.dies_after):
                await self._never()
            if dice.chance(weather.answer_lost):
                raise _Unknown
        await asyncio.sleep(dice.about_s(weather.database_s))
        return result

    def _run(self, body: Body[T]) -> T:
        connection = self._store.connection
        transaction = SqliteTransaction(connection, MEMORY)
        connection.execute("BEGIN")
        try:
            result = sqlite._drive(body(transaction))
            if transaction.failed is not None:
                raise transaction.failed
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    async def _never(self) -> None:
        self._store.note(self._who, "dies at COMMIT")
        self._die()
        await asyncio.get_running_loop().create_future()


class SlowDisk:
    """Stands where SqliteDatabase has its thread for COMMITs."""

    def __init__(self, store: Store, who: str, die: Callable[[], None]) -> None:
        self._store, self._who, self._die = store, who, die

    def commit(
        self,
        connection: sqlite3.Connection,
        loop: asyncio.AbstractEventLoop,
        then: Callable[[sqlite3.Error | None], None],
    ) -> None:
        """Some time later it is on disk, or is not."""
        wait_s = self._store.dice.about_s(self._store.weather.database_s)
        loop.call_later(wait_s, self._sync, connection, then)

    def _sync(
        self, connection: sqlite3.Connection, then: Callable[[sqlite3.Error | None], None]
    ) -> None:
        store, weather, dice = self._store, self._store.weather, self._store.dice
        if dice.chance(weather.dies_before):
            store.note(self._who, "dies before COMMIT")
            self._die()
            return
        if weather.database_away or weather.disk_full or dice.chance(weather.commit_fails):
            then(sqlite3.OperationalError("database or disk is full"))
            return
        connection.execute("COMMIT")
        store.commits += 1
        store.note(self._who, "COMMIT", store.commits)
        if dice.chance(weather.dies_after):
            store.note(self._who, "dies after COMMIT")
            self._die()
            return
        then(None)

    def stop(self) -> None:
        """There is no thread."""


class SoloDatabase(SqliteDatabase):
    """The real one, over the connection that outlives it."""

    def __init__(self, store: Store, who: str, die: Callable[[], None]) -> None:
        self._store = store
        with mock.patch.object(sqlite, "_CommitThread", lambda: SlowDisk(store, who, die)):
            super().__init__(MEMORY, background_checkpoints=False, pragmas=())

    def _connect_writer(self) -> sqlite3.Connection:
        return self._store.connection

    async def close(self) -> None:
        """The connection stays: it is the disk."""
        self._writer = None if not self._busy else self._writer
        while self._busy:
            await asyncio.sleep(0.01)
        self._closed = True
