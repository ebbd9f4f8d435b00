"""The operator looks after a server in a browser, without JavaScript, on a telephone too."""

import asyncio
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.test_scene_access import LOOKS, Inspector
from company import line_of, process
from delivery_world import World
from plausch.db.sqlite import open_sqlite
from plausch.wire import frames as f

WORDS = 'Wir ziehen um <b onclick="harm()">& sind</b> gleich zurück.'


async def fill(file: Path) -> None:
    """A server's database with people, a business, and reports, one of them dealt with."""
    database = open_sqlite(file)
    world = await World(database).prepare()
    anna, mallory = await world.player("anna"), await world.player("mallory")
    await world.player("zur-linde", "business")
    theirs = await mallory.conversation_with(anna)
    for reason in ("spam", "abuse"):
        shown = await mallory.say(theirs, b"Nobody else may read this.")
        asked = f.Report(1, "mallory", reason, "", [shown], secrets.token_bytes(16))
        await world.reports.take(anna.record, asked)
    for number in range(22):
        await world.player(f"guest{number}")
    await world.delivery.close()
    await database.close()


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "server"
    folder.mkdir()
    asyncio.run(fill(folder / "plausch.db"))
    with process("operator", "--data", folder, log=tmp_path / "operator.log") as running:
        yield line_of(running, "link ").removeprefix("link ")


def opened(browser: Browser, link: str, language: str, *, script: bool = False) -> Page:
    """A page; with `script` the test may look at it with axe, the page itself has none."""
    context = browser.new_context(
        locale=language,
        java_script_enabled=script,
        bypass_csp=script,
        viewport={"width": 390, "height": 844},
    )
    page = context.new_page()
    page.goto(link)
    return page


def shown(page: Page, name: str) -> None:
    """Pictures, for whoever asks for them: PLAUSCH_PICTURES names a folder."""
    folder = os.environ.get("PLAUSCH_PICTURES")
    for scheme, width, height in LOOKS if folder else []:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.screenshot(path=Path(folder or "") / f"{name}_{scheme}_{width}.png", full_page=True)


def is_within(page: Page) -> bool:
    """Whether nothing hangs out on the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_an_account_is_suspended_and_maintenance_ordered_without_javascript(
    link: str, browser: Browser
) -> None:
    page = opened(browser, link, "de-DE")
    expect(page.get_by_role("heading", level=1)).to_have_text("Betrieb dieses Servers")
    assert "token" not in page.url
    page.set_viewport_size({"width": 320, "height": 640})
    assert is_within(page), "long German words"
    shown(page, "german")
    page.get_by_role("link", name="Ältere zeigen").click()
    expect(page.get_by_role("link", name="anna", exact=True)).to_be_visible()
    page.get_by_label("Name enthält").fill("MALL")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("link", name="mallory").click()
    page.get_by_role("button", name="Konto sperren").click()
    expect(page.locator(".facts")).to_contain_text("gesperrt seit")
    expect(page.get_by_text("plausch accounts remove mallory --data")).to_be_visible()
    page.get_by_role("button", name="Sperre aufheben").click()
    expect(page.get_by_role("button", name="Konto sperren")).to_be_visible()

    page.get_by_role("link", name="Übersicht").click()
    page.locator("summary").click()
    page.get_by_label("Was die Leute dazu lesen").fill(WORDS)
    page.get_by_label("Dauer in Minuten").fill("bald")
    page.get_by_role("button", name="Wartung beginnen").click()
    expect(page.get_by_role("alert")).to_contain_text("ganze Zahl von Minuten")
    expect(page.get_by_label("Was die Leute dazu lesen")).to_have_value(WORDS)
    page.get_by_label("Dauer in Minuten").fill("90")
    page.get_by_role("button", name="Wartung beginnen").click()
    expect(page.get_by_text("Wartung seit")).to_be_visible()
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.get_by_text("Gesagt wird: bis")).to_be_visible()
    assert is_within(page)
    page.get_by_role("button", name="Wartung beenden").click()
    expect(page.get_by_text("Keine Wartung")).to_be_visible()

    page.get_by_role("navigation").get_by_role("link", name="Meldungen").click()
    expect(page.get_by_text("Meldung 1")).to_be_visible()
    expect(page.get_by_text("plausch reports show ID --data")).to_be_visible()
    assert "Nobody else" not in page.content()


def test_axe_finds_nothing_and_the_link_opens_once(link: str, browser: Browser) -> None:
    page = opened(browser, link, "en-GB", script=True)
    inspector = Inspector(page)

    def look(name: str) -> None:
        inspector.look(name)
        page.set_viewport_size({"width": 320, "height": 640})
        assert is_within(page), name
        shown(page, name)
        page.set_viewport_size({"width": 390, "height": 844})

    shown(page, "overview")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("Begin maintenance").first.click()
    page.get_by_label("What people are told").fill(WORDS)
    page.get_by_label("Minutes it will take").fill("-3")
    page.get_by_role("button", name="Begin maintenance").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look("refused")
    page.get_by_label("Minutes it will take").fill("45")
    page.get_by_role("button", name="Begin maintenance").click()
    expect(page.get_by_role("button", name="End maintenance")).to_be_visible()
    shown(page, "maintained")
    page.get_by_label("Name contains").fill("mallory")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="mallory").click()
    shown(page, "account")
    page.get_by_role("button", name="Suspend account").click()
    expect(page.get_by_role("button", name="Take suspension back")).to_be_visible()
    look("suspended")
    page.get_by_role("navigation").get_by_role("link", name="Reports").click()
    expect(page.get_by_text("Report 2")).to_be_visible()
    look("reports")
    assert inspector.found == {}

    again = opened(browser, link, "en-GB", script=True)
    expect(again.get_by_role("heading")).to_have_text("The link comes first")
    inspector.page = again
    inspector.look("doorstep")
    shown(again, "doorstep")
    assert inspector.found == {}
    again.goto(re.sub(r"/enter.*", "/", link))
    expect(again.get_by_text("Only the link")).to_be_visible()


def test_who_comes_from_another_page_goes_on_by_one_step(link: str, browser: Browser) -> None:
    """A cookie that is SameSite=Strict does not come with a step from web mail."""
    page = browser.new_context(locale="en-GB").new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    page.route("http://mail.example/", lambda route: route.fulfill(
        content_type="text/html", body=f'<a href="{link}">Open</a>'
    ))  # fmt: skip
    page.goto("http://mail.example/")
    page.get_by_text("Open").click()
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operating this server")
    page.get_by_text("zur-linde").or_(page.get_by_role("link", name="Show older ones")).click()
    refused = [line for line in complaints if "403 (Forbidden)" in line]
    assert complaints == refused, "the policy is in nothing's way"
    assert len(refused) == 1, "the step from the other page"
