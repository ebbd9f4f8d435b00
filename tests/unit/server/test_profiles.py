"""What the service of profiles refuses before it asks the database; the rest is a contract."""

from collections.abc import Sequence

import pytest

from delivery_world import World
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.server.errors import Refusal
from plausch.server.profiles import Profiles
from plausch.server.store import allowance
from public_profiles import Shop


async def code_of(profiles: Profiles, shop: Shop, raw: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        await profiles.publish(shop.record, raw)
    assert str(caught.value).endswith(".")
    return caught.value.code


async def test_a_profile_of_another_domain_is_refused(world: World) -> None:
    linde = await Shop.open(world)
    elsewhere = Profiles(world.database, world.clock, world.limits, "example.org")
    assert await code_of(elsewhere, linde, linde.signed()) == "bad_profile"


async def test_every_byte_of_a_profile_counts(world: World) -> None:
    linde = await Shop.open(world)
    raw = linde.signed()
    for place in range(0, len(raw), 37):
        altered = bytearray(raw)
        altered[place] ^= 1
        assert await code_of(world.profiles, linde, bytes(altered)) == "bad_profile"
        world.clock.advance(3_600_000)


async def test_a_page_shows_what_is_published(world: World) -> None:
    linde = await Shop.open(world)
    assert await world.profiles.public("linde") is None
    raw = await linde.publish()
    public = await world.profiles.public("linde")
    assert public is not None
    assert (str(public.account), public.signed.raw) == ("linde@localhost", raw)
    assert public.profile.name == "Zur Linde"


async def test_searching_goes_on_while_nothing_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    linde = await Shop.open(world)
    await linde.publish()

    async def disk_full(_tx: Transaction, _wants: Sequence[allowance.Want]) -> dict[bytes, int]:
        raise StorageUnavailable("The disk is full.")

    monkeypatch.setattr(allowance, "draw", disk_full)
    page = await world.profiles.search(linde.record, "", "", "", "", 1)
    assert [one.name for one in page.found] == ["linde"]
    with pytest.raises(StorageUnavailable):
        await linde.publish(2)
