"""Appends: one transaction for all that wait; a failing disk acknowledges nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import Player, World, opaque_append
from plausch.base.errors import Fault, PlauschError
from plausch.db.interface import Transaction
from plausch.db.sqlite import open_sqlite
from plausch.mls.group import Group
from plausch.server import appends
from plausch.server.errors import Refusal
from plausch.server.records import Accepted


async def two(world: World) -> tuple[Player, Player, Group]:
    anna, cem = await world.player("anna"), await world.player("cem")
    return anna, cem, await anna.conversation_with(cem)


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[World]:
    database = open_sqlite(tmp_path / "server.db")
    world = await World(database).prepare()
    yield world
    await world.delivery.close()
    await database.close()


async def fill_the_disk(world: World) -> None:
    """SQLite may not add a page, until its connection is opened anew after the failure."""

    async def body(tx: Transaction) -> None:
        pages = (await tx.fetch("PRAGMA page_count"))[0][0]
        await tx.fetch(f"PRAGMA max_page_count = {pages}")

    await world.database.transact(body)


async def test_a_full_disk_refuses_the_whole_batch_and_heals(on_disk: World) -> None:
    anna, _, group = await two(on_disk)
    await fill_the_disk(on_disk)
    requests = [opaque_append(group.group_id, 1, 9_000) for _ in range(30)]
    results = await asyncio.gather(
        *[on_disk.delivery.append(anna.record, one) for one in requests], return_exceptions=True
    )
    for one in results:
        assert isinstance(one, Refusal)
        assert (one.code, one.fault) == ("storage_unavailable", Fault.OPERATOR)
        assert one.retry_after_ms > 0
    assert on_disk.told.envelopes == []
    answers = await asyncio.gather(*[on_disk.delivery.append(anna.record, one) for one in requests])
    assert [one.seq for one in answers] == list(range(2, 32))


async def test_more_than_one_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appends, "BATCH", 7)
    anna, _, group = await two(world)
    answers: list[Accepted | PlauschError] = []
    for _ in range(40):
        world.delivery.submit(anna.record, opaque_append(group.group_id, 1), answers.append)
    await world.delivery.close()
    assert [one.seq for one in answers if isinstance(one, Accepted)] == list(range(2, 42))


async def test_answers_come_before_the_hub_is_told(world: World) -> None:
    anna, _, group = await two(world)
    order: list[str] = []
    world.told.appended = lambda *_: order.append("hub")  # type: ignore[method-assign]
    world.delivery.submit(
        anna.record, opaque_append(group.group_id, 1), lambda _: order.append("answer")
    )
    await world.delivery.close()
    assert order == ["answer", "hub"]


async def test_time_never_runs_backwards(world: World) -> None:
    anna, _, group = await two(world)
    first = await anna.send(group)
    world.clock.advance(-60_000)
    assert (await anna.send(group)).accepted_at_ms == first.accepted_at_ms


async def test_a_defect_leaves_nobody_without_an_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    anna, _, group = await two(world)

    async def defect(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(appends.envelope, "add", defect)
    with pytest.raises(Refusal) as caught:
        await anna.send(group)
    assert caught.value.code == "internal"
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert (await anna.send(group)).seq == 2


async def test_who_stops_waiting_hinders_nobody(world: World) -> None:
    anna, _, group = await two(world)
    task = asyncio.ensure_future(anna.send(group))
    await asyncio.sleep(0)
    task.cancel()
    assert (await anna.send(group)).seq in (2, 3)
