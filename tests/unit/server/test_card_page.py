"""The page of a business: what is on it, and that nothing that strangers write breaks out."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from page_reader import ReadPage
from plausch.domain.profile import Address, Imprint, Link, Profile, Wording
from plausch.server.card_page import POLICY, STYLE, CardPage, has_place
from unit.domain.profiles import BARE, IMPRINT, LINDE, PICTURE

ROOT = Path(__file__).resolve().parents[3]
URL = "https://example.org/linde"
DAY = date(2026, 12, 20)
INDEX = (ROOT / "web" / "index.html").read_text(encoding="utf-8")


def read(profile: Profile = LINDE, language: str = "de", day: date = DAY) -> ReadPage:
    return ReadPage(CardPage(profile, URL, language, day).alone())


def test_everything_is_on_the_page() -> None:
    page = read()
    for said in (
        "Zur Linde",
        "Schwäbische Küche.",
        "Öffnungszeiten",
        "11:30–14:30",
        "17:00–02:00",
        "geschlossen",
        "Donnerstag, 24. Dezember",
        "Heiligabend",
        "Lindenstraße 7",
        "86150 Augsburg",
        "Impressum",
        "Zur Linde Gastronomie GmbH",
        "Cem Yılmaz",
        "Amtsgericht Augsburg, HRB 12345",
        "DE123456789",
        "Wir speichern Ihre Reservierung 30 Tage.",
        "Deutsch, Englisch, Türkisch",
    ):
        assert said in page.text, said
    assert [one.get("lang") for one in page.named("html")] == ["de"]
    hrefs = [one.get("href") for one in page.named("a")]
    for href in ("/linde", "tel:+49821123456", "mailto:post@linde.example", "/linde?vcard"):
        assert href in hrefs
    (image,) = page.named("img")
    assert image["src"] == f"/v1/pictures/linde/{PICTURE.digest.hex()}"
    assert image["alt"] == "Der Garten"


def test_the_page_in_english() -> None:
    page = read(language="en")
    for said in ("Opening hours", "closed", "Thursday, 24 December", "Swabian food", "Imprint"):
        assert said in page.text
    assert "Öffnungszeiten" not in page.text


def test_holidays_have_their_names() -> None:
    assert "Erster Weihnachtstag" in read().text
    assert "Christmas Day" in read(language="en").text


def test_a_sole_trader_is_called_so_in_both_languages() -> None:
    sole = replace(LINDE, imprint=replace(IMPRINT, name="Cem Y.", legal_form="sole trader"))
    assert "Cem Y. (Einzelunternehmen)" in read(sole).text
    assert "Cem Y. (Sole trader)" in read(sole, "en").text
    assert "GmbH (GmbH)" not in read().text


HOSTILE = "</title></script></style>\"'><script>alert(1)</script><img src=x onerror=alert(1)><!--"


def hostile() -> Profile:
    """Everything that a stranger can write freely is an attack."""
    short = HOSTILE[:80].strip()
    return replace(
        LINDE,
        name=short,
        description=Wording(HOSTILE + "\n" + HOSTILE, HOSTILE),
        privacy=Wording(HOSTILE, HOSTILE),
        address=Address(HOSTILE, "<b>", short),
        email="a&'b@example.org",
        spoken=("de", "xx"),
        imprint=Imprint(
            HOSTILE, "GmbH", HOSTILE, Address(HOSTILE, "<i>", short, "AT"), "'&@example.org",
            register=HOSTILE, register_number=HOSTILE, further=HOSTILE,
            contact_url="https://evil.example/?a=1&b='",
        ),
        links=(Link(HOSTILE, "https://evil.example/#'&lt;"),),
        pictures=(replace(PICTURE, text=HOSTILE),),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_that_strangers_write_becomes_an_element(language: str) -> None:
    page, plain = read(hostile(), language), read(LINDE, language)
    known = {tag for tag, _ in plain.elements} | {"p", "br"}
    assert {tag for tag, _ in page.elements} <= known
    assert [one.get("type") for one in page.named("script")] == ["application/ld+json"]
    assert len(page.named("img")) == 1
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not (attributes.get("href") or "").startswith(("javascript:", "data:"))
    assert "<script>alert(1)</script>" in page.text


def test_json_ld_is_data_and_reads_back() -> None:
    for profile in (LINDE, hostile()):
        page = CardPage(profile, URL, "de", DAY).alone()
        (said,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
        assert json.loads(said)["name"] == profile.name


def test_the_style_is_allowed_by_its_hash_and_nothing_else_inline() -> None:
    page = CardPage(LINDE, URL, "de", DAY).alone()
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in POLICY
    assert "unsafe" not in POLICY and "script-src" not in POLICY
    assert "default-src 'none'" in POLICY
    assert " style=" not in page


def test_the_colours_are_the_apps() -> None:
    ours = (ROOT / "web" / "src" / "views" / "tokens.css").read_text(encoding="utf-8")
    tokens = re.findall(r"^  (--[a-z-]+: light-dark\(.*?\);)$", STYLE.text, re.MULTILINE)
    assert len(tokens) == 7
    assert all(token in ours for token in tokens)


def test_the_apps_page_has_a_place_for_it() -> None:
    assert has_place(INDEX)
    assert not has_place("<!doctype html><title>Plausch</title>")
    page = CardPage(LINDE, URL, "de", DAY).within(INDEX)
    read_page = ReadPage(page)
    assert '<div id="app"><main class="public-card">' in page
    assert [one["lang"] for one in read_page.named("html")] == ["de"]
    assert page.count("<title>") == 1
    assert "Zum Schreiben braucht Plausch JavaScript" in read_page.text
    assert 'type="module"' in page


def test_the_code_leads_to_the_page() -> None:
    page = read()
    assert len(page.named("svg")) == 1
    assert "example.org/linde" in page.text


def test_a_bare_profile_makes_a_page() -> None:
    assert "B" in read(BARE).text
