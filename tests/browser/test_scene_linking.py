"""A second browser is linked, history comes along, it is removed again; and an account that lost
all its devices comes back by its recovery key.
"""

import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from browser.people import Person, Troupe
from canaries import Watch, memory_of, new_stem
from server_process import ServerProcess


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


def types_digits(existing: Person, new: Person) -> None:
    """The number that the new browser shows, by hand into the other one."""
    expect(new.page.locator(".digits")).to_be_visible()
    digits = new.page.locator(".digits").inner_text()
    assert re.fullmatch(r"\d{3} \d{3}", digits)
    expect(existing.button("link.yes")).to_be_disabled()
    entry = existing.page.get_by_label(existing.say("link.digits"))
    other = "000 000" if digits != "000 000" else "000 001"
    entry.fill(other)
    existing.button("link.yes").click()
    expect(dialog(existing).get_by_text(existing.say("failure.link_digits_differ"))).to_be_visible()
    entry.fill(digits)
    existing.button("link.yes").click()


def joins(new: Person, account: str) -> None:
    """The new browser is asked whether that is its account, and says yes."""
    expect(new.page.get_by_text(f"{account}@localhost")).to_be_visible()
    new.button("link.becomeYes").click()
    expect(new.inbox).to_be_visible()


def links(existing: Person, new: Person) -> None:
    """Paste the new browser's link, type its digits, and say yes on both."""
    link = shows_a_code(new)
    opens_section(existing, "settings.devices")
    existing.button("link.begin").click()
    existing.page.get_by_label(existing.say("link.paste")).fill(link)
    existing.button("link.pasteButton").click()
    expect(dialog(existing).get_by_text("Chrome", exact=False)).to_be_visible()
    types_digits(existing, new)
    joins(new, existing.name)
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
    links(anna, phone)
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
    expect(phone.page.get_by_text(phone.say("failure.device_removed"))).to_be_visible()
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
    expect(dialog(anna).get_by_text("Chrome", exact=False)).to_be_visible()
    types_digits(anna, tablet)
    joins(tablet, anna.name)


def test_a_link_that_somebody_sent_begins_nothing_by_itself(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    phone = troupe.tab(troupe.context("en", "phone"), "en")
    link = shows_a_code(phone)
    anna.page.goto(link)
    expect(dialog(anna).get_by_text(anna.say("link.byLink"))).to_be_visible()
    expect(anna.page.get_by_label(anna.say("link.paste"))).to_have_value(link)
    expect(phone.page.locator(".digits")).to_be_hidden()
    anna.button("link.pasteButton").click()
    expect(anna.button("link.yes")).to_be_disabled()  # digits that no link holds
    expect(phone.page.locator(".digits")).to_be_visible()


def test_the_new_browser_says_no(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    phone = troupe.tab(troupe.context("en", "phone"), "en")
    link = shows_a_code(phone)
    opens_section(anna, "settings.devices")
    anna.button("link.begin").click()
    anna.page.get_by_label(anna.say("link.paste")).fill(link)
    anna.button("link.pasteButton").click()
    types_digits(anna, phone)
    phone.button("link.no").click()
    expect(dialog(anna).get_by_text(anna.say("failure.link_declined"))).to_be_visible()
    dialog(anna).get_by_role("button", name=anna.say("common.close"), exact=True).click()
    remove = re.compile(rf"^{re.escape(anna.say('settings.removeDevice'))} ")
    opens_section(anna, "settings.devices")
    expect(anna.page.locator(".pane-body li")).to_have_count(1)
    expect(anna.page.get_by_role("button", name=remove)).to_be_hidden()


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
    code = link.partition("/#/link/")[2]
    for pasted, failure in (
        (f"https://example.org/#/link/{code}", "other_server"),
        (link[:-8], "bad_link"),
    ):
        anna.page.get_by_label(anna.say("link.paste")).fill(pasted)
        anna.button("link.pasteButton").click()
        expect(dialog(anna).get_by_text(anna.say(f"failure.{failure}"))).to_be_visible()
        anna.button("link.again").click()


def makes_a_recovery_key(anna: Person) -> str:
    """On the page of recovery; the key that is shown."""
    opens_section(anna, "recovery.title")
    anna.page.locator(".pane-body").get_by_role(
        "button", name=anna.say("recovery.make"), exact=True
    ).click()
    dialog(anna).get_by_role("button", name=anna.say("recovery.make"), exact=True).click()
    key = dialog(anna).locator(".key")
    expect(key).to_be_visible()
    recovery_key = " ".join(key.locator("span").all_inner_texts())
    anna.button("recovery.saved").click()
    return recovery_key


def saves_a_file(anna: Person, file: Path) -> None:
    """The backup as a file."""
    with anna.page.expect_download() as download:
        anna.button("recovery.file").click()
    download.value.save_as(file)


def looks(fresh: Person, name: str, recovery_key: str, file: Path | None) -> None:
    """A new browser finds the backup; with a wrong key first."""
    fresh.opens()
    fresh.button("link.have").click()
    fresh.button("link.lost").click()
    fresh.page.get_by_label(fresh.say("recovery.account")).fill(name)
    entry = fresh.page.get_by_label(fresh.say("recovery.key"), exact=True)
    entry.fill(recovery_key[:-1] + ("7" if recovery_key[-1] != "7" else "8"))
    fresh.button("recovery.look").click()
    expect(fresh.page.get_by_text(fresh.say("failure.bad_recovery_key"))).to_be_visible()
    entry.fill(recovery_key.lower())
    if file is not None:
        fresh.page.get_by_label(fresh.say("recovery.chooseFile")).set_input_files(file)
    fresh.button("recovery.look").click()
    expect(fresh.page.get_by_text(fresh.say("recovery.found", f"{name}@localhost"))).to_be_visible()
    fresh.button("recovery.restore").click()
    expect(fresh.inbox).to_be_visible()


@pytest.mark.parametrize("by", ["server", "file"])
def test_an_account_comes_back_after_everything_was_lost(troupe: Troupe, by: str) -> None:
    anna, ben = anna_and_ben(troupe)
    recovery_key = makes_a_recovery_key(anna)
    file = None
    if by == "file":
        file = Path(tempfile.mkdtemp(dir=troupe.folder)) / "plausch.backup"
        saves_a_file(anna, file)
    anna.context.close()

    fresh = troupe.tab(troupe.context("de", "phone"), "de")
    looks(fresh, anna.name, recovery_key, file)
    fresh.goes_to(ben.name)
    for text in ("an old message", "and one more", "an answer"):
        fresh.sees(text)
    fresh.writes("I am back")
    ben.sees("I am back")
    ben.writes("welcome back")
    fresh.sees("welcome back")
    for person in (ben, fresh):
        assert person.violations() == []


def kept_backups(server: ServerProcess) -> int:
    """How many accounts have a backup at the server."""
    with closing(sqlite3.connect(server.directory / "plausch.db")) as database:
        return int(database.execute("SELECT COUNT(*) FROM backup").fetchone()[0])


def test_nothing_of_a_backup_is_at_the_server(troupe: Troupe, app_server: ServerProcess) -> None:
    """Neither what is backed up nor the key: not in its files, its log, its memory."""
    word = new_stem()
    anna, ben = troupe.person("Anna", "en", "desktop"), troupe.person("Ben", "en", "phone")
    anna.begins_with(ben.name)
    anna.writes(f"{word} at seven")
    ben.goes_to(anna.name)
    ben.accepts()
    ben.sees(f"{word} at seven")
    recovery_key = makes_a_recovery_key(anna)
    while not kept_backups(app_server):
        anna.page.wait_for_timeout(50)  # a test that waits in vain runs into its limit
    secrets = Watch([word, recovery_key, recovery_key.replace(" ", "")])
    known = Watch([anna.name])
    assert secrets.found_below(app_server.directory.parent) == set()
    assert known.found_below(app_server.directory.parent) == {anna.name}
    try:
        assert secrets.found_in(memory_of(app_server.pid)) == set()
        assert known.found_in(memory_of(app_server.pid)) == {anna.name}
    except PermissionError:
        pytest.skip(
            "The kernel lets nobody look into the server's memory; its files were searched."
        )


def test_a_backup_file_that_was_cut_is_given_again(troupe: Troupe) -> None:
    """The account is there; until its messages are, they are not backed up over."""
    anna, ben = anna_and_ben(troupe)
    recovery_key = makes_a_recovery_key(anna)
    folder = Path(tempfile.mkdtemp(dir=troupe.folder))
    file, cut = folder / "plausch.backup", folder / "cut.backup"
    saves_a_file(anna, file)
    cut.write_bytes(file.read_bytes()[:-100])
    anna.context.close()

    fresh = troupe.tab(troupe.context("en", "desktop"), "en")
    looks(fresh, anna.name, recovery_key, cut)
    opens_section(fresh, "recovery.title")
    expect(fresh.page.get_by_text(fresh.say("recovery.missing"))).to_be_visible()
    fresh.page.get_by_label(fresh.say("recovery.missingFile")).set_input_files(file)
    expect(fresh.button("recovery.now")).to_be_visible()
    fresh.goes_to(ben.name)
    for text in ("an old message", "and one more", "an answer"):
        fresh.sees(text)
