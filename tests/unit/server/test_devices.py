"""Devices: the parts that need no second engine."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from delivery_world import DOMAIN, Player, World
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.login import sign_login
from plausch.server.allowance import PAUSE_MS
from plausch.server.devices import ListMoved
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.store import account, device
from wire_device import Person


async def test_a_login_gives_the_devices_record(world: World) -> None:
    linde = await world.player("linde", "business")
    record = linde.record
    assert (record.name, record.kind, record.uri) == (
        "linde",
        "business",
        linde.person.device.uri,
    )
    assert record.signature_key == linde.person.key.public
    assert record.identity_key == linde.person.identity.public


async def test_visits_are_noted(world: World) -> None:
    anna = await world.player("anna")
    world.clock.advance(5_000)
    await world.devices.seen(anna.record, lambda: None)

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT seen_at_ms FROM device"))[0][0])

    assert await world.database.read(body) == world.clock.now_ms()


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def following(player: Player, previous: bytes, *people: Person) -> bytes:
    """The account's list after `previous`, with these devices."""
    owner = player.person
    entries = [(one.device.device, one.key.public) for one in people]
    return DeviceList.issue(owner.identity, owner.address, entries, player.world.now_s, previous)


async def listed(world: World, name: str) -> set[str]:
    """The account's devices that can be reached."""

    async def body(tx: Transaction) -> set[str]:
        owner = await account.by_name(tx, name)
        assert owner is not None
        return {one.uri for one in await device.of_account(tx, owner.key)}

    return await world.database.read(body)


# --- login ---------------------------------------------------------------------------------


async def test_every_byte_of_a_login_matters(world: World) -> None:
    anna = await world.player("anna")
    nonce = b"n" * 32
    good = sign_login(anna.person.key, DOMAIN, nonce, anna.person.device)
    for place in range(64):
        damaged = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        with refused("bad_signature"):
            await world.devices.login(anna.record.uri, nonce, damaged)
    for size in (0, 63, 65):
        with refused("bad_signature"):
            await world.devices.login(anna.record.uri, nonce, (good + b"\0")[:size])
    assert await world.devices.login(anna.record.uri, nonce, good) == anna.record


async def test_a_login_of_one_device_is_none_of_its_twins(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    nonce = b"n" * 32
    with refused("bad_signature"):
        await world.devices.login(
            laptop.record.uri,
            nonce,
            sign_login(anna.person.key, DOMAIN, nonce, laptop.person.device),
        )


# --- lists ---------------------------------------------------------------------------------


async def test_of_two_lists_at_once_one_is_the_next(world: World) -> None:
    """Two devices of the account each link another one: the loser sees the winner's list."""
    anna = await world.player("anna")
    rivals = [anna.second_device() for _ in range(4)]
    results = await asyncio.gather(
        *[world.devices.publish_list(anna.record, raw, [one.certificate]) for one, raw in rivals],
        return_exceptions=True,
    )
    won = [place for place, one in enumerate(results) if isinstance(one, ListMoved)]
    assert len(won) == 1
    assert {one.code for one in results if isinstance(one, Refusal)} == {"bad_device_list"}
    winner, raw = rivals[won[0]]
    assert (await world.accounts.get("anna")).device_list == raw
    assert await listed(world, "anna") == {anna.record.uri, winner.device.uri}


async def test_an_older_list_does_not_come_back(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    with_laptop = laptop.person.device_list
    without = following(anna, with_laptop, anna.person)
    await world.devices.publish_list(anna.record, without, [])
    for old in (anna.person.device_list, with_laptop):
        with refused("bad_device_list"):
            await world.devices.publish_list(anna.record, old, [laptop.person.certificate])
    assert await listed(world, "anna") == {anna.record.uri}


async def test_a_list_cannot_skip_one(world: World) -> None:
    anna = await world.player("anna")
    second, missing = anna.second_device()
    after_next = following(anna, missing, anna.person, second)
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, after_next, [second.certificate])
    assert await listed(world, "anna") == {anna.record.uri}


async def test_a_list_of_somebody_else_is_refused(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    _, theirs = cem.second_device()
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, theirs, [])
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, cem.person.device_list, [])


async def test_a_device_keeps_its_key(world: World) -> None:
    """Who has the identity key could otherwise slip a key of theirs under a known device."""
    anna, other = await world.player("anna"), world.person("anna")
    entries = [(anna.person.device.device, other.key.public)]
    swapped = DeviceList.issue(
        anna.person.identity,
        anna.person.address,
        entries,
        world.now_s,
        anna.person.device_list,
    )
    with refused("bad_device_list") as caught:
        await world.devices.publish_list(anna.record, swapped, [])
    assert "changes the key" in str(caught.value)
    assert (await world.login(anna.person)).signature_key == anna.person.key.public


async def test_a_certificate_with_other_keys_than_the_list_is_refused(world: World) -> None:
    anna, other = await world.player("anna"), world.person("anna")
    second, device_list = anna.second_device()
    now_s = world.now_s
    for identity, key in (
        (anna.person.identity, other.key),
        (other.identity, second.key),
    ):
        wrong = DeviceCertificate.issue(identity, second.device, key.public, now_s, now_s + 9)
        with refused("bad_certificate") as caught:
            await world.devices.publish_list(anna.record, device_list, [wrong])
        assert "other keys" in str(caught.value)
    assert await listed(world, "anna") == {anna.record.uri}


async def test_a_certificate_of_a_device_that_is_not_listed_is_passed_over(world: World) -> None:
    anna = await world.player("anna")
    second, device_list = anna.second_device()
    third, _ = anna.second_device()
    moved = await world.devices.publish_list(
        anna.record, device_list, [third.certificate, second.certificate]
    )
    assert moved == ListMoved("anna", (), ())
    with refused("unknown_device"):
        await world.login(third)
    assert (await world.login(second)).uri == second.device.uri


async def test_one_bad_certificate_refuses_the_whole_list(world: World) -> None:
    anna = await world.player("anna")
    second, device_list = anna.second_device()
    stale = DeviceCertificate.issue(
        anna.person.identity, anna.person.device, anna.person.key.public, 1, 2
    )
    with refused("bad_certificate"):
        await world.devices.publish_list(anna.record, device_list, [second.certificate, stale])
    assert await listed(world, "anna") == {anna.record.uri}
    assert (await world.accounts.get("anna")).device_list == anna.person.device_list


@pytest.mark.parametrize(("kind", "most"), [("person", 2), ("business", 3)])
async def test_the_last_device_that_is_allowed_is_and_the_next_is_not(
    world: World, kind: str, most: int
) -> None:
    small = World(
        world.database,
        clock=world.clock,
        limits=Limits(devices_per_person=2, devices_per_business=3),
    )
    owner = await small.player("linde", kind)
    people, raw = [owner.person], owner.person.device_list
    for count in range(2, most + 2):
        extra, _ = owner.second_device()
        people.append(extra)
        raw, previous = following(owner, raw, *sorted(people, key=by_id)), raw
        publishing = small.devices.publish_list(owner.record, raw, [extra.certificate])
        if count <= most:
            await publishing
        else:
            with refused("too_many_devices"):
                await publishing
            assert (await small.accounts.get("linde")).device_list == previous


def by_id(person: Person) -> str:
    return person.device.device


# --- what a removed device loses -----------------------------------------------------------


async def test_a_removed_device_loses_packages_and_mailbox_but_not_its_leaf(
    world: World,
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await anna.link()
    await laptop.upload(3)
    await anna.upload(1)
    group = await cem.conversation_with(laptop, anna)
    without = following(anna, laptop.person.device_list, anna.person)
    moved = await world.devices.publish_list(anna.record, without, [])
    assert moved.removed == (laptop.record.uri,)
    assert set(moved.interested) == {anna.record.uri, cem.record.uri}
    assert (await world.delivery.resume(laptop.record)).mailbox == 0
    assert (await world.delivery.resume(anna.record)).mailbox == 1
    assert await world.supply(laptop.record) == (0, False)
    assert await world.supply(anna.record) == (1, False)
    members = await world.members(group.group_id)
    assert laptop.record.uri in members  # until a member removes it


async def test_a_list_that_the_disk_did_not_take_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    database = open_sqlite(path)
    world = await World(database).prepare()
    anna = await world.player("anna")
    second, device_list = anna.second_device()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await world.devices.publish_list(anna.record, device_list, [second.certificate])
    blocker.close()
    world.clock.advance(PAUSE_MS)
    assert (await world.accounts.get("anna")).device_list == anna.person.device_list
    for _ in range(2):  # the retry, and the retry of a retry
        await world.devices.publish_list(anna.record, device_list, [second.certificate])
    assert await listed(world, "anna") == {anna.record.uri, second.device.uri}
    await world.delivery.close()
    await database.close()
