"""Mailboxes on both engines: their limits, who shares a Welcome, and who may wait for whom."""

import asyncio

import pytest

from delivery_world import Player, World
from plausch.base.errors import Fault
from plausch.db.interface import Transaction
from plausch.db.postgres import _LOST_RACE, PostgresDatabase
from plausch.server import commits
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.store import conversation, device
from wire_device import accept_anyone


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def rows_left(world: World) -> tuple[int, int]:
    """(Welcomes, mailbox items) in the database."""

    async def body(tx: Transaction) -> tuple[int, int]:
        ((welcomes, items),) = await tx.fetch(
            "SELECT (SELECT count(*) FROM welcome), (SELECT count(*) FROM mailbox)"
        )
        return welcomes, items

    return await world.database.read(body)


@pytest.mark.parametrize("limit", ["mailbox_items", "mailbox_bytes"])
async def test_a_mailbox_is_full_at_some_time(world: World, limit: str) -> None:
    anna, cem, ela = [await world.player(name) for name in ("anna", "cem", "ela")]
    await anna.conversation_with(cem)
    (item,) = await world.delivery.read_mailbox(cem.record, 0, 50)
    most = {"mailbox_items": 2, "mailbox_bytes": 2 * len(item.welcome) + 100}[limit]
    small = World(world.database, clock=world.clock, limits=Limits(**{limit: most}))
    for player in (anna, ela):
        player.world = small
    await ela.conversation_with(cem)
    group = await anna.create()
    with refused("mailbox_full") as caught:
        await anna.add(group, cem)
    assert caught.value.fault is Fault.REMOTE
    assert (await world.delivery.resume(cem.record)).mailbox == 2
    assert await anna.read(group) == []
    await anna.add(group, ela)
    await world.delivery.acknowledge_mailbox(cem.record, 1)
    await anna.add(await anna.create(), cem)


async def test_the_last_two_to_fetch_a_welcome_leave_nothing_of_it(world: World) -> None:
    anna, cem, ela = [await world.player(name) for name in ("anna", "cem", "ela")]
    for _ in range(20):
        await anna.conversation_with(cem, ela)
        await asyncio.gather(
            *[world.delivery.acknowledge_mailbox(one.record, 2**60) for one in (cem, ela)]
        )
        assert await rows_left(world) == (0, 0)


async def test_a_device_that_is_unlisted_meanwhile_gets_no_welcome(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its list was published after the Commit had looked for it and before its Welcome."""
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.create()
    pending = group.commit(accept_anyone, world.now_s, adds=[cem.bundle().message])
    request = anna.commit_request(group, pending, [cem.record.uri])
    real = conversation.advance

    async def late(tx: Transaction, key: int, epoch: int) -> int | None:
        await device.unlist(tx, cem.record.key)
        return await real(tx, key, epoch)

    monkeypatch.setattr(commits.conversation, "advance", late)
    with refused("bad_commit"):
        await world.delivery.append_commit(anna.record, request)
    monkeypatch.undo()
    assert await rows_left(world) == (0, 0)
    assert (await world.delivery.append_commit(anna.record, request)).seq == 1


async def test_who_add_each_other_do_not_wait_for_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    races: list[str] = []
    real = PostgresDatabase._once

    async def watched(self, *given, **named):  # type: ignore[no-untyped-def]
        try:
            return await real(self, *given, **named)
        except _LOST_RACE as error:
            races.append(type(error).__name__)
            raise

    monkeypatch.setattr(PostgresDatabase, "_once", watched)
    anna, cem = await world.player("anna"), await world.player("cem")

    async def begin(player: Player, other: Player) -> None:
        for _ in range(25):
            await player.conversation_with(other)

    await asyncio.gather(begin(anna, cem), begin(cem, anna))
    assert races == []
