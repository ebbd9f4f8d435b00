"""Retention on both engines: what everybody has leaves, nothing else does before its time."""

from secrets import token_bytes

import pytest

from delivery_world import Player, World
from plausch.base.clock import ManualClock
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.mls.group import Group
from plausch.server import retention
from plausch.server.limits import Limits
from plausch.server.retention import Swept
from plausch.wire import frames as f
from wire_device import accept_anyone


async def conversation(world: World, *names: str) -> tuple[list[Player], Group]:
    players = [await world.player(name) for name in names]
    group = await players[0].conversation_with(*players[1:])
    return players, group


async def test_nothing_leaves_before_everybody_has_it(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    for _ in range(4):
        await anna.send(group)
    await anna.acknowledge(group, 5)
    await cem.acknowledge(group, 3)
    assert await world.retention.sweep() == Swept(0, 0)  # acknowledged, but retries may come
    world.clock.advance(25 * HOUR_MS)
    assert await world.retention.sweep() == Swept(3, 0)
    assert await cem.read(group) == [4, 5]
    assert await world.retention.sweep() == Swept(0, 0)


async def test_everything_leaves_after_thirty_days(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    world.clock.advance(29 * DAY_MS)
    await anna.send(group)
    world.clock.advance(2 * DAY_MS)
    assert await world.retention.sweep() == Swept(2, 1)
    assert await cem.read(group) == [3]
    assert (await world.delivery.resume(cem.record)).mailbox == 0
    assert (await anna.send(group)).seq == 4


async def test_a_retry_within_a_day_finds_its_answer_after_a_sweep(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    request = anna.message(group)
    accepted = await world.delivery.append(anna.record, request)
    for one in (anna, cem):
        await one.acknowledge(group, accepted.seq)
    world.clock.advance(23 * HOUR_MS)
    await world.retention.sweep()
    assert await world.delivery.append(anna.record, request) == accepted


async def test_a_removed_device_still_gets_its_part(world: World) -> None:
    (anna, cem, ela), group = await conversation(world, "anna", "cem", "ela")
    await anna.send(group)
    await anna.remove(group, ela)
    await anna.send(group)
    for one in (anna, cem):
        await one.acknowledge(group, 3 if one is cem else 4)
    world.clock.advance(2 * DAY_MS)
    assert await world.retention.sweep() == Swept(1, 0)
    assert await ela.read(group) == [2, 3]
    await ela.acknowledge(group, 3)
    assert await world.retention.sweep() == Swept(2, 0)


async def test_a_proposal_survives_in_its_epoch(world: World) -> None:
    """The log's copy may go; the Commit that names it is still judged."""
    (anna, cem), group = await conversation(world, "anna", "cem")
    theirs = cem.groups[group.group_id]
    raw = theirs.propose_remove(theirs.own_leaf)
    await world.delivery.append(
        cem.record, f.Append(1, group.group_id, 1, f.PROPOSAL, raw, token_bytes(16))
    )
    group.process(raw, accept_anyone, world.now_s).accept()
    world.clock.advance(31 * DAY_MS)
    assert (await world.retention.sweep()).envelopes == 2
    assert (await anna.update(group)).seq == 3


async def test_sweeps_are_cut_into_bounded_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = World(world.database, clock=world.clock, limits=Limits(retention_days=1))
    (anna, _), group = await conversation(strict, "anna", "cem")
    for _ in range(9):
        await anna.send(group)
    await anna.create()
    strict.clock.advance(2 * DAY_MS)
    for name in ("SWEPT_AT_ONCE", "CONVERSATIONS_AT_ONCE", "WELCOMES_AT_ONCE"):
        monkeypatch.setattr(retention, name, 1)
    assert await strict.retention.sweep() == Swept(10, 1)


# --- clocks --------------------------------------------------------------------------------


async def test_a_clock_behind_for_a_while_takes_nobodys_mail(world: World) -> None:
    """What was accepted then looks two months old once the clock is right."""
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    world.set_clock(-60 * DAY_MS)
    await anna.send(group)
    world.set_clock(60 * DAY_MS)
    await anna.send(group)
    world.clock.advance(2 * DAY_MS)
    for _ in range(2):
        await world.retention.sweep()
        world.clock.advance(DAY_MS)
    assert await cem.read(group) == [2, 3, 4]
    await anna.acknowledge(group, 4)
    await cem.acknowledge(group, 4)
    assert (await world.retention.sweep()).envelopes == 4


async def test_a_clock_ahead_deletes_nothing_until_it_has_stood_for_hours(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    world.clock.advance(6 * HOUR_MS)
    await world.retention.sweep()
    world.set_clock(40 * DAY_MS)
    for _ in range(12):
        assert await world.retention.sweep() == Swept(0, 0)
        world.clock.advance(5 * 60_000)
    world.set_clock(-40 * DAY_MS)
    for _ in range(10):
        assert await world.retention.sweep() == Swept(0, 0)
        world.clock.advance(HOUR_MS)
    assert await cem.read(group) == [2]
    assert (await world.delivery.resume(cem.record)).mailbox == 1
    await anna.acknowledge(group, 2)
    await cem.acknowledge(group, 2)
    world.clock.advance(DAY_MS)
    assert (await world.retention.sweep()).envelopes == 2


async def test_a_server_that_starts_with_its_clock_ahead_deletes_nothing(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    world.clock.advance(6 * HOUR_MS)
    await world.retention.sweep()
    started = World(world.database, clock=ManualClock(world.clock.now_ms() + 40 * DAY_MS))
    assert await started.retention.sweep() == Swept(0, 0)
    started.set_clock(-40 * DAY_MS)
    assert await started.retention.sweep() == Swept(0, 0)
    assert await cem.read(group) == [2]


async def test_a_server_that_was_off_for_a_month_sweeps_after_some_hours(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    world.clock.advance(6 * HOUR_MS)
    await world.retention.sweep()
    started = World(world.database, clock=ManualClock(world.clock.now_ms() + 40 * DAY_MS))
    assert await started.retention.sweep() == Swept(0, 0)
    started.clock.advance(6 * HOUR_MS)
    assert await started.retention.sweep() == Swept(2, 1)
    assert await cem.read(group) == []


async def test_of_two_processes_the_one_whose_clock_is_ahead_never_sweeps(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    world.clock.advance(6 * HOUR_MS)
    await world.retention.sweep()
    ahead = World(world.database, clock=ManualClock(world.clock.now_ms() + 40 * DAY_MS))
    for _ in range(8):
        assert await ahead.retention.sweep() == Swept(0, 0)
        for one in (world, ahead):
            one.clock.advance(6 * HOUR_MS)
        assert await world.retention.sweep() == Swept(0, 0)
    assert await cem.read(group) == [2]


async def test_a_server_that_never_swept_does_not_begin_with_a_wrong_clock(world: World) -> None:
    (anna, cem), group = await conversation(world, "anna", "cem")
    await anna.send(group)
    started = World(world.database, clock=ManualClock(world.clock.now_ms() + 40 * DAY_MS))
    for _ in range(12):
        assert await started.retention.sweep() == Swept(0, 0)
        started.clock.advance(5 * 60_000)
    assert await cem.read(group) == [2]
