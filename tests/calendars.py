"""Calendars of strangers, for tests."""

from datetime import UTC, date, datetime, timedelta

from plausch.agent.rows import TableBooking
from plausch.domain.booking import Booking


def at_s(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """An instant in universal time."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


def entry(
    booking: Booking, tables: tuple[str, ...] = (), telephone: str = "", note: str = ""
) -> TableBooking:
    """A booking of the book."""
    return TableBooking(booking, tables, telephone=telephone, note=note)


FIRST_S, END_S = at_s(2026, 11, 1), at_s(2026, 12, 1)


def event(uid: str, *lines: str) -> str:
    """One event's lines."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def calendar(*events: str, head: str = "") -> str:
    """A whole file."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *([head] if head else []), *events]) + (
        "\r\nEND:VCALENDAR\r\n"
    )


def many(count: int) -> str:
    """One event a day, ending in November 2026."""
    last = date(2026, 11, 30)
    days = (f"{last - timedelta(number):%Y%m%d}" for number in range(count))
    return calendar(
        *(
            event(day, f"DTSTART:{day}T100000Z", f"DTEND:{day}T110000Z", "SUMMARY:Termin")
            for day in days
        )
    )
