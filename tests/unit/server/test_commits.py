"""Commits and proposals: what the server sees of a handshake message decides."""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import Player, World, opaque_append
from plausch.base.errors import Fault
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite
from plausch.identity.device_list import DeviceList
from plausch.mls.group import Group, external_join
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.records import Accepted
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
    await world.devices.publish_list(cem.record, without, [])
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


# --- retries, races, and what belongs to a Commit ------------------------------------------


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def test_a_retry_is_answered_after_its_author_was_removed(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    theirs = cem.groups[group.group_id]
    request = cem.commit_request(theirs, theirs.commit(accept_anyone, world.now_s))
    first = await world.delivery.append_commit(cem.record, request)
    group.process(request.message, accept_anyone, world.now_s).accept()
    await anna.remove(group, cem)
    assert await world.delivery.append_commit(cem.record, request) == first
    told = len(world.told.commits)
    assert await world.delivery.append_commit(cem.record, request) == first
    assert len(world.told.commits) == told  # nobody is told again
    with refused("unknown_conversation"):
        changed = {name: getattr(request, name) for name in request.__struct_fields__}
        await world.delivery.append_commit(
            cem.record, f.AppendCommit(**{**changed, "idempotency_id": bytes(16)})
        )


async def test_a_proposal_sent_again_by_who_was_removed_gets_its_first_answer(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    theirs = cem.groups[group.group_id]
    request = proposal(theirs, theirs.propose_remove(theirs.own_leaf))
    first = await world.delivery.append(cem.record, request)
    group.process(request.message, accept_anyone, world.now_s).accept()
    await anna.update(group)
    assert await world.delivery.append(cem.record, request) == first
    with refused("unknown_conversation"):
        await world.delivery.append(cem.record, proposal(theirs, request.message))


async def test_a_bundle_of_exactly_the_limit_is_the_largest(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    request = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    size = len(request.message) + len(request.group_info) + len(request.welcome)
    for limit, good in ((size - 1, False), (size, True)):
        small = World(world.database, clock=world.clock, limits=Limits(commit_bundle_bytes=limit))
        if good:
            assert (await small.delivery.append_commit(anna.record, request)).seq == 2
        else:
            assert await refusal_of(small, anna, request) == "too_large"


async def test_proposals_are_counted_anew_in_each_epoch(world: World) -> None:
    strict = World(world.database, clock=world.clock, limits=Limits(proposals_per_epoch=2))
    anna, cem = await strict.player("anna"), await strict.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(2):
        sent = [proposal(group, group.propose_remove(1)) for _ in range(2)]
        for request in sent:
            await strict.delivery.append(anna.record, request)
        with refused("too_many_proposals"):
            await strict.delivery.append(anna.record, proposal(group, group.propose_remove(1)))
        await strict.delivery.append(anna.record, sent[0])  # a retry is no third
        ela = await strict.player(f"ela{group.epoch}")
        bundle = ela.bundle()
        pending = group.commit(accept_anyone, strict.now_s, adds=[bundle.message])
        await anna.send_commit(group, pending, [ela.record.uri])


async def test_of_a_proposal_and_a_commit_at_once_the_later_is_stale(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    theirs = cem.groups[group.group_id]
    requests = [proposal(theirs, theirs.propose_remove(theirs.own_leaf)) for _ in range(4)]
    results = await asyncio.gather(
        *[world.delivery.append(cem.record, one) for one in requests[:2]],
        anna.update(group),
        *[world.delivery.append(cem.record, one) for one in requests[2:]],
        return_exceptions=True,
    )
    accepted = [one for one in results if isinstance(one, Accepted)]
    assert sorted(one.seq for one in accepted) == list(range(1 + 1, len(accepted) + 2))
    assert {one.code for one in results if isinstance(one, Refusal)} <= {"stale_epoch"}
    log = (await world.delivery.read(anna.record, group.group_id, 1, 500)).envelopes
    commit = [one.seq for one in log if one.kind == f.COMMIT]
    assert commit == [log[-1].seq]  # no proposal of the old epoch after the Commit that ended it
    assert {one.epoch for one in log} == {1}


async def test_a_commit_brings_mailbox_stay_and_cursor_of_who_comes_and_goes(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    ela = await world.player("ela")
    bundle = ela.bundle()
    pending = group.commit(accept_anyone, world.now_s, adds=[bundle.message], removes=[1])
    accepted = await anna.send_commit(group, pending, [ela.record.uri])
    assert await cem.read(group) == [2]
    assert await ela.read(group) == []
    (item,) = await world.delivery.read_mailbox(ela.record, 0, 50)
    assert (item.seq, item.welcome) == (accepted.seq, pending.welcome)
    for player, cursor in ((cem, 1), (ela, 2)):
        moved = (await world.delivery.resume(player.record)).moved
        assert [one.cursor for one in moved] == ([cursor] if player is cem else [])
    assert await world.members(group.group_id) == (
        anna.record.uri,
        ela.record.uri,
    )
    assert world.told.mailboxes[-1] == (ela.record.uri, 1)
    told = world.told.commits[-1][2]
    assert set(told) == {anna.record.uri, cem.record.uri}  # who joins reads its Welcome


async def test_two_devices_of_one_person_come_by_one_commit(world: World, anna: Player) -> None:
    cem = await world.player("cem")
    laptop = await cem.link()
    group = await anna.create()
    await anna.add(group, cem, laptop)
    roster = await world.rosters.load(group.group_id)
    assert roster is not None
    assert len(roster.members) == 3
    assert roster.accounts == {anna.record.account_key, cem.record.account_key}
    first, second = [
        (await world.delivery.read_mailbox(one.record, 0, 50))[0] for one in (cem, laptop)
    ]
    assert first == second
    await world.delivery.acknowledge_mailbox(cem.record, 1)
    assert len(await world.delivery.read_mailbox(laptop.record, 0, 50)) == 1


async def test_an_unlisted_member_cannot_commit_what_keeps_it_in(world: World) -> None:
    """Its connection is ended; a request that was under way meets the server's list."""
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await cem.link()
    group = await anna.conversation_with(cem, laptop)
    only = [(cem.person.device.device, cem.person.key.public)]
    without = DeviceList.issue(
        cem.person.identity, cem.person.address, only, world.now_s, laptop.person.device_list
    )
    await world.devices.publish_list(cem.record, without, [])
    with refused("unknown_device"):
        await laptop.update(laptop.groups[group.group_id])
    await anna.remove(group, laptop)
    assert laptop.record.uri not in await world.members(group.group_id)


async def test_a_commit_after_a_failed_commit_of_the_database_is_the_only_one(
    on_disk: World, tmp_path: Path
) -> None:
    anna, cem = await on_disk.player("anna"), await on_disk.player("cem")
    group = await anna.conversation_with(cem)
    request = anna.commit_request(group, group.commit(accept_anyone, on_disk.now_s))
    blocker = sqlite3.connect(tmp_path / "server.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(
        on_disk.delivery.append_commit(anna.record, request),
        on_disk.delivery.append(cem.record, opaque_append(group.group_id, 1)),
        return_exceptions=True,
    )
    assert isinstance(results[0], StorageUnavailable)
    assert isinstance(results[1], Refusal)
    assert results[1].code == "storage_unavailable"
    blocker.close()
    assert len(on_disk.told.commits) == 1  # the one that added cem
    assert await anna.read(group) == [1]
    roster = on_disk.rosters.known(group.group_id)
    assert roster is not None
    assert roster.epoch == 1
    answers = await asyncio.gather(
        *[on_disk.delivery.append_commit(anna.record, request) for _ in range(3)]
    )
    assert {one.seq for one in answers} == {2}
    assert await anna.read(group) == [1, 2]
