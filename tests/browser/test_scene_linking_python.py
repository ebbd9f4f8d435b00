"""A browser and a device in Python are linked to each other's accounts, both ways; and a business
lets somebody of its staff in and out.
"""

import asyncio
import secrets
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.people import Member, Person, Troupe
from browser.test_scene_linking import dialog, joins, opens_section, shown_link, shows_a_code
from plausch.sdk import Client


class AtTerminal:
    """Whoever sits before the device in Python, and reads the browser's screen."""

    def __init__(self) -> None:
        self.links: asyncio.Queue[str] = asyncio.Queue()
        self.digits: asyncio.Queue[str] = asyncio.Queue()
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.typed: asyncio.Queue[str] = asyncio.Queue()

    async def show(self, link: str) -> None:
        await self.links.put(link)

    async def compare(self, digits: str) -> None:
        await self.digits.put(digits)

    async def wants(self, account: str) -> bool:
        await self.asked.put(account)
        return True

    async def agrees(self, name: str, attempt: int) -> str | None:
        await self.asked.put(name)
        return await self.typed.get()


def digits_of(person: Person) -> str:
    expect(person.page.locator(".digits")).to_be_visible()
    return person.page.locator(".digits").inner_text()


def joined_by_python(troupe: Troupe, existing: Person, home: Path) -> Member:
    """A device in Python by the link that the browser shows, its digits typed there."""
    terminal = AtTerminal()
    opens_section(existing, "settings.devices")
    existing.button("link.begin").click()
    existing.button("link.showHere").click()
    expect(existing.page.get_by_label(existing.say("link.code"), exact=True)).to_be_visible()
    link = shown_link(existing)
    backstage = troupe.backstage
    joining = asyncio.run_coroutine_threadsafe(
        Client.link(home, existing.url, terminal, link=link, name="Raspberry"), backstage.loop
    )
    digits = backstage.do(terminal.digits.get())
    expect(dialog(existing).get_by_text("Raspberry")).to_be_visible()
    existing.page.get_by_label(existing.say("link.digits")).fill(digits)
    existing.button("link.yes").click()
    assert backstage.do(terminal.asked.get()) == f"{existing.name}@localhost"
    client = joining.result(60)
    expect(dialog(existing).get_by_text(existing.say("link.done"))).to_be_visible()
    dialog(existing).get_by_role("button", name=existing.say("common.close"), exact=True).click()
    return Member(backstage, backstage.client(client))


def joins_python(troupe: Troupe, new: Person, account: Member) -> None:
    """A browser becomes a device of the account that Python has."""
    terminal, backstage = AtTerminal(), troupe.backstage
    link = shows_a_code(new)
    linking = asyncio.run_coroutine_threadsafe(
        account.client.link_device(terminal, link=link), backstage.loop
    )
    assert "Chrome" in backstage.do(terminal.asked.get())
    backstage.do(terminal.typed.put(digits_of(new)))
    joins(new, account.name)
    linking.result(60)


def linde_of(troupe: Troupe) -> Member:
    """A business that was made by a device in Python."""
    backstage, name = troupe.backstage, f"linde-{secrets.token_hex(3)}"
    url = f"http://localhost:{troupe.port}"
    registering = Client.register(troupe.folder / name, url, name, kind="business")
    return Member(backstage, backstage.client(backstage.do(registering)))


def test_python_is_linked_to_an_account_of_a_browser(troupe: Troupe, tmp_path: Path) -> None:
    anna, ben = troupe.person("Anna", "en", "desktop"), troupe.person("Ben", "en", "desktop")
    anna.begins_with(ben.name)
    anna.writes("before the Raspberry")
    ben.goes_to(anna.name)
    ben.accepts()
    raspberry = joined_by_python(troupe, anna, tmp_path / "raspberry")
    conversation = raspberry.conversation_with(ben.name)
    raspberry.waits_until(lambda: len(conversation.members) == 3)
    ben.writes("to both")
    assert raspberry.hears().text == "to both"  # and nothing of what was before
    raspberry.says(conversation, "from the Raspberry")
    ben.sees("from the Raspberry")
    anna.goes_to(ben.name)
    anna.sees("from the Raspberry")


def test_a_browser_is_linked_to_an_account_of_python(troupe: Troupe) -> None:
    linde = linde_of(troupe)
    phone = troupe.tab(troupe.context("en", "phone"), "en")
    joins_python(troupe, phone, linde)
    ben = troupe.person("Ben", "en", "desktop")
    ben.begins_with(linde.name)
    ben.writes("a table for two")
    assert linde.hears().text == "a table for two"
    phone.goes_to(ben.name)
    phone.sees("a table for two")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_staff_is_invited_and_removed(troupe: Troupe, size: str) -> None:
    linde = linde_of(troupe)
    owner = troupe.tab(troupe.context("en", "desktop"), "en")
    joins_python(troupe, owner, linde)
    marie = troupe.tab(troupe.context("de", "phone" if size == "phone" else "desktop"), "de")
    link = shows_a_code(marie)
    opens_section(owner, "settings.devices")
    owner.button("link.staffBegin").click()
    expect(owner.button("link.showHere")).to_be_disabled()
    owner.page.get_by_label(owner.say("link.staffName")).fill("Marie")
    owner.page.get_by_label(owner.say("link.paste")).fill(link)
    owner.button("link.pasteButton").click()
    owner.page.get_by_label(owner.say("link.digits")).fill(digits_of(marie))
    expect(dialog(owner).get_by_text(owner.say("link.staffAskWhy"))).to_be_visible()
    owner.button("link.yes").click()
    joins(marie, linde.name)
    expect(dialog(owner).get_by_text(owner.say("link.done"))).to_be_visible()
    dialog(owner).get_by_role("button", name=owner.say("common.close"), exact=True).click()
    expect(owner.page.get_by_text("Marie", exact=True)).to_be_visible()

    ben = troupe.person("Ben", "en", "desktop")
    ben.begins_with(linde.name)
    ben.writes("a table for two")
    marie.goes_to(ben.name)
    marie.sees("a table for two")
    marie.writes("gern")
    ben.sees("gern")

    opens_section(marie, "settings.devices")
    expect(marie.page.get_by_text(marie.say("link.staffNote"))).to_be_visible()
    expect(marie.button("link.begin")).to_be_hidden()
    expect(marie.page.get_by_role("button", name=marie.say("link.rename"))).to_have_count(0)

    owner.page.get_by_role("button", name=f"{owner.say('settings.removeDevice')} Marie").click()
    dialog(owner).get_by_role("button", name=owner.say("settings.removeDevice"), exact=True).click()
    expect(marie.page.get_by_text(marie.say("failure.device_removed"))).to_be_visible()
    ben.writes("not for Marie")
    owner.goes_to(ben.name)
    owner.sees("not for Marie")
    assert "not for Marie" not in marie.page.content()
    for person in (owner, marie, ben):
        assert person.violations() == []
