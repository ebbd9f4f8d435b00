"""Limits that one must not get around, on both engines: by asking at once, or on two processes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from delivery_world import SUITE, Player, World, opaque_append
from plausch.base.durations import HOUR_MS
from plausch.db.interface import Transaction
from plausch.server.blobs import Blobs
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.wake_ups import WakeUps
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def strict(world: World, **limits: int) -> World:
    return World(world.database, clock=world.clock, limits=Limits(**limits))


async def test_nobody_begins_more_conversations_at_once_than_one_by_one(world: World) -> None:
    dora = await world.player("dora")
    worlds = [strict(world, conversations_per_device_per_day=5) for _ in range(2)]

    async def begin(one: World) -> None:
        group = dora.new_group()
        await one.conversations.create(dora.record, group.group_id, group.group_info())

    results = await asyncio.gather(*[begin(one) for one in worlds * 8], return_exceptions=True)
    assert len([one for one in results if one is None]) == 5
    assert {one.code for one in results if isinstance(one, Refusal)} == {"rate_limited"}


async def test_nobody_leaves_more_key_packages_at_once_than_one_by_one(world: World) -> None:
    anna = await world.player("anna")
    worlds = [strict(world, key_packages_per_device=10) for _ in range(2)]
    heaps = [[anna.bundle().message for _ in range(10)] for _ in worlds]
    results = await asyncio.gather(
        *[
            one.key_packages.upload(anna.record, heap, b"")
            for one, heap in zip(worlds, heaps, strict=True)
        ],
        return_exceptions=True,
    )
    assert [getattr(one, "code", one) for one in sorted(results, key=str)] == [
        "too_many_key_packages",
        [],
    ]
    assert await world.supply(anna.record) == (10, False)


async def test_one_stranger_does_not_empty_a_supply(world: World) -> None:
    anna, mallory, cem = [await world.player(name) for name in ("anna", "mallory", "cem")]
    await anna.upload(40)
    for _ in range(20):
        await world.key_packages.claim(mallory.record, "anna", SUITE, [])
    with refused("rate_limited") as caught:
        await world.key_packages.claim(mallory.record, "anna", SUITE, [])
    assert await world.supply(anna.record) == (20, False)
    await world.key_packages.claim(cem.record, "anna", SUITE, [])  # others are not concerned
    await cem.upload(1)
    await world.key_packages.claim(mallory.record, "cem", SUITE, [])
    for _ in range(19):  # nor are one's own devices
        await world.key_packages.claim(anna.record, "anna", SUITE, [])
    world.clock.advance(caught.value.retry_after_ms)
    with refused("no_key_package"):
        await world.key_packages.claim(mallory.record, "anna", SUITE, [])


async def test_refused_appends_do_not_count(world: World) -> None:
    few = strict(world, sends_per_device_per_day=2)
    anna, cem = await few.player("anna"), await few.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(3):
        with refused("stale_epoch"):
            await few.delivery.append(anna.record, opaque_append(group.group_id, 7))
        with refused("unknown_conversation"):
            await few.delivery.append(anna.record, opaque_append(b"?" * 16, 1))
        with refused("bad_message"):  # the outside is of another epoch
            other = opaque_append(group.group_id, 2)
            await few.delivery.append(
                anna.record,
                f.Append(1, group.group_id, 1, f.APPLICATION, other.message, other.idempotency_id),
            )
    await anna.send(group)
    await anna.send(group)
    with refused("rate_limited"):
        await anna.send(group)


@pytest.mark.parametrize("mode", ["invitation", "closed"])
async def test_who_may_not_register_learns_no_names(world: World, mode: str) -> None:
    await world.player("anna")
    shut = World(world.database, clock=world.clock, registration=mode)
    for name in ("anna", "nobody"):
        person = world.person(name)
        code = {"invitation": "invitation_required", "closed": "registration_closed"}[mode]
        with refused(code):
            await shut.accounts.register(
                name, "person", "guess", person.certificate, person.device_list
            )


async def test_an_invitation_is_not_used_up_by_a_name_that_is_taken(world: World) -> None:
    await world.player("anna")
    shut = World(world.database, clock=world.clock, registration="invitation")
    code = await shut.accounts.invite()
    for name, taken in (("anna", True), ("cem", False)):
        person = world.person(name)
        registration = (name, "person", code, person.certificate, person.device_list)
        if taken:
            with refused("name_taken"):
                await shut.accounts.register(*registration)
        else:
            await shut.accounts.register(*registration)


# --- at several processes ------------------------------------------------------------------


async def test_two_processes_take_no_more_of_a_device_in_a_day_than_one(world: World) -> None:
    processes = [strict(world, sends_per_device_per_day=40) for _ in range(2)]
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)

    async def send(one: World, device: Player) -> bool:
        try:
            await one.delivery.append(device.record, opaque_append(group.group_id, 1))
        except Refusal as refusal:
            assert refusal.code == "rate_limited"
            assert refusal.retry_after_ms > 0
            return False
        return True

    sent = await asyncio.gather(*[send(one, anna) for one in processes * 40])
    assert sum(sent) == 40
    assert sum([await send(one, cem) for one in processes * 40]) == 40, "nobody pays for another"
    for one in processes:
        await one.delivery.close()


async def test_an_accounts_messages_are_one_amount_for_all_its_devices_and_processes(
    world: World,
) -> None:
    processes = [strict(world, envelopes_per_account=30, retention_days=10) for _ in range(2)]
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await anna.link()
    group = await anna.conversation_with(laptop, cem)

    async def send(one: World, device: Player) -> bool:
        try:
            await one.delivery.append(device.record, opaque_append(group.group_id, 1))
        except Refusal as refusal:
            assert (refusal.code, refusal.retry_after_ms) == ("quota_exceeded", 0)
            assert "30 messages in 10 days" in str(refusal)
            return False
        return True

    turns = [(one, device) for one in processes for device in (anna, laptop)] * 20
    assert sum(await asyncio.gather(*[send(*turn) for turn in turns])) == 30
    assert await send(processes[0], cem), "nobody pays for another"
    world.clock.advance(10 * 24 * 3_600_000)
    assert await send(processes[1], laptop)
    for one in processes:
        await one.delivery.close()


async def test_appends_keep_their_order_while_pieces_are_drawn(world: World) -> None:
    """Pieces of 1, 2, 4 ...: most of these wait for one."""
    one = strict(world, sends_per_device_per_day=200)
    anna, cem = await one.player("anna"), await one.player("cem")
    group = await anna.conversation_with(cem)
    requests = [opaque_append(group.group_id, 1) for _ in range(100)]
    accepted = await asyncio.gather(
        *[one.delivery.append(anna.record, request) for request in requests]
    )
    assert [each.seq for each in accepted] == list(range(2, 102))
    await one.delivery.close()


async def test_a_server_that_stops_takes_nothing_of_the_day_along(world: World) -> None:
    anna = await world.player("anna")
    group = await anna.create()
    for _ in range(4):
        anna.world = strict(world, commits_per_device_per_day=64)
        for _ in range(16):
            await anna.update(group)
        await anna.world.delivery.close()
    with refused("rate_limited"):
        await anna.update(group)


async def test_sweeping_forgets_what_was_of_yesterday(world: World) -> None:
    few = strict(world, envelopes_per_account=0)  # which would be there for the month
    anna, cem = await few.player("anna"), await few.player("cem")
    group = await anna.conversation_with(cem)
    await anna.send(group)

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT count(*) FROM allowance"))[0][0])

    before = await world.database.read(body)
    await few.retention.sweep()  # the first one only notes the time
    for _ in range(30):
        few.clock.advance(3_600_000)
        await few.retention.sweep()
    assert (before > 0, await world.database.read(body)) == (True, 0)


# --- what an hour has, at several processes ------------------------------------------------


class Process:
    """A process's services with limits of their own, also those that a World has not."""

    def __init__(self, world: World, folder: Path, **limits: int) -> None:
        self.world, store = strict(world, **limits), LocalBlobs(folder)
        store.prepare()
        self.blobs = Blobs(world.database, store, world.clock, Limits(**limits))
        self.wake_ups = WakeUps(world.database, world.clock, Limits(**limits), bytes(65))


Use = Callable[[Process, Player], Awaitable[object]]


def claims(process: Process, player: Player) -> Awaitable[object]:
    return process.world.key_packages.claim(player.record, "cem", SUITE, [])


def sets_wake_up(process: Process, player: Player) -> Awaitable[object]:
    return process.wake_ups.set(player.record, "https://push.example/a")


def lists_devices(process: Process, player: Player) -> Awaitable[object]:
    return process.world.devices.publish_list(player.record, b"noise", [])


def publishes(process: Process, player: Player) -> Awaitable[object]:
    return process.world.profiles.publish(player.record, b"noise")


def searches(process: Process, player: Player) -> Awaitable[object]:
    return process.world.profiles.search(player.record, "", "", "", "", 1)


def reports(process: Process, player: Player) -> Awaitable[object]:
    request = f.Report(1, "cem", "spam", "", [], bytes(16))
    return process.world.reports.take(player.record, request)


def uploads(process: Process, player: Player) -> Awaitable[object]:
    return process.blobs.put(player.record, bytes(32), 0, bytes(BLOB_CHUNK_BYTES))


def downloads(process: Process, player: Player) -> Awaitable[object]:
    return process.blobs.get(player.record, bytes(32), 0, BLOB_CHUNK_BYTES)


async def counted(use: Use, process: Process, player: Player) -> bool:
    """Whether it counted; what is refused for another reason does."""
    try:
        await use(process, player)
    except Refusal as refusal:
        return refusal.code != "rate_limited"
    return True


@pytest.mark.parametrize(
    ("limit", "unit", "use"),
    [
        ("key_packages_claimed_per_hour", 1, claims),
        ("claims_of_an_account_per_hour", 1, claims),
        ("wake_ups_set_per_hour", 1, sets_wake_up),
        ("device_lists_per_hour", 1, lists_devices),
        ("profiles_published_per_hour", 1, publishes),
        ("searches_per_hour", 1, searches),
        ("reports_per_hour", 1, reports),
        ("blob_upload_bytes_per_hour", BLOB_CHUNK_BYTES, uploads),
        ("blob_download_bytes_per_hour", BLOB_CHUNK_BYTES, downloads),
    ],
)
async def test_two_processes_give_no_more_in_an_hour_than_one(
    world: World, tmp_path: Path, limit: str, unit: int, use: Use
) -> None:
    one, other = [Process(world, tmp_path / "blobs", **{limit: 6 * unit}) for _ in range(2)]
    anna, dora = await world.player("anna"), await world.player("dora")
    await world.player("cem")

    async def at_both(player: Player) -> int:
        return sum([await counted(use, process, player) for process in [one, other] * 8])

    assert await at_both(anna) == 6
    assert await at_both(dora) == 6, "nobody pays for another"
    world.clock.advance(HOUR_MS)
    assert await at_both(anna) == 6
    none = Process(world, tmp_path / "blobs", **{limit: 0})
    assert not await counted(use, none, await world.player("emil"))
