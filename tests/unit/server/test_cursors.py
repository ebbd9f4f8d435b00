"""Acknowledgements on their way to the database."""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from delivery_world import Player, World
from plausch.db.interface import Body, Database, StorageUnavailable, T
from plausch.db.sqlite import open_sqlite
from plausch.mls.group import Group
from plausch.server import cursors
from plausch.server.cursors import Cursors
from plausch.server.errors import Refusal
from plausch.server.rosters import Rosters


async def test_only_the_furthest_is_written(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(5):
        await anna.send(group)
    mine = Cursors(world.database, world.rosters, world.told)
    for seq in (2, 5, 3, 0, -4, 1 << 63):
        mine.acknowledge(cem.record, group.group_id, seq)
    assert not mine.acknowledge(cem.record, b"unknown", 1)
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


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[World]:
    database = open_sqlite(tmp_path / "server.db")
    world = await World(database).prepare()
    yield world
    await world.delivery.close()
    await database.close()


async def three_messages(world: World) -> tuple[Player, Player, Group]:
    """Two people, and a log of 1 (the Commit that added cem) to 4."""
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(3):
        await anna.send(group)
    return anna, cem, group


async def begun(mine: Cursors) -> None:
    """The collected acknowledgements have just been handed to the database."""
    while mine._pending:
        await asyncio.sleep(0)


async def test_closing_in_the_middle_of_a_write_loses_nothing(
    on_disk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "PAUSE_S", 0.0)
    _, cem, group = await three_messages(on_disk)
    mine = Cursors(on_disk.database, on_disk.rosters, on_disk.told)
    mine.acknowledge(cem.record, group.group_id, 4)
    await begun(mine)
    await mine.close()
    assert (await on_disk.delivery.resume(cem.record)).moved == []


async def test_who_asks_during_a_write_sees_what_is_being_written(
    on_disk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "PAUSE_S", 0.0)
    _, cem, group = await three_messages(on_disk)
    on_disk.delivery.acknowledge(cem.record, group.group_id, 4)
    await begun(on_disk.delivery._cursors)
    assert (await on_disk.delivery.resume(cem.record)).moved == []


async def test_a_newer_acknowledgement_during_a_failing_write_is_the_one_that_stays(
    on_disk: World, tmp_path: Path
) -> None:
    _, cem, group = await three_messages(on_disk)
    mine = Cursors(on_disk.database, on_disk.rosters, on_disk.told)
    blocker = sqlite3.connect(tmp_path / "server.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    mine.acknowledge(cem.record, group.group_id, 2)
    failing = asyncio.ensure_future(mine.flush())
    await begun(mine)
    mine.acknowledge(cem.record, group.group_id, 4)
    with pytest.raises(StorageUnavailable):
        await failing
    blocker.execute("ROLLBACK")
    blocker.close()
    await mine.flush()
    assert on_disk.told.cursors == [(group.group_id, cem.record.uri, 4)]
    await mine.close()


async def test_a_disk_that_is_gone_at_the_end_is_a_line_in_the_log(
    on_disk: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, cem, group = await three_messages(on_disk)
    mine = Cursors(on_disk.database, on_disk.rosters, on_disk.told)
    mine.acknowledge(cem.record, group.group_id, 4)
    blocker = sqlite3.connect(tmp_path / "server.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    await mine.close()
    blocker.close()
    assert "cursors were not written" in caplog.text
    assert cem.record.uri not in caplog.text


async def test_a_failing_disk_is_tried_again_without_being_asked(
    on_disk: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "PAUSE_S", 0.0)
    monkeypatch.setattr(cursors, "PAUSE_AFTER_FAILURE_S", 0.0)
    _, cem, group = await three_messages(on_disk)
    told, failed = asyncio.Event(), asyncio.Event()
    on_disk.told.cursor_moved = lambda *_: told.set()  # type: ignore[method-assign]
    monkeypatch.setattr(cursors.log, "warning", lambda *_: failed.set())
    blocker = sqlite3.connect(tmp_path / "server.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    mine = Cursors(on_disk.database, on_disk.rosters, on_disk.told)
    mine.acknowledge(cem.record, group.group_id, 3)
    await failed.wait()
    assert not told.is_set()
    blocker.close()
    await told.wait()
    await mine.close()


async def test_whatever_fails_leaves_it_pending_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cursors, "PAUSE_S", 0.0)
    monkeypatch.setattr(cursors, "PAUSE_AFTER_FAILURE_S", 0.0)
    _, cem, group = await three_messages(world)
    told = asyncio.Event()
    world.told.cursor_moved = lambda *_: told.set()  # type: ignore[method-assign]
    real, failures = world.database.transact, 2

    async def failing(body: Body[T], *, repeatable: bool = False) -> T:
        nonlocal failures
        if failures:
            failures -= 1
            raise RuntimeError("a bug")
        return await real(body, repeatable=repeatable)

    monkeypatch.setattr(world.database, "transact", failing)
    mine = Cursors(world.database, world.rosters, world.told)
    mine.acknowledge(cem.record, group.group_id, 3)
    with pytest.raises(RuntimeError):
        await mine.flush()
    await told.wait()
    assert failures == 0
    assert "Writing cursors failed unexpectedly" in caplog.text
    await mine.close()


async def test_numbers_that_are_none_wake_nobody(world: World) -> None:
    anna = await world.player("anna")
    mine = Cursors(world.database, world.rosters, world.told)
    for seq in (0, -1, 1 << 63, 1 << 70):
        mine.acknowledge(anna.record, b"C" * 16, seq)
    assert mine._pending == {}
    assert mine._task is None


async def test_a_removed_device_acknowledges_its_removal_and_nothing_after_it(
    world: World,
) -> None:
    anna, cem, group = await three_messages(world)
    removal = await anna.remove(group, cem)
    await anna.send(group)
    await cem.acknowledge(group, removal.seq + 1)
    assert world.told.cursors == []
    await cem.acknowledge(group, removal.seq)
    assert world.told.cursors == [(group.group_id, cem.record.uri, removal.seq)]


async def test_the_head_is_the_last_that_can_be_acknowledged(world: World) -> None:
    _, cem, group = await three_messages(world)
    await cem.acknowledge(group, 5)
    assert world.told.cursors == []
    await cem.acknowledge(group, 4)
    assert world.told.cursors == [(group.group_id, cem.record.uri, 4)]


async def test_two_devices_and_two_conversations_are_written_together(world: World) -> None:
    anna, cem, group = await three_messages(world)
    other = await anna.conversation_with(cem)
    mine = Cursors(world.database, world.rosters, world.told)
    for player, one, seq in ((anna, group, 4), (cem, group, 3), (cem, other, 1), (anna, other, 1)):
        mine.acknowledge(player.record, one.group_id, seq)
    await mine.flush()
    assert set(world.told.cursors) == {
        (group.group_id, anna.record.uri, 4),
        (group.group_id, cem.record.uri, 3),
        (other.group_id, anna.record.uri, 1),
    }  # cem joined `other` with its Commit, at 1
    await mine.close()


# --- who may -------------------------------------------------------------------------------


async def test_invented_conversations_take_no_room(world: World) -> None:
    anna, _, group = await three_messages(world)
    eve = await world.player("eve")
    mine = Cursors(world.database, world.rosters, world.told)
    for name in (secrets.token_bytes(16), group.group_id, b""):
        assert not mine.acknowledge(eve.record, name, 1)
        await mine.look_up_and_acknowledge(eve.record, name, 1)
    assert mine._pending == {}
    assert mine._task is None
    assert mine.acknowledge(anna.record, group.group_id, 1)
    assert list(mine._pending) == [anna.record.key]
    await mine.close()


async def test_a_conversation_that_is_not_in_memory_is_looked_up(world: World) -> None:
    _, cem, group = await three_messages(world)
    again = World(world.database, clock=world.clock)
    assert not again.delivery.acknowledge(cem.record, group.group_id, 4)
    await again.delivery.look_up_and_acknowledge(cem.record, group.group_id, 4)
    assert (await again.delivery.resume(cem.record)).moved == []
    assert again.told.cursors == [(group.group_id, cem.record.uri, 4)]
    await again.delivery.close()


async def test_who_resumes_writes_its_own_and_nothing_else(world: World) -> None:
    anna, cem, group = await three_messages(world)
    mine = Cursors(world.database, world.rosters, world.told)
    for player in (anna, cem):
        mine.acknowledge(player.record, group.group_id, 4)
    await mine.flush(cem.record)
    assert world.told.cursors == [(group.group_id, cem.record.uri, 4)]
    assert list(mine._pending) == [anna.record.key]
    await mine.flush(cem.record)
    await mine.close()
    assert world.told.cursors[1:] == [(group.group_id, anna.record.uri, 4)]


async def test_strangers_who_ask_for_cursors_cause_no_writing(world: World) -> None:
    anna, _, group = await three_messages(world)
    eve = await world.player("eve")
    world.delivery.acknowledge(anna.record, group.group_id, 4)
    with pytest.raises(Refusal, match="no conversation"):
        await world.delivery.cursors(eve.record, group.group_id)
    assert world.told.cursors == []


class Away:
    """A database of which reading fails as long as it is away."""

    def __init__(self, world: World) -> None:
        self._database = world.database
        self.is_away = True
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    async def read(self, body: Body[T]) -> T:
        self.asked += 1
        if self.is_away:
            raise StorageUnavailable("away")
        return await self._database.read(body)


async def test_what_cannot_be_looked_up_now_is_put_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No device says it twice. The simulation found it: a removed device's last word was lost."""
    monkeypatch.setattr(cursors, "PAUSE_S", 0.0)
    monkeypatch.setattr(cursors, "PAUSE_AFTER_FAILURE_S", 0.0)
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    told, away = asyncio.Event(), Away(world)
    world.told.cursor_moved = lambda *_: told.set()  # type: ignore[method-assign]
    mine = Cursors(cast(Database, away), Rosters(world.database), world.told)
    await anna.remove(group, cem)
    await mine.look_up_and_acknowledge(cem.record, group.group_id, 2)
    await mine.look_up_and_acknowledge(cem.record, b"never heard of.", 1)
    while away.asked < 4:  # it is tried again and again
        await asyncio.sleep(0)
    assert not told.is_set()
    away.is_away = False
    await told.wait()
    assert (await world.delivery.resume(cem.record)).moved == []
    await mine.close()


async def test_so_much_is_put_off_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "MOST_PUT_OFF", 2)
    anna, away = await world.player("anna"), Away(world)
    mine = Cursors(cast(Database, away), Rosters(world.database), world.told)
    for _ in range(2):
        await mine.look_up_and_acknowledge(anna.record, b"x" * 16, 1)
    with pytest.raises(StorageUnavailable):
        await mine.look_up_and_acknowledge(anna.record, b"x" * 16, 1)
    await mine.close()
