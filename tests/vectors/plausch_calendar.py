"""The cases of spec/vectors/calendar.json, which the web app reads too.

In the folder tests: python -m vectors.plausch_calendar   writes the file anew
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from plausch.agent.ical.guest_file import People, guest_file, words_for
from plausch.agent.ical.zone_rules import time_zone_lines
from plausch.base.ids import AccountAddress
from plausch.domain.booking import Booking, BookingState

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "calendar.json"

ORGANIZER = "linde@plausch.example"
ATTENDEE = "anna@other.example"
MADE_S = 1_795_680_000
"""2026-11-26 08:00 UTC."""

PLAIN = Booking(
    uid="b-0123456789abcdef0123456789abcdef",
    sequence=2,
    state=BookingState.CONFIRMED,
    party=4,
    starts_at_s=1_795_804_200,
    ends_at_s=1_795_811_400,
    zone="Europe/Berlin",
    under_name="Anna",
    hold_until_s=0,
    booked_at_s=MADE_S,
    modified_at_s=MADE_S,
)
AUTUMN_S = 1_792_888_200
"""2026-10-25 00:30 UTC: half past two in Berlin, for the first time that night."""

LONG = "Größe 🍽️ und 日本 " * 4

CASES: tuple[tuple[str, Booking, str, str], ...] = (
    ("confirmed, in German", PLAIN, "Zur Linde", "de"),
    ("confirmed, in English, one guest", replace(PLAIN, party=1), "Zur Linde", "en"),
    (
        "cancelled",
        replace(PLAIN, state=BookingState.CANCELLED, sequence=3),
        "Zur Linde",
        "de",
    ),
    ("held", replace(PLAIN, state=BookingState.HELD, sequence=1), "Zur Linde", "en"),
    ("nobody came", replace(PLAIN, state=BookingState.NO_SHOW), "Zur Linde", "de"),
    ("without a name", replace(PLAIN, under_name=""), "Zur Linde", "de"),
    (
        "the clocks are turned back in between",
        replace(PLAIN, starts_at_s=AUTUMN_S, ends_at_s=AUTUMN_S + 3600),
        "Zur Linde",
        "de",
    ),
    (
        "over New Year",
        replace(PLAIN, starts_at_s=1_798_754_400, ends_at_s=1_798_765_200),
        "Zur Linde",
        "de",
    ),
    ("New York", replace(PLAIN, zone="America/New_York"), "Linde", "en"),
    ("Tokyo", replace(PLAIN, zone="Asia/Tokyo"), "Linde", "en"),
    ("universal time", replace(PLAIN, zone="UTC"), "Linde", "en"),
    ("hostile words", replace(PLAIN, under_name="A;B,C\\D\nATTENDEE:x"), 'L"inde;\r\nX\x07', "de"),
    ("long words", replace(PLAIN, under_name=LONG), LONG, "de"),
)

ZONES = (
    ("Europe/Berlin", 2026, 2026),
    ("Europe/Berlin", 2025, 2030),
    ("Europe/London", 2026, 2027),
    ("America/New_York", 2026, 2026),
    ("America/Santiago", 2026, 2026),
    ("Australia/Sydney", 2026, 2026),
    ("Asia/Kathmandu", 2026, 2026),
    ("Asia/Jerusalem", 2026, 2028),
    ("UTC", 2026, 2026),
)


def case(name: str, booking: Booking, business: str, language: str) -> dict[str, Any]:
    """One file and what it is made of; names as in the web app."""
    words = words_for(booking, business, language)
    people = People(AccountAddress.parse(ORGANIZER).uri, AccountAddress.parse(ATTENDEE).uri)
    return {
        "name": name,
        "language": language,
        "booking": {
            "uid": booking.uid,
            "sequence": booking.sequence,
            "state": booking.state.value,
            "party": booking.party,
            "startS": booking.starts_at_s,
            "durationS": booking.ends_at_s - booking.starts_at_s,
            "zone": booking.zone,
            "underName": booking.under_name,
            "business": business,
        },
        "organizer": ORGANIZER,
        "attendee": ATTENDEE,
        "madeS": MADE_S,
        "summary": words.summary,
        "description": words.description,
        "file": guest_file(booking, business, words, people, MADE_S),
    }


def cases() -> dict[str, Any]:
    """All of them."""
    return {
        "about": "Files for the guest's calendar, and time zones, of spec/booking.md.",
        "files": [case(*one) for one in CASES],
        "zones": [
            {
                "zone": zone,
                "firstYear": first,
                "lastYear": last,
                "lines": list(time_zone_lines(zone, first, last)),
            }
            for zone, first, last in ZONES
        ],
    }


def text() -> str:
    """The file."""
    return json.dumps(cases(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
