"""A guest at the restaurant's door: from the link to a confirmed table in three taps, the table in
the calendar, and given up again; with the restaurant's real agent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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


def calendar_fields(file: Path) -> dict[str, str]:
    """The properties of an iCalendar file, its folded lines whole again."""
    text = file.read_bytes().decode()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    lines = text.replace("\r\n ", "").split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)


def instant_s(stamp: str) -> int:
    return int(datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())


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

    with guest.page.expect_download() as download:
        card.get_by_role("button", name=guest.say("card.calendar")).tap()
    assert download.value.suggested_filename == "Zur Linde.ics"
    download.value.save_as(tmp_path / "table.ics")
    fields = calendar_fields(tmp_path / "table.ics")
    assert (fields["UID"], fields["STATUS"]) == (booked["uid"], "CONFIRMED")
    assert instant_s(fields["DTSTART"]) == booked["starts_at_s"]
    assert instant_s(fields["DTEND"]) - booked["starts_at_s"] in (90 * 60, 120 * 60)
    assert re.fullmatch(r"[0-9]+", fields["SEQUENCE"])
    assert fields["SUMMARY"] == guest.say("card.table", "Zur Linde")

    card.get_by_role("button", name=guest.say("card.cancel")).tap()
    dialog = guest.page.get_by_role("dialog")
    dialog.get_by_role("button", name=guest.say("card.cancel"), exact=True).tap()
    expect(guest.log.locator(".booking").last).to_contain_text(guest.say("card.states.cancelled"))
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
