from datetime import date

import pytest

from plausch.domain.calendar import Calendar, Span, SpecialDay
from plausch.domain.holiday import HolidayRegion
from plausch.domain.opening import clock_time, differing_days, span_text
from unit.domain.profiles import CALENDAR

OPEN = (Span(600, 1_200),)


@pytest.mark.parametrize(
    ("minute", "shown"), [(0, "00:00"), (690, "11:30"), (1_440, "00:00"), (1_560, "02:00")]
)
def test_a_minute_is_shown_by_the_wall_clock(minute: int, shown: str) -> None:
    assert clock_time(minute) == shown


def test_a_span_past_midnight() -> None:
    assert span_text(Span(1_020, 1_560)) == "17:00–02:00"


def test_special_days_and_holidays_differ() -> None:
    found = differing_days(CALENDAR, date(2026, 12, 20), 14)
    assert [(one.date.day, bool(one.spans)) for one in found] == [
        (24, False),
        (25, False),
        (26, False),
        (31, True),
        (1, False),
    ]
    assert found[0].note == "Heiligabend"
    assert found[1].holiday is not None


def test_a_holiday_on_a_day_that_is_closed_anyway_does_not_differ() -> None:
    closed = Calendar("Europe/Berlin", ((),) * 7, (), HolidayRegion("BY"))
    assert differing_days(closed, date(2026, 12, 20)) == []


def test_a_special_day_is_told_even_if_its_hours_are_the_usual_ones() -> None:
    special = (SpecialDay(date(2026, 12, 21), OPEN, "Markt"),)
    usual = Calendar("Europe/Berlin", (OPEN,) * 7, special)
    assert [one.note for one in differing_days(usual, date(2026, 12, 20))] == ["Markt"]
