"""Staff with the web app asks the business's agent, which is a device in Python, through the team
conversation; what scripts and guests change is told to the page.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.people import Person, Troupe
from browser.test_scene_linking import joins, shows_a_code
from linde import restaurant
from plausch.agent.book import Book
from plausch.agent.operations.doors import Doors
from plausch.base.clock import SystemClock
from plausch.sdk import Client

_TAP = """
window.told = [];
window.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    window.device = this;
    this.addEventListener('message', ({ data }) => data.told && window.told.push(data.told));
  }
};
window.ask = (operation, asked) => new Promise((resolve) => {
  const id = 1e9 + Math.floor(Math.random() * 1e9);
  window.device.addEventListener('message', ({ data }) => data.id === id && resolve(data));
  window.device.postMessage({ id, operation, asked });
});
"""
"""The page's own door to the device, for what has no button yet."""


class Business:
    """The agent's device in Python, with its book; it runs between `starts` and `ends`."""

    def __init__(self, troupe: Troupe, folder: Path) -> None:
        self._do = troupe.backstage.do
        self._troupe = troupe
        self._folder = folder
        name = f"linde.{secrets.token_hex(3)}"
        register = Client.register(folder / "linde", troupe.url, name, kind="business")
        self.client = troupe.backstage.client(self._do(register))
        self.book = self._do(Book.open(folder / "book.db"))
        self._ending: asyncio.Event | None = None
        self._running: Any = None

    def links(self, link: str, staff: Person) -> None:
        """The new browser's link is pasted here, and its digits are typed."""

        class Owner:
            async def show(self, link: str) -> None: ...

            async def agrees(self, name: str, attempt: int) -> str | None:
                return await digits

        loop = self._troupe.backstage.loop
        digits: asyncio.Future[str] = loop.create_future()
        linking = asyncio.run_coroutine_threadsafe(
            self.client.link_device(Owner(), link=link), loop
        )
        shown = staff.page.locator(".digits")
        expect(shown).to_be_visible()
        loop.call_soon_threadsafe(digits.set_result, shown.inner_text())
        joins(staff, self.client.address.name)
        linking.result(60)

    def starts(self) -> None:
        async def run(ready: asyncio.Event, ending: asyncio.Event) -> None:
            doors = Doors(self.client, restaurant(), b"file", self.book, SystemClock())
            async with doors.open(self._folder, None) as opened:
                ready.set()
                running = asyncio.ensure_future(opened.run())
                await ending.wait()
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running

        async def begin() -> None:
            ready, self._ending = asyncio.Event(), asyncio.Event()
            self._running = asyncio.ensure_future(run(ready, self._ending))
            await asyncio.wait(
                [self._running, asyncio.ensure_future(ready.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )

        self._do(begin())

    def ends(self) -> None:
        async def end() -> None:
            assert self._ending is not None
            self._ending.set()
            await self._running

        self._do(end())


@pytest.fixture
def staff(troupe: Troupe, tmp_path: Path) -> Iterator[tuple[Business, Person]]:
    context = troupe.context("en", "desktop")
    context.add_init_script(_TAP)
    person = troupe.tab(context, "en")
    business = Business(troupe, tmp_path)
    business.links(shows_a_code(person), person)
    yield business, person


def ask(person: Person, operation: str, **params: Any) -> Any:
    """What the agent answers to the page, or the code of its refusal."""
    asked = {"operation": operation, "params": params}
    answer = person.page.evaluate("(asked) => window.ask('askAgent', asked)", asked)
    return answer["value"] if "value" in answer else answer["failure"]["code"]


def told(person: Person, what: str) -> list[Any]:
    heard = person.page.evaluate("() => window.told")
    return [one for one in heard if one["what"] == what]


def test_staff_asks_the_agent_and_hears_of_changes(staff: tuple[Business, Person]) -> None:
    business, person = staff
    business.starts()
    person.page.wait_for_function(
        "() => window.told.some(({ what, team }) => what === 'team' && team.agent.isThere)"
    )
    view = ask(person, "business.get")
    assert view["name"] == "Zur Linde"
    first = view["hours"]["weekly"]
    assert len(first) == 7
    days = ask(person, "bookings.plan", **{"from": "2027-03-01", "days": 31})
    assert len(days) == 31, "a long answer, in pieces or not"
    free = ask(person, "bookings.available", date="2027-03-02", party=2, service="")
    wish = {"token": "page-0001", "startsAtS": free["slots"][0]["startsAtS"], "party": 2}
    booked = ask(person, "bookings.book", **wish, underName="Meyer")
    assert booked["state"] == "confirmed"
    person.page.wait_for_function(
        "() => window.told.some(({ what, dates }) => what === 'agent_changed' "
        "&& dates.includes('2027-03-02'))"
    )
    again = ask(person, "bookings.cancel", uid=booked["uid"], sequence=9)
    assert again == "outdated"
    assert ask(person, "bookings.cancel", uid=1, sequence=9) == "bad_params"
    fact = {"kind": "staffName", "device": business.client.device.uri, "name": "A", "role": "owner"}
    person.page.evaluate("(fact) => window.ask('tellTeam', { fact })", fact)
    team = person.page.evaluate("() => window.ask('team', {})")["value"]
    assert "A" in [one["name"] for one in team["staff"]]
    business.ends()
    person.page.wait_for_function(
        "() => !window.told.filter(({ what }) => what === 'team').at(-1).team.agent.isThere"
    )
    assert ask(person, "business.get") == "agent_away"
    assert json.dumps(told(person, "message")) == "[]", "machinery is no message"


def test_what_the_agent_answers_waits_for_nobody_and_what_is_for_people_does(
    staff: tuple[Business, Person], troupe: Troupe
) -> None:
    business, person = staff
    business.starts()
    ben = troupe.member("ben")
    talk = ben.conversation_with(business.client.address.name)
    ben.says(talk, "What are your opening hours?")
    assert "opening hours" in ben.hears().text
    row = person.row("ben")
    expect(row).to_contain_text("opening hours")
    expect(row).not_to_contain_text("unread")
    ben.says(talk, "Can I talk to a person, please?")
    assert "told the house" in ben.hears().text
    ben.says(talk, "Thank you!")
    assert "very welcome" in ben.hears().text
    expect(row).to_contain_text("very welcome")
    expect(row).to_contain_text("1 unread")
    row.click()
    expect(person.page.get_by_text("1 new message")).to_be_visible()
    person.goes_back()
    expect(row).not_to_contain_text("unread")
    business.ends()
