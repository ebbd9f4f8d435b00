"""A booking as an entry of the business's own calendar: for the feed, the file, and CalDAV.

The text depends on the booking alone and never on the time of writing, so that what did not change
is recognised by its digest.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plausch.agent.ical.guest_file import STATUS
from plausch.agent.ical.lines import escaped, instant, known_zone, moment, text_of
from plausch.agent.ical.zone_rules import time_zone_lines
from plausch.agent.rows import TableBooking
from plausch.domain.booking import BookingState

PRODUCT = "-//Plausch//Agent//EN"
OURS = "X-PLAUSCH-STATE"
"""A property that only entries of the agent have: these are never taken for somebody's absence."""

BOOK = "X-PLAUSCH-BOOK"
"""Which book an entry of a collection was written from: an agent takes away only its own."""

SHOWN = frozenset(BookingState) - {
    BookingState.DECLINED,
    BookingState.CANCELLED,
    BookingState.NO_SHOW,
}
"""The states in which the business's calendar has an entry."""

_FREE = frozenset({BookingState.PENDING})

_WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "pending": "angefragt",
        "held": "vorgemerkt",
        "confirmed": "fest",
        "seated": "da",
        "completed": "war da",
        "guests": "{} Personen",
        "guest": "1 Person",
        "at": "Tisch/Platz: {}",
        "telephone": "Telefon: {}",
        "note": "Notiz: {}",
    },
    "en": {
        "pending": "asked for",
        "held": "on hold",
        "confirmed": "firm",
        "seated": "here",
        "completed": "was here",
        "guests": "{} people",
        "guest": "1 person",
        "at": "Table/place: {}",
        "telephone": "Telephone: {}",
        "note": "Note: {}",
    },
}


@dataclass(frozen=True, slots=True)
class Style:
    """How entries are written: in `de` or `en`; without `names` nothing says who comes; with a
    `book`, from which one they are."""

    language: str = "de"
    names: bool = True
    book: str = ""


def summary_of(entry: TableBooking, style: Style) -> str:
    """`4 · Anna`; `4 (vorgemerkt) · Anna` while it is not firm."""
    booking = entry.booking
    firm = booking.state not in (BookingState.PENDING, BookingState.HELD)
    words = _WORDS[style.language]
    party = words["guest"] if booking.party == 1 else words["guests"].format(booking.party)
    state = "" if firm else f" ({words[booking.state]})"
    name = f" · {booking.under_name}" if style.names and booking.under_name else ""
    return party + state + name


def description_of(entry: TableBooking, style: Style) -> str:
    """Where they sit, how they are reached, what they wished; and the state in words."""
    words = _WORDS[style.language]
    lines = [words[entry.booking.state]]
    if entry.tables:
        lines.append(words["at"].format(", ".join(entry.tables)))
    if style.names and entry.telephone:
        lines.append(words["telephone"].format(entry.telephone))
    if style.names and entry.note:
        lines.append(words["note"].format(entry.note))
    return "\n".join(lines)


def event_lines(entry: TableBooking, style: Style) -> tuple[str, ...]:
    """The VEVENT of an entry, whose state is one of SHOWN."""
    booking = entry.booking
    zone = known_zone(booking.zone)
    return (
        "BEGIN:VEVENT",
        f"UID:{escaped(booking.uid)}",
        f"SEQUENCE:{booking.sequence}",
        f"DTSTAMP:{instant(booking.modified_at_s)}",
        f"CREATED:{instant(booking.booked_at_s)}",
        f"LAST-MODIFIED:{instant(booking.modified_at_s)}",
        moment("DTSTART", booking.starts_at_s, zone),
        moment("DTEND", booking.ends_at_s, zone),
        f"SUMMARY:{escaped(summary_of(entry, style))}",
        f"DESCRIPTION:{escaped(description_of(entry, style))}",
        f"STATUS:{STATUS[booking.state]}",
        f"TRANSP:{'TRANSPARENT' if booking.state in _FREE else 'OPAQUE'}",
        f"{OURS}:{booking.state}",
        *((f"{BOOK}:{style.book}",) if style.book else ()),
        "END:VEVENT",
    )


def calendar_text(entries: Iterable[TableBooking], style: Style, extra: Iterable[str] = ()) -> str:
    """A calendar of all shown entries, with the time zones they need; `extra` lines at its head."""
    shown = [entry for entry in entries if entry.booking.state in SHOWN]
    years: dict[str, list[int]] = {}
    for entry in shown:
        zone = known_zone(entry.booking.zone)
        years.setdefault(zone, []).append(int(instant(entry.booking.starts_at_s)[:4]))
    zones = [
        line
        for zone, found in sorted(years.items())
        for line in time_zone_lines(zone, min(found), max(found))
    ]
    events = [line for entry in shown for line in event_lines(entry, style)]
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", *extra)
    return text_of((*head, *zones, *events, "END:VCALENDAR"))


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
