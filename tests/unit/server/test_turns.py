"""Places are given in rotation, and none is lost."""

import asyncio

import pytest

from plausch.server.turns import Turns

MALLORY, ANNA, CEM = 1, 2, 3


class Work:
    """Takes places, and holds each until it may end."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.came: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._may_end = asyncio.Semaphore(0)

    async def begin(self, holder: int, count: int = 1) -> None:
        self.tasks += [asyncio.create_task(self._one(holder)) for _ in range(count)]
        await self.settle()

    async def end(self, count: int) -> None:
        for _ in range(count):
            self._may_end.release()
            await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def _one(self, holder: int) -> None:
        async with self.turns.turn(holder):
            self.came.append(holder)
            await self._may_end.acquire()


async def test_who_comes_with_one_waits_for_one_of_each_of_the_others() -> None:
    work = Work(2)
    await work.begin(MALLORY, 6)
    await work.begin(ANNA)
    await work.begin(CEM, 2)
    assert work.came == [MALLORY, MALLORY], "two places"
    await work.end(9)
    assert work.came == [MALLORY] * 3 + [ANNA, CEM, MALLORY, CEM, MALLORY, MALLORY]
    await asyncio.gather(*work.tasks)


async def test_who_leaves_while_he_waits_takes_no_place_along() -> None:
    work = Work(1)
    await work.begin(MALLORY)
    await work.begin(ANNA)
    await work.begin(CEM)
    work.tasks[1].cancel()
    await work.end(1)
    assert work.came == [MALLORY, CEM]
    await work.end(1)
    await work.begin(ANNA)
    assert work.came == [MALLORY, CEM, ANNA], "the place is free again"
    await work.end(1)


async def test_who_leaves_in_the_moment_of_its_turn_gives_it_on() -> None:
    work = Work(1)
    await work.begin(MALLORY)
    await work.begin(ANNA)
    await work.begin(CEM)
    work.tasks[0].cancel()
    await asyncio.sleep(0)  # its end has called Anna, who has not been woken yet
    work.tasks[1].cancel()
    await work.settle()
    assert work.came == [MALLORY, CEM]
    await work.end(1)


async def test_a_failure_frees_its_place() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError):
        async with turns.turn(MALLORY):
            raise ZeroDivisionError
    async with asyncio.timeout(1), turns.turn(ANNA):
        pass
