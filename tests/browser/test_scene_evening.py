"""A new owner's first evening, with everything real: account and profile in the browser, the
poster, the agent as a process, paired by its link; guests who book, move, wait and cancel; somebody
of staff who comes and goes; and Radicale, which has it all.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from icalendar import Calendar
from playwright.sync_api import Locator, expect

from browser.people import PATIENCE_MS, Person, Troupe
from browser.test_scene_business_made import Owner
from browser.test_scene_linking import dialog, joins, opens_section, shows_a_code
from browser.test_scene_linking_python import digits_of
from company import PLAUSCH, clean_environment, did, line_of, process
from radicale_server import PASSWORD, USER, Radicale

ONE_TABLE = """name = "{name}"
kind = "restaurant"
language = "de"
time_zone = "Europe/Berlin"

[hours]
{days}

[[services]]
identifier = "table"
name = "Tisch"
confirmation = "automatic"
slot_interval_minutes = 60
min_notice_minutes = 60
booking_window_days = 60
cancel_until_minutes = 0
turn_times = [{{ party_max = 2, minutes = 120 }}]

[[tables]]
name = "1"
seats = [1, 2]
"""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def one_table(name: str) -> str:
    """A house in which whoever is second has to wait."""
    return ONE_TABLE.format(name=name, days="\n".join(f'{day} = ["18:00-20:00"]' for day in DAYS))


class Asking:
    """A command line that shows and asks on standard error."""

    def __init__(self, *arguments: object) -> None:
        self._running = Popen(
            [*PLAUSCH, *map(str, arguments)],
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
            env=clean_environment(),
        )
        self._said: list[str] = []

    def line(self, pattern: str) -> re.Match[str]:
        assert self._running.stderr is not None
        for said in self._running.stderr:
            self._said.append(said)
            if found := re.search(pattern, said):
                return found
        raise AssertionError(f"{pattern!r} was not said: {self._said}")

    def types(self, text: str) -> None:
        assert self._running.stdin is not None
        self._running.stdin.write(f"{text}\n")
        self._running.stdin.flush()

    def ends(self) -> str:
        """What it wrote, once it has ended well."""
        out, errors = self._running.communicate(timeout=PATIENCE_MS / 1000)
        assert self._running.returncode == 0, [*self._said, errors]
        return out


@dataclass
class House:
    """What the owner has at the end of the afternoon."""

    owner: Owner
    home: Path
    radicale: Radicale
    troupe: Troupe

    def eventually(self, holds: Callable[[], bool]) -> None:
        """Ask again until it is so; each question is a request to the calendar's server."""
        for _ in range(600):
            if holds():
                return
            self.owner.page.wait_for_timeout(100)
        raise AssertionError("it was not so in a minute")

    def in_radicale(self) -> set[tuple[str, date]]:
        """Who is entered there, and for when."""
        texts = [self.radicale.text(name) for name in self.radicale.names()]
        # One that goes meanwhile has no text any more.
        events = [Calendar.from_ical(text).walk("VEVENT")[0] for text in texts if "VEVENT" in text]
        return {
            (str(one["SUMMARY"]).partition("· ")[2].split()[0], one["DTSTART"].dt.date())
            for one in events
        }

    def pairs_the_agent(self, file: Path) -> None:
        owner = self.opens_devices()
        owner.button("link.begin").click()
        pairing = Asking(
            *("agent", "pair", "--home", self.home, "--server", owner.url, "--business", file)
        )
        link = pairing.line(r"\S+/#/link/\S+").group()
        owner.page.get_by_label(owner.say("link.paste")).fill(link)
        owner.button("link.pasteButton").click()
        digits = pairing.line(r"Type (\d{3} \d{3})").group(1)
        owner.page.get_by_label(owner.say("link.digits")).fill(digits)
        owner.button("link.yes").click()
        pairing.line("Is this to be a device of")
        pairing.types("y")
        expect(dialog(owner).get_by_text(owner.say("link.done"))).to_be_visible()
        self.owner.closes_the_dialog()
        assert f"{self.owner.name}@localhost" in pairing.ends()

    def opens_devices(self) -> Person:
        self.turns_to("inbox")
        opens_section(self.owner.person, "settings.devices")
        return self.owner.person

    def turns_to(self, page: str) -> None:
        """One of the pages; its button may have a count beside its name."""
        say = self.owner.say
        pages = self.owner.page.get_by_role("navigation", name=say("business.nav.label"))
        name = re.compile(re.escape(say(f"business.nav.{page}")))
        pages.get_by_role("button", name=name).click()

    def looks_at(self, day: date) -> None:
        """The plan of a day, as a list."""
        self.turns_to("plan")
        page, say = self.owner.page, self.owner.say
        page.get_by_label(say("business.plan.chooseDay")).fill(day.isoformat())

    def on_the_plan(self, name: str) -> Locator:
        return self.owner.page.locator(".plan").get_by_role("button", name=name).first


@pytest.fixture
def house(troupe: Troupe, tmp_path: Path) -> Iterator[House]:
    owner = Owner(troupe.tab(troupe.context("de", "desktop"), "de"))
    owner.opens_an_account()
    owner.fills_in()
    owner.publishes()
    owner.closes_the_dialog()
    made = House(owner, tmp_path / "home", Radicale(tmp_path / "radicale"), troupe)
    made.radicale.start()
    with ExitStack() as stack:
        stack.callback(made.radicale.stop)
        file = tmp_path / "house.toml"
        file.write_text(one_table(owner.title), encoding="utf-8")
        made.pairs_the_agent(file)
        settings = made.home / "calendar.toml"
        account = f'user = "{USER}"\npassword = "{PASSWORD}"\n'
        settings.write_text(f'[bookings]\nurl = "{made.radicale.make()}"\n{account}names = true\n')
        settings.chmod(0o600)
        log = tmp_path / "agent.log"
        agent = stack.enter_context(process("agent", "run", "--home", made.home, log=log))
        line_of(agent, "ready ")
        yield made


def path_on_the_poster(house: House, file: Path) -> str:
    """Where the poster's code leads."""
    poster = did("business", "poster", file, "--home", house.home, "--json").json
    assert file.read_bytes().startswith(b"%PDF-")
    path = "/" + str(poster["url"]).rpartition("/")[2]
    assert path == f"/{house.owner.name}"
    return path


def asks_for_times(guest: Person) -> None:
    """The form, for the last day that it has."""
    guest.button("card.reserve").click()
    dialog(guest).locator(".days button").last.click()
    guest.button("card.showTimes").click()


def booking(guest: Person) -> Locator:
    return guest.log.locator(".booking").last


def is_confirmed(guest: Person, day: date) -> None:
    expect(booking(guest)).to_contain_text(guest.say("card.states.confirmed"))
    expect(booking(guest)).to_contain_text(re.compile(rf"\b{day.day}\b"))


def last_offered(guest: Person) -> date:
    """The day that `asks_for_times` has asked for, by the browser's own clock."""
    ahead = 14 if guest.page.evaluate("new Date().getHours()") >= 21 else 13
    today = date.fromisoformat(guest.page.evaluate("new Date().toLocaleDateString('sv')"))
    return today + timedelta(days=ahead)


def is_invited(house: House, staff: Person) -> None:
    """The owner lets somebody in, by the link that their browser shows."""
    link = shows_a_code(staff)
    owner = house.opens_devices()
    owner.button("link.staffBegin").click()
    owner.page.get_by_label(owner.say("link.staffName")).fill("Marie")
    owner.page.get_by_label(owner.say("link.paste")).fill(link)
    owner.button("link.pasteButton").click()
    owner.page.get_by_label(owner.say("link.digits")).fill(digits_of(staff))
    owner.button("link.yes").click()
    joins(staff, house.owner.name)
    expect(dialog(owner).get_by_text(owner.say("link.done"))).to_be_visible()
    house.owner.closes_the_dialog()


def is_removed(house: House, staff: Person) -> None:
    owner = house.opens_devices()
    owner.page.get_by_role("button", name=f"{owner.say('settings.removeDevice')} Marie").click()
    dialog(owner).get_by_role("button", name=owner.say("settings.removeDevice"), exact=True).click()
    expect(staff.page.get_by_text(staff.say("failure.device_removed"))).to_be_visible()


def test_an_evening(house: House, troupe: Troupe, tmp_path: Path) -> None:
    path = path_on_the_poster(house, tmp_path / "poster.pdf")

    anna = troupe.tab(troupe.context("de", "phone"), "de")
    anna.starts("Anna", path)
    day = last_offered(anna)
    before = day - timedelta(days=1)
    house.looks_at(day)
    asks_for_times(anna)
    anna.log.locator(".offer").last.locator(".times button:enabled").first.click()
    is_confirmed(anna, day)
    expect(house.on_the_plan("Anna")).to_be_visible()
    house.eventually(lambda: house.in_radicale() == {("Anna", day)})

    ben = troupe.tab(troupe.context("en", "desktop"), "en")
    ben.starts("Ben", path)
    asks_for_times(ben)
    ben.log.get_by_role("button", name="Join the waiting list").click()
    ben.sees("You are on the waiting list")
    house.turns_to("waiting")
    expect(house.owner.page.get_by_text(re.compile("^Ben"))).to_be_visible()

    marie = troupe.tab(troupe.context("de", "phone"), "de")
    is_invited(house, marie)
    marie.button("business.nav.plan").click()

    booking(anna).get_by_role("button", name=anna.say("card.changeIt"), exact=True).click()
    anna.sees("Was möchten Sie daran ändern")
    anna.writes(f"Am {before.day}.{before.month}.")
    anna.log.get_by_role("button", name="Ja, ändern").click()
    is_confirmed(anna, before)
    ben.sees("Good news from the waiting list")
    ben.log.locator(".choices").last.get_by_role("button").first.click()
    is_confirmed(ben, day)
    house.eventually(lambda: house.in_radicale() == {("Anna", before), ("Ben", day)})

    booking(anna).get_by_role("button", name=anna.say("card.cancel")).click()
    dialog(anna).get_by_role("button", name=anna.say("card.cancel"), exact=True).click()
    expect(booking(anna)).to_contain_text(anna.say("card.states.cancelled"))
    house.eventually(lambda: house.in_radicale() == {("Ben", day)})
    house.looks_at(day)
    expect(house.on_the_plan("Ben")).to_be_visible()

    is_removed(house, marie)
    ben.writes("Not for Marie")
    house.turns_to("inbox")
    house.owner.person.goes_to(ben.name)
    to_end = house.owner.person.button("conversation.toEnd")
    last = house.owner.person.bubble("Not for Marie")
    expect(to_end.or_(last).first).to_be_visible()
    if to_end.is_visible():  # it opens where the unread ones begin
        to_end.click()
    expect(last).to_be_visible()
    assert "Not for Marie" not in marie.page.content()
    for person in (house.owner.person, anna, ben, marie):
        assert person.complaints == person.violations() == []
