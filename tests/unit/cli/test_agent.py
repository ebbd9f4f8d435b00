"""The agent's commands: set up, check a file, look into the book."""

import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plausch.agent.book import Book
from plausch.agent.book_lock import book_lock
from plausch.agent.config import example_text
from plausch.base.ids import ConversationId
from plausch.cli.agent import BOOK_FILE, BUSINESS_FILE, business_of, place_business
from plausch.domain.booking import Booking

from .conftest import Plausch, Town


@pytest.fixture
def example(tmp_path: Path) -> Path:
    file = tmp_path / "linde.toml"
    file.write_text(example_text(), encoding="utf-8")
    return file


def test_an_agent_is_set_up(plausch: Plausch, town: Town) -> None:
    name, home = town.free_name("linde"), town.empty_home("linde")
    ran = plausch("agent", "init", "--home", home, "--server", town.url, "--name", name)
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"Zur Linde is {name}@localhost. Start it with: plausch agent run")
    assert stat.S_IMODE((home / BUSINESS_FILE).stat().st_mode) == 0o600
    assert business_of(home).name == "Zur Linde"


def test_its_own_restaurant_is_taken(plausch: Plausch, town: Town, example: Path) -> None:
    example.write_text(example_text().replace("Zur Linde", "Zum Hirsch"), encoding="utf-8")
    name, home = town.free_name("hirsch"), town.empty_home("hirsch")
    made = ("--server", town.url, "--name", name, "--business", example, "--json")
    ran = plausch("agent", "init", "--home", home, *made)
    assert json.loads(ran.out) == {
        "address": f"{name}@localhost",
        "business": "Zum Hirsch",
        "home": str(home),
    }


def test_a_wrong_file_makes_no_account(plausch: Plausch, town: Town, example: Path) -> None:
    example.write_text(example_text().replace('zone = "Europe/Berlin"', 'zone = "Mars/Olympus"'))
    home = town.empty_home("linde")
    made = ("--server", town.url, "--name", town.free_name("linde"), "--business", example)
    ran = plausch("agent", "init", "--home", home, *made)
    assert ran.code == 1
    assert "time_zone" in ran.sentence
    assert not home.exists()


def test_a_file_in_order_is_said(plausch: Plausch, example: Path) -> None:
    ran = plausch("agent", "check", example)
    assert ran.code == 0
    assert ran.out == "Zur Linde is in order: 14 tables, parties of up to 16.\n"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('name = "Zur Linde"', "name = 7", "name"),
        ('name = "Zur Linde"', "name = ", "TOML"),
        ('state = "BY"', 'state = "XX"', "state"),
        ("seats = [8, 10]", "seats = [10, 8]", "seats"),
        ("hold_minutes = 10", "hold_minuts = 10", "hold_minuts"),
    ],
)
def test_a_file_that_is_wrong_is_one_sentence(
    plausch: Plausch, example: Path, old: str, new: str, word: str
) -> None:
    text = example_text()
    assert old in text
    example.write_text(text.replace(old, new), encoding="utf-8")
    ran = plausch("agent", "check", example)
    assert ran.code == 1
    assert word in ran.sentence


def test_a_file_that_is_absent_is_a_wrong_call(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("agent", "check", tmp_path / "absent.toml")
    assert ran.code == 2
    assert "absent.toml" in ran.sentence


@pytest.mark.parametrize("command", ["run", "bookings"])
def test_without_an_agent_there_is_one_sentence(
    plausch: Plausch, tmp_path: Path, command: str
) -> None:
    ran = plausch("agent", command, "--home", tmp_path)
    assert ran.code == 1
    assert f"There is no agent in {tmp_path}" in ran.sentence


def home_with_booking(folder: Path) -> tuple[Path, Booking]:
    """A home whose book has one table for two, confirmed, some days from now."""
    place_business(folder, None)
    restaurant = business_of(folder)

    async def book() -> Booking:
        opened = await Book.open(folder / BOOK_FILE)
        now_s = int(datetime.now(UTC).timestamp())
        talk = ConversationId(bytes(16))
        day = datetime.now(UTC).date()
        while True:
            day += timedelta(days=1)
            free = await opened.available(restaurant, day, 2, now_s)
            if free.slots:
                break
        at = free.slots[0].starts_at_s
        held = await opened.hold(restaurant, talk, b"token", at, 2, now_s)
        assert isinstance(held, Booking)
        confirmed = await opened.confirm(restaurant, held, "Anna Berger", now_s)
        await opened.close()
        return confirmed

    return folder, asyncio.run(book())


def test_the_book_is_listed(plausch: Plausch, tmp_path: Path) -> None:
    home, booking = home_with_booking(tmp_path)
    (record,) = json.loads(plausch("agent", "bookings", "--home", home, "--json").out)
    assert record["uid"] == booking.uid
    assert record["state"] == "confirmed"
    assert (record["party"], record["under_name"]) == (2, "Anna Berger")
    assert record["starts_at_s"] == booking.starts_at_s
    assert len(record["tables"]) == 1
    (row,) = plausch("agent", "bookings", "--home", home).out.splitlines()
    assert "\t2\tAnna Berger\t" in row


def test_one_day_of_the_book(plausch: Plausch, tmp_path: Path) -> None:
    home, booking = home_with_booking(tmp_path)
    day = datetime.fromtimestamp(booking.starts_at_s, UTC).date()
    ran = plausch("agent", "bookings", "--home", home, "--day", day, "--json")
    assert len(json.loads(ran.out)) == 1
    other = plausch("agent", "bookings", "--home", home, "--day", day + timedelta(days=1), "--json")
    assert json.loads(other.out) == []


def test_an_empty_book_is_said(plausch: Plausch, tmp_path: Path) -> None:
    place_business(tmp_path, None)
    ran = plausch("--language", "de", "agent", "bookings", "--home", tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, "", "Das Buch ist leer.\n")


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "31.12.2026"])
def test_a_day_that_is_none_is_a_wrong_call(plausch: Plausch, tmp_path: Path, day: str) -> None:
    ran = plausch("agent", "bookings", "--home", tmp_path, "--day", day)
    assert ran.code == 2
    assert day in ran.sentence


def test_a_second_agent_on_one_book_says_so_and_ends(plausch: Plausch, tmp_path: Path) -> None:
    place_business(tmp_path, None)
    with book_lock(tmp_path / BOOK_FILE):
        ran = plausch("agent", "run", "--home", tmp_path)
    assert ran.code == 1
    assert "Another agent works with the book" in ran.sentence
