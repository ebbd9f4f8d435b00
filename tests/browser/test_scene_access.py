"""Everybody can use it: axe finds nothing on any page, the keyboard reaches everything, and a
screen reader is told what happens.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from browser.front import Weather
from browser.people import Member, Person, Troupe
from browser.pictures import png
from browser.stage import WEB
from crooked import Crooked, ToServer, account_of, impostor, willing
from plausch.wire import frames as f

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = [
    (scheme, width, height)
    for scheme in ("light", "dark")
    for width, height in ((390, 844), (1280, 800))
]

_RUN_AXE = """
async () => {
  const drawn = () => new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const moving = () => document.getAnimations().filter(
    ({ effect, playState }) => playState === 'running' && effect.getTiming().iterations < 9,
  );
  do {
    await drawn();
    await Promise.allSettled(moving().map(({ finished }) => finished));
  } while (moving().length > 0);
  await drawn();
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes.map(
    ({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} | ${failureSummary.slice(0, 300)}`,
  ));
}
"""

_REACHABLE = """
() => {
  const found = [...document.querySelectorAll('a[href], button, input, textarea, [tabindex]')];
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
  return found
    .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility())
    .filter((one) => dialog === undefined || dialog.contains(one))
    .filter((one) => one.type !== 'radio' || one.checked)
    .map((one, at) => { one.dataset.reach = `${at}`; return one.outerHTML.slice(0, 120); });
}
"""


class Inspector:
    """Looks at a page as axe does, in each light and width."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, list[str]] = {}

    def look(self, name: str) -> None:
        for scheme, width, height in LOOKS:
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(
                color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
            )
            if not self.page.evaluate("'axe' in window"):
                self.page.add_script_tag(path=AXE)
            violations: list[str] = self.page.evaluate(_RUN_AXE)
            if violations:
                self.found[f"{name}, {scheme}, {width}"] = violations


def seen_by_axe(troupe: Troupe, language: str, url: str = "") -> tuple[Person, Inspector]:
    """The app's policy lets no foreign script in, axe neither: it is off here and only here."""
    context = troupe.context(language, "desktop", bypass_csp=True)
    person = troupe.tab(context, language, url)
    return person, Inspector(person.page)


def talk(person: Person, member: Member, folder: Path) -> None:
    """A conversation with something of everything."""
    person.begins_with(member.name)
    person.writes("Hello **there**, see https://example.org")
    heard = member.hears()
    member.do(heard.conversation.react(heard.message_id, "🎉"))
    member.says(heard.conversation, "An answer\n\nin two paragraphs")
    (folder / "red.png").write_bytes(png(300, 200, (200, 30, 60)))
    person.attaches(folder / "red.png")
    (folder / "notes.txt").write_text("some notes")
    person.attaches(folder / "notes.txt")
    person.sees("An answer")
    expect(person.log.locator("img.sharp")).to_be_visible()


def test_axe_finds_nothing(troupe: Troupe, tmp_path: Path) -> None:
    anna, inspector = seen_by_axe(troupe, "de")
    cem, olga = troupe.member("Cem"), troupe.member("Olga")
    anna.opens()
    expect(anna.page.get_by_label(anna.say("start.nameLabel"))).to_be_visible()
    inspector.look("start")
    anna.starts("Anna")
    inspector.look("empty list")
    talk(anna, cem, tmp_path)
    inspector.look("conversation")
    anna.menu_of("Hello")
    inspector.look("message menu")
    anna.page.keyboard.press("Escape")
    anna.does_with("Hello", "message.reply")
    inspector.look("reply")
    anna.button("composer.emoji").click()
    expect(anna.page.get_by_role("dialog")).to_be_visible()
    inspector.look("emoji")
    anna.page.keyboard.press("Escape")
    anna.page.set_viewport_size({"width": 1280, "height": 800})
    anna.opens_details()
    inspector.look("contact")
    anna.page.get_by_role("button", name=anna.say("details.safety"), exact=True).click()
    inspector.look("safety number")
    anna.page.set_viewport_size({"width": 1280, "height": 800})
    anna.founds("Club", cem.name, olga.name)
    anna.writes("hello all")
    anna.opens_details()
    inspector.look("group")
    for section in ("", "/devices", "/privacy", "/about"):
        anna.page.evaluate("hash => { location.hash = hash; }", f"#/settings{section}")
        expect(anna.page.locator(".settings h1")).to_be_visible()
        inspector.look(f"settings{section}")
    anna.page.set_viewport_size({"width": 1280, "height": 800})
    anna.page.evaluate("location.hash = '#/'")
    anna.page.get_by_role("searchbox").fill("hello")
    expect(anna.page.locator(".found .hit").first).to_be_visible()
    inspector.look("found")
    anna.page.get_by_role("searchbox").press("Escape")
    anna.button("list.newConversation").first.click()
    inspector.look("new conversation")
    anna.button("newConversation.group").click()
    inspector.look("new group")
    anna.page.keyboard.press("Escape")
    assert inspector.found == {}


def has_left_keys(crooked: Crooked) -> bool:
    """Whether the device can be added to conversations."""
    asked = {frame.id for frame in crooked.sent if isinstance(frame, f.UploadKeyPackages)}
    done = {frame.id for frame in crooked.received if isinstance(frame, f.Done)}
    return asked != set() and asked <= done


def refusing(crooked: Crooked) -> ToServer:
    """A server that takes no message."""

    def refuse(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if not isinstance(frame, f.Append):
            return [frame]
        crooked.push(f.Refused(frame.id, "not_allowed", "Not here.", "remote", 0, -1, -1))
        return []

    return refuse


def test_axe_finds_nothing_when_something_is_wrong(troupe: Troupe) -> None:
    crooked = troupe.backstage.crooked(f"http://127.0.0.1:{troupe.port}")
    front = troupe.backstage.front(troupe.port)
    front.socket_port = int(crooked.url.rpartition(":")[2])
    anna, inspector = seen_by_axe(troupe, "de", front.url)
    cem = troupe.member("Cem")
    anna.starts("Anna")
    cem.waits_until(lambda: has_left_keys(crooked))
    theirs = cem.conversation_with(anna.name)
    cem.says(theirs, "You do not know me")
    anna.row(cem.name).click()
    expect(anna.button("conversation.accept")).to_be_visible()
    inspector.look("request")
    anna.accepts()
    crooked.to_server = refusing(crooked)
    anna.writes("not taken")
    anna.sees_state("not taken", "failed")
    expect(anna.sees("not taken").get_by_text(anna.say("failure.not_allowed"))).to_be_visible()
    inspector.look("failed message")
    crooked.to_server = willing
    troupe.backstage.do(front.turn(Weather.DOWN))
    offline = anna.page.get_by_text(anna.say("connection.offline"))
    expect(offline).to_be_visible()
    inspector.look("offline")
    false_cem = impostor(cem.client)
    crooked.to_device = lambda frame: (
        [account_of(false_cem, frame.id)]
        if isinstance(frame, f.Account) and frame.name == cem.name
        else [frame]
    )
    troupe.backstage.do(front.turn(Weather.FAIR))
    expect(offline).to_be_hidden()
    anna.writes("Is it you?")
    expect(anna.page.get_by_text(anna.say("conversation.changed", cem.name))).to_be_visible()
    inspector.look("changed key")
    anna.button("conversation.compare").click()
    expect(anna.page.locator(".digits")).to_be_visible()
    inspector.look("comparison")
    assert inspector.found == {}


def unreachable(page: Page) -> list[str]:
    """What Tab does not come to, though it could be pressed."""
    wanted: list[str] = page.evaluate(_REACHABLE)
    reached = set()
    for _ in range(len(wanted) + 12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement?.dataset?.reach ?? ''"))
    return [html for at, html in enumerate(wanted) if str(at) not in reached]


def focused(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        "(({ tagName, dataset, role }) => ({ tag: tagName, message: dataset.message ?? '' }))"
        "(document.activeElement)"
    )
    return found


def test_everything_is_reached_by_keyboard(troupe: Troupe) -> None:
    anna = troupe.tab(troupe.context("en", "desktop"), "en")
    cem = troupe.member("Cem")
    anna.opens()
    expect(anna.page.get_by_label(anna.say("start.nameLabel"))).to_be_visible()
    anna.page.get_by_label(anna.say("start.nameLabel")).fill("Some Name")
    assert unreachable(anna.page) == []
    anna.starts("Anna")
    assert unreachable(anna.page) == []
    anna.begins_with(cem.name)
    anna.writes("hello")
    heard = cem.hears()
    cem.says(heard.conversation, "hello back")
    anna.sees("hello back")
    assert unreachable(anna.page) == []

    anna.bubble("hello back").focus()
    anna.page.keyboard.press("ArrowUp")
    expect(
        anna.bubble("hello")
        .and_(anna.page.locator(":focus"))
        .or_(anna.log.locator("[role=article]:focus"))
        .first
    ).to_be_visible()
    anna.page.keyboard.press("Enter")
    menu = anna.page.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    anna.page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem").nth(1)).to_be_focused()
    anna.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    assert focused(anna.page)["message"] != ""
    anna.page.keyboard.press("r")
    expect(anna.field).to_be_focused()
    anna.page.keyboard.press("Escape")

    anna.page.keyboard.press("Alt+n")
    dialog = anna.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert unreachable(anna.page) == []
    assert anna.page.evaluate("document.activeElement.closest('dialog') !== null")
    anna.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(anna.field).to_be_focused()


def test_a_new_message_is_said(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.writes("hello")
    theirs = cem.hears().conversation
    spoken = anna.page.locator("[aria-live=polite]")
    cem.says(theirs, "look here")
    expect(spoken.filter(has_text=re.compile(rf"{cem.name}: look here"))).to_have_count(1)
    anna.page.evaluate("location.hash = '#/settings'")
    cem.says(theirs, "and again")
    expect(spoken.filter(has_text=anna.say("live.elsewhere", cem.name))).to_have_count(1)
