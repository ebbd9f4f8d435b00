"""Key packages: the parts that need no second engine."""

import asyncio

import pytest

from delivery_world import SUITE, Player, World
from plausch.base.durations import HOUR_MS
from plausch.base.errors import Fault
from plausch.db.interface import Transaction
from plausch.identity.device_list import DeviceList
from plausch.mls.suite import MLS_256_XWING
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.store.allowance import Kind
from wire_device import DAY_S


async def test_each_suite_has_its_own_supply_and_last_resort(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    for suite in (SUITE, MLS_256_XWING):
        single, last = anna.bundle(suite), anna.bundle(suite, last_resort=True)
        await world.key_packages.upload(anna.record, [single.message], last.message)
    assert await world.supply(anna.record) == (2, True)
    claimed = await world.key_packages.claim(cem.record, "anna", MLS_256_XWING, [])
    assert len(claimed) == 1
    assert await world.supply(anna.record) == (1, True)


async def test_a_device_with_nothing_left_is_absent(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await anna.link()
    await laptop.upload(1)
    claimed = await world.key_packages.claim(cem.record, "anna", SUITE, [])
    assert [uri for uri, _ in claimed] == [laptop.record.uri]


async def test_a_device_asked_for_twice_gives_one_package(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.upload(3)
    uri = anna.record.uri
    assert len(await world.key_packages.claim(cem.record, "anna", SUITE, [uri, uri])) == 1
    assert await world.supply(anna.record) == (2, False)


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def strict(world: World, **limits: int) -> World:
    return World(world.database, clock=world.clock, limits=Limits(**limits))


async def supply(world: World, player: Player) -> tuple[int, bool]:
    return await world.supply(player.record)


# --- uploading -----------------------------------------------------------------------------


async def test_one_bad_package_refuses_all_that_came_with_it(world: World) -> None:
    anna = await world.player("anna")
    good = [anna.bundle().message for _ in range(3)]
    last = anna.bundle(last_resort=True).message
    for raw, last_resort in (
        ([*good, b"junk"], last),
        ([*good, last], b""),
        (good, good[0]),
        (good, b"junk"),
    ):
        with refused("bad_key_package"):
            await world.key_packages.upload(anna.record, raw, last_resort)
        assert await supply(world, anna) == (0, False)
    await world.key_packages.upload(anna.record, good, last)
    assert await supply(world, anna) == (3, True)


async def test_as_many_as_are_allowed_and_not_one_more(world: World) -> None:
    small = strict(world, key_packages_per_device=3)
    anna, cem = await small.player("anna"), await small.player("cem")
    await anna.upload(3)
    with refused("too_many_key_packages"):
        await anna.upload(1)
    assert await supply(small, anna) == (3, False)
    await small.key_packages.claim(cem.record, "anna", SUITE, [])
    await anna.upload(1)
    assert await supply(small, anna) == (3, False)


async def test_a_last_resort_takes_no_place_of_the_others(world: World) -> None:
    small = strict(world, key_packages_per_device=2)
    anna = await small.player("anna")
    await anna.upload(2)
    for _ in range(3):
        last = anna.bundle(last_resort=True).message
        await small.key_packages.upload(anna.record, [], last)
    assert await supply(small, anna) == (2, True)


async def test_the_expired_make_room(world: World) -> None:
    small = strict(world, key_packages_per_device=2)
    anna = await small.player("anna")
    await anna.upload(2)
    small.clock.advance(29 * DAY_S * 1000)
    assert await supply(small, anna) == (0, False)
    await anna.upload(2)
    assert await supply(small, anna) == (2, False)

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT count(*) FROM key_package"))[0][0])

    assert await world.database.read(body) == 2  # nobody keeps what nobody can use


async def test_of_two_uploads_at_once_that_are_too_many_together_one_is_kept_whole(
    world: World,
) -> None:
    small = strict(world, key_packages_per_device=5)
    anna = await small.player("anna")
    results = await asyncio.gather(anna.upload(3), anna.upload(3), return_exceptions=True)
    assert sum(one is None for one in results) == 1
    assert {one.code for one in results if isinstance(one, Refusal)} == {"too_many_key_packages"}
    assert await supply(small, anna) == (3, False)


async def test_the_same_package_in_one_upload_or_two_is_one(world: World) -> None:
    anna = await world.player("anna")
    raw = anna.bundle().message
    await asyncio.gather(
        *[world.key_packages.upload(anna.record, [raw, raw], b"") for _ in range(3)]
    )
    assert await supply(world, anna) == (1, False)


async def test_the_same_last_resort_again_stays_the_last_resort(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    last = anna.bundle(last_resort=True).message
    for _ in range(2):
        await world.key_packages.upload(anna.record, [], last)
    claimed = await world.key_packages.claim(cem.record, "anna", SUITE, [])
    assert claimed == [(anna.record.uri, last)]


async def test_a_package_of_exactly_the_limit_is_the_largest(world: World) -> None:
    anna = await world.player("anna")
    raw = anna.bundle().message
    for size, good in ((len(raw), True), (len(raw) - 1, False)):
        small = strict(world, key_package_bytes=size)
        if good:
            await small.key_packages.upload(anna.record, [raw], b"")
        else:
            with refused("bad_key_package") as caught:
                await small.key_packages.upload(anna.record, [raw], b"")
            assert str(size) in str(caught.value)


async def test_a_package_of_the_accounts_other_device_is_refused(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    with refused("bad_key_package"):
        await world.key_packages.upload(anna.record, [laptop.bundle().message], b"")
    await laptop.upload(1)
    assert (await supply(world, anna), await supply(world, laptop)) == ((0, False), (1, False))


async def test_packages_made_in_the_future_and_in_the_past_are_refused(world: World) -> None:
    """A device whose clock is wrong hears so, instead of handing out what nobody can use."""
    anna = await world.player("anna")
    for jump_ms in (2 * DAY_S * 1000, -29 * DAY_S * 1000):
        world.clock.advance(jump_ms)
        raw = anna.bundle().message
        world.clock.advance(-jump_ms)
        with refused("bad_key_package"):
            await world.key_packages.upload(anna.record, [raw], b"")


# --- claiming ------------------------------------------------------------------------------


async def test_claims_and_uploads_race_and_each_package_goes_to_one(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.upload(5)
    taken: list[bytes] = []

    async def claim() -> None:
        try:
            claimed = await world.key_packages.claim(cem.record, "anna", SUITE, [])
        except Refusal as refusal:
            assert refusal.code == "no_key_package"
        else:
            taken.extend(raw for _, raw in claimed)

    await asyncio.gather(*[claim() for _ in range(8)], anna.upload(5), *[claim() for _ in range(8)])
    left, _ = await supply(world, anna)
    assert len(taken) == len(set(taken)) == 10 - left
    assert set(taken) <= {one.message for one in anna.bundles}


async def test_a_last_resort_is_for_everybody_at_once(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    last = anna.bundle(last_resort=True).message
    await world.key_packages.upload(anna.record, [], last)
    claims = await asyncio.gather(
        *[world.key_packages.claim(cem.record, "anna", SUITE, []) for _ in range(6)]
    )
    assert {claim[0][1] for claim in claims} == {last}
    assert await supply(world, anna) == (0, True)


async def test_a_package_is_good_until_the_second_before_it_expires(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    for last in (False, True):
        bundle = anna.bundle(last_resort=last)
        lifetime = bundle.key_package.leaf_node.lifetime
        assert lifetime is not None
        left_ms = (lifetime.not_after_s - world.now_s) * 1000
        await world.key_packages.upload(
            anna.record, [] if last else [bundle.message], bundle.message if last else b""
        )
        world.clock.advance(left_ms)
        with refused("no_key_package"):
            await world.key_packages.claim(cem.record, "anna", SUITE, [])
        world.clock.advance(-1_000)
        claimed = await world.key_packages.claim(cem.record, "anna", SUITE, [])
        assert claimed == [(anna.record.uri, bundle.message)]
        world.clock.advance(1_000 - left_ms)


async def test_who_is_claimed_from_is_not_at_fault_and_not_charged_to_others(
    world: World,
) -> None:
    small = strict(world, key_packages_claimed_per_hour=3)
    anna, cem = await small.player("anna"), await small.player("cem")
    laptop = await anna.link()
    for one in (anna, laptop):
        await one.upload(4)
    await small.key_packages.claim(cem.record, "anna", SUITE, [])  # two devices: two of three
    with refused("rate_limited") as caught:
        await small.key_packages.claim(cem.record, "anna", SUITE, [])
    assert caught.value.retry_after_ms == HOUR_MS - world.clock.now_ms() % HOUR_MS
    await small.key_packages.claim(cem.record, "anna", SUITE, [anna.record.uri])
    ela = await small.player("ela")
    await small.key_packages.claim(ela.record, "anna", SUITE, [])
    assert (await supply(small, anna), await supply(small, laptop)) == ((1, False), (2, False))


async def test_two_devices_of_an_account_share_what_it_may_claim(world: World) -> None:
    small = strict(world, key_packages_claimed_per_hour=1)
    anna, cem = await small.player("anna"), await small.player("cem")
    laptop = await cem.link()
    await anna.upload(3)
    await small.key_packages.claim(cem.record, "anna", SUITE, [])
    with refused("rate_limited"):
        await small.key_packages.claim(laptop.record, "anna", SUITE, [])


async def test_more_packages_than_an_hour_has_are_refused_and_cost_nothing(world: World) -> None:
    small = strict(world, key_packages_claimed_per_hour=1)
    anna, cem = await small.player("anna"), await small.player("cem")
    await anna.link()
    await anna.upload(1)
    for _ in range(3):
        with refused("rate_limited"):
            await small.key_packages.claim(cem.record, "anna", SUITE, [])
    await small.key_packages.claim(cem.record, "anna", SUITE, [anna.record.uri])


async def test_claims_of_one_account_that_were_refused_are_not_missing_for_others(
    world: World,
) -> None:
    small = strict(world, key_packages_claimed_per_hour=2, claims_of_an_account_per_hour=1)
    anna, cem, ela = [await small.player(name) for name in ("anna", "cem", "ela")]
    for one in (anna, ela):
        await one.upload(2)
    await small.key_packages.claim(cem.record, "anna", SUITE, [])
    for _ in range(3):
        with refused("rate_limited"):
            await small.key_packages.claim(cem.record, "anna", SUITE, [])
    await small.key_packages.claim(cem.record, "ela", SUITE, [])


async def test_the_table_does_not_tell_whose_packages_were_claimed(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await anna.upload(2)
    for _ in range(2):
        await world.key_packages.claim(cem.record, "anna", SUITE, [])
        world.clock.advance(HOUR_MS)

    async def body(tx: Transaction) -> list[bytes]:
        kind = int(Kind.CLAIMS_OF_AN_ACCOUNT)
        rows = await tx.fetch("SELECT holder FROM allowance WHERE kind = $1", kind)
        return [bytes(row[0]) for row in rows]

    holders = await world.database.read(body)
    assert (len(set(holders)), {len(one) for one in holders}) == (2, {16})


async def test_claims_that_are_none_cost_nothing(world: World) -> None:
    small = strict(world, key_packages_claimed_per_hour=1)
    anna, cem = await small.player("anna"), await small.player("cem")
    await anna.upload(1)
    for name, suite, devices, code in (
        ("nobody", SUITE, [], "unknown_account"),
        ("No Name", SUITE, [], "unknown_account"),
        ("anna", -1, [], "bad_request"),
        ("anna", 1 << 16, [], "bad_request"),
        ("anna", SUITE, [cem.record.uri], "unknown_device"),
        ("anna", SUITE, ["x" * 500], "unknown_device"),
    ):
        with refused(code) as caught:
            await small.key_packages.claim(cem.record, name, suite, devices)
        assert len(str(caught.value)) < 300
    assert len(await small.key_packages.claim(cem.record, "anna", SUITE, [])) == 1


async def test_nothing_to_claim_is_the_other_sides_matter(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    with refused("no_key_package") as caught:
        await world.key_packages.claim(cem.record, anna.record.name, SUITE, [])
    assert caught.value.fault is Fault.REMOTE


async def test_an_account_claims_for_its_own_new_device(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    await laptop.upload(1)
    uris = [laptop.record.uri]
    claimed = await world.key_packages.claim(anna.record, "anna", SUITE, uris)
    assert claimed == [(laptop.record.uri, laptop.bundles[0].message)]


async def test_packages_of_a_device_that_was_removed_meanwhile_are_not_handed_out(
    world: World,
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await anna.link()
    for one in (anna, laptop):
        await one.upload(2)
    only = [(anna.person.device.device, anna.person.key.public)]
    without = DeviceList.issue(
        anna.person.identity, anna.person.address, only, world.now_s, laptop.person.device_list
    )
    claimed, _ = await asyncio.gather(
        world.key_packages.claim(cem.record, "anna", SUITE, []),
        world.devices.publish_list(anna.record, without, []),
    )
    assert {uri for uri, _ in claimed} in ({anna.record.uri}, {anna.record.uri, laptop.record.uri})
    with refused("unknown_device"):
        await world.key_packages.claim(cem.record, "anna", SUITE, [laptop.record.uri])
    later = await world.key_packages.claim(cem.record, "anna", SUITE, [])
    assert [uri for uri, _ in later] == [anna.record.uri]
