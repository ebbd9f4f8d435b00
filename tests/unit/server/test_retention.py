"""Retention: the parts that need no second engine."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from delivery_world import Player, World, opaque_append
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.db.interface import StorageUnavailable
from plausch.db.sqlite import open_sqlite
from plausch.mls.group import Group
from plausch.server import retention
from plausch.server.limits import Limits
from plausch.server.retention import Retention, Swept


async def test_an_empty_server_has_nothing_to_sweep(world: World) -> None:
    assert await world.retention.sweep() == Swept(0, 0)


async def test_expired_invitations_go_too(world: World) -> None:
    await world.accounts.invite(valid_ms=1_000)
    world.clock.advance(HOUR_MS * 6)
    await world.retention.sweep()
    world.clock.advance(-HOUR_MS * 6)
    assert await world.accounts.invitations() == []


async def test_a_log_that_everybody_left_goes_after_a_day(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    await cem.acknowledge(group, 1)
    removal = await anna.remove(group, cem)
    for one in (anna, cem):
        await one.acknowledge(group, removal.seq)
    world.clock.advance(2 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 2


async def talk(world: World, *names: str) -> tuple[list[Player], Group]:
    """People in a conversation whose log has 1 (the Commit that added them) and 2."""
    players = [await world.player(name) for name in names]
    group = await players[0].conversation_with(*players[1:])
    await players[0].send(group)
    return players, group


# --- at the boundary -----------------------------------------------------------------------


async def test_what_everybody_has_stays_its_whole_first_day(world: World) -> None:
    players, group = await talk(world, "anna", "cem")
    for one in players:
        await one.acknowledge(group, 2)
    world.clock.advance(24 * HOUR_MS)
    assert await world.retention.sweep() == Swept(0, 0)
    world.clock.advance(1)
    assert await world.retention.sweep() == Swept(2, 0)


async def test_what_nobody_has_stays_thirty_whole_days_and_its_welcome_too(world: World) -> None:
    (anna, cem), group = await talk(world, "anna", "cem")
    world.clock.advance(30 * DAY_MS)
    assert await world.retention.sweep() == Swept(0, 0)
    assert await anna.read(group) == [1, 2]
    assert (await world.delivery.resume(cem.record)).mailbox == 1
    world.clock.advance(1)
    assert await world.retention.sweep() == Swept(2, 1)
    assert await anna.read(group) == []
    assert (await world.delivery.resume(cem.record)).mailbox == 0


async def test_the_operator_says_how_long(world: World) -> None:
    brief = World(
        world.database,
        clock=world.clock,
        limits=Limits(retention_days=2, remembered_hours=1),
    )
    brief.clock.advance(6 * HOUR_MS)  # from then on it sweeps
    players, group = await talk(brief, "anna", "cem")
    for one in players:
        await one.acknowledge(group, 1)
    brief.clock.advance(HOUR_MS + 1)
    assert (await brief.retention.sweep()).envelopes == 1
    brief.clock.advance(2 * DAY_MS - HOUR_MS - 1)
    assert (await brief.retention.sweep()).envelopes == 0
    brief.clock.advance(1)
    assert (await brief.retention.sweep()).envelopes == 1


async def test_a_clock_set_back_lets_nothing_go_early(world: World) -> None:
    players, group = await talk(world, "anna", "cem")
    for one in players:
        await one.acknowledge(group, 2)
    world.clock.advance(-40 * DAY_MS)
    assert await world.retention.sweep() == Swept(0, 0)
    world.clock.advance(41 * DAY_MS + 1)
    assert (await world.retention.sweep()).envelopes == 2


# --- who holds it back ---------------------------------------------------------------------


async def test_each_device_of_an_account_has_to_have_it(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await cem.link()
    group = await anna.conversation_with(cem, laptop)
    await anna.send(group)
    for one in (anna, cem):
        await one.acknowledge(group, 2)
    world.clock.advance(2 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 1  # the Commit that added them all
    assert await laptop.read(group) == [2]
    await laptop.acknowledge(group, 2)
    assert (await world.retention.sweep()).envelopes == 1


async def test_a_lost_device_holds_it_back_for_thirty_days_or_until_it_is_removed(
    world: World,
) -> None:
    (anna, cem, ela), group = await talk(world, "anna", "cem", "ela")
    for one in (anna, cem):
        await one.acknowledge(group, 2)
    world.clock.advance(2 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 1
    removal = await anna.remove(group, ela)
    for one in (anna, cem):
        await one.acknowledge(group, removal.seq)
    assert (await world.retention.sweep()).envelopes == 0  # it may still read up to its removal
    world.clock.advance(28 * DAY_MS + 1)
    assert (await world.retention.sweep()).envelopes == 1
    assert await ela.read(group) == [removal.seq]


async def test_a_joiner_does_not_bring_the_past_back(world: World) -> None:
    (anna, cem), group = await talk(world, "anna", "cem")
    for one in (anna, cem):
        await one.acknowledge(group, 2)
    ela = await world.player("ela")
    commit = await anna.add(group, ela)
    world.clock.advance(2 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 2
    assert await anna.read(group) == [commit.seq]


# --- what goes on --------------------------------------------------------------------------


async def test_numbers_go_on_where_a_swept_log_ended(world: World) -> None:
    (anna, cem), group = await talk(world, "anna", "cem")
    world.clock.advance(31 * DAY_MS)
    await world.retention.sweep()
    assert (await anna.send(group)).seq == 3
    assert await cem.read(group, 0) == [3]
    moved = (await world.delivery.resume(cem.record)).moved
    assert [(one.cursor, one.head) for one in moved] == [(1, 3)]
    await cem.acknowledge(group, 3)
    await anna.acknowledge(group, 3)
    world.clock.advance(DAY_MS + 1)
    assert (await world.retention.sweep()).envelopes == 1


async def test_a_retry_of_what_was_swept_is_a_new_message(world: World) -> None:
    """The promise ends with the envelope: a device repeats within a day, not within a month."""
    (anna, _), group = await talk(world, "anna", "cem")
    request = anna.message(group)
    assert (await world.delivery.append(anna.record, request)).seq == 3
    world.clock.advance(30 * DAY_MS)
    assert (await world.delivery.append(anna.record, request)).seq == 3
    world.clock.advance(1)
    await world.retention.sweep()
    assert (await world.delivery.append(anna.record, request)).seq == 4


async def test_sweeping_beside_appends_takes_only_what_may_go(world: World) -> None:
    (anna, cem), group = await talk(world, "anna", "cem")
    for _ in range(20):
        await world.delivery.append(anna.record, opaque_append(group.group_id, 1))
    world.clock.advance(31 * DAY_MS)
    fresh = [opaque_append(group.group_id, 1) for _ in range(20)]
    *answers, swept, again = await asyncio.gather(
        *[world.delivery.append(anna.record, one) for one in fresh],
        world.retention.sweep(),
        world.retention.sweep(),
    )
    assert [one.seq for one in answers] == list(range(23, 43))
    assert swept.envelopes + again.envelopes == 22
    assert await cem.read(group) == list(range(23, 43))


async def test_a_conversation_that_cannot_go_does_not_hold_up_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CONVERSATIONS_AT_ONCE", 2)
    anna, cem = await world.player("anna"), await world.player("cem")
    groups = [await anna.conversation_with(cem) for _ in range(5)]
    for place in (1, 4):
        for one in (anna, cem):
            await one.acknowledge(groups[place], 1)
    world.clock.advance(2 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 2
    found = [await anna.read(one) for one in groups]
    assert found == [[1], [], [1], [1], []]


@pytest.mark.parametrize("at_once", [1, 3, 11, 12])
async def test_pieces_of_any_size_sweep_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(retention, "SWEPT_AT_ONCE", at_once)
    (anna, cem), group = await talk(world, "anna", "cem")
    for _ in range(10):
        await world.delivery.append(anna.record, opaque_append(group.group_id, 1))
    for one, seq in ((anna, 12), (cem, 11)):
        await one.acknowledge(group, seq)
    world.clock.advance(2 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 11
    assert await cem.read(group) == [12]


async def test_a_sweep_that_the_disk_stopped_goes_on_next_time(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    database = open_sqlite(path)
    world = await World(database).prepare()
    (anna, cem), group = await talk(world, "anna", "cem")
    world.clock.advance(31 * DAY_MS)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await world.retention.sweep()
    blocker.close()
    assert await anna.read(group) == [1, 2]
    assert await world.retention.sweep() == Swept(2, 1)
    assert await world.retention.sweep() == Swept(0, 0)
    assert (await world.delivery.resume(cem.record)).mailbox == 0
    await world.delivery.close()
    await database.close()


async def test_as_many_welcomes_as_go_at_once_leave_none_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "WELCOMES_AT_ONCE", 2)
    anna, cem = await world.player("anna"), await world.player("cem")
    for _ in range(4):
        await anna.conversation_with(cem)
    world.clock.advance(31 * DAY_MS)
    await anna.conversation_with(cem)
    assert (await world.retention.sweep()).welcomes == 4
    (left,) = await world.delivery.read_mailbox(cem.record, 0, 50)
    assert left.item == 5


# --- how it goes about it ------------------------------------------------------------------


async def test_others_have_their_turn_while_it_sweeps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CONVERSATIONS_AT_ONCE", 1)
    anna = await world.player("anna")
    for _ in range(20):
        await anna.send(await anna.create())
    world.clock.advance(6 * HOUR_MS)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count_turns())
    await asyncio.sleep(0)
    before = turns
    await world.retention.sweep()
    counting.cancel()
    assert turns - before >= 20


async def test_what_has_to_stay_is_asked_about_a_page_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    for _ in range(12):
        await anna.conversation_with(cem)
    world.clock.advance(2 * DAY_MS)
    monkeypatch.setattr(retention, "CONVERSATIONS_AT_ONCE", 6)
    bodies = 0
    transact = world.database.transact

    async def counted(body, **how):  # type: ignore[no-untyped-def]
        nonlocal bodies
        bodies += 1
        return await transact(body, **how)

    monkeypatch.setattr(world.database, "transact", counted)  # reads come by here as well
    assert await world.retention.sweep() == Swept(0, 0)
    assert bodies == 2 + 3 + 2  # when it swept; two pages and an empty one; mailboxes, allowances


async def test_a_doubt_is_told_to_the_operator_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):  # a new server has nothing to compare with, and nothing to sweep
        assert await world.retention.sweep() == Swept(0, 0)
    assert caplog.records == []
    world.clock.advance(6 * HOUR_MS)
    await world.retention.sweep()
    world.set_clock(40 * DAY_MS)
    for _ in range(3):
        assert await world.retention.sweep() == Swept(0, 0)
    (told,) = [one for one in caplog.records if one.name == "plausch.server"]
    assert "Check this machine's time" in told.getMessage()
    assert "for 6 hours" in told.getMessage()


# --- blobs ---------------------------------------------------------------------------------


class Noting:
    """A blob service that notes when it is swept."""

    def __init__(self) -> None:
        self.at_ms: list[int] = []

    async def sweep(self, now_ms: int) -> int:
        self.at_ms.append(now_ms)
        return 7


async def test_a_sweep_goes_over_the_blobs_too_unless_the_clock_is_doubted(world: World) -> None:
    blobs = Noting()
    sweeping = Retention(
        world.database,
        world.clock,
        world.limits,
        world.ticks_ms,
        blobs=blobs,  # type: ignore[arg-type]
    )
    await sweeping.sweep()
    world.clock.advance(7 * HOUR_MS)
    assert (await sweeping.sweep()).blobs == 7
    swept = list(blobs.at_ms)
    assert swept[-1] == world.clock.now_ms()
    world.set_clock(40 * DAY_MS)
    assert (await sweeping.sweep()).blobs == 0
    assert blobs.at_ms == swept
