"""A second browser is linked, history comes along, it is removed again; and an account that lost
all its devices comes back by its recovery key.
"""

import re
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from browser.people import Person, Troupe


def opens_section(person: Person, title: str) -> None:
    """A page of the settings."""
    person.goes_back()
    person.button("list.settings").click()
    person.page.get_by_role("button", name=person.say(title), exact=True).click()


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog")


def shown_link(person: Person) -> str:
    """The link under the code that this browser shows."""
    return person.page.get_by_label(person.say("link.code"), exact=True).input_value()


def shows_a_code(person: Person) -> str:
    """A new browser, on its way into an account that there is."""
    person.opens()
    person.button("link.have").click()
    expect(person.page.get_by_label(person.say("link.code"), exact=True)).to_be_visible()
    return shown_link(person)


def links(existing: Person, link: str) -> None:
    """Paste the new browser's link, and say yes."""
    opens_section(existing, "settings.devices")
    existing.button("link.begin").click()
    existing.page.get_by_label(existing.say("link.paste")).fill(link)
    existing.button("link.pasteButton").click()
    expect(dialog(existing).get_by_text("Chrome", exact=False)).to_be_visible()
    existing.button("link.yes").click()
    expect(dialog(existing).get_by_text(existing.say("link.done"))).to_be_visible()
    dialog(existing).get_by_role("button", name=existing.say("common.close"), exact=True).click()


def anna_and_ben(troupe: Troupe) -> tuple[Person, Person]:
    """They have written to each other."""
    anna, ben = troupe.person("Anna", "en", "desktop"), troupe.person("Ben", "en", "phone")
    anna.begins_with(ben.name)
    for text in ("an old message", "and one more"):
        anna.writes(text)
        anna.sees(text)
    ben.goes_to(anna.name)
    ben.accepts()
    ben.writes("an answer")
    anna.sees("an answer")
    return anna, ben


def test_a_second_browser_is_linked_and_removed(troupe: Troupe) -> None:
    anna, ben = anna_and_ben(troupe)
    phone = troupe.tab(troupe.context("de", "phone"), "de")
    links(anna, shows_a_code(phone))
    expect(phone.inbox).to_be_visible()
    phone.goes_to(ben.name)
    for text in ("an old message", "and one more", "an answer"):
        phone.sees(text)
    phone.writes("from the phone")
    ben.sees("from the phone")
    ben.writes("to both")
    phone.sees("to both")
    anna.goes_to(ben.name)
    anna.sees("from the phone")
    anna.sees("to both")

    opens_section(anna, "settings.devices")
    remove = re.compile(rf"^{re.escape(anna.say('settings.removeDevice'))} Chrome")
    anna.page.get_by_role("button", name=remove).click()
    dialog(anna).get_by_role("button", name=anna.say("settings.removeDevice"), exact=True).click()
    expect(anna.page.get_by_role("button", name=remove)).to_be_hidden()
    expect(phone.page.get_by_text(phone.say("failure.unknown_device"))).to_be_visible()
    ben.writes("not for the phone")
    anna.goes_to(ben.name)
    anna.sees("not for the phone")
    expect(phone.bubble("not for the phone")).to_be_hidden()
    assert "not for the phone" not in phone.texts()
    for person in (anna, ben, phone):
        assert person.violations() == []


def test_a_browser_is_linked_by_the_other_ones_code(troupe: Troupe) -> None:
    anna, _ = anna_and_ben(troupe)
    opens_section(anna, "settings.devices")
    anna.button("link.begin").click()
    anna.button("link.showHere").click()
    expect(anna.page.get_by_label(anna.say("link.code"), exact=True)).to_be_visible()
    link = shown_link(anna)
    tablet = troupe.tab(troupe.context("en", "desktop"), "en")
    tablet.opens("/" + link.partition("/")[2].partition("/")[2].partition("/")[2])
    expect(tablet.page.locator(".digits")).to_be_visible()
    digits = tablet.page.locator(".digits").inner_text()
    assert dialog(anna).locator(".digits").inner_text() == digits
    assert re.fullmatch(r"\d{3} \d{3}", digits)
    anna.button("link.yes").click()
    expect(tablet.inbox).to_be_visible()


def test_a_no_is_a_no(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    phone = troupe.tab(troupe.context("en", "phone"), "en")
    link = shows_a_code(phone)
    opens_section(anna, "settings.devices")
    anna.button("link.begin").click()
    anna.page.get_by_label(anna.say("link.paste")).fill(link)
    anna.button("link.pasteButton").click()
    anna.button("link.no").click()
    expect(phone.page.get_by_text(phone.say("failure.link_declined"))).to_be_visible()
    anna.page.get_by_label(anna.say("link.paste")).fill("https://example.org/#/link/AAAA")
    anna.button("link.pasteButton").click()
    expect(
        dialog(anna).get_by_text(
            re.compile(
                "|".join(
                    re.escape(anna.say(f"failure.{code}")) for code in ("bad_link", "other_server")
                )
            )
        )
    ).to_be_visible()


@pytest.mark.parametrize("by", ["server", "file"])
def test_an_account_comes_back_after_everything_was_lost(troupe: Troupe, by: str) -> None:
    anna, ben = anna_and_ben(troupe)
    opens_section(anna, "recovery.title")
    anna.page.locator(".pane-body").get_by_role(
        "button", name=anna.say("recovery.make"), exact=True
    ).click()
    dialog(anna).get_by_role("button", name=anna.say("recovery.make"), exact=True).click()
    key = dialog(anna).locator(".key")
    expect(key).to_be_visible()
    recovery_key = " ".join(key.locator("span").all_inner_texts())
    anna.button("recovery.saved").click()
    folder = Path(tempfile.mkdtemp(dir=troupe.folder))
    file = folder / "plausch.backup"
    if by == "file":
        with anna.page.expect_download() as download:
            anna.button("recovery.file").click()
        download.value.save_as(file)
    anna.context.close()

    fresh = troupe.tab(troupe.context("de", "phone"), "de")
    fresh.opens()
    fresh.button("link.have").click()
    fresh.button("link.lost").click()
    fresh.page.get_by_label(fresh.say("recovery.account")).fill(anna.name)
    entry = fresh.page.get_by_label(fresh.say("recovery.key"), exact=True)
    entry.fill(recovery_key[:-1] + ("7" if recovery_key[-1] != "7" else "8"))
    fresh.button("recovery.look").click()
    expect(fresh.page.get_by_text(fresh.say("failure.bad_recovery_key"))).to_be_visible()
    entry.fill(recovery_key.lower())
    if by == "file":
        fresh.page.get_by_label(fresh.say("recovery.chooseFile")).set_input_files(file)
    fresh.button("recovery.look").click()
    expect(
        fresh.page.get_by_text(fresh.say("recovery.found", f"{anna.name}@localhost"))
    ).to_be_visible()
    fresh.button("recovery.restore").click()
    expect(fresh.inbox).to_be_visible()
    fresh.goes_to(ben.name)
    for text in ("an old message", "and one more", "an answer"):
        fresh.sees(text)
    fresh.writes("I am back")
    ben.sees("I am back")
    ben.writes("welcome back")
    fresh.sees("welcome back")
    for person in (ben, fresh):
        assert person.violations() == []
