"""A guest at the restaurant's door: from the link to a confirmed table in three taps, the table in
the calendar, and given up again; with the restaurant's real agent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import icalendar
import pytest
from playwright.sync_api import expect

from browser.people import Person, Size, Troupe
from company import did, line_of, process
from plausch.agent.config import example_text

DOOR = "/zur-linde"
MOST_TAPS = 3

_COUNT_TAPS = """
window.taps = 0;
addEventListener('click', (event) => {
  if (event.isTrusted && event.detail > 0) window.taps += 1;
}, true);
"""


@dataclass(frozen=True)
class Restaurant:
    """Zur Linde, at work."""

    home: Path

    def bookings(self, under_name: str) -> list[Mapping[str, Any]]:
        """What its book says of a guest, the cancelled ones left out."""
        book = did("agent", "bookings", "--home", self.home, "--json").json
        return [one for one in book if one["under_name"] == under_name]


@pytest.fixture(scope="module")
def linde(app_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restaurant]:
    folder = tmp_path_factory.mktemp("linde")
    house, home = folder / "zur_linde.toml", folder / "home"
    # The first free table may be in an hour: here it can be given up until then.
    until = "cancel_until_minutes = 120"
    assert until in example_text()
    house.write_text(example_text().replace(until, "cancel_until_minutes = 0"), encoding="utf-8")
    made = ["--server", app_url, "--business", house, "--name", DOOR.strip("/")]
    did("agent", "init", "--home", home, *made)
    with process("agent", "run", "--home", home, log=folder / "agent.log") as running:
        line_of(running, "ready ")
        yield Restaurant(home)


def taps(guest: Person) -> int:
    count: int = guest.page.evaluate("window.taps")
    return count


def calendar_event(file: Path) -> tuple[str, icalendar.Event]:
    """The method and the one event of an iCalendar file, as another program reads it."""
    text = file.read_bytes().decode()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    calendar = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return str(calendar["METHOD"]), event


def saved(guest: Person, words: str, file: Path) -> tuple[str, icalendar.Event]:
    """What a button of the newest booking gives for the calendar."""
    with guest.page.expect_download() as download:
        guest.log.locator(".booking").last.get_by_role("button", name=guest.say(words)).tap()
    assert download.value.suggested_filename == "Zur Linde.ics"
    download.value.save_as(file)
    return calendar_event(file)


def reserves(guest: Person) -> str:
    """The three taps; the time that was chosen."""
    guest.button("card.reserve").tap()
    guest.button("card.showTimes").tap()
    times = guest.log.locator(".offer .times button:enabled")
    chosen = times.first.inner_text()
    times.first.tap()
    expect(guest.log.locator(".booking").last).to_contain_text(guest.say("card.states.confirmed"))
    return chosen


@pytest.mark.parametrize(("language", "size"), [("de", "phone"), ("en", "desktop")])
def test_from_the_link_to_a_table(
    troupe: Troupe, linde: Restaurant, language: str, size: Size, tmp_path: Path
) -> None:
    context = troupe.context(language, size, touch=True)
    context.add_init_script(_COUNT_TAPS)
    guest = troupe.tab(context, language)
    guest.starts("Anna Käfer", DOOR)
    expect(guest.field).to_be_visible()
    before = taps(guest)
    time = reserves(guest)
    assert taps(guest) - before <= MOST_TAPS

    card = guest.log.locator(".booking").last
    expect(card).to_contain_text(time)
    under_name = guest.page.evaluate("JSON.parse(localStorage['plausch.preferences']).ownName")
    expect(card).to_contain_text(guest.say("card.under", under_name))
    (booked,) = linde.bookings(under_name)
    assert (booked["state"], booked["party"]) == ("confirmed", 2)

    method, event = saved(guest, "card.calendar", tmp_path / "table.ics")
    assert (method, event["UID"], event["STATUS"]) == ("REQUEST", booked["uid"], "CONFIRMED")
    assert event.start.timestamp() == booked["starts_at_s"]
    assert (event.end - event.start).total_seconds() in (90 * 60, 120 * 60)
    assert event["SUMMARY"] == guest.say("card.table", "Zur Linde")
    assert event["ORGANIZER"] == "mimi://localhost/u/zur-linde"

    card.get_by_role("button", name=guest.say("card.cancel")).tap()
    dialog = guest.page.get_by_role("dialog")
    dialog.get_by_role("button", name=guest.say("card.cancel"), exact=True).tap()
    expect(guest.log.locator(".booking").last).to_contain_text(guest.say("card.states.cancelled"))
    method, gone = saved(guest, "card.uncalendar", tmp_path / "gone.ics")
    assert (method, gone["UID"], gone["STATUS"]) == ("CANCEL", booked["uid"], "CANCELLED")
    assert gone["SEQUENCE"] > event["SEQUENCE"]
    assert [one["state"] for one in linde.bookings(under_name)] in ([], ["cancelled"])
    expect(guest.log.locator(".booking").first).to_contain_text(guest.say("card.newer"))
    assert guest.complaints == guest.violations() == []


def test_a_guest_may_ask_in_words_too(troupe: Troupe, linde: Restaurant) -> None:
    guest = troupe.person("Cem", "en", "desktop", path=DOOR)
    guest.writes("Hello! A table for four tomorrow evening please")
    offer = guest.log.locator(".offer").last
    expect(offer.get_by_role("heading")).to_have_text(guest.say("card.times", 4))
    guest.writes("Cem Yılmaz")
    assert guest.complaints == guest.violations() == []
