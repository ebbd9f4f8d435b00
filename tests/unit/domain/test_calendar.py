"""Opening days, and local times across daylight saving."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linde import DINNER, LUNCH, NOW_S, TUESDAY, ZONE, restaurant
from plausch.domain.calendar import (
    Calendar,
    Closed,
    Span,
    SpecialDay,
    instant_s,
    real_instant_s,
)
from plausch.domain.holiday import STATES, HolidayRegion, holidays_in

SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)
"""The nights on which German clocks change."""


def test_an_ordinary_day_has_its_weekly_hours() -> None:
    day = restaurant().calendar.opening_day(TUESDAY)
    assert day.spans == (LUNCH, DINNER)
    assert day.closed is None


def test_the_weekly_closed_day() -> None:
    assert restaurant().calendar.opening_day(date(2026, 11, 23)).closed is Closed.WEEKLY


def test_a_holiday_closes_and_is_named() -> None:
    day = restaurant().calendar.opening_day(date(2027, 1, 6))
    assert (day.spans, day.closed) == ((), Closed.HOLIDAY)
    assert day.holiday is not None
    assert day.holiday.de == "Heilige Drei Könige"


def test_a_special_day_overrides_the_holiday() -> None:
    day = restaurant().calendar.opening_day(date(2026, 12, 25))
    assert day.spans == (Span(720, 1200),)
    assert day.closed is None
    assert day.note == "Weihnachtsmenü"


def test_a_special_day_may_close_an_ordinary_one() -> None:
    day = restaurant().calendar.opening_day(date(2026, 12, 24))
    assert day.closed is Closed.SPECIAL
    assert day.note == "Heiligabend"


def test_open_on_holidays_keeps_the_weekly_hours() -> None:
    calendar = replace(restaurant().calendar, open_on_holidays=True)
    day = calendar.opening_day(date(2027, 1, 6))
    assert day.spans == (LUNCH, DINNER)
    assert day.holiday is not None


def test_without_a_region_there_are_no_holidays() -> None:
    day = replace(restaurant().calendar, region=None).opening_day(date(2027, 1, 6))
    assert day.holiday is None
    assert day.spans


@pytest.mark.parametrize("state", STATES)
def test_no_state_opens_on_its_holidays(state: str) -> None:
    always = Calendar(ZONE, ((Span(0, 1440),),) * 7, region=HolidayRegion(state))
    for year in range(2024, 2033):
        for holiday in holidays_in(HolidayRegion(state), year):
            assert always.opening_day(holiday).spans == ()


def test_next_open_days_skip_the_closed_ones() -> None:
    found = restaurant().calendar.next_open_days(date(2026, 12, 23), 3, 30)
    assert [day.date.day for day in found] == [23, 25, 27]


def test_next_open_days_give_up() -> None:
    never = Calendar(ZONE, ((),) * 7, (SpecialDay(date(2027, 6, 1), (LUNCH,)),))
    assert list(never.next_open_days(date(2027, 1, 1), 1, 30)) == []
    assert len(list(never.next_open_days(date(2027, 6, 1), 2, 30))) == 1


def test_today_is_local() -> None:
    calendar = restaurant().calendar
    late = int(datetime(2026, 7, 1, 22, 30, tzinfo=UTC).timestamp())
    assert calendar.today(late) == date(2026, 7, 2)
    assert calendar.local(NOW_S).hour == 10


def test_a_time_in_the_gap_does_not_exist() -> None:
    assert real_instant_s(ZONE, SPRING, 2 * 60 + 30) is None
    assert real_instant_s(ZONE, SPRING, 2 * 60) is None
    assert real_instant_s(ZONE, SPRING, 3 * 60) is not None
    assert instant_s(ZONE, SPRING, 2 * 60 + 30) == instant_s(ZONE, SPRING, 3 * 60 + 30)


def test_of_a_doubled_time_the_first_is_meant() -> None:
    first = instant_s(ZONE, AUTUMN, 2 * 60 + 30)
    assert datetime.fromtimestamp(first, UTC).hour == 0
    assert instant_s(ZONE, AUTUMN, 3 * 60 + 30) - first == 2 * 3600


def test_minutes_past_midnight_are_the_next_morning() -> None:
    assert instant_s(ZONE, TUESDAY, 1440 + 60) == instant_s(ZONE, TUESDAY + timedelta(days=1), 60)


@given(
    st.dates(date(2000, 1, 1), date(2060, 12, 31)),
    st.integers(0, 2879),
    st.sampled_from([ZONE, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_a_real_instant_shows_the_wanted_time(day: date, minute: int, zone: str) -> None:
    at_s = real_instant_s(zone, day, minute)
    if at_s is not None:
        shown = Calendar(zone, ((),) * 7).local(at_s)
        wanted = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        assert shown.replace(tzinfo=None) == wanted
