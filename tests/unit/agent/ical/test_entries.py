"""A booking as the business's own calendar shows it."""

from dataclasses import replace
from datetime import datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars import entry
from plausch.agent.ical.entries import (
    SHOWN,
    Style,
    calendar_text,
    description_of,
    digest_of,
    event_lines,
    summary_of,
)
from plausch.domain.booking import BookingState
from vectors.plausch_calendar import PLAIN

ENTRY = entry(PLAIN, ("5", "6"), "+49 89 1", "Nussallergie")
GERMAN, ENGLISH = Style("de"), Style("en")
NAMELESS = Style("de", names=False)


def events(text: str) -> list[icalendar.Event]:
    found = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return [one for one in found if isinstance(one, icalendar.Event)]


def test_the_summary_says_how_many_and_who() -> None:
    assert summary_of(ENTRY, GERMAN) == "4 Personen · Anna"
    assert summary_of(ENTRY, ENGLISH) == "4 people · Anna"
    alone = entry(replace(PLAIN, party=1, under_name="", state=BookingState.HELD))
    assert summary_of(alone, GERMAN) == "1 Person (vorgemerkt)"


def test_the_description_has_place_telephone_and_note() -> None:
    assert description_of(ENTRY, GERMAN) == (
        "fest\nTisch/Platz: 5, 6\nTelefon: +49 89 1\nNotiz: Nussallergie"
    )
    assert description_of(entry(PLAIN), ENGLISH) == "firm"


def test_without_names_nothing_says_who_comes() -> None:
    text = calendar_text([ENTRY], NAMELESS)
    for personal in ("Anna", "89 1", "Nussallergie"):
        assert personal not in text
    assert "4 Personen" in text


@pytest.mark.parametrize("state", BookingState)
@pytest.mark.parametrize("style", [GERMAN, ENGLISH])
def test_every_state_is_shown_or_not_there(state: BookingState, style: Style) -> None:
    found = events(calendar_text([entry(replace(PLAIN, state=state))], style))
    assert len(found) == (state in SHOWN)


def test_a_wish_keeps_nobody_busy() -> None:
    (event,) = events(calendar_text([entry(replace(PLAIN, state=BookingState.PENDING))], GERMAN))
    assert event["TRANSP"] == "TRANSPARENT"
    assert "TRANSP:OPAQUE" in event_lines(ENTRY, GERMAN)


def test_the_zones_of_all_entries_are_there_once() -> None:
    other = entry(replace(PLAIN, uid="b-2", zone="America/New_York"))
    text = calendar_text([ENTRY, other, ENTRY], GERMAN)
    assert text.count("BEGIN:VTIMEZONE") == 2


def test_the_text_and_its_digest_depend_on_the_booking_alone() -> None:
    text = calendar_text([ENTRY], GERMAN)
    assert text == calendar_text([ENTRY], GERMAN)
    moved = entry(replace(PLAIN, starts_at_s=PLAIN.starts_at_s + 60), ENTRY.tables)
    assert digest_of(text) != digest_of(calendar_text([moved], GERMAN))


@given(st.lists(st.integers(1_700_000_000, 2_000_000_000), max_size=20, unique=True))
def test_another_reader_finds_every_booking_at_its_time(begins: list[int]) -> None:
    entries = [
        entry(replace(PLAIN, uid=f"b-{at}", starts_at_s=at, ends_at_s=at + 5400)) for at in begins
    ]
    found = events(calendar_text(entries, GERMAN))
    seen = []
    for event in found:
        begin = event.decoded("DTSTART")
        assert isinstance(begin, datetime)
        seen.append(int(begin.timestamp()))
    assert seen == begins
