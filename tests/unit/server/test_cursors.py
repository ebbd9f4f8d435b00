"""Acknowledgements on their way to the database."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from delivery_world import World
from plausch.db.interface import StorageUnavailable
from plausch.db.sqlite import open_sqlite
from plausch.server import cursors
from plausch.server.cursors import Cursors


async def test_only_the_furthest_is_written(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(5):
        await anna.send(group)
    mine = Cursors(world.database, world.rosters, world.told)
    for seq in (2, 5, 3, 0, -4, 1 << 63):
        mine.acknowledge(cem.record, group.group_id, seq)
    mine.acknowledge(cem.record, b"unknown", 1)
    await mine.flush()
    await mine.flush()
    assert world.told.cursors == [(group.group_id, cem.record.uri, 5)]
    await mine.close()


async def test_it_is_written_without_being_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "PAUSE_S", 0.0)
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    told = asyncio.Event()
    world.told.cursor_moved = lambda *_: told.set()  # type: ignore[method-assign]
    mine = Cursors(world.database, world.rosters, world.told)
    mine.acknowledge(anna.record, group.group_id, 1)
    await told.wait()
    await mine.close()


async def test_what_could_not_be_written_stays_pending(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    database = open_sqlite(path)
    world = await World(database).prepare()
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    await anna.send(group)
    mine = Cursors(database, world.rosters, world.told)
    mine.acknowledge(cem.record, group.group_id, 2)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await mine.flush()
    assert world.told.cursors == []
    blocker.execute("ROLLBACK")
    blocker.close()
    await mine.flush()
    assert world.told.cursors == [(group.group_id, cem.record.uri, 2)]
    await mine.close()
    await world.delivery.close()
    await database.close()
