"""Reporting in the app: what is chosen goes to the operator, and nothing else, whichever program
wrote it and whichever reports it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from browser.people import Person, Troupe, troupe_of
from company import did
from plausch.sdk import Reason
from server_process import ServerProcess


@dataclass(frozen=True)
class House:
    """A server of the test's own, for its operator to look into."""

    troupe: Troupe
    folder: Path

    def reports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = did("reports", "list", "--data", self.folder, "--json").json[
            "reports"
        ]
        return found

    def texts(self, number: int) -> list[str]:
        shown = did("reports", "show", number, "--data", self.folder, "--json").json
        return [one["text"] for one in shown["disclosed"]]


@pytest.fixture
def house(browser: Browser, tmp_path: Path) -> Iterator[House]:
    with (
        ServerProcess(tmp_path / "server") as server,
        troupe_of(browser, f"http://localhost:{server.port}", tmp_path) as troupe,
    ):
        yield House(troupe, server.directory)


def fills_in(person: Person, reason: str, note: str = "") -> Locator:
    """The dialog, up to its last button."""
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text(person.say("report.discloses", "localhost"))
    send = dialog.get_by_role("button", name=person.say("report.send"), exact=True)
    expect(send).to_be_disabled()
    dialog.get_by_text(person.say(f"report.reasons.{reason}"), exact=True).click()
    dialog.get_by_label(person.say("report.note")).fill(note)
    return send


def is_thanked(person: Person, sentence: str) -> None:
    expect(person.page.locator(".note").filter(has_text=sentence).first).to_be_visible()
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def test_from_a_message_a_selection_and_a_persons_page(house: House) -> None:
    anna = house.troupe.person("Anna", "de", "phone")
    spammer = house.troupe.member("Spammer")
    theirs = spammer.conversation_with(anna.name)
    for text in ("Guten Tag", "Gewinne 1.000 Euro!", "Nur heute!"):
        spammer.says(theirs, text)
    anna.goes_to(spammer.name)
    anna.sees("Nur heute!")

    anna.does_with("Gewinne 1.000 Euro!", "report.action")
    fills_in(anna, "spam", "Jeden Tag.").click()
    is_thanked(anna, anna.say("report.done", "localhost"))
    (first,) = house.reports()
    assert (first["from"], first["about"]) == (anna.name, spammer.name)
    assert (first["reason"], first["note"]) == ("spam", "Jeden Tag.")
    assert house.texts(first["id"]) == ["Gewinne 1.000 Euro!"]

    anna.accepts()
    anna.writes("Lassen Sie das.")
    anna.does_with("Gewinne 1.000 Euro!", "message.select")
    anna.sees("Nur heute!").click()
    report = anna.button("report.action")
    expect(report).to_be_visible()
    anna.sees("Lassen Sie das.").click()
    expect(report).to_have_count(0)
    anna.sees("Lassen Sie das.").click()
    report.click()
    fills_in(anna, "other").click()
    is_thanked(anna, anna.say("report.done", "localhost"))
    assert house.texts(2) == ["Gewinne 1.000 Euro!", "Nur heute!"]

    details = anna.opens_details()
    details.get_by_role("button", name=anna.say("report.person", spammer.name)).click()
    dialog = anna.page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(3)
    dialog.get_by_text("Guten Tag", exact=True).click()
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(2)
    dialog.get_by_role("switch").click()
    fills_in(anna, "abuse").click()
    is_thanked(anna, anna.say("report.doneBlocked", "localhost", spammer.name))
    assert house.texts(3) == ["Gewinne 1.000 Euro!", "Nur heute!"]
    expect(details.get_by_role("button", name=anna.say("conversation.unblock"))).to_be_visible()
    assert anna.complaints == []
    assert anna.violations() == []


def test_a_device_in_python_reports_what_a_browser_wrote(house: House) -> None:
    """Also all of its versions, and what was deleted for everyone."""
    spammer = house.troupe.person("Spammer", "en", "desktop")
    olga = house.troupe.member("Olga")
    spammer.begins_with(olga.name)
    spammer.writes("A threat", "Another one")
    heard = [olga.hears(), olga.hears()]
    spammer.does_with("A threat", "message.edit")
    spammer.writes("Nothing at all")
    spammer.does_with("Another one", "message.remove")
    spammer.page.get_by_role("dialog").get_by_role(
        "button", name=spammer.say("message.remove"), exact=True
    ).click()
    spammer.sees(spammer.say("message.deletedByYou"))
    conversation = heard[0].conversation

    async def caught_up() -> None:
        changed = False
        while not changed:
            await olga.client.synchronize()
            said = await conversation.history()
            changed = [one.edited or one.deleted for one in said] == [True, True]

    olga.do(caught_up())
    ids = [one.message_id for one in heard]
    assert olga.do(conversation.report(ids, Reason.ABUSE)) == 3
    (report,) = house.reports()
    assert (report["from"], report["about"]) == (olga.name, spammer.name)
    assert house.texts(report["id"]) == ["A threat", "Nothing at all", "Another one"]
    assert spammer.complaints == []


def test_everything_by_keyboard(house: House) -> None:
    anna = house.troupe.person("Anna", "en", "desktop")
    spammer = house.troupe.member("Spammer")
    spammer.says(spammer.conversation_with(anna.name), "Buy now!")
    anna.goes_to(spammer.name)
    anna.menu_of("Buy now!")
    item = anna.page.get_by_role("menuitem", name=anna.say("report.action"), exact=True)
    while not item.evaluate("item => item === document.activeElement"):
        anna.page.keyboard.press("ArrowDown")
    anna.page.keyboard.press("Enter")
    dialog = anna.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    spam = dialog.get_by_role("radio", name=anna.say("report.reasons.spam"))
    while not spam.evaluate("radio => radio === document.activeElement"):
        anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Space")
    send = dialog.get_by_role("button", name=anna.say("report.send"), exact=True)
    while not send.evaluate("button => button === document.activeElement"):
        anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Enter")
    is_thanked(anna, anna.say("report.done", "localhost"))
    (report,) = house.reports()
    assert house.texts(report["id"]) == ["Buy now!"]
