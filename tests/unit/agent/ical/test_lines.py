"""Escaping, folding and times of iCalendar."""

from datetime import UTC, datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.ical.lines import escaped, folded, instant, known_zone, moment, quoted, text_of

BERLIN = "Europe/Berlin"


def at_s(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


def test_what_would_end_a_value_is_escaped() -> None:
    assert escaped("a;b,c\\d") == "a\\;b\\,c\\\\d"
    assert escaped("a\r\nb\rc\nd") == "a\\nb\\nc\\nd"


def test_control_characters_are_left_out() -> None:
    assert escaped("a\x00b\x07c\x7fd\te") == "abcd\te"
    assert quoted('a"b\nc\x00') == '"a\'b c"'


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_a_folded_line_is_short_and_unfolds_to_itself(text: str) -> None:
    written = folded("SUMMARY:" + text)
    assert all(len(part.encode()) <= 75 for part in written.split("\r\n"))
    assert written.replace("\r\n ", "") == "SUMMARY:" + text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_another_reader_gets_the_text_back(text: str) -> None:
    file = text_of(
        [
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            f"SUMMARY:{escaped(text)}",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    )
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    assert str(event["SUMMARY"]) == text


def test_an_instant_is_in_universal_time() -> None:
    assert instant(at_s(2026, 11, 27, 18, 30)) == "20261127T183000Z"


def test_a_moment_is_on_the_wall_of_its_zone() -> None:
    assert moment("DTSTART", at_s(2026, 7, 1, 10), BERLIN) == (
        "DTSTART;TZID=Europe/Berlin:20260701T120000"
    )
    assert moment("DTEND", at_s(2026, 7, 1, 10), "UTC") == "DTEND:20260701T100000Z"


def test_of_a_repeated_hour_the_second_is_in_universal_time() -> None:
    first, second = at_s(2026, 10, 25, 0, 30), at_s(2026, 10, 25, 1, 30)
    assert moment("DTSTART", first, BERLIN) == "DTSTART;TZID=Europe/Berlin:20261025T023000"
    assert moment("DTSTART", second, BERLIN) == "DTSTART:20261025T013000Z"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "Europe/Berlin\x00"])
def test_a_zone_that_does_not_exist_is_universal_time(zone: str) -> None:
    assert known_zone(zone) == "UTC"
    assert known_zone(BERLIN) == BERLIN
