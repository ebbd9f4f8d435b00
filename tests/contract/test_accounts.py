"""Accounts, devices, key packages and invitations on both engines."""

import asyncio
import secrets

import pytest

from delivery_world import DOMAIN, SUITE, Player, World
from plausch.base.ids import DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.identity.login import sign_login
from plausch.mls.joiner import KeyPackageBundle
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from wire_device import DAY_S, Person, accept_anyone


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def register(world: World, person: Person, kind: str = "person", code: str = "") -> None:
    name = person.address.name
    await world.accounts.register(name, kind, code, person.certificate, person.device_list)


# --- registration --------------------------------------------------------------------------


async def test_a_registered_account_is_found(world: World) -> None:
    person = world.person("anna")
    await register(world, person, "business")
    record = await world.accounts.get("anna")
    assert (record.name, record.kind) == ("anna", "business")
    assert record.identity_key == person.identity.public
    assert record.device_list == person.device_list
    with refused("unknown_account"):
        await world.accounts.get("nobody")


async def test_registering_again_is_accepted_again(world: World) -> None:
    person = world.person("anna")
    await asyncio.gather(*[register(world, person) for _ in range(5)])
    assert (await world.login(person)).name == "anna"


async def test_a_name_is_given_once(world: World) -> None:
    rivals = [world.person("anna") for _ in range(5)]
    results = await asyncio.gather(
        *[register(world, one) for one in rivals], return_exceptions=True
    )
    assert sum(one is None for one in results) == 1
    assert {one.code for one in results if isinstance(one, Refusal)} == {"name_taken"}


async def test_another_device_of_the_owner_cannot_register_the_name_again(world: World) -> None:
    person = world.person("anna")
    await register(world, person)
    again = Person.new("anna", DOMAIN, world.now_s)
    certificate = DeviceCertificate.issue(
        person.identity, again.device, again.key.public, world.now_s, world.now_s + DAY_S
    )
    devices = [(again.device.device, again.key.public)]
    device_list = DeviceList.issue(person.identity, person.address, devices, world.now_s)
    with refused("name_taken"):
        await world.accounts.register("anna", "person", "", certificate, device_list)


async def test_bad_registrations_are_refused(world: World) -> None:
    anna, cem = world.person("anna"), world.person("cem")
    elsewhere = Person.new("anna", "example.org", world.now_s)
    expired = Person.new("anna", DOMAIN, world.now_s - 100 * DAY_S)
    cases = [
        ("bad_name", "Anna!", "person", anna.certificate, anna.device_list),
        ("bad_account_kind", "anna", "robot", anna.certificate, anna.device_list),
        ("bad_certificate", "anna", "person", b"", anna.device_list),
        ("bad_certificate", "anna", "person", cem.certificate, anna.device_list),
        ("bad_certificate", "anna", "person", elsewhere.certificate, anna.device_list),
        ("bad_certificate", "anna", "person", expired.certificate, anna.device_list),
        ("bad_device_list", "anna", "person", anna.certificate, b"\xff" * 40),
        ("bad_device_list", "anna", "person", anna.certificate, cem.device_list),
        (
            "bad_device_list",
            "anna",
            "person",
            anna.certificate,
            world.person("anna").device_list,
        ),
    ]
    for code, name, kind, certificate, device_list in cases:
        with refused(code):
            await world.accounts.register(name, kind, "", certificate, device_list)
    with refused("unknown_account"):
        await world.accounts.get("anna")


async def test_a_first_list_names_exactly_the_device_that_registers(world: World) -> None:
    anna = world.person("anna")
    other = SigningKey.generate()
    devices = [(anna.device.device, anna.key.public), ("0" * 16, other.public)]
    both = DeviceList.issue(anna.identity, anna.address, devices, world.now_s)
    second = DeviceList.issue(
        anna.identity, anna.address, devices[:1], world.now_s, anna.device_list
    )
    for device_list in (both, second):
        with refused("bad_device_list"):
            await world.accounts.register("anna", "person", "", anna.certificate, device_list)


async def test_an_invitation_admits_one_account(world: World) -> None:
    closed = World(world.database, clock=world.clock, registration="invitation")
    code = await closed.accounts.invite()
    assert len(await closed.accounts.invitations()) == 1
    people = [world.person(name) for name in ("anna", "cem", "ela")]
    with refused("invitation_required"):
        await register(closed, people[0])
    with refused("invitation_required"):
        await register(closed, people[0], code="guess")
    results = await asyncio.gather(
        *[register(closed, one, code=code) for one in people], return_exceptions=True
    )
    assert sum(one is None for one in results) == 1
    assert await closed.accounts.invitations() == []
    winner = people[results.index(None)]
    await register(closed, winner, code=code)  # the answer was lost


async def test_an_invitation_expires_and_a_refused_registration_does_not_use_it(
    world: World,
) -> None:
    closed = World(world.database, clock=world.clock, registration="invitation")
    await register(world, world.person("anna"))
    code = await closed.accounts.invite(valid_ms=10_000)
    with refused("name_taken"):
        await register(closed, world.person("anna"), code=code)
    assert len(await closed.accounts.invitations()) == 1
    world.clock.advance(10_000)
    with refused("invitation_required"):
        await register(closed, world.person("cem"), code=code)


async def test_a_closed_server_takes_nobody(world: World) -> None:
    closed = World(world.database, clock=world.clock, registration="closed")
    with refused("registration_closed"):
        await register(closed, world.person("anna"))


# --- login ---------------------------------------------------------------------------------


async def test_login_wants_this_device_this_nonce_this_server(world: World) -> None:
    anna, cem = world.person("anna"), world.person("cem")
    await register(world, anna)
    await register(world, cem)
    nonce = secrets.token_bytes(32)
    uri = anna.device.uri
    good = sign_login(anna.key, DOMAIN, nonce, anna.device)
    assert (await world.devices.login(uri, nonce, good)).uri == uri
    with refused("bad_signature"):
        await world.devices.login(uri, secrets.token_bytes(32), good)
    with refused("bad_signature"):
        await world.devices.login(cem.device.uri, nonce, good)
    with refused("bad_signature"):
        await world.devices.login(uri, nonce, b"")
    for stranger in ("", "mimi://x", DeviceAddress(anna.address, "f" * 16).uri):
        with refused("unknown_device"):
            await world.devices.login(stranger, nonce, good)


# --- device lists --------------------------------------------------------------------------


async def test_linking_and_removing_a_device(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.conversation_with(cem)
    laptop = await anna.link()
    assert laptop.record.account_key == anna.record.account_key
    await laptop.upload(2)
    only = [(anna.person.device.device, anna.person.key.public)]
    last = DeviceList.issue(
        anna.person.identity, anna.person.address, only, world.now_s, laptop.person.device_list
    )
    moved = await world.devices.publish_list(anna.record, last, [])
    assert moved.removed == (laptop.record.uri,)
    assert set(moved.interested) == {anna.record.uri, cem.record.uri}
    with refused("device_removed"):
        await world.login(laptop.person)
    assert await world.supply(laptop.record) == (0, False)
    assert (await world.accounts.get("anna")).device_list == last


async def test_only_who_has_its_key_is_told_that_a_device_was_removed(world: World) -> None:
    """To anybody else it is what a device is that never was, and so is an account."""
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = (await anna.link()).person
    only = [(anna.person.device.device, anna.person.key.public)]
    without = DeviceList.issue(
        anna.person.identity, anna.person.address, only, world.now_s, laptop.device_list
    )
    await world.devices.publish_list(anna.record, without, [])
    nonce, uri = secrets.token_bytes(32), laptop.device.uri
    good = sign_login(laptop.key, DOMAIN, nonce, laptop.device)
    with refused("device_removed"):
        await world.devices.login(uri, nonce, good)
    said = []
    strangers = sign_login(cem.person.key, DOMAIN, nonce, laptop.device)
    for signature in (strangers, b"", sign_login(laptop.key, DOMAIN, bytes(32), laptop.device)):
        with refused("unknown_device") as caught:
            await world.devices.login(uri, nonce, signature)
        said.append(str(caught.value))
    never = DeviceAddress(anna.person.address, "f" * 16).uri
    with refused("unknown_device") as caught:
        await world.devices.login(never, nonce, good)
    assert set(said) == {str(caught.value).replace(never, uri)}


async def test_a_device_that_was_unlisted_since_it_was_found_is_not_let_in(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    only = [(anna.person.device.device, anna.person.key.public)]
    without = DeviceList.issue(
        anna.person.identity, anna.person.address, only, world.now_s, laptop.person.device_list
    )
    await world.devices.publish_list(anna.record, without, [])
    with refused("device_removed"):
        await world.devices.seen(laptop.record, lambda: None)
    await world.devices.seen(anna.record, lambda: None)


async def test_the_same_list_again_is_accepted(world: World) -> None:
    anna = await world.player("anna")
    second, device_list = anna.second_device()
    for _ in range(2):
        await world.devices.publish_list(anna.record, device_list, [second.certificate])
    assert (await world.accounts.get("anna")).device_list == device_list


async def test_lists_that_do_not_follow_are_refused(world: World) -> None:
    anna = await world.player("anna")
    await anna.link()
    rival, forked = anna.second_device()
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, forked, [rival.certificate])
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, anna.person.device_list, [])
    stranger = world.person("anna")
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, stranger.device_list, [stranger.certificate])
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, b"", [])


async def test_a_new_device_needs_its_certificate(world: World) -> None:
    anna = await world.player("anna")
    second, device_list = anna.second_device()
    other = Person.new("anna", DOMAIN, world.now_s)
    forged = DeviceCertificate.issue(
        other.identity, second.device, second.key.public, world.now_s, world.now_s + DAY_S
    )
    for certificates in ([], [b"junk"], [forged], [other.certificate]):
        with refused("bad_certificate"):
            await world.devices.publish_list(anna.record, device_list, certificates)
    with refused("unknown_device"):
        await world.login(second)


async def test_an_account_has_a_limited_number_of_devices(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(devices_per_person=1))
    anna = await small.player("anna")
    with refused("too_many_devices"):
        await anna.link()
    linde = await small.player("linde", "business")
    await linde.link()


async def test_a_device_id_is_not_used_twice(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    person = anna.person
    only = [(person.device.device, person.key.public)]
    without = DeviceList.issue(
        person.identity, person.address, only, world.now_s, laptop.person.device_list
    )
    await world.devices.publish_list(anna.record, without, [])
    both = [*only, (laptop.person.device.device, laptop.person.key.public)]
    again = DeviceList.issue(person.identity, person.address, both, world.now_s, without)
    with refused("bad_device_list"):
        await world.devices.publish_list(anna.record, again, [laptop.person.certificate])


# --- key packages --------------------------------------------------------------------------


async def test_no_key_package_is_handed_out_twice(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.upload(20)
    uploaded = {one.message for one in anna.bundles}
    claims = await asyncio.gather(
        *[world.key_packages.claim(cem.record, "anna", SUITE, []) for _ in range(20)]
    )
    handed_out = [raw for claim in claims for _, raw in claim]
    assert set(handed_out) == uploaded
    assert len(handed_out) == 20
    ela = await world.player("ela")
    with refused("no_key_package"):
        await world.key_packages.claim(ela.record, "anna", SUITE, [])


async def test_two_processes_hand_out_each_package_once(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.upload(20)
    other = World(world.database, clock=world.clock)
    claims = await asyncio.gather(
        *[
            (world, other)[n % 2].key_packages.claim(cem.record, "anna", SUITE, [])
            for n in range(20)
        ]
    )
    assert len({raw for claim in claims for _, raw in claim}) == 20


async def test_the_last_resort_is_handed_out_when_nothing_else_is_left(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    last, newer = anna.bundle(last_resort=True), anna.bundle(last_resort=True)
    single = anna.bundle()
    await world.key_packages.upload(anna.record, [single.message], last.message)
    assert await world.supply(anna.record) == (1, True)
    order = [await world.key_packages.claim(cem.record, "anna", SUITE, []) for _ in range(3)]
    assert [claim[0][1] for claim in order] == [single.message, last.message, last.message]
    await world.key_packages.upload(anna.record, [], newer.message)
    claimed = await world.key_packages.claim(cem.record, "anna", SUITE, [])
    assert claimed == [(anna.record.uri, newer.message)]


async def test_one_package_for_each_wanted_device(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await anna.link()
    await anna.upload(3)
    await laptop.upload(3)
    both = await world.key_packages.claim(cem.record, "anna", SUITE, [])
    assert {uri for uri, _ in both} == {anna.record.uri, laptop.record.uri}
    one = await world.key_packages.claim(cem.record, "anna", SUITE, [laptop.record.uri])
    assert [uri for uri, _ in one] == [laptop.record.uri]
    with refused("unknown_device"):
        await world.key_packages.claim(cem.record, "anna", SUITE, [cem.record.uri])
    with refused("unknown_account"):
        await world.key_packages.claim(cem.record, "nobody", SUITE, [])
    with refused("no_key_package"):
        await world.key_packages.claim(cem.record, "anna", 0x0003, [])


async def test_an_expired_package_is_not_handed_out(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.upload(2)
    world.clock.advance(29 * DAY_S * 1000)
    with refused("no_key_package"):
        await world.key_packages.claim(cem.record, "anna", SUITE, [])
    await anna.upload(1)
    assert await world.supply(anna.record) == (1, False)


async def test_uploads_are_limited_and_repeatable(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(key_packages_per_device=3))
    anna = await small.player("anna")
    bundle = anna.bundle()
    for _ in range(2):
        await small.key_packages.upload(anna.record, [bundle.message], b"")
    assert await small.supply(anna.record) == (1, False)
    for count in (3, 4):
        with refused("too_many_key_packages"):
            await anna.upload(count)
    assert await small.supply(anna.record) == (1, False)


async def test_foreign_and_damaged_packages_are_refused(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    wrong_key = KeyPackageBundle.create(
        SUITE,
        anna.person.credential,
        SigningKey.generate().to_bytes(),
        world.now_s,
        DAY_S,
    )
    good = anna.bundle().message
    damaged = good[:-1] + bytes([good[-1] ^ 1])
    for raw in (b"", cem.bundle().message, wrong_key.message, damaged, good + b"\x00"):
        with refused("bad_key_package"):
            await world.key_packages.upload(anna.record, [raw], b"")
    with refused("bad_key_package"):
        await world.key_packages.upload(anna.record, [anna.bundle(last_resort=True).message], b"")
    with refused("bad_key_package"):
        await world.key_packages.upload(anna.record, [], good)
    with refused("bad_key_package"):
        await world.key_packages.upload(anna.record, [b"\x00" * 20_000], b"")


async def test_claiming_is_rate_limited(world: World) -> None:
    strict = World(
        world.database, clock=world.clock, limits=Limits(key_packages_claimed_per_hour=2)
    )
    anna, cem = await strict.player("anna"), await strict.player("cem")
    await anna.upload(4)
    for _ in range(2):
        await strict.key_packages.claim(cem.record, "anna", SUITE, [])
    with refused("rate_limited") as caught:
        await strict.key_packages.claim(cem.record, "anna", SUITE, [])
    assert caught.value.retry_after_ms > 0
    assert await strict.supply(anna.record) == (2, False)
    strict.clock.advance(3_600_000)
    await strict.key_packages.claim(cem.record, "anna", SUITE, [])


# --- conversations -------------------------------------------------------------------------


async def test_creating_a_conversation_can_be_repeated(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = anna.new_group()
    raw = group.group_info()
    await asyncio.gather(
        *[world.conversations.create(anna.record, group.group_id, raw) for _ in range(3)]
    )
    await anna.add(group, cem)
    await world.conversations.create(anna.record, group.group_id, raw)
    assert await world.members(group.group_id) == (anna.record.uri, cem.record.uri)
    with refused("conversation_exists"):
        same_id = anna.new_group(group.group_id)
        await world.conversations.create(anna.record, group.group_id, same_id.group_info())
    with refused("conversation_exists"):
        theirs = cem.new_group(group.group_id)
        await world.conversations.create(cem.record, group.group_id, theirs.group_info())


async def test_bad_beginnings_are_refused(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = anna.new_group()
    raw = group.group_info()
    for code, device, conversation, group_info in (
        ("bad_conversation", anna, b"short", raw),
        ("bad_group_info", anna, secrets.token_bytes(16), raw),
        ("bad_group_info", anna, group.group_id, b""),
        ("bad_group_info", anna, group.group_id, raw[:-1] + bytes([raw[-1] ^ 1])),
        ("bad_group_info", cem, group.group_id, raw),
        ("too_large", anna, group.group_id, b"\x00" * (3 << 20)),
    ):
        with refused(code):
            await world.conversations.create(device.record, conversation, group_info)
    grown = anna.new_group()
    grown.commit(accept_anyone, world.now_s, adds=[cem.bundle().message]).accept()
    with refused("bad_group_info"):
        await world.conversations.create(anna.record, grown.group_id, grown.group_info())
    assert await world.members(group.group_id) == ()


async def test_new_conversations_are_limited(world: World) -> None:
    strict = World(
        world.database, clock=world.clock, limits=Limits(conversations_per_device_per_day=2)
    )
    anna: Player = await strict.player("anna")
    for _ in range(2):
        await anna.create()
    with refused("rate_limited"):
        await anna.create()
    strict.clock.advance(DAY_S * 1000)
    await anna.create()


async def test_participants_and_sends_are_limited(world: World) -> None:
    strict = World(
        world.database,
        clock=world.clock,
        limits=Limits(participants_per_conversation=2, sends_per_device_per_day=2),
    )
    anna, cem, ela = [await strict.player(name) for name in ("anna", "cem", "ela")]
    group = await anna.conversation_with(cem)
    with refused("too_many_participants"):
        await anna.add(group, ela)
    for _ in range(2):
        await anna.send(group)
    with refused("rate_limited") as caught:
        await anna.send(group)
    strict.clock.advance(caught.value.retry_after_ms)
    await anna.send(group)
