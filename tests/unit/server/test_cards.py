"""The public pages over plain HTTP: forms, languages, headers, pictures, and who has none."""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from multidict import CIMultiDict

from built_site import FILES, write_site
from delivery_world import DOMAIN, World
from plausch.base.http import Answer, Request
from plausch.server.blobs import Blobs
from plausch.server.card_page import POLICY, STYLE
from plausch.server.cards import PICTURE_POLICY, RENDERED, Cards
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.site import read_site
from public_profiles import PLAIN, Shop, uploaded

ORIGIN = f"https://{DOMAIN}"
INDEX = (Path(__file__).resolve().parents[3] / "web" / "index.html").read_bytes()


class Street:
    """A server with a web app, blobs and one restaurant."""

    def __init__(self, world: World, cards: Cards, blobs: Blobs, linde: Shop) -> None:
        self.world, self.cards, self.blobs, self.linde = world, cards, blobs, linde

    async def get(self, target: str, **headers: str) -> Answer | None:
        fields = CIMultiDict({name.replace("_", "-"): text for name, text in headers.items()})
        request = Request("GET", target, fields)
        return await self.cards.answer(request) if self.cards.wants(request) else None

    async def ok(self, target: str, **headers: str) -> Answer:
        answer = await self.get(target, **headers)
        assert answer is not None and answer.status == HTTPStatus.OK
        return answer


@pytest.fixture
async def street(world: World, tmp_path: Path) -> AsyncIterator[Street]:
    write_site(tmp_path / "web", {**FILES, "index.html": INDEX})
    local = LocalBlobs(tmp_path / "blobs")
    local.prepare()
    blobs = Blobs(world.database, local, world.clock, Limits())
    cards = Cards(world.profiles, blobs, world.clock, lambda: ORIGIN, read_site(tmp_path / "web"))
    yield Street(world, cards, blobs, await Shop.open(world))
    await blobs.close()


async def test_who_has_no_profile_has_no_page(street: Street) -> None:
    assert await street.get("/linde") is None
    assert await street.get("/nobody") is None
    await street.linde.publish(1)
    await street.linde.withdraw(2)
    assert await street.get("/linde?card") is None


async def test_other_paths_are_not_asked_for(street: Street) -> None:
    fixed = ("/v1/socket", "/v1", "/healthz", "/readyz", "/favicon.ico", "/robots.txt", "/assets")
    for path in ("/", "/index.html", "/sw.js", "/healthz/x", "/Linde", "/a/b", *fixed):
        assert not street.cards.wants(Request("GET", path, CIMultiDict()))
    assert not street.cards.wants(Request("POST", "/linde", CIMultiDict()))


async def test_the_page_is_the_apps_with_the_business_in_it(street: Street) -> None:
    await street.linde.publish(1)
    answer = await street.ok("/linde?text=Hallo")
    assert b"Zur Linde" in answer.body and b'type="module"' in answer.body
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'self' {STYLE.allowed}" in policy
    assert "unsafe-inline" not in policy and "script-src 'self'" in policy
    assert b"Hallo" not in answer.body


async def test_the_page_alone_allows_no_script(street: Street) -> None:
    await street.linde.publish(1)
    answer = await street.ok("/linde?card")
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert b'type="module"' not in answer.body


async def test_without_a_web_app_there_is_the_page_alone(street: Street) -> None:
    await street.linde.publish(1)
    cards = Cards(street.world.profiles, street.blobs, street.world.clock, lambda: ORIGIN, None)
    answer = await cards.answer(Request("GET", "/linde", CIMultiDict()))
    assert answer is not None and answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-US,en;q=0.9", "en"),
        ("fr,en;q=0.1,de;q=0.2", "de"),
        ("de;q=0,en", "en"),
        ("fr", "de"),
        ("", "de"),
        ("*;q=x,;;;,en;q=9", "de"),
    ],
)
async def test_the_visitors_language(street: Street, accepted: str, language: str) -> None:
    await street.linde.publish(1)
    answer = await street.ok("/linde?card", accept_language=accepted)
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}"'.encode() in answer.body
    assert answer.headers["Vary"] == "Accept-Encoding, Accept-Language"


async def test_the_page_is_packed_and_known_again(street: Street) -> None:
    await street.linde.publish(1)
    plain = await street.ok("/linde?card")
    packed = await street.ok("/linde?card", accept_encoding="gzip, br")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    known = await street.get("/linde?card", if_none_match=plain.headers["ETag"])
    assert known is not None
    assert (known.status, known.body) == (HTTPStatus.NOT_MODIFIED, b"")


async def test_a_new_profile_is_on_the_page_at_once(street: Street) -> None:
    await street.linde.publish(1)
    before = await street.ok("/linde?card")
    await street.linde.publish(2, name="Zum Ahorn")
    after = await street.ok("/linde?card")
    assert b"Zum Ahorn" in after.body
    assert before.headers["ETag"] != after.headers["ETag"]


async def test_a_card_for_address_books_and_programs(street: Street) -> None:
    await street.linde.publish(1)
    card = await street.ok("/linde?vcard")
    assert card.body.startswith(b"BEGIN:VCARD\r\n")
    assert card.headers["Content-Disposition"] == 'attachment; filename="linde.vcf"'
    said = json.loads((await street.ok("/linde?jsonld")).body)
    assert said["@type"] == "Restaurant"
    assert said["url"] == f"{ORIGIN}/linde"


async def test_pictures_of_the_profile_and_no_other_blobs(street: Street) -> None:
    shown = await uploaded(street.blobs, street.linde, b"\x89PNG picture")
    secret = await uploaded(street.blobs, street.linde, b"an encrypted file")
    await street.linde.publish(1, pictures=(shown,))
    path = f"/v1/pictures/linde/{shown.digest.hex()}"
    answer = await street.ok(path)
    assert answer.body == b"\x89PNG picture"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Security-Policy"] == PICTURE_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    known = await street.get(path, if_none_match=answer.headers["ETag"])
    assert known is not None and known.status == HTTPStatus.NOT_MODIFIED
    for other in (
        f"/v1/pictures/linde/{secret.digest.hex()}",
        f"/v1/pictures/nobody/{shown.digest.hex()}",
        f"/v1/pictures/linde/{shown.blob.hex()}",
        "/v1/pictures/linde/..",
    ):
        assert await street.get(other) is None
    await street.linde.publish(2)
    assert await street.get(path) is None


async def test_only_so_many_pages_stay_in_memory(street: Street) -> None:
    for seq in range(1, RENDERED + 5):
        await street.linde.publish(seq)
        await street.ok("/linde?card")
        street.world.clock.advance(3_600_000)
    assert len(street.cards._rendered) == RENDERED


async def test_an_address_of_another_country_is_shown(street: Street) -> None:
    elsewhere = replace(PLAIN.address, street="Ring 1", postal_code="1010", country="AT")
    await street.linde.publish(1, address=elsewhere)
    assert b"AT" in (await street.ok("/linde?card")).body
