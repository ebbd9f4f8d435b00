"""Public profiles by the SDK: published, read, and a server that forges, rolls back, withholds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from cast import Town
from crooked import Crooked, honest, impostor
from plausch.domain.profile import missing_in
from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import encode_profile
from plausch.identity.profile import issue_profile, parse_profile
from plausch.sdk import Client, NotOwner, SdkError, ServerMisbehaved, TrustRefused
from plausch.sdk.public_picture import ReadPicture
from plausch.wire import frames as f
from public_profiles import PLAIN
from unit.domain.profiles import BARE
from unit.sdk.linking_players import Linking

PNG = ReadPicture(b"\x89PNG" * 50_000, "image/png", 10, 20)


async def linde_in(town: Town) -> Client:
    return await town.person("linde", kind="business")


def showing(raw: Callable[[], bytes]) -> Callable[[f.ServerFrame], list[f.ServerFrame]]:
    """A server that shows this profile whatever was published."""
    return lambda frame: [f.Profile(frame.id, raw())] if isinstance(frame, f.Profile) else [frame]


async def disbelieved(asked: Awaitable[object], words: str) -> None:
    with pytest.raises(TrustRefused, match=words):
        await asked


async def test_a_profile_is_published_read_and_withdrawn(town: Town) -> None:
    linde, anna = await linde_in(town), await town.person("anna")
    assert await anna.profiles.get(linde.address) is None
    published = await linde.profiles.publish(PLAIN)
    assert (published.seq, published.profile) == (1, PLAIN)
    assert await anna.profiles.get(linde.address) == published
    assert await linde.profiles.get(linde.address) == published
    again = await linde.profiles.publish(replace(PLAIN, name="Zum Ahorn"))
    assert again.seq == 2
    gone = await linde.profiles.withdraw()
    assert (gone.seq, gone.profile) == (3, None)
    assert await anna.profiles.get(linde.address) == gone


async def test_staff_does_not_change_the_profile(town: Town) -> None:
    linde = await linde_in(town)
    waiter = await town.connect(
        await Linking(town, linde, is_staff=True, home="waiter").by_the_new_ones_code()
    )
    published = await linde.profiles.publish(PLAIN)
    await waiter.synchronize()  # connected
    assert await waiter.profiles.get(linde.address) == published
    with pytest.raises(NotOwner):
        await waiter.profiles.publish(replace(PLAIN, name="Zum Ahorn"))
    with pytest.raises(NotOwner):
        await waiter.profiles.withdraw()
    assert await linde.profiles.get(linde.address) == published


async def test_pictures_are_uploaded_as_they_are(town: Town) -> None:
    linde, anna = await linde_in(town), await town.person("anna")
    published = await linde.profiles.publish(PLAIN, [(PNG, "The garden")])
    assert published.profile is not None
    (picture,) = published.profile.pictures
    assert (picture.size_bytes, picture.text) == (200_000, "The garden")
    chunk = await anna._device.core.transport.ask(
        lambda request_id: f.GetBlobChunk(request_id, picture.blob, 0, 8), f.BlobChunk
    )
    assert chunk.chunk == b"\x89PNG\x89PNG"


async def test_what_is_missing_is_said_before_anything_is_sent(town: Town) -> None:
    linde, anna = await linde_in(town), await town.person("anna")
    with pytest.raises(SdkError, match=r"imprint\.name") as caught:
        await linde.profiles.publish(BARE)
    assert caught.value.code == "incomplete_imprint"
    assert missing_in(BARE)
    with pytest.raises(ProfileRefused):
        await linde.profiles.publish(replace(PLAIN, name="\u202e"))
    for attempt in (anna.profiles.publish(PLAIN), anna.profiles.withdraw()):
        with pytest.raises(SdkError) as caught:
            await attempt
        assert caught.value.code == "not_a_business"


async def test_two_publications_at_once_get_two_numbers(town: Town) -> None:
    linde = await linde_in(town)
    shown = [replace(PLAIN, name=f"Linde {number}") for number in range(2)]
    done = await asyncio.gather(*map(linde.profiles.publish, shown))
    assert sorted(one.seq for one in done) == [1, 2]


async def test_the_directory(town: Town) -> None:
    linde, anna = await linde_in(town), await town.person("anna")
    await linde.profiles.publish(PLAIN)
    found, more = await anna.profiles.search("linde", place="Augsburg")
    assert [(one.address, one.title) for one in found] == [(linde.address, "Zur Linde")]
    assert not more
    assert await anna.profiles.search("nobody") == ([], False)


# --- a server that lies ----------------------------------------------------------------------


async def test_a_forged_profile_is_not_believed(town: Town, wire: Crooked) -> None:
    """By a key of the server's, by another account, or of another account."""
    linde, anna = await linde_in(town), await town.person("anna", url=wire.url)
    await anna.contact(linde.address)
    false_linde = impostor(linde)
    body = encode_profile(replace(PLAIN, telephone="+49 900 666"))
    assert false_linde.identity is not None
    forged = issue_profile(false_linde.identity, linde.address, 9, 1_800_000_000, body)
    own = linde._device.core.own.identity
    assert own is not None
    misplaced = issue_profile(own, anna.address, 9, 1_800_000_000, body)
    for raw in (forged, misplaced):
        wire.to_device = showing(lambda raw=raw: raw)  # type: ignore[misc]
        await disbelieved(anna.profiles.get(linde.address), "did not sign")
    altered = bytearray(forged)
    altered[-1] ^= 1
    wire.to_device = showing(lambda: bytes(altered))
    await disbelieved(anna.profiles.get(linde.address), "is not believed")
    wire.to_device = showing(lambda: b"\xc1")
    await disbelieved(anna.profiles.get(linde.address), "is not believed")
    wire.to_device = honest


async def test_a_rolled_back_profile_is_not_believed(town: Town, wire: Crooked) -> None:
    linde, anna = await linde_in(town), await town.person("anna", url=wire.url)
    await linde.profiles.publish(PLAIN)
    raw = await linde._device.core.transport.ask(
        lambda request_id: f.GetProfile(request_id, "linde"), f.Profile
    )
    newest = await linde.profiles.publish(replace(PLAIN, name="Zum Ahorn"))
    assert await anna.profiles.get(linde.address) == newest
    wire.to_device = showing(lambda: raw.profile)
    await disbelieved(anna.profiles.get(linde.address), "is older than profile 2")
    wire.to_device = honest
    assert await anna.profiles.get(linde.address) == newest


async def test_two_profiles_of_one_number_are_noticed(town: Town, wire: Crooked) -> None:
    linde, anna = await linde_in(town), await town.person("anna", url=wire.url)
    await linde.profiles.publish(PLAIN)
    await anna.profiles.get(linde.address)
    own = linde._device.core.own.identity
    assert own is not None
    other = issue_profile(own, linde.address, 1, 1_800_000_000, encode_profile(PLAIN))
    assert not parse_profile(other).is_withdrawn
    wire.to_device = showing(lambda: other)
    await disbelieved(anna.profiles.get(linde.address), "different ones to different people")
    wire.to_device = honest


async def test_a_withheld_profile_is_noticed_by_who_has_seen_it(town: Town, wire: Crooked) -> None:
    linde, anna = await linde_in(town), await town.person("anna", url=wire.url)
    await linde.profiles.publish(PLAIN)
    await anna.profiles.get(linde.address)
    wire.to_device = showing(lambda: b"")
    await disbelieved(anna.profiles.get(linde.address), "withholds")
    wire.to_device = honest


async def test_a_directory_that_names_nobody_is_not_believed(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    entry = f.Listed("../x", "\x1b[2J", "shop", "", "")
    wire.to_device = lambda frame: (
        [f.Directory(frame.id, [entry], False)] if isinstance(frame, f.Directory) else [frame]
    )
    with pytest.raises(ServerMisbehaved):
        await anna.profiles.search()
    wire.to_device = honest
