"""Rosters in memory follow the database and never run backwards."""

import pytest

from delivery_world import World
from plausch.db.interface import Transaction
from plausch.server import rosters as module
from plausch.server.rosters import Rosters, roster_of
from plausch.server.store import device


async def test_a_roster_is_loaded_once_and_renewed_by_commits(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    cold = Rosters(world.database)
    assert cold.known(group.group_id) is None
    loaded = await cold.get(group.group_id)
    assert loaded is not None
    assert (loaded.epoch, loaded.uris) == (1, (anna.record.uri, cem.record.uri))
    assert cold.known(group.group_id) is loaded
    await anna.update(group)
    assert await cold.get(group.group_id) is loaded  # until somebody looks again
    renewed = await cold.load(group.group_id)
    assert renewed is not None
    assert renewed.epoch == 2
    known = world.rosters.known(group.group_id)
    assert known is not None
    assert known.epoch == 2


async def test_an_older_roster_does_not_replace_a_newer_one(world: World) -> None:
    rosters = Rosters(world.database)
    newer = rosters.remember(roster_of(1, b"C" * 16, 5, 1, []))
    assert rosters.remember(roster_of(1, b"C" * 16, 4, 1, [])) is newer
    assert rosters.known(b"C" * 16) is newer


async def test_memory_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    rosters = Rosters(world.database)
    for name in (b"A", b"B"):
        rosters.remember(roster_of(1, name, 0, 1, []))
    assert rosters.known(b"A") is not None  # used last
    rosters.remember(roster_of(1, b"C", 0, 1, []))
    assert [rosters.known(name) is None for name in (b"A", b"B", b"C")] == [False, True, False]


async def test_memory_is_bounded_by_members_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    groups = [await anna.conversation_with(cem) for _ in range(3)]
    monkeypatch.setattr(module, "REMEMBERED_MEMBERS", 4)
    rosters = Rosters(world.database)
    for group in [*groups, groups[-1]]:  # again: its members are not counted twice
        await rosters.load(group.group_id)
    assert [rosters.known(one.group_id) is None for one in groups] == [True, False, False]
    monkeypatch.setattr(module, "REMEMBERED_MEMBERS", 0)
    await rosters.load(groups[1].group_id)
    assert rosters.known(groups[1].group_id) is not None  # the last one always


async def test_what_does_not_exist_has_no_roster(world: World) -> None:
    assert await world.rosters.get(b"D" * 16) is None


async def test_devices_that_are_not_listed_are_no_members_of_a_roster(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)

    async def unlist(tx: Transaction) -> None:
        await device.unlist(tx, cem.record.key)

    await world.database.transact(unlist)
    roster = await world.rosters.load(group.group_id)
    assert roster is not None
    assert roster.uris == (anna.record.uri,)
    assert list(roster.members) == [anna.record.key]
    assert roster.accounts == {anna.record.account_key, cem.record.account_key}
    await anna.update(group)
    known = world.rosters.known(group.group_id)
    assert known is not None
    assert (known.epoch, known.uris, known.accounts) == (2, roster.uris, roster.accounts)
