"""One booking as a file for the guest's calendar (RFC 5546): REQUEST, and CANCEL that takes it off.

UID and SEQUENCE are the booking's, so a later file changes the entry that an earlier one made. The
web app makes the same file by itself (web/src/models/calendar_file.ts).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plausch.agent.ical.lines import escaped, instant, known_zone, moment, quoted, text_of
from plausch.agent.ical.zone_rules import time_zone_lines
from plausch.domain.booking import Booking, BookingState

MEDIA_TYPE = "text/calendar"

STATUS: Mapping[BookingState, str] = {
    BookingState.PENDING: "TENTATIVE",
    BookingState.HELD: "TENTATIVE",
    BookingState.CONFIRMED: "CONFIRMED",
    BookingState.DECLINED: "CANCELLED",
    BookingState.CANCELLED: "CANCELLED",
    BookingState.SEATED: "CONFIRMED",
    BookingState.COMPLETED: "CONFIRMED",
    BookingState.NO_SHOW: "CANCELLED",
}

_WORDS = {
    "de": ("Reservierung bei {}", "1 Person", "{} Personen", "Auf den Namen {}"),
    "en": ("Booking at {}", "1 person", "{} people", "Under the name {}"),
}
"""Where, whatever kind of business it is; one guest, several, the name."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads of a calendar's entry."""

    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class People:
    """Who invites and who comes, as URIs (`mimi://...`)."""

    organizer: str
    attendee: str


def words_for(booking: Booking, business: str, language: str) -> Words:
    """The entry's words in `de` or `en`."""
    where, one, several, name = _WORDS[language]
    party = one if booking.party == 1 else several.format(booking.party)
    under = [name.format(booking.under_name)] if booking.under_name else []
    return Words(where.format(business), "\n".join([party, *under]))


def guest_file(booking: Booking, business: str, words: Words, people: People, now_s: int) -> str:
    """The file's text; `now_s` is when it is made."""
    zone = known_zone(booking.zone)
    status = STATUS[booking.state]
    method = "CANCEL" if status == "CANCELLED" else "REQUEST"
    accepted = "DECLINED" if method == "CANCEL" else "ACCEPTED"
    year = int(instant(booking.starts_at_s)[:4])
    return text_of(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Plausch//Booking//EN",
            "CALSCALE:GREGORIAN",
            f"METHOD:{method}",
            *time_zone_lines(zone, year, year),
            "BEGIN:VEVENT",
            f"UID:{escaped(booking.uid)}",
            f"SEQUENCE:{booking.sequence}",
            f"DTSTAMP:{instant(now_s)}",
            moment("DTSTART", booking.starts_at_s, zone),
            moment("DTEND", booking.ends_at_s, zone),
            f"SUMMARY:{escaped(words.summary)}",
            f"DESCRIPTION:{escaped(words.description)}",
            f"LOCATION:{escaped(business)}",
            f"ORGANIZER;CN={quoted(business)}:{people.organizer}",
            f"ATTENDEE;PARTSTAT={accepted};RSVP=FALSE:{people.attendee}",
            f"STATUS:{status}",
            "END:VEVENT",
            "END:VCALENDAR",
        )
    )
