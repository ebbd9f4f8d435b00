"""spec/vectors/calendar.json is what this code writes, and a reader of another house agrees."""

import json
from datetime import datetime
from typing import Any

import icalendar
import pytest

from vectors.plausch_calendar import FILE, text

PUBLISHED: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_published_cases_are_what_the_code_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), (
        "write it anew, in the folder tests: python -m vectors.plausch_calendar"
    )


@pytest.mark.parametrize("case", PUBLISHED["files"], ids=lambda case: case["name"])
def test_another_reader_finds_the_booking_in_it(case: dict[str, Any]) -> None:
    booking = case["booking"]
    calendar = icalendar.Calendar.from_ical(case["file"])
    (event,) = calendar.walk("VEVENT")
    begin, end = event.decoded("DTSTART"), event.decoded("DTEND")
    assert isinstance(begin, datetime) and begin.timestamp() == booking["startS"]
    assert end.timestamp() == booking["startS"] + booking["durationS"]
    assert str(event["UID"]) == booking["uid"]
    assert int(event["SEQUENCE"]) == booking["sequence"]
    assert str(calendar["METHOD"]) == ("CANCEL" if event["STATUS"] == "CANCELLED" else "REQUEST")
    assert str(event["DESCRIPTION"]) == case["description"]


@pytest.mark.parametrize("case", PUBLISHED["files"], ids=lambda case: case["name"])
def test_lines_are_short_and_no_value_begins_a_line(case: dict[str, Any]) -> None:
    lines = case["file"].split("\r\n")
    assert lines.pop() == ""
    assert all(len(line.encode()) <= 75 for line in lines)
    assert sum(line == "BEGIN:VEVENT" for line in lines) == 1
    assert sum(line.startswith("ATTENDEE") for line in lines) == 1


@pytest.mark.parametrize("case", PUBLISHED["zones"], ids=lambda case: case["zone"])
def test_a_zone_is_written_by_rules_and_never_by_lists_of_dates(case: dict[str, Any]) -> None:
    assert [line for line in case["lines"] if line.startswith("RDATE")] == []
