"""Logins of one moment share a transaction, and each has its own answer."""

import asyncio

import pytest

from delivery_world import World
from plausch.db.interface import Body, Database, StorageUnavailable, T, Transaction
from plausch.server.arrivals import Arrivals, Supply
from plausch.server.store import device


class Counting:
    """A database that counts transactions, and fails when it is told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = 0
        self.failing = False

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        self.transactions += 1
        if self.failing:
            raise StorageUnavailable("The disk is full.")
        return await self._database.transact(body, repeatable=repeatable)


def nothing() -> None:
    """Nobody is told."""


async def test_what_comes_at_once_is_written_at_once(world: World) -> None:
    players = [await world.player(name) for name in ("anna", "ben", "cem")]
    await players[1].upload(3)
    counting = Counting(world.database)
    arrivals = Arrivals(counting, world.clock)  # type: ignore[arg-type]
    entered: list[str] = []
    left = await asyncio.gather(
        *(
            arrivals.note(one.record, lambda one=one: entered.append(one.record.uri))
            for one in players
        )
    )
    assert left == [Supply(0, False), Supply(3, False), Supply(0, False)]
    assert entered == [one.record.uri for one in players]
    assert counting.transactions == 1


async def test_who_is_not_listed_any_more_does_not_enter(world: World) -> None:
    anna, ben = await world.player("anna"), await world.player("ben")

    async def body(tx: Transaction) -> None:
        await device.unlist(tx, ben.record.key)

    await world.database.transact(body)
    arrivals = Arrivals(world.database, world.clock)
    entered: list[str] = []
    left = await asyncio.gather(
        arrivals.note(anna.record, lambda: entered.append("anna")),
        arrivals.note(ben.record, lambda: entered.append("ben")),
    )
    assert left == [Supply(0, False), None]
    assert entered == ["anna"]


async def test_a_device_that_comes_twice_at_once_is_there_twice(world: World) -> None:
    anna = await world.player("anna")
    arrivals = Arrivals(world.database, world.clock)
    entered: list[int] = []
    await asyncio.gather(
        *(arrivals.note(anna.record, lambda place=place: entered.append(place)) for place in (1, 2))
    )
    assert entered == [1, 2]


async def test_a_disk_that_takes_nothing_refuses_each_and_the_next_are_tried_again(
    world: World,
) -> None:
    anna, ben = await world.player("anna"), await world.player("ben")
    counting = Counting(world.database)
    counting.failing = True
    arrivals = Arrivals(counting, world.clock)  # type: ignore[arg-type]
    outcomes = await asyncio.gather(
        *(arrivals.note(one.record, nothing) for one in (anna, ben)), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [StorageUnavailable, StorageUnavailable]
    counting.failing = False
    assert await arrivals.note(anna.record, nothing) == Supply(0, False)


async def test_one_who_has_left_meanwhile_does_not_enter(world: World) -> None:
    anna, ben = await world.player("anna"), await world.player("ben")
    arrivals = Arrivals(world.database, world.clock)
    entered: list[str] = []
    loop = asyncio.get_running_loop()
    gone = loop.create_task(arrivals.note(anna.record, lambda: entered.append("anna")))
    there = loop.create_task(arrivals.note(ben.record, lambda: entered.append("ben")))
    await asyncio.sleep(0)
    gone.cancel()
    await there
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert entered == ["ben"]


async def test_one_that_cannot_enter_keeps_nobody_waiting(world: World) -> None:
    anna, ben = await world.player("anna"), await world.player("ben")
    arrivals = Arrivals(world.database, world.clock)
    entered: list[str] = []

    def fail() -> None:
        raise RuntimeError("a bug")

    async with asyncio.timeout(60):
        failed, left = await asyncio.gather(
            arrivals.note(anna.record, fail),
            arrivals.note(ben.record, lambda: entered.append("ben")),
            return_exceptions=True,
        )
    assert isinstance(failed, RuntimeError)
    assert (entered, left) == (["ben"], Supply(0, False))
