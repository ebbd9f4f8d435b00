"""Public profiles on both engines: who publishes what, what stays, and what the directory finds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from delivery_world import World
from plausch.base.durations import DAY_MS
from plausch.domain.profile import Address, Profile
from plausch.domain.profile_codec import parse_body
from plausch.identity.device_list import DeviceList
from plausch.identity.profile import parse_profile
from plausch.server.blobs import Blobs
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.profiles import Profiles
from public_profiles import PLAIN, Shop, uploaded
from unit.domain.profiles import BARE


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


@pytest.fixture
async def blobs(world: World, tmp_path: Path) -> AsyncIterator[Blobs]:
    local = LocalBlobs(tmp_path / "blobs")
    local.prepare()
    made = Blobs(world.database, local, world.clock, Limits())
    yield made
    await made.close()


async def names(world: World, words: str = "", kind: str = "", place: str = "") -> list[str]:
    record = (await world.player(f"p{world.clock.now_ms()}")).record
    world.clock.advance(1)
    page = await world.profiles.search(record, words, kind, place, "", 50)
    return [one.name for one in page.found]


async def test_everybody_gets_what_the_business_signed(world: World) -> None:
    linde = await Shop.open(world)
    assert await world.profiles.get("linde") == b""
    raw = await linde.publish()
    assert await world.profiles.get("linde") == raw
    public = await world.profiles.public("linde")
    assert public is not None and public.profile == PLAIN
    assert parse_body(parse_profile(raw).body) == PLAIN


async def test_the_same_profile_again_is_taken_again(world: World) -> None:
    linde = await Shop.open(world)
    raw = await linde.publish()
    await world.profiles.publish(linde.record, raw)
    assert await world.profiles.get("linde") == raw


async def test_a_profile_is_only_followed_by_a_higher_number(world: World) -> None:
    linde = await Shop.open(world)
    newest = await linde.publish(5)
    for seq in (1, 4, 5):
        with refused("stale_profile"):
            await linde.publish(seq, name="Older")
    assert await world.profiles.get("linde") == newest
    assert await linde.publish(6) == await world.profiles.get("linde")


async def test_two_devices_that_publish_at_once_leave_one_profile(world: World) -> None:
    linde = await Shop.open(world)
    outcomes = await asyncio.gather(
        *(linde.publish(1, name=f"Linde {i}") for i in range(8)), return_exceptions=True
    )
    published = [one for one in outcomes if isinstance(one, bytes)]
    assert len(published) == 1
    assert {one.code for one in outcomes if isinstance(one, Refusal)} == {"stale_profile"}
    assert await world.profiles.get("linde") == published[0]


async def test_without_a_complete_imprint_nothing_goes_public(world: World) -> None:
    linde = await Shop.open(world)
    lacking = replace(PLAIN, imprint=replace(PLAIN.imprint, email="", register_number=""))
    with pytest.raises(Refusal, match=r"imprint.email, imprint.register_number\.") as caught:
        await linde.publish(1, lacking)
    assert caught.value.code == "incomplete_imprint"
    assert await world.profiles.get("linde") == b""
    with refused("incomplete_imprint"):
        await linde.publish(1, BARE)


async def test_only_a_business_and_only_its_own(world: World) -> None:
    linde, anna = await Shop.open(world), await Shop.open(world, "anna", "person")
    with refused("not_a_business"):
        await anna.publish()
    with refused("bad_profile"):
        await world.profiles.publish(linde.record, anna.signed())
    with refused("bad_profile"):
        raw = linde.signed(key=anna.player.person.identity)
        await world.profiles.publish(linde.record, raw)
    other = await Shop.open(world, "other")
    with refused("bad_profile"):
        await world.profiles.publish(other.record, linde.signed())


@pytest.mark.parametrize("body", [b"x", b"\x90", b"\xc1" * 100])
async def test_a_signed_body_that_is_no_profile_is_refused(world: World, body: bytes) -> None:
    linde = await Shop.open(world)
    with refused("bad_profile"):
        await world.profiles.publish(linde.record, linde.sealed(1, body))
    with refused("bad_profile"):
        await world.profiles.publish(linde.record, body)


async def test_a_withdrawn_profile_is_gone_and_stays_gone(world: World) -> None:
    linde = await Shop.open(world)
    first = await linde.publish(1)
    withdrawal = await linde.withdraw(2)
    assert await world.profiles.public("linde") is None
    assert parse_profile(await world.profiles.get("linde")).is_withdrawn
    assert await names(world) == []
    with refused("stale_profile"):
        await world.profiles.publish(linde.record, first)
    assert await world.profiles.get("linde") == withdrawal
    await linde.publish(3)
    assert await names(world) == ["linde"]


async def test_a_withdrawal_is_no_profile_and_a_profile_no_withdrawal(world: World) -> None:
    linde = await Shop.open(world)
    with refused("bad_profile"):
        await world.profiles.publish(linde.record, linde.sealed(1, b""))
    with refused("bad_profile"):
        await world.profiles.withdraw(linde.record, linde.signed())


async def test_nobody_and_names_that_are_none(world: World) -> None:
    with refused("unknown_account"):
        await world.profiles.get("nobody")
    with refused("bad_name"):
        await world.profiles.get("No Name\0")
    assert await world.profiles.public("nobody") is None


async def test_only_who_wants_to_be_found_is_found(world: World) -> None:
    linde, hidden = await Shop.open(world), await Shop.open(world, "hidden")
    await linde.publish()
    await hidden.publish(listed=False)
    assert await names(world) == ["linde"]
    assert await world.profiles.get("hidden") != b""
    await linde.publish(2, listed=False)
    assert await names(world) == []


SHOPS: dict[str, dict[str, object]] = {
    "linde": {},
    "mueller": {"name": "Friseur Müller & Söhne", "kind": "hairdresser"},
    "cafe": {
        "name": "Café 100 % Glück",
        "kind": "cafe",
        "address": Address("", "80331", "München"),
    },
    "straus": {"name": "Bäckerei Strauß_Gold", "kind": "shop"},
}


@pytest.mark.parametrize(
    ("words", "kind", "place", "expected"),
    [
        ("", "", "", ["cafe", "linde", "mueller", "straus"]),
        ("linde", "", "", ["linde"]),
        ("LIN zu", "", "", ["linde"]),
        ("inde", "", "", []),
        ("muller", "", "", ["mueller"]),
        ("Mueller", "", "", ["mueller"]),
        ("MÜLL sohn", "", "", ["mueller"]),
        ("cafe", "", "", ["cafe"]),
        ("strauss", "", "", ["straus"]),
        ("", "hairdresser", "", ["mueller"]),
        ("", "casino", "", []),
        ("", "", "münch", ["cafe"]),
        ("", "", "861", ["linde", "mueller", "straus"]),
        ("", "", "Augsburg", ["linde", "mueller", "straus"]),
        ("", "shop", "86150", ["straus"]),
        ("%", "", "", ["cafe", "linde", "mueller", "straus"]),
        ("100", "", "", ["cafe"]),
        ("gold", "", "", ["straus"]),
        ("' OR 1=1 --", "", "", []),
        ("\0", "", "\0", ["cafe", "linde", "mueller", "straus"]),
        ("", "x\0", "", []),
        ("\\", "", "", ["cafe", "linde", "mueller", "straus"]),
        ("x" * 256, "", "x" * 256, []),
        ("a b c d e f g h i j", "", "", []),
    ],
)
async def test_the_directory(
    world: World, words: str, kind: str, place: str, expected: list[str]
) -> None:
    for name, changed in SHOPS.items():
        await (await Shop.open(world, name)).publish(1, **changed)
    assert await names(world, words, kind, place) == expected


async def test_the_directory_comes_in_pages(world: World) -> None:
    for i in range(5):
        await (await Shop.open(world, f"shop{i}")).publish(1)
    anna = (await world.player("anna")).record
    seen, after = [], ""
    for expected in (True, True, False):
        page = await world.profiles.search(anna, "", "", "", after, 2)
        seen += [one.name for one in page.found]
        after, more = seen[-1], page.more
        assert more is expected
    assert seen == [f"shop{i}" for i in range(5)]


async def test_searching_and_publishing_have_limits(world: World) -> None:
    limits = Limits(searches_per_hour=2, profiles_published_per_hour=1)
    profiles = Profiles(world.database, world.clock, limits, "localhost")
    linde = await Shop.open(world)
    for _ in range(2):
        await profiles.search(linde.record, "", "", "", "", 1)
    with refused("rate_limited"):
        await profiles.search(linde.record, "", "", "", "", 1)
    await profiles.publish(linde.record, linde.signed())
    with refused("rate_limited"):
        await profiles.publish(linde.record, linde.signed(2))


async def test_pictures_have_to_be_there_as_they_are_described(world: World, blobs: Blobs) -> None:
    linde, other = await Shop.open(world), await Shop.open(world, "other")
    picture = await uploaded(blobs, linde, b"a picture")
    stolen = await uploaded(blobs, other, b"of somebody else")
    wrong: list[Profile] = [
        replace(PLAIN, pictures=(one,))
        for one in (
            stolen,
            replace(picture, digest=bytes(32)),
            replace(picture, size_bytes=picture.size_bytes + 1),
            replace(picture, blob=bytes(32)),
        )
    ]
    for profile in wrong:
        with refused("unknown_blob"):
            await linde.publish(1, profile)
    await linde.publish(1, pictures=(picture,))
    assert await blobs.public(picture.blob) == b"a picture"
    assert await blobs.public(bytes(32)) is None


async def test_a_picture_stays_as_long_as_the_profile_shows_it(world: World, blobs: Blobs) -> None:
    linde = await Shop.open(world)
    picture = await uploaded(blobs, linde, b"a picture")
    await linde.publish(1, pictures=(picture,))
    world.clock.advance(400 * DAY_MS)
    assert await blobs.sweep(world.clock.now_ms()) == 0
    assert (await blobs.get(linde.record, picture.blob, 0, 99)).chunk == b"a picture"
    await linde.publish(2)
    assert await blobs.sweep(world.clock.now_ms()) == 1


async def test_a_removed_device_publishes_nothing(world: World) -> None:
    linde = await Shop.open(world)
    person, listed = linde.player.second_device()
    await world.devices.publish_list(linde.record, listed, [person.certificate])
    second = await world.login(person)
    entries = [(person.device.device, person.key.public)]
    shorter = DeviceList.issue(
        person.identity, person.address, entries, world.now_s, person.device_list
    )
    await world.devices.publish_list(second, shorter, [])
    with refused("unknown_device"):
        await linde.publish()
