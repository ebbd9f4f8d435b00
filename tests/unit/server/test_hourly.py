"""Limits of an hour: all or nothing, with a sentence; and holders without names."""

import asyncio

import pytest

from delivery_world import World
from plausch.base.durations import HOUR_MS
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.server import hourly as module
from plausch.server.allowance import LONGEST_PAUSE_MS
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


class Hanging:
    """A database whose transactions wait until they are let go, or fail at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.go_on = asyncio.Event()
        self.away = False
        self.begun = 0

    async def transact(self, body, *, repeatable=False):  # type: ignore[no-untyped-def]
        self.begun += 1
        if self.away:
            raise StorageUnavailable("The database is away.")
        await self.go_on.wait()
        return await self._world.database.transact(body, repeatable=repeatable)


def reading(world: World, database: Hanging, most: int) -> Hourly:
    return Hourly(database, world.clock, Kind.SEARCHES, most, SENTENCE)  # type: ignore[arg-type]


async def test_reading_does_not_wait_for_a_count_that_hangs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    database = Hanging(world)
    one = reading(world, database, 1_024)
    for _ in range(50):
        await one.count_reading(7)
    assert database.begun == 1, "who is being counted reads on meanwhile"
    database.go_on.set()
    await one.close()
    assert database.begun == 2, "drawn at last, counted, and the rest given back"


async def test_reading_goes_on_uncounted_while_nothing_can_be_written_and_is_counted_after_it(
    world: World,
) -> None:
    database = Hanging(world)
    database.go_on.set()
    database.away = True
    one = reading(world, database, 3)
    for _ in range(9):
        await one.count_reading(7)
    database.away = False
    world.clock.advance(LONGEST_PAUSE_MS)
    for _ in range(3):
        await one.count_reading(7)
    with pytest.raises(Refusal, match=SENTENCE):
        await one.count_reading(7)
    with pytest.raises(Refusal, match=SENTENCE):
        await one.count_reading(7)


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
