"""`plausch agent calendar` as an owner calls it."""

import asyncio
import json
import stat
from pathlib import Path

import icalendar
import pytest

from books import home_in
from calendars import calendar, event
from plausch.agent.ical.sync_store import Edit, Sent, SyncStore
from plausch.cli.agent_calendar import STORE_FILE

from .conftest import Plausch

URL = "https://calendar.example/linde/"
WEEKLY = event("a", "DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=WEEKLY", "SUMMARY:Ruhetag")
BOOKED = "Date,Time,Guests,Name\n2027-11-24,19:00,2,Anna\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_in(tmp_path)


def booked(plausch: Plausch, home: Path) -> None:
    file = home / "bookings.csv"
    file.write_text(BOOKED)
    assert plausch("agent", "import", "bookings", file, "--home", home).code == 0


def test_bookings_are_written_for_the_owner_alone(
    plausch: Plausch, home: Path, tmp_path: Path
) -> None:
    booked(plausch, home)
    file = tmp_path / "out.ics"
    assert plausch("agent", "calendar", "--home", home, "--output", file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = icalendar.Calendar.from_ical(file.read_bytes())
    (found,) = read.walk("VEVENT")
    assert read["X-WR-CALNAME"] == "Zur Linde" and "Anna" in str(found["SUMMARY"])


def test_without_names_nobody_is_named(plausch: Plausch, home: Path) -> None:
    booked(plausch, home)
    ran = plausch("agent", "calendar", "--home", home, "--output", "-", "--no-names")
    assert "BEGIN:VEVENT" in ran.out and "Anna" not in ran.out


def test_the_secret_address_stays_until_it_is_made_anew(plausch: Plausch, home: Path) -> None:
    first = plausch("agent", "calendar", "--home", home, "--address").out
    assert first.startswith("/calendar/") and first.strip().endswith(".ics")
    assert plausch("agent", "calendar", "--home", home, "--address").out == first
    assert plausch("agent", "calendar", "--home", home, "--new-address").out != first


def test_a_calendar_blocks_and_opens_again(plausch: Plausch, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "ruhe.ics"
    bomb = event("bomb", "DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY")
    file.write_text(calendar(WEEKLY, bomb))
    block = ("agent", "calendar", "--home", home, "--block", file, "--as", "ruhe")
    ran = plausch(*block)
    assert ran.code == 0 and "times are closed now, 0 are open again." in ran.out
    assert ran.sentence == "Event bomb: left out, it repeats several times an hour."
    again = json.loads(plausch(*block, "--json").out)
    assert again == {
        "closed": 0,
        "opened": 0,
        "problems": [{"uid": "bomb", "reason": "repeats_too_often"}],
    }
    opened = json.loads(
        plausch("agent", "calendar", "--home", home, "--unblock", "ruhe", "--json").out
    )
    assert opened["closed"] == 0 and opened["opened"] > 20


def test_one_table_only(plausch: Plausch, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "ruhe.ics"
    file.write_text(calendar(WEEKLY))
    block = ("agent", "calendar", "--home", home, "--block", file, "--as", "ruhe", "--table")
    assert plausch(*block, "1").code == 0
    assert "no place 'Mond'" in plausch(*block, "Mond").sentence


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--output", "x.ics", "--edits"),
        ("--address", "--new-address"),
        ("--block", __file__),
        ("--block", "/nowhere.ics", "--as", "x"),
    ],
)
def test_a_wrong_call_is_told(plausch: Plausch, home: Path, wrong: tuple[str, ...]) -> None:
    assert plausch("agent", "calendar", "--home", home, *wrong).code == 2


def test_what_is_no_calendar_is_a_sentence(plausch: Plausch, home: Path) -> None:
    ran = plausch("agent", "calendar", "--home", home, "--block", __file__, "--as", "x")
    assert ran.code == 1 and "This is no calendar" in ran.sentence


def test_edits_of_people_are_shown(plausch: Plausch, home: Path) -> None:
    ran = plausch("--language", "de", "agent", "calendar", "--home", home, "--edits")
    assert ran.code == 0 and "Niemand hat" in ran.out + ran.err
    settings = home / "calendar.toml"
    settings.write_text(f'[bookings]\nurl = "{URL}"\n')
    settings.chmod(0o600)

    async def edited() -> None:
        store = await SyncStore.open(home / STORE_FILE, URL)
        sent = Sent("b-1", "b-1.ics", "1", "", 0)
        await store.found_edit(Edit("b-1", 1_800_000_000, "SUMMARY:Anna\nDESCRIPTION:x"), sent)
        await store.found_edit(Edit("b-2", 1_800_000_000, ""), sent)
        await store.close()

    asyncio.run(edited())
    ran = plausch("agent", "calendar", "--home", home, "--edits")
    assert "Booking b-1 was changed in the calendar" in ran.out
    assert "  SUMMARY:Anna\n" in ran.out and "Booking b-2 was deleted" in ran.out
    found = json.loads(plausch("agent", "calendar", "--home", home, "--edits", "--json").out)
    assert [one["uid"] for one in found["edits"]] == ["b-1", "b-2"]


def test_a_settings_file_that_others_may_read_is_refused(plausch: Plausch, home: Path) -> None:
    (home / "calendar.toml").write_text("")
    (home / "calendar.toml").chmod(0o644)
    assert "chmod 600" in plausch("agent", "calendar", "--home", home, "--edits").sentence
