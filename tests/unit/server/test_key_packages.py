"""Key packages: the parts that need no second engine."""

from delivery_world import SUITE, World
from plausch.mls.suite import MLS_256_XWING


async def test_each_suite_has_its_own_supply_and_last_resort(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    for suite in (SUITE, MLS_256_XWING):
        single, last = anna.bundle(suite), anna.bundle(suite, last_resort=True)
        await world.key_packages.upload(anna.record, [single.message], last.message)
    assert await world.key_packages.count(anna.record) == (2, True)
    claimed = await world.key_packages.claim(cem.record, "anna", MLS_256_XWING, [])
    assert len(claimed) == 1
    assert await world.key_packages.count(anna.record) == (1, True)


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
    assert await world.key_packages.count(anna.record) == (2, False)
