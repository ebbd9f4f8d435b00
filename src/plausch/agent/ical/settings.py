"""`calendar.toml` beside the book: the business's own calendar, and calendars that block times.

    [bookings]
    url = "https://calendar.example/linde/bookings/"
    user = "linde"
    password = "..."
    names = true

    [[blocks]]
    name = "holidays"
    url = "https://calendar.example/linde/private/"
    user = "linde"
    password = "..."
    resources = []

The file holds passwords, so only its owner may read it.
"""

from dataclasses import dataclass
from pathlib import Path

from plausch.agent.ical.dav import AddressRefused, CollectionAddress, check_address
from plausch.agent.toml_reader import ConfigurationRefused, Section, read_toml

FILE = "calendar.toml"
_OTHERS = 0o077
_MOST_CALENDARS = 20


@dataclass(frozen=True, slots=True)
class BlockCalendar:
    """A calendar whose events block times; no resources: of the whole business."""

    name: str
    address: CollectionAddress
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """Where bookings are written, with guests' names or without, and what blocks times."""

    bookings: CollectionAddress | None = None
    names: bool = True
    blocks: tuple[BlockCalendar, ...] = ()


def load_settings(home: Path) -> CalendarSettings:
    """The settings; without a file there is no calendar.

    Raises ConfigurationRefused.
    """
    path = home / FILE
    if not path.exists():
        return CalendarSettings()
    if path.stat().st_mode & _OTHERS:
        raise ConfigurationRefused(
            f"{path} holds passwords and others may read it: run chmod 600 {path}"
        )
    file = read_toml(path)
    bookings, names = None, True
    if file.has("bookings"):
        section = file.section("bookings")
        bookings, names = _address(section), section.flag("names", True)
        section.finish()
    blocks = file.sections("blocks", _block_calendar, 0, _MOST_CALENDARS)
    called = [one.name for one in blocks]
    if len(set(called)) != len(called):
        raise file.refuse("blocks", "have a name twice: names are unique.")
    if bookings and bookings.url in [one.address.url for one in blocks]:
        raise file.refuse("blocks", "name the calendar of [bookings]: that one is written to.")
    file.finish()
    return CalendarSettings(bookings, names, blocks)


def settings_text(bookings: CollectionAddress) -> str:
    """A new file for the business's own calendar."""
    fields = {"url": bookings.url, "user": bookings.user, "password": bookings.password}
    lines = [f"{name} = {_quoted(value)}" for name, value in fields.items()]
    return "\n".join(["[bookings]", *lines, "names = true", ""])


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    if not text.isprintable():
        raise ConfigurationRefused(
            "User and password are one line of printable characters each: correct them."
        )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _block_calendar(section: Section) -> BlockCalendar:
    name = section.text("name", 40)
    address = _address(section)
    resources: tuple[str, ...] = ()
    if section.has("resources"):
        resources = section.texts("resources", 'a list of table names such as ["1", "2"]')
    return BlockCalendar(name, address, resources)


def _address(section: Section) -> CollectionAddress:
    url = section.text("url", 500)
    try:
        check_address(url)
    except AddressRefused as error:
        raise section.refuse("url", f"cannot be used. {error}") from error
    return CollectionAddress(url, section.text("user", 200, ""), section.text("password", 200, ""))
