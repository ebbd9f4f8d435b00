"""Commits and proposals: what the server sees of a handshake message decides."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import Player, World
from plausch.base.errors import Fault
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite
from plausch.identity.device_list import DeviceList
from plausch.mls.group import Group, external_join
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.wire import frames as f
from wire_device import accept_anyone


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


@pytest.fixture
async def cem(world: World) -> Player:
    return await world.player("cem")


async def refusal_of(world: World, player: Player, request: f.AppendCommit) -> str:
    with pytest.raises(Refusal) as caught:
        await world.delivery.append_commit(player.record, request)
    return caught.value.code


def proposal(group: Group, raw: bytes) -> f.Append:
    return f.Append(1, group.group_id, group.epoch, f.PROPOSAL, raw, secrets.token_bytes(16))


async def test_a_commit_is_appended_by_its_own_author(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    request = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    assert await refusal_of(world, cem, request) == "bad_commit"
    await world.delivery.append_commit(anna.record, request)


async def test_an_encrypted_commit_is_refused(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    pending = group.commit(accept_anyone, world.now_s, private=True)
    assert await refusal_of(world, anna, anna.commit_request(group, pending)) == "bad_commit"


async def test_adding_somebody_who_is_not_registered_is_refused(world: World, anna: Player) -> None:
    group = await anna.create()
    stranger = Player(world, world.person("mallory"), anna.record)  # never registered
    pending = group.commit(accept_anyone, world.now_s, adds=[stranger.bundle().message])
    request = anna.commit_request(group, pending, [stranger.person.device.uri])
    assert await refusal_of(world, anna, request) == "bad_commit"


async def test_a_device_that_was_unlisted_cannot_be_added(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.create()
    laptop = await cem.link()
    bundle = laptop.bundle()
    only = [(cem.person.device.device, cem.person.key.public)]
    without = DeviceList.issue(
        cem.person.identity, cem.person.address, only, world.now_s, laptop.person.device_list
    )
    await world.devices.publish_list(cem.record.account_key, without, [])
    pending = group.commit(accept_anyone, world.now_s, adds=[bundle.message])
    request = anna.commit_request(group, pending, [laptop.record.uri])
    assert await refusal_of(world, anna, request) == "bad_commit"


async def test_expired_key_packages_are_refused(world: World, anna: Player, cem: Player) -> None:
    group = await anna.create()
    bundle = cem.bundle()
    pending = group.commit(accept_anyone, world.now_s, adds=[bundle.message])
    request = anna.commit_request(group, pending, [cem.record.uri])
    world.clock.advance(29 * 86_400_000)
    assert await refusal_of(world, anna, request) == "bad_commit"


async def test_a_welcome_for_nobody_and_a_commit_without_its_welcome(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    pending = group.commit(accept_anyone, world.now_s)
    request = anna.commit_request(group, pending, [cem.record.uri])
    assert await refusal_of(world, anna, request) == "bad_commit"


async def test_an_external_commit_evicts_nobody_else(
    world: World, anna: Player, cem: Player
) -> None:
    """Resync eviction: a joiner may take the place of its own old leaf only."""
    group = await anna.conversation_with(cem)
    raw = await world.conversations.group_info(anna.record, group.group_id)
    laptop = await anna.link()
    joining = external_join(
        raw,
        laptop.person.credential,
        laptop.person.key.to_bytes(),
        accept_anyone,
        world.now_s,
        resync_leaf=1,
    )
    request = f.AppendCommit(
        1, group.group_id, 1, joining.commit, secrets.token_bytes(16), joining.group_info, b"", []
    )
    assert await refusal_of(world, laptop, request) == "bad_commit"


async def test_form_is_checked_first(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    good = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    values = {name: getattr(good, name) for name in good.__struct_fields__}
    for change, code in (
        ({"idempotency_id": b""}, "bad_message"),
        ({"welcome": b"x" * (2 << 20)}, "too_large"),
        ({"epoch": 5}, "stale_epoch"),
        ({"conversation": b"?"}, "unknown_conversation"),
    ):
        assert await refusal_of(world, anna, f.AppendCommit(**{**values, **change})) == code


async def test_proposals_are_judged(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    theirs = cem.groups[group.group_id]
    good = theirs.propose_remove(theirs.own_leaf)
    for place in range(0, len(good) - 33, 7):
        damaged = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        with pytest.raises(Refusal):
            await world.delivery.append(cem.record, proposal(theirs, damaged))
    for raw in (b"", group.encrypt(b"text"), group.commit(accept_anyone, world.now_s).commit):
        with pytest.raises(Refusal, match="proposal"):
            await world.delivery.append(cem.record, proposal(theirs, raw))
    assert (await world.delivery.append(cem.record, proposal(theirs, good))).seq == 2
    late = proposal(theirs, good)
    assert group.pending is not None
    group.pending.drop()
    await anna.update(group)
    with pytest.raises(Refusal) as caught:
        await world.delivery.append(cem.record, late)
    assert caught.value.code == "stale_epoch"


async def test_proposals_of_an_epoch_are_limited(world: World) -> None:
    strict = World(world.database, clock=world.clock, limits=Limits(proposals_per_epoch=1))
    anna, cem = await strict.player("anna"), await strict.player("cem")
    group = await anna.conversation_with(cem)
    await strict.delivery.append(anna.record, proposal(group, group.propose_remove(1)))
    with pytest.raises(Refusal) as caught:
        await strict.delivery.append(anna.record, proposal(group, group.propose_remove(1)))
    assert caught.value.code == "too_many_proposals"


async def test_the_hub_is_told_of_everybody_before_the_commit(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    removal = await anna.remove(group, cem)
    conversation, envelope, devices = world.told.commits[-1]
    assert (conversation, envelope.seq, envelope.kind) == (group.group_id, removal.seq, f.COMMIT)
    assert set(devices) == {anna.record.uri, cem.record.uri}


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[World]:
    database = open_sqlite(tmp_path / "server.db")
    world = await World(database).prepare()
    yield world
    await world.delivery.close()
    await database.close()


async def test_a_full_disk_leaves_the_epoch_as_it_was(on_disk: World) -> None:
    anna = await on_disk.player("anna")
    people = [await on_disk.player(f"guest{n}") for n in range(20)]
    group = await anna.create()

    async def fill(tx: Transaction) -> None:
        pages = (await tx.fetch("PRAGMA page_count"))[0][0]
        await tx.fetch(f"PRAGMA max_page_count = {pages}")

    await on_disk.database.transact(fill)
    pending = group.commit(
        accept_anyone, on_disk.now_s, adds=[one.bundle().message for one in people]
    )
    request = anna.commit_request(group, pending, [one.record.uri for one in people])
    with pytest.raises(StorageUnavailable) as caught:
        await on_disk.delivery.append_commit(anna.record, request)
    assert caught.value.fault is Fault.OPERATOR
    assert on_disk.told.commits == []
    assert (await on_disk.delivery.resume(people[0].record)).mailbox == 0
    assert (await on_disk.delivery.append_commit(anna.record, request)).seq == 1
    assert (await on_disk.delivery.resume(people[0].record)).mailbox == 1
