"""Commits on both engines: one for each epoch, all or nothing."""

import asyncio
import secrets

import pytest

from delivery_world import Player, World, opaque_append
from plausch.server.errors import Refusal
from plausch.server.records import Accepted
from plausch.wire import frames as f
from wire_device import accept_anyone


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


@pytest.fixture
async def cem(world: World) -> Player:
    return await world.player("cem")


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


# --- one Commit per epoch ------------------------------------------------------------------


async def test_of_concurrent_commits_exactly_one_wins(world: World) -> None:
    players = [await world.player(f"player{n}") for n in range(6)]
    group = await players[0].conversation_with(*players[1:])

    async def commit(player: Player) -> Accepted | Refusal:
        try:
            return await player.update(player.groups[group.group_id])
        except Refusal as refusal:
            return refusal

    results = await asyncio.gather(*[commit(player) for player in players])
    won = [one for one in results if isinstance(one, Accepted)]
    lost = [one for one in results if isinstance(one, Refusal)]
    assert [one.seq for one in won] == [2]
    assert {(one.code, one.epoch, one.head) for one in lost} == {("stale_epoch", 2, 2)}


async def test_appends_and_commits_race_without_gaps(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)

    async def talk() -> int:
        sent = 0
        for _ in range(60):
            try:
                await world.delivery.append(cem.record, opaque_append(group.group_id, group.epoch))
                sent += 1
            except Refusal as refusal:
                assert refusal.code == "stale_epoch"
        return sent

    async def commit() -> int:
        for _ in range(10):
            await anna.update(group)
        return 10

    total = sum(await asyncio.gather(talk(), talk(), commit()))
    assert await anna.read(group) == list(range(1, total + 2))


async def test_a_message_for_another_epoch_is_stale(anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    late = anna.message(group)
    await anna.update(group)
    with refused("stale_epoch") as caught:
        await anna.world.delivery.append(anna.record, late)
    assert (caught.value.epoch, caught.value.head) == (2, 2)


async def test_a_refused_commit_changes_nothing(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    ela = await world.player("ela")
    pending = group.commit(accept_anyone, world.now_s, adds=[ela.bundle().message])
    good = anna.commit_request(group, pending, [ela.record.uri])
    before = await world.conversations.group_info(anna.record, group.group_id)
    for bad in (
        _with(good, welcome_to=[]),
        _with(good, welcome_to=[cem.record.uri]),
        _with(good, group_info=before),
        _with(good, message=_flipped(good.message, len(good.message) - 40)),
        _with(good, group_info=_flipped(good.group_info, len(good.group_info) - 1)),
    ):
        with refused("bad_commit"):
            await world.delivery.append_commit(anna.record, bad)
    assert await world.conversations.group_info(anna.record, group.group_id) == before
    assert await anna.read(group) == [1]
    assert (await world.delivery.resume(ela.record)).mailbox == 0
    assert (await world.delivery.append_commit(anna.record, good)).seq == 2


def _flipped(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ (1 << secrets.randbelow(8))]) + raw[place + 1 :]


def _with(request: f.AppendCommit, **changes: object) -> f.AppendCommit:
    values = {name: getattr(request, name) for name in request.__struct_fields__}
    return f.AppendCommit(**{**values, "idempotency_id": secrets.token_bytes(16), **changes})


async def test_hostile_bytes_are_refused_and_nothing_else(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    good = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    visible = len(good.message) - 33  # the membership tag is a secret of the members'
    for _ in range(60):
        bad = _with(good, message=_flipped(good.message, secrets.randbelow(visible)))
        with pytest.raises(Refusal):
            await world.delivery.append_commit(anna.record, bad)
    for size in (0, 1, 10, 200):
        bad = _with(good, message=secrets.token_bytes(size), group_info=secrets.token_bytes(size))
        with refused("bad_commit"):
            await world.delivery.append_commit(anna.record, bad)
    assert await anna.read(group) == [1]
