"""Conversations: begun once, whole, within limits; the newest GroupInfo for who takes part."""

import asyncio
import secrets
import sqlite3
from pathlib import Path

import pytest

from delivery_world import SUITE, World
from plausch.base.durations import DAY_MS
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from wire_device import accept_anyone


async def test_the_group_info_is_the_newest(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    pending = group.commit(lambda *_: None, world.now_s)
    await anna.send_commit(group, pending)
    raw = await world.conversations.group_info(cem.record, group.group_id)
    assert raw == pending.group_info


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def rows_of(world: World) -> dict[str, int]:
    """How many rows a conversation has left behind, by table."""

    async def body(tx: Transaction) -> dict[str, int]:
        names = ("conversation", "group_info", "member", "stay", "device_cursor")
        return {name: int((await tx.fetch(f"SELECT count(*) FROM {name}"))[0][0]) for name in names}

    return await world.database.read(body)


# --- beginning -----------------------------------------------------------------------------


async def test_a_conversation_is_written_whole(world: World) -> None:
    anna = await world.player("anna")
    group = await anna.create()
    assert set((await rows_of(world)).values()) == {1}
    roster = await world.rosters.load(group.group_id)
    assert roster is not None
    assert (roster.epoch, roster.suite, roster.uris) == (0, SUITE, (anna.record.uri,))
    assert roster.members[anna.record.key].leaf_index == 0
    assert await anna.read(group) == []
    assert (await anna.send(group)).seq == 1
    assert await anna.read(group) == [1]


@pytest.mark.parametrize("size", [1, 15, 17, 32])
async def test_an_id_has_sixteen_bytes(world: World, size: int) -> None:
    anna = await world.player("anna")
    group = anna.new_group(secrets.token_bytes(size))
    with refused("bad_conversation"):
        await world.conversations.create(anna.record, group.group_id, group.group_info())
    assert set((await rows_of(world)).values()) == {0}


async def test_a_first_group_info_of_exactly_the_limit_is_the_largest(world: World) -> None:
    anna = await world.player("anna")
    group = anna.new_group()
    raw = group.group_info()
    for size, code in ((len(raw) - 1, "too_large"), (len(raw), "")):
        small = World(world.database, clock=world.clock, limits=Limits(first_group_info_bytes=size))
        if code:
            with refused(code):
                await small.conversations.create(anna.record, group.group_id, raw)
        else:
            await small.conversations.create(anna.record, group.group_id, raw)


async def test_a_twin_device_or_another_epoch_cannot_begin_for_this_one(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    group = anna.new_group()
    with refused("bad_group_info"):
        await world.conversations.create(laptop.record, group.group_id, group.group_info())
    group.commit(accept_anyone, world.now_s).accept()
    with refused("bad_group_info"):
        await world.conversations.create(anna.record, group.group_id, group.group_info())
    assert set((await rows_of(world)).values()) == {0}


async def test_an_expired_certificate_begins_nothing(world: World) -> None:
    anna = await world.player("anna")
    group = anna.new_group()
    world.clock.advance(91 * DAY_MS)
    with refused("bad_group_info") as caught:
        await world.conversations.create(anna.record, group.group_id, group.group_info())
    assert "cannot be accepted" in str(caught.value)


async def test_of_two_beginnings_with_one_id_at_once_one_is_the_conversation(
    world: World,
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    public_id = secrets.token_bytes(16)
    groups = [one.new_group(public_id) for one in (anna, cem, anna)]
    results = await asyncio.gather(
        *[
            world.conversations.create(one.record, public_id, group.group_info())
            for one, group in zip((anna, cem, anna), groups, strict=True)
        ],
        return_exceptions=True,
    )
    assert sum(one is None for one in results) == 1
    assert {one.code for one in results if isinstance(one, Refusal)} == {"conversation_exists"}
    assert set((await rows_of(world)).values()) == {1}


async def test_a_retry_after_years_makes_no_second_beginning_and_turns_nothing_back(
    world: World,
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = anna.new_group()
    raw = group.group_info()
    await world.conversations.create(anna.record, group.group_id, raw)
    await anna.add(group, cem)
    await anna.send(group)
    await world.conversations.create(anna.record, group.group_id, raw)
    cold = World(world.database, clock=world.clock)
    await cold.conversations.create(anna.record, group.group_id, raw)
    for one in (world, cold):
        assert await one.members(group.group_id) == (
            anna.record.uri,
            cem.record.uri,
        )
    assert await anna.read(group) == [1, 2]
    assert await world.conversations.group_info(anna.record, group.group_id) != raw


async def test_a_retry_is_answered_at_the_limit(world: World) -> None:
    small = World(
        world.database, clock=world.clock, limits=Limits(conversations_per_device_per_day=1)
    )
    anna = await small.player("anna")
    group = anna.new_group()
    raw = group.group_info()
    for _ in range(2):
        await small.conversations.create(anna.record, group.group_id, raw)
    with refused("rate_limited") as caught:
        await anna.create()
    assert caught.value.retry_after_ms > 0


async def test_a_day_is_the_24_hours_before_and_each_device_has_its_own(world: World) -> None:
    small = World(
        world.database, clock=world.clock, limits=Limits(conversations_per_device_per_day=1)
    )
    anna = await small.player("anna")
    laptop = await anna.link()
    await anna.create()
    await laptop.create()
    small.clock.advance(DAY_MS - 1)
    with refused("rate_limited"):
        await anna.create()
    small.clock.advance(1)
    await anna.create()
    small.clock.advance(-30_000)  # a clock set back forgives nothing
    with refused("rate_limited"):
        await anna.create()


async def test_a_beginning_that_the_disk_did_not_take_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    database = open_sqlite(path)
    world = await World(database).prepare()
    anna = await world.player("anna")
    group = anna.new_group()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await world.conversations.create(anna.record, group.group_id, group.group_info())
    blocker.close()
    assert world.rosters.known(group.group_id) is None
    assert set((await rows_of(world)).values()) == {0}
    await world.conversations.create(anna.record, group.group_id, group.group_info())
    assert await world.members(group.group_id) == (anna.record.uri,)
    await world.delivery.close()
    await database.close()


# --- who is told what ----------------------------------------------------------------------


async def test_a_twin_that_is_no_member_yet_gets_the_group_info_to_join_with(
    world: World,
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    laptop = await anna.link()
    raw = await world.conversations.group_info(laptop.record, group.group_id)
    assert raw == await world.conversations.group_info(cem.record, group.group_id)
    assert laptop.record.uri not in await world.members(group.group_id)


async def test_who_takes_no_part_learns_not_even_that_it_exists(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    await anna.remove(group, cem)
    mallory = await world.player("mallory")
    sentences = set()
    for player in (cem, mallory):
        for public_id in (group.group_id, secrets.token_bytes(16)):
            with refused("unknown_conversation") as caught:
                await world.conversations.group_info(player.record, public_id)
            sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert mallory.record.uri not in await world.members(secrets.token_bytes(16))


async def test_a_removal_through_another_process_is_seen_when_it_matters(world: World) -> None:
    """A roster in memory may be late, the GroupInfo is not given to who is gone."""
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    other = World(world.database, clock=world.clock)
    assert cem.record.uri in await other.members(group.group_id)
    await anna.remove(group, cem)
    with refused("unknown_conversation"):
        await other.conversations.group_info(cem.record, group.group_id)
    assert cem.record.uri not in await other.members(group.group_id)
