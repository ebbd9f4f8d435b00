"""A business's public page: without JavaScript, alone, and as it becomes the app."""

import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.people import Member, Troupe
from browser.test_scene_access import seen_by_axe
from plausch.agent.profile_file import example_profile, load_profile
from plausch.sdk import Client

PRIVACY = "löschen es nach 30 Tagen"


def business(troupe: Troupe, folder: Path, title: str = "Zur Linde") -> Member:
    """A restaurant whose public profile calls it so."""
    name = f"linde{secrets.token_hex(3)}"
    file = folder / "profile.toml"
    file.write_text(example_profile(), encoding="utf-8")
    made = Client.register(folder / name, troupe.url, name, kind="business")
    client = troupe.backstage.client(troupe.backstage.do(made))

    async def publish() -> None:
        await client.synchronize()
        await client.profiles.publish(replace(load_profile(file).profile, name=title))

    troupe.backstage.do(publish())
    return Member(troupe.backstage, client)


@pytest.fixture
def linde(troupe: Troupe, tmp_path: Path) -> str:
    """The account's name of the Linde."""
    return business(troupe, tmp_path).name


def test_the_page_is_read_without_javascript(troupe: Troupe, linde: str) -> None:
    context = troupe.context("de", "phone", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{troupe.url}/{linde}")
    card = page.locator("main.public-card")
    for said in ("Zur Linde", "11:30–14:30", "HRB 12345", PRIVACY):
        expect(card).to_contain_text(said)
    expect(page.locator("noscript p")).to_be_visible()
    imprint = page.locator("#imprint")
    imprint.scroll_into_view_if_needed()
    expect(imprint).to_be_in_viewport()


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_alone_breaks_no_rule_of_its_policy(
    troupe: Troupe, linde: str, language: str
) -> None:
    person = troupe.tab(troupe.context(language, "phone"), language)
    person.page.goto(f"{troupe.url}/{linde}?card")
    expect(person.page.locator("h1")).to_have_text("Zur Linde")
    assert person.complaints == []
    person.page.locator("a.chat").click()
    expect(person.page.locator("#start-name")).to_be_visible()


def test_the_page_becomes_the_app_which_shows_imprint_and_privacy_before_the_first_message(
    troupe: Troupe, linde: str
) -> None:
    guest = troupe.tab(troupe.context("de", "phone"), "de")
    guest.page.goto(f"{troupe.url}/{linde}#text=Ein%20Tisch%20f%C3%BCr%20zwei")
    expect(guest.page.locator("#start-name")).to_be_visible()
    expect(guest.page.locator(".public-card")).to_have_count(0)
    title = guest.page.get_by_role("heading", level=1)
    expect(title).to_have_text(guest.say("start.writeTo", "Zur Linde"))
    address = f"{troupe.url}/{linde}".removeprefix("http://")
    expect(guest.page.get_by_text(address, exact=True)).to_be_visible()
    link = guest.page.get_by_role("link", name=guest.say("profile.page"))
    expect(link).to_have_attribute("href", f"/{linde}?card")
    guest.page.locator("#start-name").fill(f"Anna {secrets.token_hex(3)}")
    guest.page.locator("form button[type=submit]").click()
    note = guest.page.get_by_role("region", name=guest.say("profile.before", "Zur Linde"))
    expect(note).to_contain_text(PRIVACY)
    expect(guest.field).to_have_value("Ein Tisch für zwei")
    note.get_by_role("button").click()
    imprint = guest.page.locator("#imprint")
    imprint.scroll_into_view_if_needed()
    expect(imprint).to_contain_text("Zur Linde Gastronomie GmbH")
    expect(imprint).to_contain_text("Cem Yılmaz")
    assert guest.complaints == []


def test_axe_finds_nothing_on_the_page_and_where_the_app_shows_it(
    troupe: Troupe, linde: str
) -> None:
    guest, inspector = seen_by_axe(troupe, "de")
    guest.page.goto(f"{troupe.url}/{linde}?card")
    expect(guest.page.locator("h1")).to_have_text("Zur Linde")
    inspector.look("the page alone")
    guest.starts("Anna", f"/{linde}")
    expect(guest.page.get_by_text(guest.say("profile.before", "Zur Linde"))).to_be_visible()
    inspector.look("before the first message")
    guest.opens_details()
    expect(guest.page.locator("#imprint")).to_be_visible()
    inspector.look("the profile")
    assert inspector.found == {}


def test_a_business_is_called_by_its_profile_also_after_a_restart_offline(
    troupe: Troupe, linde: str
) -> None:
    guest = troupe.person("Anna", "de", "desktop")
    guest.begins_with(linde)
    header = guest.page.get_by_role("heading", name="Zur Linde", exact=True)
    expect(header).to_be_visible()
    guest.writes("Ein Tisch für zwei, bitte")
    expect(guest.row("Zur Linde")).to_be_visible()
    expect(guest.page.locator(".pane-header .below").last).to_contain_text(f"{linde}@")
    expect(guest.opens_details()).to_contain_text(f"{linde}@")
    guest.context.route("**/v1/ws*", lambda route: route.abort())
    guest.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    guest.context.set_offline(True)
    guest.page.reload()
    expect(guest.row("Zur Linde")).to_be_visible()
    guest.page.get_by_label(guest.say("list.search")).fill(linde)
    expect(guest.inbox.get_by_role("button", name="Zur Linde").first).to_be_visible()
    assert guest.page.title().endswith("Plausch")


def test_a_business_is_not_called_like_somebody_one_knows(troupe: Troupe, tmp_path: Path) -> None:
    guest = troupe.person("Cem", "de", "desktop")
    olga = troupe.member("Olga")
    guest.begins_with(olga.name)
    guest.writes("Hallo!")
    title = olga.name.replace("o", "О").replace(".", " ")  # a Cyrillic O
    impostor = business(troupe, tmp_path, title)
    guest.begins_with(impostor.name)
    note = guest.say("profile.before", title)
    expect(guest.page.get_by_role("region", name=note)).to_be_visible()  # the profile is here
    expect(guest.page.get_by_role("heading", name=impostor.name)).to_be_visible()
    guest.writes("Guten Tag")
    expect(guest.row(impostor.name)).to_be_visible()
    expect(guest.row(olga.name)).to_be_visible()
