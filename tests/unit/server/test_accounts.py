"""Accounts: the parts that need no second engine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import World
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.server.accounts import INVITATION_MS, Accounts
from plausch.server.errors import Refusal
from plausch.server.records import AccountRecord
from wire_device import Person


def test_registration_has_three_modes(world: World) -> None:
    with pytest.raises(ValueError, match="registration"):
        Accounts(world.database, world.clock, world.limits, "localhost", "sometimes")


async def test_codes_are_not_stored(world: World) -> None:
    codes = {await world.accounts.invite() for _ in range(5)}
    assert len(codes) == 5

    async def body(tx: Transaction) -> bytes:
        return b"".join([row[0] for row in await tx.fetch("SELECT code_hash FROM invitation")])

    stored = await world.database.read(body)
    assert len(stored) == 5 * 32
    assert not any(code.encode() in stored for code in codes)


@pytest.mark.parametrize("name", ["", "A", "a" * 33, "anna@localhost", "../x", "a b", "ä"])
async def test_names_are_checked_before_anything_else(world: World, name: str) -> None:
    with pytest.raises(Refusal) as caught:
        await world.accounts.get(name)
    assert caught.value.code == "bad_name"


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def register(
    world: World, person: Person, kind: str = "person", code: str = ""
) -> AccountRecord:
    name = person.address.name
    return await world.accounts.register(name, kind, code, person.certificate, person.device_list)


def certified(person: Person, not_before_s: int, expires_s: int) -> bytes:
    """Another certificate of the person's device."""
    return DeviceCertificate.issue(
        person.identity, person.device, person.key.public, not_before_s, expires_s
    )


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[World]:
    database = open_sqlite(tmp_path / "server.db")
    world = await World(database, registration="invitation").prepare()
    yield world
    await world.delivery.close()
    await database.close()


# --- registration --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "7", "a" * 32, "a.b_c-d9"])
async def test_the_shortest_and_the_longest_names_are_names(world: World, name: str) -> None:
    person = world.person(name)
    assert (await register(world, person)).name == name
    assert (await world.accounts.get(name)).identity_key == person.identity.public


async def test_a_certificate_counts_from_its_first_second_to_before_its_last(
    world: World,
) -> None:
    now_s = world.now_s
    for name, not_before_s, expires_s, good in (
        ("early", now_s + 1, now_s + 9, False),
        ("first", now_s, now_s + 9, True),
        ("last", now_s - 9, now_s + 1, True),
        ("late", now_s - 9, now_s, False),
    ):
        person = world.person(name)
        person.certificate = certified(person, not_before_s, expires_s)
        if good:
            await register(world, person)
        else:
            with refused("bad_certificate"):
                await register(world, person)


async def test_a_retry_with_a_renewed_certificate_is_the_same_registration(
    world: World,
) -> None:
    person = world.person("anna")
    first = await register(world, person)
    person.certificate = certified(person, world.now_s, world.now_s + 1_000)
    assert await register(world, person) == first


async def test_a_retry_is_no_way_to_another_kind(world: World) -> None:
    person = world.person("anna")
    await register(world, person)
    with refused("name_taken"):
        await register(world, person, "business")
    assert (await world.accounts.get("anna")).kind == "person"


async def test_a_retry_is_answered_though_registration_has_closed_meanwhile(
    world: World,
) -> None:
    person = world.person("anna")
    first = await register(world, person)
    for mode in ("invitation", "closed"):
        later = World(world.database, clock=world.clock, registration=mode)
        assert await register(later, person) == first


async def test_a_retry_after_the_device_was_removed_is_no_way_back(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    person, other = anna.person, laptop.person
    only = [(other.device.device, other.key.public)]
    without = DeviceList.issue(
        person.identity, person.address, only, world.now_s, other.device_list
    )
    await world.devices.publish_list(anna.record, without, [])
    with refused("name_taken"):
        await register(world, person)
    with refused("device_removed"):
        await world.login(person)


async def test_a_retry_after_a_newer_list_does_not_bring_the_old_one_back(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    record = await register(world, anna.person)
    assert record.device_list == laptop.person.device_list
    assert (await world.accounts.get("anna")).device_list == laptop.person.device_list


async def test_identity_and_device_of_two_people_do_not_make_one(world: World) -> None:
    """A thief who has somebody's certificate has not their device list, nor the other way."""
    anna, thief = world.person("anna"), world.person("anna")
    mixed = DeviceList.issue(
        thief.identity, anna.address, [(anna.device.device, anna.key.public)], world.now_s
    )
    with refused("bad_device_list") as caught:
        await world.accounts.register("anna", "person", "", anna.certificate, mixed)
    assert "different identity keys" in str(caught.value)
    with refused("unknown_account"):
        await world.accounts.get("anna")


async def test_a_list_that_names_the_device_with_another_key_is_refused(world: World) -> None:
    anna, other = world.person("anna"), world.person("anna")
    wrong = DeviceList.issue(
        anna.identity, anna.address, [(anna.device.device, other.key.public)], world.now_s
    )
    with refused("bad_device_list"):
        await world.accounts.register("anna", "person", "", anna.certificate, wrong)


async def test_a_long_kind_is_not_repeated_in_the_refusal(world: World) -> None:
    with refused("bad_account_kind") as caught:
        await register(world, world.person("anna"), "x" * 10_000)
    assert len(str(caught.value)) < 100


# --- invitations ---------------------------------------------------------------------------


async def test_an_invitation_is_valid_to_its_last_millisecond_and_not_beyond(
    world: World,
) -> None:
    shut = World(world.database, clock=world.clock, registration="invitation")
    codes = [await shut.accounts.invite(valid_ms=10_000) for _ in range(2)]
    shut.clock.advance(9_999)
    assert len(await shut.accounts.invitations()) == 2
    await register(shut, shut.person("anna"), code=codes[0])
    shut.clock.advance(1)
    assert await shut.accounts.invitations() == []
    with refused("invitation_required"):
        await register(shut, shut.person("cem"), code=codes[1])


async def test_invitations_are_listed_with_their_time_oldest_first(world: World) -> None:
    now_ms = world.clock.now_ms()
    await world.accounts.invite()
    world.clock.advance(1_000)
    await world.accounts.invite(valid_ms=5)
    assert await world.accounts.invitations() == [
        (now_ms, now_ms + INVITATION_MS),
        (now_ms + 1_000, now_ms + 1_005),
    ]


async def test_a_new_invitation_clears_the_expired_ones_away(world: World) -> None:
    await world.accounts.invite(valid_ms=1)
    world.clock.advance(1)
    await world.accounts.invite()

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT count(*) FROM invitation"))[0][0])

    assert await world.database.read(body) == 1


async def test_an_open_server_uses_up_no_invitation(world: World) -> None:
    code = await world.accounts.invite()
    await register(world, world.person("anna"), code=code)
    assert len(await world.accounts.invitations()) == 1


async def test_a_refused_registration_leaves_its_invitation(world: World) -> None:
    shut = World(world.database, clock=world.clock, registration="invitation")
    code = await shut.accounts.invite()
    anna, cem = shut.person("anna"), shut.person("cem")
    with refused("bad_device_list"):
        await shut.accounts.register("anna", "person", code, anna.certificate, cem.device_list)
    await register(shut, anna, code=code)


async def test_a_full_disk_gives_neither_account_nor_device_and_keeps_the_invitation(
    on_disk: World,
) -> None:
    code = await on_disk.accounts.invite()
    person = on_disk.person("anna")

    async def fill(tx: Transaction) -> None:
        await tx.execute("CREATE TABLE ballast (body BLOB)")
        pages = (await tx.fetch("PRAGMA page_count"))[0][0]
        await tx.fetch(f"PRAGMA max_page_count = {pages}")

    await on_disk.database.transact(fill)
    crowd = [on_disk.person(f"guest{n}") for n in range(40)]

    async def crowded(tx: Transaction) -> None:
        await tx.execute("INSERT INTO ballast VALUES ($1)", bytes(200_000))

    results = await asyncio.gather(
        register(on_disk, person, code=code),
        on_disk.database.transact(crowded),
        *[register(on_disk, one, code="guess") for one in crowd],
        return_exceptions=True,
    )
    assert all(isinstance(one, StorageUnavailable) for one in results)
    with refused("unknown_account"):
        await on_disk.accounts.get("anna")
    assert len(await on_disk.accounts.invitations()) == 1
    await register(on_disk, person, code=code)
    assert (await on_disk.login(person)).name == "anna"
