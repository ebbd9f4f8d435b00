"""What an address may do without a login, counted for all processes together."""

import pytest

from delivery_world import World
from plausch.base.durations import HOUR_MS
from plausch.db.interface import Transaction
from plausch.server.callers import Callers
from plausch.server.errors import Refusal
from plausch.server.limits import Limits


def callers(world: World, **limits: int) -> Callers:
    return Callers(world.database, world.clock, Limits(**limits))


async def test_registrations_are_counted_by_address_at_all_processes(world: World) -> None:
    one, other = [callers(world, registrations_per_address_per_hour=2) for _ in range(2)]
    await one.registers("192.0.2.1")
    await other.registers("192.0.2.1")
    for each in (one, other):
        with pytest.raises(Refusal, match="registered") as caught:
            await each.registers("192.0.2.1")
        assert caught.value.code == "rate_limited"
        assert 0 < caught.value.retry_after_ms <= HOUR_MS
    await one.registers("198.51.100.7")
    world.clock.advance(HOUR_MS)
    await other.registers("192.0.2.1")


async def test_a_process_that_stops_gives_back_what_nobody_has_used(world: World) -> None:
    most = 512  # the first piece is two of them
    for _ in range(most):
        one = callers(world, registrations_per_address_per_hour=most)
        await one.registers("192.0.2.1")
        await one.close()
    with pytest.raises(Refusal, match="registered"):
        await callers(world, registrations_per_address_per_hour=most).registers("192.0.2.1")


async def test_recoveries_are_counted_and_none_may_be(world: World) -> None:
    """0 in the operator's configuration is "none of it"."""
    one, other = [callers(world, recoveries_per_address_per_hour=1) for _ in range(2)]
    await one.recovers("192.0.2.1")
    with pytest.raises(Refusal, match="Backups"):
        await other.recovers("192.0.2.1")
    with pytest.raises(Refusal, match="too often"):
        await callers(world, recoveries_per_address_per_hour=0).recovers("198.51.100.7")


async def test_sides_and_beginnings_of_pairings_are_counted_apart(world: World) -> None:
    one, other = [
        callers(world, pairings_per_address_per_hour=1, pairing_entries_per_address_per_hour=3)
        for _ in range(2)
    ]
    await one.pairs("192.0.2.1", begins=True)
    await other.pairs("192.0.2.1", begins=False)
    with pytest.raises(Refusal, match="pairings"):
        await other.pairs("192.0.2.1", begins=True)
    with pytest.raises(Refusal, match="pairings"):  # the refused one took a side
        await one.pairs("192.0.2.1", begins=False)
    await one.pairs("198.51.100.7", begins=True)


async def test_no_address_stands_in_the_database(world: World) -> None:
    one = callers(world)
    await one.registers("192.0.2.1")
    world.clock.advance(HOUR_MS)
    await one.registers("192.0.2.1")

    async def body(tx: Transaction) -> list[bytes]:
        return [bytes(row[0]) for row in await tx.fetch("SELECT holder FROM allowance")]

    holders = await world.database.read(body)
    assert len(set(holders)) == 2, "another one in another hour"
    assert all(b"192" not in one and len(one) == 16 for one in holders)
