"""Times that a calendar of somebody else blocks: repetition, exceptions, whole days, zones.

Pure and slow: `blocked_times` is run by expanding.py in a process of its own, which may be killed.
"""

import hashlib
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import icalendar
import msgspec
import recurring_ical_events
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from plausch.agent.ical.entries import OURS
from plausch.agent.ical.lines import UNIVERSAL, known_zone
from plausch.agent.ical.scan import CalendarRefused, Scan, Series, Trap, scan

MAX_BLOCKS = 20_000
MAX_NOTE_CHARACTERS = 80
BUDGET_S = 25.0

_TZID = re.compile(r';TZID="?([^":;]+)"?', re.I)
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""How the library says that it cannot read something, besides its own errors (ValueErrors)."""


class Wish(msgspec.Struct, frozen=True):
    """What is to be worked out: of which calendar, between which instants, for a zone.

    `calendar` is the name that the business gave it.
    """

    calendar: str
    first_s: int
    end_s: int
    zone: str


class BlockedTime(msgspec.Struct, frozen=True, order=True):
    """A time in which nothing is free. The identifier is the same at every import."""

    starts_at_s: int
    ends_at_s: int
    identifier: str
    note: str


class Blocked(msgspec.Struct, frozen=True):
    """All of them by time; events that were left out or guessed at: (uid, reason)."""

    times: list[BlockedTime]
    problems: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is needed for each series."""

    wish: Wish
    head: Sequence[str]
    own_zones: frozenset[str]

    def local(self, at: date) -> int:
        """The instant of a date (its midnight), a time without a zone, or one with."""
        if not isinstance(at, datetime):
            at = datetime(at.year, at.month, at.day)
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(self.wish.zone))
        return int(at.astimezone(UTC).timestamp())

    def unknown_zone(self, series: Series) -> bool:
        """Whether a time names a zone that nobody knows."""
        named = {
            found[1].strip()
            for part in series.parts
            for line in part
            if line[:7].upper() in ("DTSTART", "DTEND;T", "RECURRE")
            for found in _TZID.finditer(line.partition(":")[0])
        }
        return any(
            one not in self.own_zones
            and one not in WINDOWS_TO_OLSON
            and known_zone(one) == UNIVERSAL
            and one.upper() not in ("UTC", "GMT")
            for one in named
        )


def blocked_times(texts: Iterable[str], wish: Wish) -> Blocked:
    """What these calendars block. Raises CalendarRefused: then nothing of them is taken."""
    deadline = time.monotonic() + BUDGET_S
    times: set[BlockedTime] = set()
    problems: list[tuple[str, str]] = []
    for text in texts:
        found = scan(text, wish.first_s, wish.end_s)
        problems += [(trap.uid, trap.reason) for trap in found.traps]
        reader = _reader(found, wish)
        for series in found.series.values():
            if time.monotonic() > deadline:
                raise CalendarRefused(
                    "The calendar's repetitions take too long to work out: remove events that "
                    "repeat without end, or export a shorter stretch of time."
                )
            made = _blocks(series, reader)
            if isinstance(made, Trap):
                problems.append((made.uid, made.reason))
                continue
            if made and reader.unknown_zone(series):
                problems.append((series.uid, "unknown_zone"))
            times.update(made)
            if len(times) > MAX_BLOCKS:
                raise CalendarRefused(
                    f"The calendar blocks more than {MAX_BLOCKS} times: choose one that has only "
                    "what shall block times."
                )
    return Blocked(sorted(times), [(uid[:200], reason) for uid, reason in problems])


def _reader(found: Scan, wish: Wish) -> _Reader:
    """Zones that the calendar describes itself are kept where their names say nothing."""
    zones = {line.partition(":")[2].strip() for line in found.head if line[:5].upper() == "TZID:"}
    own = frozenset(one for one in zones if known_zone(one) == UNIVERSAL)
    head = [line for line in found.head if line.upper().startswith("X-WR-TIMEZONE:")]
    part: list[str] = []
    for line in found.head:
        if line.upper().strip() == "BEGIN:VTIMEZONE":
            part = []
        part.append(line)
        if line.upper().strip() == "END:VTIMEZONE":
            name = next((one.partition(":")[2] for one in part if one[:5].upper() == "TZID:"), "")
            head += part if name.strip() in own else []
    return _Reader(wish, head, own)


def _blocks(series: Series, reader: _Reader) -> list[BlockedTime] | Trap:
    parts = [line for part in series.parts for line in part]
    if any(line.upper().startswith(f"{OURS}:") for line in parts):
        return []  # a booking that the agent itself wrote there
    wish = reader.wish
    text = "\r\n".join(["BEGIN:VCALENDAR", *reader.head, *parts, "END:VCALENDAR", ""])
    try:
        calendar = icalendar.Calendar.from_ical(text)
        first, end = (datetime.fromtimestamp(at_s, UTC) for at_s in (wish.first_s, wish.end_s))
        events = recurring_ical_events.of(calendar).between(first, end)
        return [made for event in events if (made := _block(series.uid, event, reader))]
    except _UNREADABLE:
        return Trap(series.uid, "unreadable")


def _block(uid: str, event: icalendar.Event, reader: _Reader) -> BlockedTime | None:
    wish = reader.wish
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return None
    if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE":
        return None
    starts_at_s = max(reader.local(event.start), wish.first_s)
    ends_at_s = min(reader.local(event.end), wish.end_s)
    if ends_at_s <= starts_at_s:
        return None
    private = str(event.get("CLASS", "PUBLIC")).upper() != "PUBLIC"
    note = "" if private else _printable(str(event.get("SUMMARY", "")))
    key = f"{uid}\n{reader.local(event.start)}\n{reader.local(event.end)}"
    identifier = calendar_prefix(wish.calendar) + hashlib.sha256(key.encode()).hexdigest()[:24]
    return BlockedTime(starts_at_s, ends_at_s, identifier, note)


def _printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable())[:MAX_NOTE_CHARACTERS].strip()


def calendar_prefix(calendar: str) -> str:
    """What the identifiers of one calendar's times begin with."""
    return f"c-{hashlib.sha256(calendar.encode()).hexdigest()[:8]}-"


def difference(
    known: Iterable[str], wanted: Iterable[BlockedTime], calendar: str
) -> tuple[list[BlockedTime], list[str]]:
    """What to add and which identifiers to remove, so that the calendar's times are the wanted.

    `known` are the identifiers of all blocks there are; those of other calendars, and of people,
    are left alone.
    """
    prefix = calendar_prefix(calendar)
    there = {one for one in known if one.startswith(prefix)}
    by_identifier = {one.identifier: one for one in wanted}
    added = [one for identifier, one in by_identifier.items() if identifier not in there]
    return sorted(added), sorted(there - by_identifier.keys())
