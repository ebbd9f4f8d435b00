"""Retention: the parts that need no second engine."""

from delivery_world import World
from plausch.server.retention import Swept

DAY_MS = 86_400_000


async def test_an_empty_server_has_nothing_to_sweep(world: World) -> None:
    assert await world.retention.sweep() == Swept(0, 0)


async def test_expired_invitations_go_too(world: World) -> None:
    await world.accounts.invite(valid_ms=1_000)
    world.clock.advance(2_000)
    await world.retention.sweep()
    world.clock.advance(-2_000)
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
