"""The file for a guest's calendar: what it asks for, and in whose words."""

from dataclasses import replace
from datetime import datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.ical.guest_file import STATUS, People, Words, guest_file, words_for
from plausch.domain.booking import Booking, BookingState
from vectors.plausch_calendar import MADE_S, PLAIN

PEOPLE = People("mimi://plausch.example/u/linde", "mimi://other.example/u/anna")
WORDS = Words("Tisch bei Zur Linde", "4 Personen")


def written(booking: Booking, words: Words = WORDS, business: str = "Zur Linde") -> str:
    return guest_file(booking, business, words, PEOPLE, MADE_S)


def read(file: str) -> tuple[icalendar.Calendar, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_a_firm_booking_is_asked_for_with_its_uid_and_sequence() -> None:
    calendar, event = read(written(PLAIN))
    assert calendar["METHOD"] == "REQUEST"
    assert (event["UID"], event["SEQUENCE"]) == (PLAIN.uid, PLAIN.sequence)
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == PEOPLE.organizer
    assert event["ORGANIZER"].params["CN"] == "Zur Linde"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"


def test_a_cancelled_booking_takes_the_same_entry_off() -> None:
    calendar, event = read(written(replace(PLAIN, state=BookingState.CANCELLED, sequence=3)))
    assert calendar["METHOD"] == "CANCEL"
    assert (event["UID"], event["SEQUENCE"]) == (PLAIN.uid, 3)
    assert event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


@pytest.mark.parametrize("state", BookingState)
def test_every_state_has_its_status_and_verb(state: BookingState) -> None:
    calendar, event = read(written(replace(PLAIN, state=state)))
    assert event["STATUS"] == STATUS[state]
    assert (calendar["METHOD"] == "CANCEL") is (STATUS[state] == "CANCELLED")


def test_the_times_are_on_the_wall_of_the_business() -> None:
    file = written(PLAIN)
    assert "DTSTART;TZID=Europe/Berlin:20261127T193000" in file
    assert "BYDAY=-1SU" in file and "RDATE" not in file


def test_a_zone_that_nobody_knows_becomes_universal_time() -> None:
    file = written(replace(PLAIN, zone="Mars/Olympus"))
    assert "DTSTART:20261127T183000Z" in file and "VTIMEZONE" not in file


@pytest.mark.parametrize(
    ("language", "party", "said"),
    [
        ("de", 1, Words("Reservierung bei Linde", "1 Person\nAuf den Namen Anna")),
        ("en", 4, Words("Booking at Linde", "4 people\nUnder the name Anna")),
    ],
)
def test_it_speaks_both_languages(language: str, party: int, said: Words) -> None:
    assert words_for(replace(PLAIN, party=party), "Linde", language) == said


@given(
    name=st.text(max_size=80),
    begin_s=st.integers(1_700_000_000, 2_100_000_000),
    length_s=st.integers(60, 86_400),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"]),
)
def test_whatever_the_words_the_times_come_back(
    name: str, begin_s: int, length_s: int, zone: str
) -> None:
    booking = replace(
        PLAIN, starts_at_s=begin_s, ends_at_s=begin_s + length_s, zone=zone, under_name=name
    )
    try:
        file = written(booking, words_for(booking, name, "de"), name)
        file.encode()
    except UnicodeEncodeError:  # half of a surrogate pair is no text and comes in no card
        return
    _, event = read(file)
    begin, end = event.decoded("DTSTART"), event.decoded("DTEND")
    assert isinstance(begin, datetime) and isinstance(end, datetime)
    assert (begin.timestamp(), end.timestamp()) == (begin_s, begin_s + length_s)
