"""calendar.toml: addresses and passwords, for the owner's eyes alone."""

from pathlib import Path

import pytest

from plausch.agent.ical.dav import CollectionAddress
from plausch.agent.ical.settings import (
    FILE,
    BlockCalendar,
    CalendarSettings,
    load_settings,
    settings_text,
)
from plausch.agent.toml_reader import ConfigurationRefused

GOOD = """
[bookings]
url = "https://calendar.example/linde/bookings/"
user = "linde"
password = "geheim"
names = false

[[blocks]]
name = "holidays"
url = "http://localhost:5232/linde/private/"
resources = ["1", "2"]
"""


def written(home: Path, text: str, mode: int = 0o600) -> Path:
    file = home / FILE
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return home


def test_without_a_file_there_is_no_calendar(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == CalendarSettings()


def test_all_settings_are_read(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, GOOD)) == CalendarSettings(
        CollectionAddress("https://calendar.example/linde/bookings/", "linde", "geheim"),
        False,
        (
            BlockCalendar(
                "holidays",
                CollectionAddress("http://localhost:5232/linde/private/"),
                ("1", "2"),
            ),
        ),
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigurationRefused, match="chmod 600"):
        load_settings(written(tmp_path, GOOD, mode))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://calendar.example", "http://calendar.example", "anybody on the way"),
        ('url = "https', 'adress = "https', "url is missing"),
        ("names = false", "names = 1", "must be true or false"),
        ("names = false", "name = 1", "not a known setting"),
        (
            "http://localhost:5232/linde/private/",
            "https://calendar.example/linde/bookings/",
            "that one is written to",
        ),
        ('resources = ["1", "2"]', "resources = [1]", "must be a list of table names"),
        ('user = "linde"', 'user = "a\\nb"', "one line"),
        ("[bookings]", "[[bookings]]", "must be a section"),
        ("[bookings]", "[bookings", "is not TOML"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationRefused, match=said) as caught:
        load_settings(written(tmp_path, GOOD.replace(old, new, 1)))
    assert "geheim" not in str(caught.value)


def test_names_of_calendars_are_unique(tmp_path: Path) -> None:
    twice = GOOD + '[[blocks]]\nname = "holidays"\nurl = "https://x.example/"\n'
    with pytest.raises(ConfigurationRefused, match="name twice"):
        load_settings(written(tmp_path, twice))


@pytest.mark.parametrize("password", ["plain", 'quo"te', "back\\slash", "ümläut 😀"])
def test_what_is_written_for_the_owner_is_read_again(tmp_path: Path, password: str) -> None:
    address = CollectionAddress("https://calendar.example/a/", "linde", password)
    file = tmp_path / "calendar.toml"
    file.write_text(settings_text(address), encoding="utf-8")
    file.chmod(0o600)
    assert load_settings(tmp_path).bookings == address


def test_a_password_of_two_lines_is_not_written() -> None:
    with pytest.raises(ConfigurationRefused, match="one line of printable characters"):
        settings_text(CollectionAddress("https://calendar.example/a/", "linde", "a\nb"))
