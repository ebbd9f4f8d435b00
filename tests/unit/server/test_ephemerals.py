"""Ephemeral messages are MLS messages of their conversation and of the epoch that is now."""

import pytest

from delivery_world import Player, World, opaque_message
from plausch.mls.group import Group
from plausch.server import ephemerals
from plausch.server.errors import Refusal
from plausch.wire import frames as f


async def two(world: World) -> tuple[Player, Player, Group]:
    anna, cem = await world.player("anna"), await world.player("cem")
    return anna, cem, await anna.conversation_with(cem)


def refusal(frame: f.SendEphemeral, player: Player) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ephemerals.checked(frame, player.record, player.world.rosters.known(frame.conversation))
    return caught.value


@pytest.mark.parametrize(("size", "cost"), [(0, 1), (1023, 1), (1024, 2), (65536, 65)])
def test_a_large_one_costs_as_much_as_many_small_ones(size: int, cost: int) -> None:
    assert ephemerals.cost(f.SendEphemeral(bytes(16), bytes(size))) == cost


async def test_a_members_message_of_this_epoch_is_for_its_roster(world: World) -> None:
    anna, _, group = await two(world)
    frame = f.SendEphemeral(group.group_id, group.encrypt(b"typing"))
    roster = world.rosters.known(group.group_id)
    assert ephemerals.epoch_of(frame) == 1
    assert ephemerals.checked(frame, anna.record, roster) is roster


async def test_it_is_a_private_message_of_its_conversation(world: World) -> None:
    anna, _, group = await two(world)
    proposal = opaque_message(group.group_id, 1)
    type_at = 4 + 1 + 16 + 8
    proposal = proposal[:type_at] + b"\x02" + proposal[type_at + 1 :]
    commit = group.commit(lambda *_: None, world.now_s)
    for raw in (b"typing", b"", opaque_message(bytes(16), 1), proposal, commit.commit):
        frame = f.SendEphemeral(group.group_id, raw)
        assert ephemerals.epoch_of(frame) == ephemerals.NO_EPOCH
        assert refusal(frame, anna).code == "bad_message"


async def test_another_epoch_is_refused_with_the_one_that_is(world: World) -> None:
    anna, _, group = await two(world)
    for epoch in (0, 2, (1 << 64) - 1):
        seen = refusal(f.SendEphemeral(group.group_id, opaque_message(group.group_id, epoch)), anna)
        assert (seen.code, seen.epoch) == ("stale_epoch", 1)


async def test_strangers_learn_nothing_of_message_and_epoch(world: World) -> None:
    _, _, group = await two(world)
    eve = await world.player("eve")
    for raw in (b"typing", opaque_message(group.group_id, 0), opaque_message(group.group_id, 1)):
        assert refusal(f.SendEphemeral(group.group_id, raw), eve).code == "unknown_conversation"
        assert refusal(f.SendEphemeral(bytes(16), raw), eve).code == "unknown_conversation"
