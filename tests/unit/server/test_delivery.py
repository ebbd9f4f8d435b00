"""Reading and resuming: the parts that need no second engine."""

import pytest

from delivery_world import World, opaque_append
from plausch.server.delivery import Stretch, _fitting
from plausch.server.limits import Limits
from plausch.wire import frames as f


@pytest.mark.parametrize(
    ("sizes", "budget", "at_least_one", "expected"),
    [
        ([], 10, True, (0, 10)),
        ([(1, 4), (2, 6)], 10, True, (2, 0)),
        ([(1, 4), (2, 7)], 10, True, (1, 0)),
        ([(1, 40)], 10, True, (1, 0)),
        ([(1, 40)], 10, False, (0, 0)),
        ([(1, 40), (2, 1)], 10, True, (1, 0)),
    ],
)
def test_what_fits(
    sizes: list[tuple[int, int]], budget: int, at_least_one: bool, expected: tuple[int, int]
) -> None:
    assert _fitting(sizes, budget, at_least_one=at_least_one) == expected


async def test_an_envelope_is_what_was_appended(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    request = anna.message(group)
    accepted = await world.delivery.append(anna.record, request)
    stretch = await world.delivery.read(cem.record, group.group_id, 1, 10)
    expected = f.Envelope(
        2, 1, f.APPLICATION, accepted.accepted_at_ms, anna.record.uri, request.message
    )
    assert stretch == Stretch([expected], 2)
    assert world.told.envelopes == [(group.group_id, expected)]


async def test_an_envelope_larger_than_a_stretch_still_comes(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(read_bytes=100))
    anna, cem = await small.player("anna"), await small.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(2):
        await small.delivery.append(anna.record, opaque_append(group.group_id, 1, 300))
    assert await cem.read(group, 1) == [2]
    assert await cem.read(group, 2) == [3]
    assert await cem.read(group, 3) == []


async def test_mailboxes_come_in_pieces(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(read_bytes=100))
    anna, cem = await small.player("anna"), await small.player("cem")
    for _ in range(3):
        await anna.conversation_with(cem)
    items = await small.delivery.read_mailbox(cem.record, 0, 50)
    assert [one.item for one in items] == [1]
    items = await small.delivery.read_mailbox(cem.record, 1, 50)
    assert [one.item for one in items] == [2]
    await small.delivery.acknowledge_mailbox(cem.record, 2)
    await small.delivery.acknowledge_mailbox(cem.record, -1)
    assert (await small.delivery.resume(cem.record)).mailbox == 1
