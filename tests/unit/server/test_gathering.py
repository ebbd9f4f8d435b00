"""Questions of one moment share a transaction, and each has its own reply."""

import asyncio
from collections.abc import Sequence

import pytest

from delivery_world import World
from plausch.db.interface import StorageUnavailable
from plausch.server.gathering import AT_ONCE, Gathering
from plausch.server.store import suspension


class Database:
    """Squares numbers, when it may."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.may = asyncio.Event()
        self.may.set()
        self.fails = False

    async def squares(self, numbers: Sequence[int]) -> list[int]:
        self.asked.append(list(numbers))
        await self.may.wait()
        if self.fails:
            raise StorageUnavailable("The disk is full.")
        return [number * number for number in numbers]


async def until_asked(database: Database) -> None:
    while not database.asked:
        await asyncio.sleep(0)


async def test_what_is_asked_at_once_is_answered_at_once_each_with_its_own() -> None:
    database = Database()
    gathering = Gathering(database.squares)
    assert await asyncio.gather(*(gathering.ask(one) for one in (3, 1, 3))) == [9, 1, 9]
    assert database.asked == [[3, 1, 3]]
    assert await gathering.ask(5) == 25


async def test_who_comes_while_others_are_answered_gets_what_is_read_after_that() -> None:
    database = Database()
    gathering = Gathering(database.squares)
    database.may.clear()
    first = asyncio.ensure_future(gathering.ask(1))
    await until_asked(database)
    rest = [asyncio.ensure_future(gathering.ask(one)) for one in range(AT_ONCE + 1)]
    await asyncio.sleep(0)
    assert database.asked == [[1]]
    database.may.set()
    assert await first == 1
    assert await asyncio.gather(*rest) == [one * one for one in range(AT_ONCE + 1)]
    assert database.asked[1:] == [list(range(AT_ONCE)), [AT_ONCE]]


async def test_a_failure_is_told_to_all_of_them_and_the_next_are_asked_anew() -> None:
    database = Database()
    gathering = Gathering(database.squares)
    database.fails = True
    failed = await asyncio.gather(*(gathering.ask(one) for one in (1, 2)), return_exceptions=True)
    assert [type(one) for one in failed] == [StorageUnavailable] * 2
    database.fails = False
    assert await gathering.ask(2) == 4


async def test_too_few_replies_are_a_failure_for_all() -> None:
    async def too_few(numbers: Sequence[int]) -> list[int]:
        return list(numbers[1:])

    gathering = Gathering(too_few)
    told = await asyncio.gather(*(gathering.ask(one) for one in (1, 2)), return_exceptions=True)
    assert [type(one) for one in told] == [ValueError] * 2


async def test_nobody_waits_for_an_answer_that_was_given_up() -> None:
    async def gives_up(numbers: Sequence[int]) -> list[int]:
        raise asyncio.CancelledError

    gathering = Gathering(gives_up)
    asked = [asyncio.ensure_future(gathering.ask(one)) for one in range(AT_ONCE + 1)]
    await asyncio.wait(asked, timeout=10)
    assert all(one.cancelled() for one in asked)
    with pytest.raises(asyncio.CancelledError):
        await gathering.ask(1)


@pytest.mark.parametrize("fails", [False, True])
async def test_who_gives_up_hurts_nobody(fails: bool) -> None:
    database = Database()
    gathering = Gathering(database.squares)
    database.may.clear()
    database.fails = fails
    impatient, patient = (asyncio.ensure_future(gathering.ask(one)) for one in (1, 2))
    await until_asked(database)
    impatient.cancel()
    database.may.set()
    (result,) = await asyncio.gather(patient, return_exceptions=True)
    assert isinstance(result, StorageUnavailable) if fails else result == 4
    assert impatient.cancelled()


async def test_devices_that_come_back_at_once_are_looked_up_and_told_what_moved_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    players = [await world.player(name) for name in ("anna", "ben", "cem")]
    await world.database.transact(
        lambda tx: suspension.add(tx, players[2].record.account_key, 5, is_removed=False)
    )
    reads = 0
    read = world.database.read

    async def counted(body):  # type: ignore[no-untyped-def]
        nonlocal reads
        reads += 1
        return await read(body)

    monkeypatch.setattr(world.database, "read", counted)
    uris = [one.record.uri for one in players]
    found = await asyncio.gather(*(world.devices._found.ask(uri) for uri in [*uris, "uri:none"]))
    assert found == [
        (players[0].record, False),
        (players[1].record, False),
        (players[2].record, True),
        (None, False),
    ]
    assert reads == 1
    records = [players[0].record, players[0].record, players[1].record]
    standings = await asyncio.gather(*(world.delivery.resume(one) for one in records))
    assert [(one.moved, one.mailbox, one.more) for one in standings] == [([], 0, False)] * 3
    assert reads == 2
