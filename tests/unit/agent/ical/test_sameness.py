"""Two versions of an entry that say the same, and two that do not."""

from dataclasses import replace

import pytest

from calendars import entry
from plausch.agent.ical.entries import Style, calendar_text
from plausch.agent.ical.sameness import MAX_TEXT_BYTES, end_s_of, says_the_same
from vectors.plausch_calendar import PLAIN

OURS = calendar_text([entry(PLAIN, ("5",))], Style("de"))


def test_a_file_says_what_it_says() -> None:
    assert says_the_same(OURS, OURS)


def test_order_time_of_writing_and_program_do_not_matter() -> None:
    lines = OURS.split("\r\n")
    begin = lines.index("BEGIN:VEVENT") + 1
    end = lines.index("END:VEVENT")
    turned = [*lines[:begin], *reversed(lines[begin:end]), *lines[end:]]
    other = "\r\n".join(turned).replace("DTSTAMP:2026", "DTSTAMP:2027").replace("//Plausch", "//X")
    other = other.replace("END:VEVENT", "X-APPLE-SOMETHING:1\r\nEND:VEVENT")
    assert other != OURS and says_the_same(OURS, other)


def test_the_form_of_a_time_does_not_matter() -> None:
    other = OURS.replace("DTSTART;TZID=Europe/Berlin:20261127T193000", "DTSTART:20261127T183000Z")
    assert says_the_same(OURS, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("20261127T193000", "20261127T200000"),
        ("Anna", "Berta"),
        ("SEQUENCE:2", "SEQUENCE:3"),
        ("STATUS:CONFIRMED", "STATUS:CANCELLED"),
        ("END:VEVENT", "LOCATION:Garten\r\nEND:VEVENT"),
        ("END:VEVENT", "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT"),
        ("X-PLAUSCH-STATE:confirmed\r\n", ""),
        ("DTSTART;TZID=Europe/Berlin:20261127T193000", "DTSTART;VALUE=DATE:20261127"),
    ],
)
def test_what_a_person_changes_is_seen(old: str, new: str) -> None:
    assert old in OURS
    assert not says_the_same(OURS, OURS.replace(old, new))


def test_the_end_is_read_in_whatever_form_it_is_written() -> None:
    assert end_s_of(OURS) == PLAIN.ends_at_s
    lines = OURS.splitlines()
    begin = next(line for line in lines if line.startswith("DTEND"))
    lasting = OURS.replace(begin, f"DURATION:PT{PLAIN.ends_at_s - PLAIN.starts_at_s}S")
    assert end_s_of(lasting) == PLAIN.ends_at_s
    day = OURS.replace("DTSTART;TZID=Europe/Berlin:20261127T193000", "DTSTART;VALUE=DATE:20261127")
    assert end_s_of(day.replace(begin, "DTEND;VALUE=DATE:20261128")) == 1_795_824_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        OURS.replace("VEVENT", "VTODO"),
        OURS.replace("STATUS:", "RRULE:FREQ=DAILY\r\nSTATUS:"),
        OURS.replace("DTEND;TZID=Europe/Berlin:2026", "DTEND;TZID=Europe/Berlin:0000"),
        OURS.replace("Anna", "A" * MAX_TEXT_BYTES),
    ],
)
def test_an_end_that_cannot_be_read_is_none(text: str) -> None:
    assert end_s_of(text) is None


def test_a_moved_booking_is_not_the_same() -> None:
    moved = replace(PLAIN, ends_at_s=PLAIN.ends_at_s + 60)
    assert not says_the_same(OURS, calendar_text([entry(moved, ("5",))], Style("de")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        OURS.replace("20261127T193000", "soon"),
        OURS.replace("VEVENT", "VTODO"),
        "BEGIN:VEVENT\r\n" * 5000,
        OURS.replace("Anna", "A" * MAX_TEXT_BYTES),
    ],
)
def test_what_cannot_be_read_is_not_the_same(text: str) -> None:
    assert not says_the_same(OURS, text)
    assert not says_the_same(text, OURS)
