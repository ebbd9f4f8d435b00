"""A business is made in the web app: its account, its profile, its page; and a guest finds it."""

import re
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.people import Person, Troupe
from browser.pictures import png
from browser.test_scene_access import seen_by_axe
from plausch.sdk import Client

FORM = "business.profileForm"
PRIVACY = "We keep what you write to us for 30 days."
COMPANY = "Cem Yılmaz"


class Owner:
    """Somebody who makes a business in a tab."""

    def __init__(self, person: Person) -> None:
        self.person, self.page, self.say = person, person.page, person.say
        self.title = f"Zur Linde {secrets.token_hex(3)}"
        self.name = ""

    def opens_an_account(self) -> None:
        self.person.opens()
        self.person.button("start.business").click()
        self.page.get_by_label(self.say("start.businessLabel")).fill(self.title)
        self.name = self.page.locator("#start-preview strong").inner_text()
        self.person.button("start.businessGo").click()
        title = self.say("business.house.sections.profile")
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()
        expect(self.field("name")).to_have_value(self.title)

    def field(self, word: str, at: int = 0) -> Locator:
        """By its label; place and contact are there twice: above, and in the imprint."""
        return self.page.get_by_label(self.say(f"{FORM}.{word}"), exact=True).nth(at)

    def button(self, word: str) -> Locator:
        return self.person.button(f"{FORM}.{word}")

    def publishes(self) -> None:
        self.button("publish").click()

    def fills_in(self) -> None:
        self.field("description.de").fill("Schwäbische Küche.")
        self.field("street").fill("Lindenstraße 7")
        self.field("postalCode").fill("86150")
        self.field("locality").fill("Augsburg")
        self.field("telephone").fill("+49 821 123456")
        self.field("email").fill("post@linde.example")
        add, tuesday = self.say("business.hours.add"), self.say("business.hours.weekdays.1")
        self.page.get_by_role("button", name=re.compile(f"{add}.*{tuesday}")).click()
        self.button("addLink").click()
        self.field("linkLabel").fill("Speisekarte")
        self.field("linkUrl").fill("linde.example/karte")
        self.field("owner").fill(COMPANY)
        self.field("legalForm").select_option("sole trader")
        self.button("fromAbove").click()
        expect(self.field("locality", 1)).to_have_value("Augsburg")
        self.field("privacyText.en").fill(PRIVACY)

    def shows_a_picture(self, file: Path) -> None:
        self.page.locator("input[type=file]").set_input_files(file)
        self.field("pictureText").fill("Der Garten")

    def closes_the_dialog(self) -> None:
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name=self.say("common.close"), exact=True).click()
        expect(dialog).to_have_count(0)

    def comes_back(self) -> None:
        """To the house, and to the profile again."""
        self.person.button("common.back").click()
        house = self.say("business.house.sections.profile")
        self.page.get_by_role("button", name=house).click()
        expect(self.field("name")).to_be_visible()


@pytest.fixture
def owner(troupe: Troupe) -> Owner:
    return Owner(troupe.tab(troupe.context("de", "desktop"), "de"))


def read_without_scripts(troupe: Troupe, name: str) -> Page:
    page = troupe.context("de", "phone", java_script_enabled=False).new_page()
    page.goto(f"{troupe.url}/{name}")
    return page


def test_a_business_is_made_seen_by_everybody_and_found(
    troupe: Troupe, owner: Owner, tmp_path: Path
) -> None:
    owner.opens_an_account()
    picture = tmp_path / "garden.png"
    picture.write_bytes(png(1_800, 1_200, (60, 120, 60)))
    owner.fills_in()
    owner.shows_a_picture(picture)
    preview = owner.page.get_by_role("region", name=owner.say(f"{FORM}.preview"))
    expect(preview.get_by_role("img", name="Der Garten")).to_be_visible()
    owner.publishes()
    share = owner.page.get_by_role("dialog", name=owner.say(f"{FORM}.share"))
    expect(share).to_contain_text(f"{troupe.url}/{owner.name}")
    owner.page.get_by_label(owner.say(f"{FORM}.shareText")).fill("Ein Tisch für zwei")
    expect(share).to_contain_text(f"/{owner.name}#text=Ein%20Tisch%20f%C3%BCr%20zwei")
    expect(owner.button("publish")).to_have_count(0)

    page = read_without_scripts(troupe, owner.name)
    card = page.locator("main.public-card")
    for said in (owner.title, "11:30–22:00", "Lindenstraße 7", COMPANY, PRIVACY):
        expect(card).to_contain_text(said)
    expect(card.get_by_role("link", name="Speisekarte")).to_have_attribute(
        "href", "https://linde.example/karte"
    )
    garden = card.get_by_role("img", name="Der Garten")
    assert garden.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 1_600

    guest = troupe.person("Anna", "en", "phone")
    guest.button("list.newConversation").first.click()
    guest.button("find.title").click()
    guest.page.get_by_label(guest.say("find.words"), exact=True).fill(owner.title[4:])
    guest.page.get_by_label(guest.say("find.kind")).select_option("restaurant")
    guest.page.get_by_label(guest.say("find.place")).fill("augs")
    guest.button("find.search").click()
    guest.page.get_by_role("button", name=owner.title).click()
    note = guest.page.get_by_role("region", name=guest.say("profile.before", owner.title))
    expect(note).to_contain_text(PRIVACY)
    guest.writes("A table for two, please")
    shown = guest.opens_details().get_by_role("img", name="Der Garten")
    assert shown.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 1_600
    owner.closes_the_dialog()
    owner.page.get_by_role("button", name=owner.say("business.nav.inbox")).click()
    expect(owner.person.row(guest.name)).to_be_visible()
    assert owner.person.complaints + guest.complaints == []


def test_what_is_missing_is_said_at_its_field_and_what_was_written_stays(owner: Owner) -> None:
    owner.opens_an_account()
    owner.field("email").fill("post@")
    wrong = owner.page.get_by_text(owner.say(f"{FORM}.formsOf.email"))
    expect(wrong).to_have_count(1)
    owner.publishes()
    expect(owner.field("email")).to_be_focused()
    lacking = owner.page.get_by_text(owner.say(f"{FORM}.mistakes.lacking"))
    expect(lacking.first).to_be_visible()
    owner.fills_in()
    expect(wrong).to_have_count(0)
    expect(lacking).to_have_count(0)
    owner.comes_back()
    expect(owner.field("owner")).to_have_value(COMPANY)
    owner.page.reload()
    expect(owner.field("owner")).to_have_value(COMPANY)
    expect(owner.field("privacyText.en")).to_have_value(PRIVACY)
    owner.publishes()
    expect(owner.page.get_by_role("dialog")).to_contain_text(owner.name)
    assert owner.person.complaints == []


def test_a_change_is_published_and_the_profile_taken_back(troupe: Troupe, owner: Owner) -> None:
    owner.opens_an_account()
    owner.fills_in()
    owner.publishes()
    owner.closes_the_dialog()
    owner.field("description.de").fill("Jetzt mit Garten.")
    owner.publishes()
    expect(owner.page.get_by_text(owner.say(f"{FORM}.number", 2))).to_be_visible()
    card = read_without_scripts(troupe, owner.name).locator("main.public-card")
    expect(card).to_contain_text("Jetzt mit Garten.")
    owner.button("withdraw").click()
    owner.button("withdrawYes").click()
    expect(owner.page.get_by_text(owner.say(f"{FORM}.withdrawn"))).to_be_visible()
    expect(owner.field("description.de")).to_have_value("Jetzt mit Garten.")
    page = read_without_scripts(troupe, owner.name)
    expect(page.locator("#app")).to_be_attached()
    expect(page.locator("main.public-card")).to_have_count(0)
    owner.publishes()
    expect(owner.page.get_by_text(owner.say(f"{FORM}.number", 4))).to_be_visible()


def test_python_reads_what_the_web_app_has_signed(
    troupe: Troupe, owner: Owner, tmp_path: Path
) -> None:
    owner.opens_an_account()
    owner.fills_in()
    owner.publishes()
    expect(owner.page.get_by_role("dialog")).to_be_visible()
    made = Client.register(tmp_path / "guest", troupe.url, f"guest{secrets.token_hex(3)}")
    client = troupe.backstage.client(troupe.backstage.do(made))

    async def read() -> None:
        await client.synchronize()
        found, _ = await client.profiles.search(owner.title)
        assert [one.address.name for one in found] == [owner.name]
        published = await client.profiles.get(found[0].address)
        assert published is not None
        assert published.profile is not None
        assert published.profile.name == owner.title
        assert published.profile.imprint.email == "post@linde.example"

    troupe.backstage.do(read())


@pytest.mark.parametrize("language", ["de", "en"])
def test_axe_finds_nothing_where_a_business_is_made(troupe: Troupe, language: str) -> None:
    person, inspector = seen_by_axe(troupe, language)
    owner = Owner(person)
    person.opens()
    person.button("start.business").click()
    inspector.look("the account for a business")
    owner.opens_an_account()
    inspector.look("an empty profile")
    owner.publishes()
    expect(owner.page.get_by_text(owner.say(f"{FORM}.mistakes.lacking")).first).to_be_visible()
    inspector.look("a profile that lacks a lot")
    assert inspector.found == {}
