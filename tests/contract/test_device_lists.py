"""Device lists on both engines: who is told, how often, and what happens after a lost answer."""

from collections.abc import Callable

import pytest

from delivery_world import Player, World
from plausch.db.interface import Body, T
from plausch.identity.device_list import DeviceList
from plausch.server.devices import ListMoved
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from wire_device import Person


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def following(player: Player, previous: bytes, *people: Person) -> bytes:
    """The account's list after `previous`, with these devices."""
    owner = player.person
    entries = sorted((one.device.device, one.key.public) for one in people)
    return DeviceList.issue(owner.identity, owner.address, entries, player.world.now_s, previous)


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


@pytest.fixture
async def cem(world: World, anna: Player) -> Player:
    """Somebody who shares a conversation with Anna."""
    made = await world.player("cem")
    await anna.conversation_with(made)
    return made


# --- who is told ---------------------------------------------------------------------------


async def test_the_same_list_again_is_told_to_nobody(
    world: World, anna: Player, cem: Player
) -> None:
    second, device_list = anna.second_device()
    first, again = [
        await world.devices.publish_list(anna.record, device_list, [second.certificate])
        for _ in range(2)
    ]
    assert first == ListMoved("anna", (), (anna.record.uri, cem.record.uri))
    assert again == ListMoved("anna", (), ())


async def test_a_removed_devices_connection_ends_with_the_repeated_list_as_well(
    world: World, anna: Player, cem: Player
) -> None:
    """The first answer may have been lost together with the server that should have ended it."""
    laptop = await anna.link()
    without = following(anna, laptop.person.device_list, anna.person)
    for told in ((anna.record.uri, cem.record.uri), ()):
        moved = await world.devices.publish_list(anna.record, without, [])
        assert moved == ListMoved("anna", (laptop.record.uri,), told)
    tablet, _ = anna.second_device()
    with_tablet = following(anna, without, anna.person, tablet)
    moved = await world.devices.publish_list(anna.record, with_tablet, [tablet.certificate])
    assert moved.removed == (laptop.record.uri,), "all that are not listed any more"


# --- a lost answer -------------------------------------------------------------------------


async def test_a_list_whose_commit_was_not_answered_is_told_all_the_same(
    world: World, anna: Player, cem: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's connection is lost during COMMIT: the body runs again, and finds its work."""
    laptop = await anna.link()
    without = following(anna, laptop.person.device_list, anna.person)
    monkeypatch.setattr(world.database, "transact", twice(world))
    moved = await world.devices.publish_list(anna.record, without, [])
    assert moved == ListMoved("anna", (laptop.record.uri,), (anna.record.uri, cem.record.uri))


async def test_a_device_that_removes_itself_gets_its_answer_after_a_lost_commit(
    world: World, anna: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = await anna.link()
    without = following(anna, laptop.person.device_list, anna.person)
    monkeypatch.setattr(world.database, "transact", twice(world))
    moved = await world.devices.publish_list(laptop.record, without, [])
    assert moved.removed == (laptop.record.uri,)


def twice(world: World) -> Callable[..., object]:
    """`transact` as after an answer to COMMIT that was lost: what can be repeated is."""
    transact = world.database.transact

    async def run(body: Body[T], *, repeatable: bool = False) -> T:
        if repeatable:
            await transact(body, repeatable=True)
        return await transact(body, repeatable=repeatable)

    return run


# --- who may publish, and how often --------------------------------------------------------


async def test_a_device_that_is_not_listed_publishes_nothing(world: World, anna: Player) -> None:
    """Its connection to another process may still be open, and it may have the identity key."""
    laptop = await anna.link()
    without = following(anna, laptop.person.device_list, anna.person)
    await world.devices.publish_list(anna.record, without, [])
    back = following(anna, without, anna.person)
    for raw in (back, without):
        with refused("unknown_device"):
            await world.devices.publish_list(laptop.record, raw, [])
    assert (await world.accounts.get("anna")).device_list == without


async def test_lists_of_a_device_are_counted_refused_ones_too(world: World, anna: Player) -> None:
    strict = World(world.database, clock=world.clock, limits=Limits(device_lists_per_hour=3))
    for _ in range(2):
        await strict.devices.publish_list(anna.record, anna.person.device_list, [])
    with refused("bad_device_list"):
        await strict.devices.publish_list(anna.record, b"noise", [])
    with refused("rate_limited") as caught:
        await strict.devices.publish_list(anna.record, anna.person.device_list, [])
    assert 0 < caught.value.retry_after_ms <= 3_600_000
    ben = await strict.player("ben")
    await strict.devices.publish_list(ben.record, ben.person.device_list, [])
    world.clock.advance(caught.value.retry_after_ms)
    await strict.devices.publish_list(anna.record, anna.person.device_list, [])


async def test_the_thief_of_a_device_uses_up_nobody_elses_hour(world: World, anna: Player) -> None:
    strict = World(world.database, clock=world.clock, limits=Limits(device_lists_per_hour=2))
    before = anna.person.device_list
    stolen = await anna.link()
    listed = stolen.person.device_list
    for junk in (b"noise", before):
        with refused("bad_device_list"):
            await strict.devices.publish_list(stolen.record, junk, [])
    with refused("rate_limited"):
        await strict.devices.publish_list(stolen.record, listed, [])
    without = following(anna, listed, anna.person)
    await strict.devices.publish_list(anna.record, without, [])
    assert (await world.accounts.get("anna")).device_list == without


async def test_an_account_lists_so_many_new_devices_in_a_day(world: World, anna: Player) -> None:
    strict = World(world.database, clock=world.clock, limits=Limits(new_devices_per_day=3))
    raw = anna.person.device_list  # its own device was one of them
    for count in range(3):
        extra, _ = anna.second_device()
        wanted = following(anna, raw, anna.person, extra)
        if count < 2:
            await strict.devices.publish_list(anna.record, wanted, [extra.certificate])
            raw = wanted
    with refused("rate_limited") as caught:
        await strict.devices.publish_list(anna.record, wanted, [extra.certificate])
    assert caught.value.retry_after_ms > 0
    assert (await world.accounts.get("anna")).device_list == raw
    alone = following(anna, raw, anna.person)
    await strict.devices.publish_list(anna.record, alone, [])  # removing is never too much
    world.clock.advance(24 * 3_600_000)
    wanted = following(anna, alone, anna.person, extra)
    await strict.devices.publish_list(anna.record, wanted, [extra.certificate])
