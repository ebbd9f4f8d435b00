"""What one append may be, how many a day, and whose answer it is when somebody goes away."""

import asyncio
import secrets
from datetime import UTC, datetime

import pytest

from delivery_world import Player, World, opaque_append, opaque_message
from plausch.base.clock import ManualClock
from plausch.base.durations import DAY_MS
from plausch.base.errors import PlauschError
from plausch.mls.group import Group
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.records import Accepted
from plausch.wire import frames as f

NOON_MS = int(datetime(2027, 3, 9, 12, tzinfo=UTC).timestamp() * 1000)


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def two(world: World) -> tuple[Player, Player, Group]:
    anna, cem = await world.player("anna"), await world.player("cem")
    return anna, cem, await anna.conversation_with(cem)


def strict(world: World, **limits: int) -> World:
    return World(world.database, clock=ManualClock(NOON_MS), limits=Limits(**limits))


# --- sizes and outsides --------------------------------------------------------------------


async def test_a_message_of_exactly_the_limit_is_the_largest(world: World) -> None:
    small = strict(world, message_bytes=500)
    anna, _, group = await two(small)
    await small.delivery.append(anna.record, opaque_append(group.group_id, 1, 500))
    with refused("too_large") as caught:
        await small.delivery.append(anna.record, opaque_append(group.group_id, 1, 501))
    assert "501" in str(caught.value)
    assert await anna.read(group) == [1, 2]


async def test_no_bit_of_a_messages_outside_may_be_another(world: World) -> None:
    """30 bytes: version, wire format, conversation, epoch, content type. The server files by them,
    and members would find a message of another place, epoch or kind where it does not belong."""
    anna, _, group = await two(world)
    answers: list[Accepted | PlauschError] = []
    for bit in range(30 * 8):
        message = bytearray(opaque_message(group.group_id, 1))
        message[bit // 8] ^= 1 << bit % 8
        request = f.Append(
            1, group.group_id, 1, f.APPLICATION, bytes(message), secrets.token_bytes(16)
        )
        world.delivery.submit(anna.record, request, answers.append)
    await world.delivery.close()
    assert len(answers) == 240
    assert {one.code for one in answers if isinstance(one, Refusal)} == {"bad_message"}
    assert not any(isinstance(one, Accepted) for one in answers)
    assert await anna.read(group) == [1]


async def test_a_message_that_is_cut_anywhere_in_its_outside_is_refused(world: World) -> None:
    anna, _, group = await two(world)
    whole = opaque_append(group.group_id, 1)
    for size in range(30):
        with refused("bad_message"):
            await world.delivery.append(
                anna.record,
                f.Append(1, group.group_id, 1, f.APPLICATION, whole.message[:size], bytes(16)),
            )
    assert (await world.delivery.append(anna.record, whole)).seq == 2


async def test_a_message_of_another_conversation_of_the_same_people_is_refused(
    world: World,
) -> None:
    anna, cem, group = await two(world)
    other = await anna.conversation_with(cem)
    lost = opaque_append(other.group_id, 1)
    with refused("bad_message") as caught:
        await world.delivery.append(
            anna.record,
            f.Append(1, group.group_id, 1, f.APPLICATION, lost.message, lost.idempotency_id),
        )
    assert "epoch 1" in str(caught.value)
    assert (await world.delivery.append(anna.record, lost)).seq == 2


# --- how many a day ------------------------------------------------------------------------


async def test_a_device_sends_so_many_in_a_utc_day_and_its_twin_as_many(world: World) -> None:
    small = strict(world, sends_per_device_per_day=2)
    anna, cem, group = await two(small)
    for player in (anna, cem):
        for _ in range(2):
            await small.delivery.append(player.record, opaque_append(group.group_id, 1))
        with refused("rate_limited") as caught:
            await small.delivery.append(player.record, opaque_append(group.group_id, 1))
        assert caught.value.retry_after_ms == DAY_MS // 2  # at noon: until midnight
    small.clock.advance(DAY_MS // 2 - 1)
    with refused("rate_limited") as caught:
        await small.delivery.append(anna.record, opaque_append(group.group_id, 1))
    assert caught.value.retry_after_ms == 1
    small.clock.advance(1)
    assert (await small.delivery.append(anna.record, opaque_append(group.group_id, 1))).seq == 6


async def test_what_is_wrong_by_itself_does_not_count(world: World) -> None:
    small = strict(world, sends_per_device_per_day=1, message_bytes=500)
    anna, _, group = await two(small)
    good = opaque_append(group.group_id, 1)
    for bad in (
        opaque_append(group.group_id, 1, 501),
        f.Append(1, group.group_id, 1, f.COMMIT, good.message, bytes(16)),
        f.Append(1, group.group_id, -1, f.APPLICATION, good.message, bytes(16)),
        f.Append(1, group.group_id, 1, f.APPLICATION, good.message, bytes(17)),
    ):
        with pytest.raises(Refusal):
            await small.delivery.append(anna.record, bad)
    assert (await small.delivery.append(anna.record, good)).seq == 2
    with refused("rate_limited"):
        await small.delivery.append(anna.record, opaque_append(group.group_id, 1))


async def test_without_a_limit_nobody_is_counted(world: World) -> None:
    free = strict(world, sends_per_device_per_day=0)
    anna, _, group = await two(free)
    for _ in range(5):
        await free.delivery.append(anna.record, opaque_append(group.group_id, 1))
    assert await anna.read(group) == [1, 2, 3, 4, 5, 6]


# --- time ----------------------------------------------------------------------------------


async def test_a_clock_set_back_moves_no_message_before_another(world: World) -> None:
    anna, _, group = await two(world)
    times = []
    for jump in (0, 5_000, -3_600_000, 1_000, -DAY_MS, 3_600_000 + DAY_MS):
        world.clock.advance(jump)
        times.append((await anna.send(group)).accepted_at_ms)
    assert times == sorted(times)
    assert times[-1] == world.clock.now_ms()


async def test_what_shares_a_transaction_shares_its_time(world: World) -> None:
    anna, _, group = await two(world)
    requests = [opaque_append(group.group_id, 1) for _ in range(20)]
    answers = await asyncio.gather(*[world.delivery.append(anna.record, one) for one in requests])
    assert {one.accepted_at_ms for one in answers} == {world.clock.now_ms()}
    stored = await world.delivery.read(anna.record, group.group_id, 1, 500)
    assert {one.accepted_at_ms for one in stored.envelopes} == {world.clock.now_ms()}


# --- who goes away -------------------------------------------------------------------------


async def test_those_who_stop_waiting_have_sent_all_the_same(world: World) -> None:
    """A client that is cancelled, or gone, after its bytes came: the message is in the log, and
    its retry says where."""
    anna, _, group = await two(world)
    requests = [opaque_append(group.group_id, 1) for _ in range(20)]
    tasks = [asyncio.ensure_future(world.delivery.append(anna.record, one)) for one in requests]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in answers] == [True, False] * 10
    await world.delivery.close()
    assert await anna.read(group) == list(range(1, 22))
    again = [(await world.delivery.append(anna.record, one)).seq for one in requests]
    assert again == list(range(2, 22))


async def test_closing_waits_for_all_and_what_comes_later_begins_anew(world: World) -> None:
    anna, _, group = await two(world)
    answers: list[Accepted | PlauschError] = []
    for _ in range(3):
        await world.delivery.close()  # with nothing to wait for, the first time
        for _ in range(4):
            world.delivery.submit(anna.record, opaque_append(group.group_id, 1), answers.append)
        await world.delivery.close()
    assert [one.seq for one in answers if isinstance(one, Accepted)] == list(range(2, 14))


async def test_a_batch_survives_an_answer_that_submits_the_next(world: World) -> None:
    """A connection begins its next append while it is told of the last."""
    anna, _, group = await two(world)
    seqs: list[int] = []

    def answered(result: Accepted | PlauschError) -> None:
        assert isinstance(result, Accepted)
        seqs.append(result.seq)
        if len(seqs) < 10:
            world.delivery.submit(anna.record, opaque_append(group.group_id, 1), answered)

    world.delivery.submit(anna.record, opaque_append(group.group_id, 1), answered)
    await world.delivery.close()
    assert seqs == list(range(2, 12))
