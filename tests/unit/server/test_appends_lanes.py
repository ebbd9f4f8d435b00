"""Conversations do not wait for each other, and with many shards a batch stays on its own."""

import asyncio
import secrets
from collections.abc import Sequence

import pytest

from cast import PATIENCE_S
from delivery_world import World, opaque_append
from plausch.db.interface import Transaction
from plausch.mls.group import Group
from plausch.server import appends
from plausch.server.commits import Commits
from plausch.server.cursors import Cursors
from plausch.server.delivery import Delivery
from plausch.server.errors import Refusal
from plausch.server.records import Accepted, DeviceRecord, Roster
from plausch.server.rosters import Rosters
from plausch.server.store import conversation, cursor
from plausch.server.store.shards import SHARDS, shard_of, shards_of
from plausch.wire import frames as f

ID = bytes(16)


def with_shards(world: World, shards: int) -> Delivery:
    return Delivery(
        world.database,
        world.clock,
        world.limits,
        world.rosters,
        world.franking,
        world.told,
        shards=shards,
    )


async def test_one_conversation_does_not_wait_for_another_ones_proposal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging it takes long: it is on a thread, and its account's time may be used up."""
    anna = await world.player("anna")
    slow, quick = await anna.create(), await anna.create()
    began, may_end = asyncio.Event(), asyncio.Event()

    async def judges(_: Commits, __: DeviceRecord, request: f.Append) -> Accepted:
        began.set()
        await may_end.wait()
        return Accepted(77, 0)

    monkeypatch.setattr(Commits, "append_proposal", judges)
    delivery = with_shards(world, 1)
    proposal = f.Append(1, slow.group_id, 0, f.PROPOSAL, b"p", bytes(16))
    proposing = asyncio.create_task(delivery.append(anna.record, proposal))
    async with asyncio.timeout(PATIENCE_S):
        await began.wait()
        behind = asyncio.create_task(delivery.append(anna.record, opaque_append(slow.group_id, 0)))
        assert (await delivery.append(anna.record, opaque_append(quick.group_id, 0))).seq == 1
        assert not behind.done(), "in its own conversation the order stands"
        may_end.set()
        assert (await proposing).seq == 77
        assert (await behind).seq == 1
    await delivery.close()


@pytest.mark.parametrize("shards", [1, SHARDS])
async def test_every_log_keeps_the_order_whatever_the_shards(world: World, shards: int) -> None:
    anna = await world.player("anna")
    groups = [await anna.create() for _ in range(12)]
    delivery = with_shards(world, shards)
    sent: dict[bytes, list[bytes]] = {group.group_id: [] for group in groups}
    answers: dict[bytes, list[int]] = {group.group_id: [] for group in groups}
    for number in range(240):
        public_id = groups[number * 7 % 12].group_id
        request = opaque_append(public_id, 0)
        sent[public_id].append(request.message)

        def answer(result: object, public_id: bytes = public_id) -> None:
            assert isinstance(result, Accepted)
            answers[public_id].append(result.seq)

        delivery.submit(anna.record, request, answer)
        if number % 17 == 0:
            await asyncio.sleep(0)
    await delivery.close()
    for group in groups:
        stretch = await delivery.read(anna.record, group.group_id, 0, 500)
        assert [one.message for one in stretch.envelopes] == sent[group.group_id]
        assert answers[group.group_id] == list(range(1, 21))
        told = [one.seq for public_id, one in world.told.envelopes if public_id == group.group_id]
        assert told == list(range(1, 21))


async def test_what_lies_on_one_shard_shares_a_transaction_and_nothing_else_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.player("anna")
    groups = [await anna.create() for _ in range(40)]
    await numbered_by_the_database(world, groups[0], 7)
    for group in groups:
        await world.rosters.load(group.group_id)
    grown: list[list[int]] = []
    grow, advance = conversation.grow, cursor.advance

    async def growing(tx: Transaction, wanted: Sequence[tuple[int, int, int]]) -> dict[int, int]:
        grown.append([key for key, _, _ in wanted])
        return await grow(tx, wanted)

    async def advancing(
        tx: Transaction, wanted: Sequence[tuple[int, int, int]]
    ) -> list[tuple[int, int, int]]:
        grown.append([key for key, _, _ in wanted])
        return await advance(tx, wanted)

    monkeypatch.setattr(appends.conversation, "grow", growing)
    monkeypatch.setattr("plausch.server.cursors.cursor.advance", advancing)
    delivery = with_shards(world, SHARDS)
    for group in groups:
        for _ in range(3):
            delivery.submit(anna.record, opaque_append(group.group_id, 0), lambda _: None)
    await delivery.close()
    assert sorted(key for keys in grown for key in keys) == sorted(
        [7, *(conversation.key_of(group.group_id) for group in groups[1:])]
    )
    assert len(grown) - 1 <= len({shard_of(keys[0]) for keys in grown}) < len(groups)
    cursors = Cursors(world.database, world.rosters, world.told, by_shard=True)
    for group in groups:
        assert cursors.acknowledge(anna.record, group.group_id, 3)
    await cursors.close()
    assert len(world.told.cursors) == len(groups)
    assert all(len({shard_of(key) for key in keys}) == 1 for keys in grown)


async def test_one_conversation_does_not_wait_until_another_one_is_looked_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a start no roster is in memory, and everybody comes back at once."""
    anna = await world.player("anna")
    slow, quick = await anna.create(), await anna.create()
    world.rosters = Rosters(world.database)
    await world.rosters.load(quick.group_id)
    began, may_end = asyncio.Event(), asyncio.Event()
    load = Rosters.load

    async def loads(rosters: Rosters, public_id: bytes) -> Roster | None:
        began.set()
        await may_end.wait()
        return await load(rosters, public_id)

    monkeypatch.setattr(Rosters, "load", loads)
    delivery = with_shards(world, 1)
    async with asyncio.timeout(PATIENCE_S):
        waiting = [
            asyncio.create_task(delivery.append(anna.record, opaque_append(slow.group_id, 0)))
            for _ in range(3)
        ]
        await began.wait()
        assert (await delivery.append(anna.record, opaque_append(quick.group_id, 0))).seq == 1
        assert not any(one.done() for one in waiting)
        may_end.set()
        assert [(await one).seq for one in waiting] == [1, 2, 3]
    await delivery.close()


@pytest.mark.parametrize("kind", [f.APPLICATION, f.PROPOSAL])
async def test_who_asks_for_hundreds_of_conversations_waits_behind_himself(
    world: World, kind: int
) -> None:
    """Invented ones cost nothing of anybody's day, so that nothing else would keep him from it."""
    mallory, anna = await world.player("mallory"), await world.player("anna")
    group = await anna.create()
    world.rosters = Rosters(world.database)
    delivery = with_shards(world, 1)
    refused: list[object] = []
    for _ in range(256):
        invented = f.Append(1, secrets.token_bytes(16), 0, kind, b"m", secrets.token_bytes(16))
        delivery.submit(mallory.record, invented, refused.append)
    async with asyncio.timeout(PATIENCE_S):
        if kind == f.PROPOSAL:
            with pytest.raises(Refusal, match="proposal"):
                await delivery.append(anna.record, f.Append(1, group.group_id, 0, kind, b"p", ID))
        else:
            await delivery.append(anna.record, opaque_append(group.group_id, 0))
    assert len(refused) < 32
    await delivery.close()
    assert len(refused) == 256


async def test_messages_and_proposals_of_a_conversation_keep_their_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is looked up, judged, refused or written at once meanwhile."""
    anna = await world.player("anna")
    group, other = await anna.create(), await anna.create()
    world.rosters = Rosters(world.database)
    happened: list[str] = []

    async def judges(_: Commits, __: DeviceRecord, request: f.Append) -> Accepted:
        for _turn in range(5):
            await asyncio.sleep(0)
        happened.append(request.message.decode())
        if request.message == b"p1":
            raise Refusal("bad_proposal", "as intended")
        return Accepted(0, 0)

    monkeypatch.setattr(Commits, "append_proposal", judges)
    delivery = with_shards(world, 1)
    failed: list[str] = []
    for name in ("m0", "p0", "m1", "m2", "p1", "p2", "stale", "m3"):
        request = opaque_append(group.group_id, 9 if name == "stale" else 0)
        if name[0] == "p":
            request = f.Append(1, group.group_id, 0, f.PROPOSAL, name.encode(), bytes(16))

        def answer(result: object, name: str = name) -> None:
            if not isinstance(result, Accepted):
                failed.append(name)
            elif name[0] == "m":
                happened.append(name)

        delivery.submit(anna.record, request, answer)
        delivery.submit(anna.record, opaque_append(other.group_id, 0), lambda _: None)
        await asyncio.sleep(0)
    await delivery.close()
    assert happened == ["m0", "p0", "m1", "m2", "p1", "p2", "m3"]
    assert failed == ["p1", "stale"]
    stretch = await delivery.read(anna.record, other.group_id, 0, 500)
    assert len(stretch.envelopes) == 8


async def numbered_by_the_database(world: World, group: Group, key: int) -> None:
    """As a conversation from before keys were computed from ids."""
    before = conversation.key_of(group.group_id)

    async def body(tx: Transaction) -> None:
        await tx.execute("PRAGMA defer_foreign_keys = 1")
        for table in ("group_info", "member", "stay", "device_cursor"):
            await tx.execute(
                f"UPDATE {table} SET conversation_id = $1 WHERE conversation_id = $2", key, before
            )
        await tx.execute("UPDATE conversation SET id = $1 WHERE id = $2", key, before)

    await world.database.transact(body)
    world.rosters = Rosters(world.database)


async def test_sqlite_is_one_shard(world: World) -> None:
    assert await shards_of(world.database) == 1
