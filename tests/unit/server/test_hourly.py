"""Limits of an hour: all or nothing, with a sentence; and holders without names."""

import pytest

from delivery_world import World
from plausch.base.durations import HOUR_MS
from plausch.db.interface import Transaction
from plausch.server.errors import Refusal
from plausch.server.hourly import Hourly, nameless
from plausch.server.store.allowance import Kind

SENTENCE = "Too often: try again later."


def hourly(world: World, most: int) -> Hourly:
    return Hourly(world.database, world.clock, Kind.REPORTS, most, SENTENCE)


async def test_who_has_had_an_hour_is_told_when_the_next_one_begins(world: World) -> None:
    one, other = hourly(world, 3), hourly(world, 3)
    world.clock.advance(HOUR_MS // 4)
    await one.count(7, 2)
    await other.count(7)
    for each in (one, other):
        with pytest.raises(Refusal, match=SENTENCE) as caught:
            await each.count(7)
        assert (caught.value.code, caught.value.retry_after_ms) == (
            "rate_limited",
            HOUR_MS * 3 // 4,
        )
    await one.count(8, 3)
    world.clock.advance(caught.value.retry_after_ms)
    await other.count(7, 3)


@pytest.mark.parametrize(("most", "amount"), [(3, 4), (0, 1), (0, 0)])
async def test_more_than_an_hour_has_is_refused_in_every_hour(
    world: World, most: int, amount: int
) -> None:
    one = hourly(world, most)
    for _ in range(3):
        with pytest.raises(Refusal) as caught:
            await one.count(7, amount)
        assert caught.value.code == "rate_limited"
        world.clock.advance(HOUR_MS)
    if most:
        await one.count(7, most)


async def test_what_was_not_had_after_all_can_be_had_again(world: World) -> None:
    one = hourly(world, 2)
    await one.count(b"holder", 2)
    one.give_back(b"holder", 2)
    await one.count(b"holder", 2)


async def test_what_is_drawn_and_not_used_is_given_back_at_the_end(world: World) -> None:
    one = hourly(world, 1_024)
    await one.count(7)
    await one.close()

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT drawn FROM allowance"))[0][0])

    assert await world.database.read(body) == 1


def test_a_holder_without_a_name_is_another_one_each_hour() -> None:
    made = nameless("claim", 5 * HOUR_MS, "12", "3")
    assert len(made) == 16
    assert nameless("claim", 6 * HOUR_MS - 1, "12", "3") == made
    others = {
        nameless("claim", 6 * HOUR_MS, "12", "3"),
        nameless("claim", 5 * HOUR_MS, "1", "23"),
        nameless("caller", 5 * HOUR_MS, "12", "3"),
    }
    assert made not in others and len(others) == 3


def test_an_address_has_the_hash_that_versions_before_gave_it() -> None:
    """They run beside this one for a while, and count in the same rows."""
    made = nameless("caller", 500_000 * HOUR_MS, "192.0.2.1")
    assert made.hex() == "5a2cf478f5564806d242846e427cb2f9"
