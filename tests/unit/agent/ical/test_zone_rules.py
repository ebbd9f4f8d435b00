"""Time zones by their yearly rules, held against the system's own data."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plausch.agent.ical.zone_rules import Change, YearlyRule, time_zone_lines

RULED = ["Europe/Berlin", "Europe/London", "America/New_York", "Australia/Sydney", "Europe/Athens"]
CHANGING = ["America/Santiago", "Africa/Casablanca", "Asia/Jerusalem", "Africa/Cairo"]
STANDING = ["Asia/Tokyo", "Asia/Kathmandu", "America/Phoenix", "Africa/Lagos"]


def read_offset_s(zone: str, local: datetime, year: int) -> float:
    """What another reader makes of our zone, whose name tells it nothing."""
    lines = ["BEGIN:VCALENDAR", *time_zone_lines(zone, year, year), "END:VCALENDAR"]
    text = "\r\n".join(lines).replace(f"TZID:{zone}", "TZID:Nowhere/Ours") + "\r\n"
    (part,) = icalendar.Calendar.from_ical(text).walk("VTIMEZONE")
    offset = local.replace(tzinfo=part.to_tz(lookup_tzid=False)).utcoffset()
    assert offset is not None
    return offset.total_seconds()


@pytest.mark.parametrize("zone", RULED + CHANGING + STANDING)
@settings(max_examples=12, deadline=None)
@given(minute=st.integers(0, 365 * 24 * 60 - 1))
def test_another_reader_comes_to_the_same_offset(zone: str, minute: int) -> None:
    at = datetime.fromtimestamp(datetime(2026, 1, 1, tzinfo=UTC).timestamp() + minute * 60, UTC)
    local = at.astimezone(ZoneInfo(zone))
    near = [
        datetime.fromtimestamp(at.timestamp() + hours * 3600, ZoneInfo(zone)).utcoffset()
        for hours in (-3, 3)
    ]
    if near[0] != near[1]:  # within the hours of a change readers differ about what was meant
        return
    offset = local.utcoffset()
    assert offset is not None
    assert read_offset_s(zone, local.replace(tzinfo=None), 2026) == offset.total_seconds()


@pytest.mark.parametrize("zone", RULED)
def test_a_zone_with_summer_time_is_two_rules(zone: str) -> None:
    lines = time_zone_lines(zone, 2026, 2028)
    assert sum(line.startswith("RRULE:FREQ=YEARLY;") for line in lines) == 2
    assert len(lines) == 15


@pytest.mark.parametrize("zone", CHANGING[:2])
def test_other_zones_are_written_change_by_change(zone: str) -> None:
    lines = time_zone_lines(zone, 2026, 2028)
    assert not any(line.startswith(("RRULE", "RDATE")) for line in lines)
    assert sum(line.startswith("BEGIN:") for line in lines) > 8


@pytest.mark.parametrize("zone", STANDING)
def test_a_zone_without_summer_time_is_one_part(zone: str) -> None:
    assert len(time_zone_lines(zone, 2026, 2026)) == 8


def test_universal_time_needs_none() -> None:
    assert time_zone_lines("UTC", 2026, 2026) == ()


def test_the_same_rules_are_written_for_every_year() -> None:
    assert time_zone_lines("Europe/Berlin", 2026, 2026) == time_zone_lines(
        "Europe/Berlin", 2030, 2034
    )


def test_a_change_knows_the_wall_before_it() -> None:
    spring = Change(1_774_746_000, 3600, 7200)
    assert spring.wall == datetime(2026, 3, 29, 2, 0)


def test_a_rule_knows_its_first_day() -> None:
    assert YearlyRule(3, -1, 6, "020000", 3600, 7200).first_day() == date(1970, 3, 29)
    assert YearlyRule(3, 2, 6, "020000", 0, 3600).first_day() == date(1970, 3, 8)
