"""Attacks with Commits and proposals: what they may cost, and what they may not do."""

import asyncio
import dataclasses
import secrets
import threading
from collections.abc import Callable

import pytest

from delivery_world import DOMAIN, Player, World
from plausch.base.durations import DAY_MS
from plausch.identity.device_list import DeviceList
from plausch.mls.extension import Extension
from plausch.mls.group import Group
from plausch.mls.welcome import parse_welcome
from plausch.server import commits, conversations, judging, key_packages
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.records import Accepted
from plausch.wire import frames as f
from wire_device import Person, accept_anyone


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


@pytest.fixture
async def cem(world: World) -> Player:
    return await world.player("cem")


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def strict(world: World, **limits: int) -> World:
    return World(world.database, clock=world.clock, limits=Limits(**limits))


def proposal(group: Group, raw: bytes) -> f.Append:
    return f.Append(1, group.group_id, group.epoch, f.PROPOSAL, raw, secrets.token_bytes(16))


def changed(request: f.AppendCommit, **changes: object) -> f.AppendCommit:
    values = {name: getattr(request, name) for name in request.__struct_fields__}
    return f.AppendCommit(**{**values, "idempotency_id": secrets.token_bytes(16), **changes})


async def unlist(player: Player) -> None:
    """A device list of the account that names only this device."""
    person = player.person
    current = (await player.world.accounts.get(person.address.name)).device_list
    only = [(person.device.device, person.key.public)]
    new = DeviceList.issue(person.identity, person.address, only, player.world.now_s, current)
    await player.world.devices.publish_list(player.record, new, [])


# --- what a refused request may cost -------------------------------------------------------


async def test_leaves_of_invented_devices_cost_no_signature(
    world: World, anna: Player, cem: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await anna.create()
    ghosts = [Person.new(f"ghost{number}", DOMAIN, world.now_s) for number in range(3)]
    adds = [Player(world, one, anna.record).bundle().message for one in ghosts]
    pending = group.commit(accept_anyone, world.now_s, adds=adds)
    uris = [one.device.uri for one in ghosts]

    def must_not(*_: object) -> None:
        raise AssertionError("a signature was looked at")

    monkeypatch.setattr(judging, "verify_commit", must_not)
    for welcome_to in ([], uris, [cem.record.uri], [cem.record.uri] * 3, [*uris[:2], "\0"]):
        request = anna.commit_request(group, pending, welcome_to)
        with refused("bad_commit"):
            await world.delivery.append_commit(anna.record, request)


async def test_a_commit_that_names_more_than_there_can_be_is_refused_unread(
    world: World, anna: Player, cem: Player
) -> None:
    small = strict(world, proposals_per_epoch=0)
    group = await anna.conversation_with(cem)
    raw = group.propose_remove(1)
    await world.delivery.append(anna.record, proposal(group, raw))
    pending = group.commit(accept_anyone, world.now_s)
    with pytest.raises(Refusal, match="more proposals"):
        await small.delivery.append_commit(anna.record, anna.commit_request(group, pending))


async def test_long_checks_run_beside_the_loop(
    world: World, anna: Player, cem: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watched(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def instead(*values: object) -> object:
            seen.append((name, threading.current_thread() is threading.main_thread()))
            return real(*values)

        return instead

    for room, name in (
        (commits, "read_commit"),
        (commits, "judge_commit"),
        (conversations, "check_first_group_info"),
        (key_packages, "parse_key_package"),
    ):
        monkeypatch.setattr(room, name, watched(name, getattr(room, name)))
    await anna.conversation_with(cem)
    await anna.upload()
    assert seen == [
        ("check_first_group_info", False),
        ("read_commit", False),
        ("judge_commit", False),
        ("parse_key_package", False),
    ]


async def test_refused_commits_use_up_their_accounts_time(
    world: World, anna: Player, cem: Player
) -> None:
    busy = strict(world, checking_ms_per_hour=40)
    group = await anna.conversation_with(cem)
    pending = group.commit(accept_anyone, world.now_s)
    good = anna.commit_request(group, pending)
    bad = changed(
        good, group_info=await world.conversations.group_info(anna.record, group.group_id)
    )
    codes = []
    while "rate_limited" not in codes:
        with pytest.raises(Refusal) as caught:
            await busy.delivery.append_commit(anna.record, bad)
        codes.append(caught.value.code)
    assert set(codes) == {"bad_commit", "rate_limited"}
    assert caught.value.retry_after_ms > 0
    with refused("bad_commit"):  # another account has time of its own
        await busy.delivery.append_commit(cem.record, changed(bad))
    world.clock.advance(3_600_000)
    assert (await busy.delivery.append_commit(anna.record, good)).seq == 2


async def test_uploads_and_new_conversations_cost_time_too(world: World, anna: Player) -> None:
    busy = strict(world, checking_ms_per_hour=5)
    raw = [anna.bundle().message[:-1] + b"?" for _ in range(3)]
    group = anna.new_group()
    for attempt in (
        lambda: busy.key_packages.upload(anna.record, raw, b""),
        lambda: busy.conversations.create(anna.record, b"C" * 16, group.group_info()),
    ):
        codes = set()
        while "rate_limited" not in codes:
            with pytest.raises(Refusal) as caught:
                await attempt()
            codes.add(caught.value.code)
        assert codes <= {"rate_limited", "bad_key_package", "bad_group_info"}


async def test_key_packages_that_wait_already_are_not_checked_again(
    world: World, anna: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = [anna.bundle().message for _ in range(3)]
    last = anna.bundle(last_resort=True).message
    await world.key_packages.upload(anna.record, raw, last)

    def must_not(*_: object, **__: object) -> None:
        raise AssertionError("a key package was checked again")

    monkeypatch.setattr("plausch.mls.key_package.KeyPackage.validate", must_not)
    await world.key_packages.upload(anna.record, raw, last)
    assert await world.supply(anna.record) == (3, True)


async def test_the_first_group_info_is_small(world: World, anna: Player) -> None:
    group = anna.new_group()
    with refused("too_large"):
        await world.conversations.create(anna.record, group.group_id, bytes(65 * 1024))


# --- Welcomes ------------------------------------------------------------------------------


async def test_a_welcome_is_for_the_added_key_packages_and_nothing_else(
    world: World, anna: Player, cem: Player
) -> None:
    ela = await world.player("ela")
    group = await anna.create()
    pending = group.commit(
        accept_anyone, world.now_s, adds=[cem.bundle().message, ela.bundle().message]
    )
    good = anna.commit_request(group, pending, [cem.record.uri, ela.record.uri])
    honest = parse_welcome(pending.welcome)
    one, two = honest.secrets
    other = dataclasses.replace(one, new_member=bytes(32))
    for welcome in (
        b"",
        secrets.token_bytes(1_000),
        pending.welcome + b"\0",
        pending.group_info,
        dataclasses.replace(honest, cipher_suite=2).to_message(),
        *[
            dataclasses.replace(honest, secrets=entries).to_message()
            for entries in (
                (),
                (one,),
                (one, one),
                (one, two, two),
                (one, two, other),
                (two, other),
            )
        ],
    ):
        with refused("bad_commit"):
            await world.delivery.append_commit(anna.record, changed(good, welcome=welcome))
    swapped = dataclasses.replace(honest, secrets=(two, one)).to_message()
    assert (
        await world.delivery.append_commit(anna.record, changed(good, welcome=swapped))
    ).seq == 1


async def test_nobody_is_added_and_there_is_no_welcome(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    good = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    with refused("bad_commit"):
        await world.delivery.append_commit(anna.record, changed(good, welcome=bytes(100)))
    await world.delivery.append_commit(anna.record, good)


async def test_commits_of_a_day_are_counted(world: World, anna: Player, cem: Player) -> None:
    few = strict(world, commits_per_device_per_day=2)
    for player in (anna, cem):
        player.world = few
    group = await anna.conversation_with(cem)
    bad = anna.commit_request(group, group.commit(accept_anyone, few.now_s))
    for _ in range(3):  # what is refused does not count
        with refused("bad_commit"):
            await few.delivery.append_commit(anna.record, changed(bad, welcome=b"?"))
    assert group.pending is not None
    group.pending.drop()
    second = anna.commit_request(group, group.commit(accept_anyone, few.now_s))
    accepted = await few.delivery.append_commit(anna.record, second)
    assert group.pending is not None
    group.pending.accept()
    with refused("rate_limited") as caught:
        await anna.update(group)
    assert caught.value.retry_after_ms > 0
    assert await few.delivery.append_commit(anna.record, second) == accepted
    few.clock.advance(caught.value.retry_after_ms)
    await anna.update(group)


async def test_the_bytes_of_an_accounts_commits_are_counted(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    world.clock.advance(DAY_MS)  # what that took is of yesterday
    request = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    size = len(request.message) + len(request.group_info)
    with refused("rate_limited"):
        await strict(world, commit_bytes_per_account_per_day=size - 1).delivery.append_commit(
            anna.record, request
        )
    exact = strict(world, commit_bytes_per_account_per_day=size)
    assert (await exact.delivery.append_commit(anna.record, request)).seq == 2


# --- proposals -----------------------------------------------------------------------------


async def test_a_business_adds_nobody_through_another_ones_commit(
    world: World, anna: Player
) -> None:
    linde, ela = await world.player("linde", "business"), await world.player("ela")
    group = await anna.conversation_with(linde)
    theirs = linde.groups[group.group_id]
    with refused("not_allowed"):
        await world.delivery.append(
            linde.record, proposal(theirs, theirs.propose_add(ela.bundle().message))
        )
    phone = await anna.link()  # of somebody who is there already
    raw = theirs.propose_add(phone.bundle().message)
    await world.delivery.append(linde.record, proposal(theirs, raw))
    raw = group.propose_add(ela.bundle().message)
    assert (await world.delivery.append(anna.record, proposal(group, raw))).seq == 3


async def test_a_proposal_adds_a_listed_device(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    stranger = Player(world, Person.new("mallory", DOMAIN, world.now_s), cem.record)
    with refused("bad_proposal"):
        await world.delivery.append(
            anna.record, proposal(group, group.propose_add(stranger.bundle().message))
        )


async def test_the_bytes_of_an_epochs_proposals_are_limited(
    world: World, anna: Player, cem: Player
) -> None:
    def large() -> f.Append:
        body = Extension(0x0A0A, secrets.token_bytes(3_000))
        return proposal(group, group.propose_context_extensions((body,)))

    small = strict(world, proposal_bytes_per_epoch=8_000)
    group = await anna.conversation_with(cem)
    for _ in range(2):
        await small.delivery.append(anna.record, large())
    with refused("too_many_proposals"):
        await small.delivery.append(anna.record, large())
    assert await anna.read(group) == [1, 2, 3]


async def test_the_limit_of_proposals_holds_against_a_race(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    worlds = [strict(world, proposals_per_epoch=3) for _ in range(2)]
    sent = [(one, proposal(group, group.propose_remove(1))) for one in worlds * 4]
    results = await asyncio.gather(
        *[one.delivery.append(anna.record, request) for one, request in sent],
        return_exceptions=True,
    )
    assert len([one for one in results if isinstance(one, Accepted)]) == 3
    assert {one.code for one in results if isinstance(one, Refusal)} == {"too_many_proposals"}


async def test_a_commit_reads_only_the_proposals_that_it_names(
    world: World, anna: Player, cem: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await anna.conversation_with(cem)
    theirs = cem.groups[group.group_id]
    for _ in range(5):
        raw = theirs.propose_remove(theirs.own_leaf)
        await world.delivery.append(cem.record, proposal(theirs, raw))
    group.process(raw, accept_anyone, world.now_s).accept()
    read = []
    real = judging.parse_proposal
    monkeypatch.setattr(judging, "parse_proposal", lambda raw: read.append(raw) or real(raw))
    await anna.update(group)
    assert read == [raw]
    assert await world.members(group.group_id) == (anna.record.uri,)


# --- devices that are no longer listed -----------------------------------------------------


async def test_an_unlisted_device_does_nothing_any_more(
    world: World, anna: Player, cem: Player
) -> None:
    """It is still connected, to a process that has not heard of the new list."""
    laptop = await anna.link()
    group = await anna.conversation_with(cem, laptop)
    theirs = laptop.groups[group.group_id]
    await unlist(anna)
    await cem.upload(1)
    with refused("unknown_device"):
        await laptop.create()
    with refused("unknown_device"):
        await laptop.upload()
    with refused("unknown_device"):
        await world.key_packages.claim(
            laptop.record, "cem", laptop.bundle().key_package.cipher_suite, []
        )
    ela = await world.player("ela")
    pending = theirs.commit(accept_anyone, world.now_s, adds=[ela.bundle().message])
    with refused("unknown_device"):
        await laptop.send_commit(theirs, pending, [ela.record.uri])
    other = strict(world)
    with refused("unknown_device"):  # its roster is from before
        await world.delivery.append(
            laptop.record, proposal(theirs, theirs.propose_remove(theirs.own_leaf))
        )
    with refused("unknown_conversation"):
        await other.delivery.append(laptop.record, laptop.message(theirs))
    with refused("unknown_conversation"):
        await other.delivery.append(
            laptop.record, proposal(theirs, theirs.propose_remove(theirs.own_leaf))
        )
    assert await anna.read(group) == [1]
    assert await world.supply(cem.record) == (1, False)
    await anna.remove(group, laptop)


async def test_who_has_lost_every_device_comes_back_by_an_external_commit(
    world: World, anna: Player, cem: Player
) -> None:
    """The account takes part as long as one of its leaves is there, listed or not."""
    group = await cem.conversation_with(anna)
    fresh = await anna.link()
    await unlist(fresh)
    await world.rosters.load(group.group_id)
    assert await world.members(group.group_id) == (cem.record.uri,)
    assert await world.conversations.group_info(fresh.record, group.group_id)
