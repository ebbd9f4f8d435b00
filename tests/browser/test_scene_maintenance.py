"""The operator works on the server, or suspends somebody: people are told so, and lose nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.people import Person, Troupe, acquainted, troupe_of
from company import did
from server_process import OPEN_LIMITS, ServerProcess

WORDS = "Wir ziehen auf neue Platten um."


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    config = f"{OPEN_LIMITS}maintenance_retry_ms = 200\n"
    with ServerProcess(tmp_path / "server", config=config) as process:
        yield process


@pytest.fixture
def own(browser: Browser, server: ServerProcess, tmp_path: Path) -> Iterator[Troupe]:
    with troupe_of(browser, f"http://localhost:{server.port}", tmp_path / "homes") as everybody:
        yield everybody


def shown(person: Person, name: str) -> None:
    """A picture, for whoever asks for it: PLAUSCH_PICTURES names a folder."""
    folder = os.environ.get("PLAUSCH_PICTURES")
    if folder:
        person.page.screenshot(path=Path(folder) / f"{name}.png")


def test_what_is_written_during_maintenance_waits_and_goes_out(
    own: Troupe, server: ServerProcess
) -> None:
    anna, ben = own.person("Anna", "de", "phone"), own.person("Ben", "en", "desktop")
    acquainted(anna, ben)
    at = ("--data", server.directory)
    did("maintenance", "on", "--minutes", 90, "--text", WORDS, *at)
    expect_refused(anna)
    anna.writes("dabei geschrieben")
    anna.sees_state("dabei geschrieben", "waiting")
    line = anna.page.get_by_text(anna.say("connection.maintenance"))
    expect(line).to_contain_text(WORDS)
    expect(line).to_contain_text("Bis ")
    shown(anna, "maintenance_phone")
    ben.writes("me too")
    expect(ben.page.get_by_text(ben.say("connection.maintenance"))).to_be_visible()
    shown(ben, "maintenance_desktop")
    other = own.tab(anna.context, "de")  # it begins when all is said already
    other.opens()
    expect(other.page.get_by_text(other.say("connection.maintenance"))).to_contain_text(WORDS)
    other.page.close()
    did("maintenance", "off", *at)
    anna.sees_state("dabei geschrieben", "read")
    ben.sees_state("me too", "read")
    expect(line).to_be_hidden()


def expect_refused(person: Person) -> None:
    """Write until the server says that it takes nothing new; it looks every two seconds."""
    line = person.page.get_by_text(person.say("connection.maintenance"))
    for number in range(200):
        person.writes(f"noch {number}")
        person.page.wait_for_timeout(100)
        if line.is_visible():
            return
    expect(line).to_be_visible()


def test_who_is_suspended_is_told_so_and_comes_back(own: Troupe, server: ServerProcess) -> None:
    anna, ben = own.person("Anna", "de", "desktop"), own.person("Ben", "en", "phone")
    acquainted(anna, ben)
    at = ("--data", server.directory)
    did("accounts", "suspend", anna.name, *at)
    line = anna.page.get_by_text(anna.say("failure.account_suspended"))
    expect(line).to_be_visible()
    shown(anna, "suspended_desktop")
    anna.writes("ich bin noch da")
    anna.sees_state("ich bin noch da", "waiting")
    did("accounts", "unsuspend", anna.name, *at)
    anna.page.reload()
    anna.sees_state("ich bin noch da", "read")
    expect(line).to_be_hidden()
