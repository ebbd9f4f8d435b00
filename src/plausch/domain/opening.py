"""Opening hours as they are told to people and programs: by the week, and what differs soon."""

from datetime import date, timedelta

from plausch.domain.calendar import MINUTES_A_DAY, Calendar, OpeningDay, Span

SOON_DAYS = 60


def clock_time(minute: int) -> str:
    """`11:30`; a minute of the next day as the wall clock shows it."""
    minute %= MINUTES_A_DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"


def span_text(span: Span) -> str:
    """`11:30–14:30`."""
    return f"{clock_time(span.opens_minute)}–{clock_time(span.closes_minute)}"


def differing_days(calendar: Calendar, today: date, days: int = SOON_DAYS) -> list[OpeningDay]:
    """The dates from today on whose hours are not those of their weekday, or on which a special day
    or a holiday that is one says something."""
    found = []
    special = {one.date for one in calendar.special_days}
    for offset in range(days):
        day = calendar.opening_day(today + timedelta(days=offset))
        if day.date in special or day.spans != calendar.weekly[day.date.weekday()]:
            found.append(day)
    return found
