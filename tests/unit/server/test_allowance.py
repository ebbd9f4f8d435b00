"""Allowances: in memory as long as a piece lasts, never more than the whole for all processes."""

import asyncio

import pytest

from delivery_world import World
from plausch.base.clock import ManualClock
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.db.interface import Database, StorageUnavailable
from plausch.server.allowance import (
    ASK_AGAIN_MS,
    HOLDERS,
    LARGEST_PART,
    LONGEST_PAUSE_MS,
    PAUSE_MS,
    Allowance,
)
from plausch.server.store.allowance import Kind


class Counted:
    """A database that counts its transactions, and can be away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = 0
        self.away = self.hangs = False

    async def transact(self, body, *, repeatable=False):  # type: ignore[no-untyped-def]
        self.transactions += 1
        if self.away:
            raise StorageUnavailable("The database is away.")
        done = await self._database.transact(body, repeatable=repeatable)
        if self.hangs:
            raise StorageUnavailable("The COMMIT was not answered.")
        return done


class Process:
    """One process's allowance of sends in a day."""

    def __init__(self, world: World, most: int | None = 1_024, window_ms: int = DAY_MS) -> None:
        self.clock: ManualClock = world.clock
        self.database = Counted(world.database)
        self.allowance: Allowance[int] = Allowance(
            self.database,  # type: ignore[arg-type]  # transact is all that is asked for
            world.clock,
            Kind.SENDS,
            most,
            window_ms,
        )

    async def had(self, holder: int = 1, at_most: int = 10_000) -> int:
        """How much is given out until there is no more."""
        for count in range(at_most):
            if await self.allowance.demand(holder):
                return count
        return at_most


async def test_everything_is_given_out_once_and_then_in_the_next_window(world: World) -> None:
    one = Process(world)
    until_midnight_ms = DAY_MS - one.clock.now_ms() % DAY_MS
    assert await one.had() == 1_024
    assert await one.allowance.demand(1) == until_midnight_ms
    assert await one.had(holder=2) == 1_024
    one.clock.advance(until_midnight_ms - 1)
    assert await one.allowance.demand(1) == 1
    one.clock.advance(1)
    assert await one.had() == 1_024


async def test_few_statements_for_many_uses(world: World) -> None:
    """4, 8, 16, 32, then 64 each: a sixteenth."""
    one = Process(world)
    for _ in range(4):
        await one.allowance.demand(1)
    assert one.database.transactions == 1
    await one.had()
    assert one.database.transactions <= 16 + 5
    before = one.database.transactions
    for _ in range(100):
        assert await one.allowance.demand(1) > 0
    assert one.database.transactions == before, "who has nothing left costs nothing"


@pytest.mark.parametrize("processes", [2, 5])
async def test_many_processes_give_out_the_whole_and_not_more(world: World, processes: int) -> None:
    all_of_them = [Process(world) for _ in range(processes)]
    assert sum(await asyncio.gather(*[one.had() for one in all_of_them])) == 1_024
    assert await Process(world).had() == 0


@pytest.mark.parametrize(("most", "expected"), [(0, 0), (1, 1), (2, 2), (17, 17), (None, 50)])
async def test_small_numbers(world: World, most: int | None, expected: int) -> None:
    first, second = Process(world, most, HOUR_MS), Process(world, most, HOUR_MS)
    had = await first.had(at_most=25) + await second.had(at_most=25)
    assert had == expected


async def test_a_killed_process_takes_a_sixteenth_along_at_most(world: World) -> None:
    killed = Process(world)
    for _ in range(200):
        await killed.allowance.demand(1)
    left = await Process(world).had()
    assert 1_024 - 200 - 1_024 // 16 <= left <= 1_024 - 200


async def test_a_stopped_process_gives_back_what_it_has_not_given_out(world: World) -> None:
    stopped = Process(world)
    for _ in range(200):
        await stopped.allowance.demand(1)
    await stopped.allowance.close()
    assert await Process(world).had() == 1_024 - 200
    before = stopped.database.transactions
    await stopped.allowance.close()
    assert stopped.database.transactions == before


async def test_what_another_one_gave_back_is_found_a_minute_later(world: World) -> None:
    stopped, other = Process(world), Process(world)
    await stopped.allowance.demand(1)
    assert await other.had() == 1_020
    await stopped.allowance.close()
    assert await other.had() == 0
    world.clock.advance(ASK_AGAIN_MS)
    assert await other.had() == 3


async def test_amounts_fit_whole_or_not_at_all(world: World) -> None:
    one = Process(world, 100)
    assert await one.allowance.demand(1, 60) == 0
    assert await one.allowance.demand(1, 41) > 0
    assert await one.allowance.demand(1, 40) == 0
    assert await one.allowance.demand(2, 101) > 0


async def test_an_amount_of_nothing_asks_whether_there_is_anything(world: World) -> None:
    one = Process(world, 1)
    assert await one.allowance.demand(1, 0) == 0
    assert await one.allowance.demand(1) == 0
    assert await one.allowance.demand(1, 0) > 0
    assert await Process(world, 0).allowance.demand(1, 0) > 0


async def test_what_was_not_had_after_all_is_given_back_but_not_to_tomorrow(world: World) -> None:
    one = Process(world, 1)
    assert await one.allowance.demand(1) == 0
    one.allowance.give_back(1)
    assert await one.allowance.demand(1) == 0
    world.clock.advance(DAY_MS)
    one.allowance.give_back(1)
    assert await one.allowance.demand(1) == 0
    one.allowance.give_back(1)
    one.allowance.give_back(1)
    assert await one.had() == 1


async def test_a_window_that_ends_while_it_is_asked_takes_nothing_along(world: World) -> None:
    one = Process(world, 16)
    assert one.allowance.wait_ms(1) is None
    asking = asyncio.create_task(one.allowance.draw({1: 16}))
    await asyncio.sleep(0)
    world.clock.advance(DAY_MS)
    assert one.allowance.wait_ms(1) is None
    await asking
    assert await one.had() == 16


async def test_without_a_database_nothing_is_given_out(world: World) -> None:
    one = Process(world, 16)
    one.database.away = True
    with pytest.raises(StorageUnavailable):
        await one.allowance.demand(1)
    one.database.away = False
    one.clock.advance(PAUSE_MS)
    assert await one.had() == 16
    one.database.away = True
    await one.allowance.close()  # nothing can be given back, and nobody is kept from stopping


async def test_draws_that_are_taken_and_fail_cost_their_holder_little(world: World) -> None:
    """A COMMIT that hangs is done all the same: what was drawn is lost."""
    one, other = Process(world, 1_024), Process(world, 1_024)
    one.database.hangs = True
    for _ in range(3_600):  # an hour
        with pytest.raises(StorageUnavailable):
            await one.allowance.demand(1)
        one.clock.advance(1_000)
    assert one.database.transactions < 3_600_000 / LONGEST_PAUSE_MS + 10
    one.database.hangs = False
    one.clock.advance(LONGEST_PAUSE_MS)
    had = await one.had()
    assert had > 1_024 - 4 - one.database.transactions
    assert await other.had() == 0


async def test_after_a_draw_that_worked_the_next_failure_pauses_for_a_moment_only(
    world: World,
) -> None:
    one = Process(world, 1_024)
    for _ in range(20):
        one.database.away = True
        with pytest.raises(StorageUnavailable):
            await one.allowance.draw({1: 1})
        one.clock.advance(PAUSE_MS)
        one.database.away = False
        await one.allowance.draw({1: 1})
    assert one.database.transactions == 40


async def test_a_clock_that_is_set_back_does_not_make_a_pause_longer(world: World) -> None:
    one = Process(world)
    one.database.away = True
    with pytest.raises(StorageUnavailable):
        await one.allowance.demand(1)
    one.database.away = False
    one.clock.advance(-HOUR_MS)
    assert await one.allowance.demand(1) == 0


async def test_memory_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plausch.server.allowance.HOLDERS", 3)
    assert HOLDERS > 3
    one = Process(world)
    for holder in range(10):
        await one.allowance.demand(holder)
    assert len(one.allowance._pots) == 3


async def test_many_at_once_draw_no_more_than_one_after_the_other(world: World) -> None:
    """Each piece is larger than the last: who asks at the same moment shares one."""
    one, other = Process(world, 1_600), Process(world, 1_600)
    assert await asyncio.gather(*(one.allowance.demand(1) for _ in range(30))) == [0] * 30
    assert await other.had() >= 1_600 - 30 - 2 * 1_600 // LARGEST_PART
