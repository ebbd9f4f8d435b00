"""Appends: one transaction for all that wait; a failing disk acknowledges nothing."""

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import Player, World, opaque_append
from plausch.base.errors import Fault, PlauschError
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite
from plausch.mls.group import Group
from plausch.server import appends
from plausch.server.errors import Refusal
from plausch.server.lanes import Waiting, answer
from plausch.server.records import Accepted
from plausch.wire import frames as f


async def two(world: World) -> tuple[Player, Player, Group]:
    anna, cem = await world.player("anna"), await world.player("cem")
    await world.allowed(anna, cem)
    return anna, cem, await anna.conversation_with(cem)


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[World]:
    database = open_sqlite(tmp_path / "server.db")
    world = await World(database).prepare()
    yield world
    await world.delivery.close()
    await database.close()


async def fill_the_disk(world: World) -> None:
    """SQLite may not add a page, until its connection is opened anew after the failure."""

    async def body(tx: Transaction) -> None:
        pages = (await tx.fetch("PRAGMA page_count"))[0][0]
        await tx.fetch(f"PRAGMA max_page_count = {pages}")

    await world.database.transact(body)


async def test_a_full_disk_refuses_the_whole_batch_and_heals(on_disk: World) -> None:
    anna, _, group = await two(on_disk)
    await fill_the_disk(on_disk)
    requests = [opaque_append(group.group_id, 1, 9_000) for _ in range(30)]
    results = await asyncio.gather(
        *[on_disk.delivery.append(anna.record, one) for one in requests], return_exceptions=True
    )
    for one in results:
        assert isinstance(one, Refusal)
        assert (one.code, one.fault) == ("storage_unavailable", Fault.OPERATOR)
        assert one.retry_after_ms > 0
    assert on_disk.told.envelopes == []
    answers = await asyncio.gather(*[on_disk.delivery.append(anna.record, one) for one in requests])
    assert [one.seq for one in answers] == list(range(2, 32))


async def spoil_the_commit(tx: Transaction) -> None:
    """Let the COMMIT itself fail that this body shares with others."""
    await tx.execute("PRAGMA defer_foreign_keys = ON")
    await tx.execute("INSERT INTO group_info (conversation_id, message) VALUES (999, $1)", b"")


async def test_a_commit_that_fails_acknowledges_nobody_who_shared_it(on_disk: World) -> None:
    """Every statement succeeded, each append had its place in the log, and then it was not so."""
    anna, cem, group = await two(on_disk)
    requests = [opaque_append(group.group_id, 1) for _ in range(10)]
    appends = [on_disk.delivery.append(anna.record, one) for one in requests]
    *results, spoiled = await asyncio.gather(
        *appends, on_disk.database.transact(spoil_the_commit), return_exceptions=True
    )
    assert isinstance(spoiled, StorageUnavailable)
    assert {one.code for one in results if isinstance(one, Refusal)} == {"storage_unavailable"}
    assert len(results) == 10
    assert not any(isinstance(one, Accepted) for one in results)
    assert on_disk.told.envelopes == []
    assert await cem.read(group, 1) == []
    again = await asyncio.gather(*[on_disk.delivery.append(anna.record, one) for one in requests])
    assert [one.seq for one in again] == list(range(2, 12))
    assert await cem.read(group, 1) == list(range(2, 12))


async def test_more_than_one_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appends, "BATCH", 7)
    anna, _, group = await two(world)
    answers: list[Accepted | PlauschError] = []
    for _ in range(40):
        world.delivery.submit(anna.record, opaque_append(group.group_id, 1), answers.append)
    await world.delivery.close()
    assert [one.seq for one in answers if isinstance(one, Accepted)] == list(range(2, 42))


async def test_answers_come_before_the_hub_is_told(world: World) -> None:
    anna, _, group = await two(world)
    order: list[str] = []
    world.told.appended = lambda *_: order.append("hub")  # type: ignore[method-assign]
    world.delivery.submit(
        anna.record, opaque_append(group.group_id, 1), lambda _: order.append("answer")
    )
    await world.delivery.close()
    assert order == ["answer", "hub"]


async def test_time_never_runs_backwards(world: World) -> None:
    anna, _, group = await two(world)
    first = await anna.send(group)
    world.clock.advance(-60_000)
    assert (await anna.send(group)).accepted_at_ms == first.accepted_at_ms


async def test_a_defect_leaves_nobody_without_an_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    anna, _, group = await two(world)

    async def defect(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(appends.envelope, "add", defect)
    with pytest.raises(Refusal) as caught:
        await anna.send(group)
    assert caught.value.code == "internal"
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert (await anna.send(group)).seq == 2


async def test_who_stops_waiting_hinders_nobody(world: World) -> None:
    anna, _, group = await two(world)
    task = asyncio.ensure_future(anna.send(group))
    await asyncio.sleep(0)
    task.cancel()
    assert (await anna.send(group)).seq in (2, 3)


# --- many in one batch ---------------------------------------------------------------------


class Batch:
    """Appends submitted in one breath, which therefore share one transaction."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.answers: list[list[Accepted | PlauschError]] = []

    def submit(self, player: Player, request: f.Append) -> None:
        mine: list[Accepted | PlauschError] = []
        self.answers.append(mine)
        self.world.delivery.submit(player.record, request, mine.append)

    async def outcomes(self) -> list[int | str]:
        """The seq or the refusal's code of each; every append is answered exactly once."""
        await self.world.delivery._appends.close()
        found: list[int | str] = []
        for mine in self.answers:
            (answer,) = mine
            found.append(answer.seq if isinstance(answer, Accepted) else answer.code)
        return found


def changed(request: f.Append, **changes: object) -> f.Append:
    values = {name: getattr(request, name) for name in request.__struct_fields__}
    return f.Append(**{**values, **changes})


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def log_of(world: World, player: Player, group: Group) -> list[tuple[int, bytes]]:
    stretch = await world.delivery.read(player.record, group.group_id, 0, 500)
    return [(one.seq, one.message) for one in stretch.envelopes]


async def test_of_a_batch_only_what_is_wrong_is_refused(world: World) -> None:
    anna, cem, group = await two(world)
    mallory = await world.player("mallory")
    await world.allowed(mallory)
    earlier = opaque_append(group.group_id, 1)
    await world.delivery.append(anna.record, earlier)
    good = [opaque_append(group.group_id, 1) for _ in range(3)]
    batch = Batch(world)
    batch.submit(anna, good[0])
    batch.submit(anna, opaque_append(group.group_id, 0))
    batch.submit(mallory, opaque_append(group.group_id, 1))
    batch.submit(anna, earlier)
    batch.submit(cem, good[1])
    batch.submit(cem, changed(good[1], message=b"another message", idempotency_id=b"i" * 16))
    batch.submit(anna, opaque_append(b"N" * 16, 1))
    batch.submit(anna, changed(good[2], message=bytes(70_000)))
    batch.submit(anna, good[2])
    assert await batch.outcomes() == [
        3,
        "stale_epoch",
        "unknown_conversation",
        2,
        4,
        "bad_message",
        "unknown_conversation",
        "too_large",
        5,
    ]
    log = await log_of(world, anna, group)
    assert log[1:] == [(2, earlier.message)] + [
        (seq, one.message) for seq, one in zip((3, 4, 5), good, strict=True)
    ]
    # The one that was there before is pushed again, when it has been looked up.
    told = [one.seq for _, one in world.told.envelopes]
    assert [seq for seq in told if seq != 2] == [3, 4, 5]
    assert told.count(2) == 2


async def test_an_epoch_that_another_process_ended_holds_up_no_other_conversation(
    world: World,
) -> None:
    anna, cem, group = await two(world)
    quiet = await anna.conversation_with(cem)
    other = World(world.database, clock=world.clock)
    for one in (group, quiet):
        await other.delivery.append(anna.record, opaque_append(one.group_id, 1))
    await anna.update(group)
    batch = Batch(other)  # whose memory is of the old epoch
    batch.submit(anna, opaque_append(group.group_id, 1))
    batch.submit(anna, opaque_append(quiet.group_id, 1))
    batch.submit(cem, opaque_append(group.group_id, 1))
    batch.submit(cem, opaque_append(quiet.group_id, 1))
    batch.submit(cem, opaque_append(group.group_id, 2))
    assert await batch.outcomes() == ["stale_epoch", 3, "stale_epoch", 4, 4]
    stale = batch.answers[0][0]
    assert isinstance(stale, Refusal)
    assert (stale.epoch, stale.head) in ((2, 3), (2, 4))


async def test_a_removed_member_writes_nothing_through_a_process_that_does_not_know_yet(
    world: World,
) -> None:
    anna, cem, group = await two(world)
    other = World(world.database, clock=world.clock)
    earlier = opaque_append(group.group_id, 1)
    first = await other.delivery.append(cem.record, earlier)
    await anna.remove(group, cem)
    for epoch in (1, 2):
        with refused("unknown_conversation"):
            await other.delivery.append(cem.record, opaque_append(group.group_id, epoch))
    assert await other.delivery.append(cem.record, earlier) == first
    assert [seq for seq, _ in await log_of(world, anna, group)] == [1, 2, 3]


async def test_a_device_that_joined_elsewhere_writes_at_once(world: World) -> None:
    anna, _, group = await two(world)
    other = World(world.database, clock=world.clock)
    await other.delivery.append(anna.record, opaque_append(group.group_id, 1))
    ela = await world.player("ela")
    await anna.add(group, ela)
    accepted = await other.delivery.append(ela.record, opaque_append(group.group_id, 2))
    assert accepted.seq == 4


async def test_an_idempotency_id_names_the_first_message_sent_with_it(world: World) -> None:
    anna, _, group = await two(world)
    request = opaque_append(group.group_id, 1)
    another = changed(request, message=opaque_append(group.group_id, 1).message)
    batch = Batch(world)
    for one in (request, another, request):
        batch.submit(anna, one)
    assert await batch.outcomes() == [2, 2, 2]
    assert (await world.delivery.append(anna.record, another)).seq == 2
    assert (await log_of(world, anna, group))[1:] == [(2, request.message)]
    # Whoever repeats it causes a push each time, of what is in the log.
    assert {one.message for _, one in world.told.envelopes} == {request.message}


async def test_an_idempotency_id_may_be_used_in_each_conversation(world: World) -> None:
    anna, cem, group = await two(world)
    other = await anna.conversation_with(cem)
    batch = Batch(world)
    for one in (group, other):
        batch.submit(anna, changed(opaque_append(one.group_id, 1), idempotency_id=b"i" * 16))
    assert await batch.outcomes() == [2, 2]


async def test_what_is_stale_twice_is_refused_twice(world: World) -> None:
    anna, _, group = await two(world)
    late = opaque_append(group.group_id, 1)
    await anna.update(group)
    batch = Batch(world)
    for one in (late, late, opaque_append(group.group_id, 2)):
        batch.submit(anna, one)
    assert await batch.outcomes() == ["stale_epoch", "stale_epoch", 3]


async def test_a_proposal_keeps_its_place_between_messages(world: World) -> None:
    anna, cem, group = await two(world)
    theirs = cem.groups[group.group_id]
    raw = theirs.propose_remove(theirs.own_leaf)
    leave = f.Append(1, group.group_id, 1, f.PROPOSAL, raw, b"p" * 16)
    batch = Batch(world)
    batch.submit(cem, opaque_append(group.group_id, 1))
    batch.submit(cem, leave)
    batch.submit(cem, changed(leave, message=b"junk", idempotency_id=b"j" * 16))
    batch.submit(anna, changed(leave, idempotency_id=b"f" * 16))
    batch.submit(cem, opaque_append(group.group_id, 1))
    batch.submit(cem, leave)
    assert await batch.outcomes() == [2, 3, "bad_proposal", "bad_proposal", 4, 3]
    kinds = [one.kind for _, one in world.told.envelopes]
    assert kinds == [f.APPLICATION, f.PROPOSAL, f.APPLICATION]


@pytest.mark.parametrize("seed", range(6))
async def test_any_mixture_in_one_batch_goes_as_one_after_the_other(
    world: World, seed: int
) -> None:
    """New, repeated, stale and foreign appends of three devices in two conversations."""
    dice = random.Random(seed)
    anna, cem, group = await two(world)
    mallory = await world.player("mallory")
    groups = [group, await anna.conversation_with(cem)]
    heads = [1, 1]
    known: dict[tuple[int, int, bytes], int] = {}
    for _ in range(4):
        await world.allowed(anna, cem, mallory)
        batch = Batch(world)
        expected: list[int | str] = []
        for _ in range(dice.randrange(1, 40)):
            player, place = dice.choice([anna, anna, cem, cem, mallory]), dice.randrange(2)
            epoch = dice.choice([1, 1, 1, 0, 2])
            request = opaque_append(groups[place].group_id, epoch)
            if epoch == 1:  # some of these have been used before, in this batch or an earlier one
                request = changed(request, idempotency_id=bytes(15) + bytes([dice.randrange(40)]))
            key = (place, player.record.key, request.idempotency_id)
            batch.submit(player, request)
            if player is mallory:
                expected.append("unknown_conversation")
            elif key in known:
                expected.append(known[key])
            elif epoch != 1:
                expected.append("stale_epoch")
            else:
                heads[place] += 1
                known[key] = heads[place]
                expected.append(heads[place])
        assert await batch.outcomes() == expected
    for place, one in enumerate(groups):
        log = await log_of(world, anna, one)
        assert [seq for seq, _ in log] == list(range(1, heads[place] + 1))


async def test_a_database_that_has_lost_a_commit_is_believed(world: World) -> None:
    """A takeover without a synchronous standby, or a restore under a running server."""
    anna, _, group = await two(world)
    roster = world.delivery._appends._rosters.known(group.group_id)
    assert roster is not None
    world.delivery._appends._rosters.remember(dataclasses.replace(roster, epoch=2))
    async with asyncio.timeout(60):
        with pytest.raises(Refusal) as caught:
            await world.delivery.append(anna.record, opaque_append(group.group_id, 2))
    assert (caught.value.code, caught.value.epoch) == ("stale_epoch", 1)
    assert (await world.delivery.append(anna.record, opaque_append(group.group_id, 1))).seq == 2


async def test_what_was_refused_after_it_was_put_back_is_not_written(world: World) -> None:
    anna, cem, group = await two(world)
    waiting = world.delivery._appends
    lane = waiting._lanes[0]
    answers: list[object] = []
    one = Waiting(anna.record, opaque_append(group.group_id, 1), answers.append)
    lane.waiting.append(one)
    answer(one, Refusal("internal", "Not now."))
    waiting._begin(lane)
    await world.delivery.close()
    assert len(answers) == 1
    assert await cem.read(group, 1) == []
