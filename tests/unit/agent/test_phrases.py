"""Both languages say the same, and write dates and times as their readers do."""

from datetime import date

import pytest

from linde import TUESDAY, ZONE, at, restaurant
from phrase_places import places
from plausch.agent.phrases import TEXTS, Phrases
from plausch.domain.calendar import Span
from plausch.domain.slots import Slot

TODAY = date(2026, 11, 23)
DE, EN = Phrases("de", TODAY), Phrases("en", TODAY)
CALENDAR = restaurant().calendar


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_have_the_same_places(key: str) -> None:
    german, english = TEXTS[key]
    assert german.strip()
    assert english.strip()
    assert german != english
    assert places(german) == places(english)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_sentence_can_be_said(key: str) -> None:
    values = dict.fromkeys(places(TEXTS[key][0]), "X")
    for phrases in (DE, EN):
        assert "{" not in phrases.say(key, **values)


def test_values_are_not_templates() -> None:
    assert "{name}" in DE.say("greeting", name="{name}")


def test_dates() -> None:
    assert DE.day(date(2026, 11, 27)) == "Freitag, 27. November"
    assert EN.day(date(2026, 11, 27)) == "Friday, 27 November"
    assert DE.day(date(2027, 1, 6)) == "Mittwoch, 6. Januar 2027"
    assert DE.on(date(2026, 11, 27)) == "Freitag, den 27. November"
    assert EN.on(date(2026, 11, 27)) == "Friday, 27 November"
    assert (DE.weekday(0), EN.weekday(6)) == ("Montag", "Sunday")


@pytest.mark.parametrize(
    ("minute", "german", "english"),
    [
        (0, "0:00 Uhr", "12:00 am"),
        (690, "11:30 Uhr", "11:30 am"),
        (720, "12:00 Uhr", "12:00 pm"),
        (1170, "19:30 Uhr", "7:30 pm"),
        (1440, "0:00 Uhr", "12:00 am"),
        (1500, "1:00 Uhr", "1:00 am"),
    ],
)
def test_times(minute: int, german: str, english: str) -> None:
    assert (DE.clock(minute), EN.clock(minute)) == (german, english)


def test_local_times_and_slots() -> None:
    slot = Slot(at(TUESDAY, "19:30"), 5400, ZONE)
    assert DE.time(CALENDAR.local(slot.starts_at_s)) == "19:30 Uhr"
    assert DE.slot(slot, CALENDAR, with_day=False) == "19:30 Uhr"
    assert EN.slot(slot, CALENDAR, with_day=True) == "Tuesday, 24 November, 7:30 pm"


def test_parties_and_spans() -> None:
    assert (DE.party(1), DE.party(4)) == ("1 Person", "4 Personen")
    assert (EN.party(1), EN.party(4)) == ("1 person", "4 people")
    spans = (Span(690, 870), Span(1050, 1440))
    assert DE.spans(spans) == "11:30–14:30 Uhr, 17:30–0:00 Uhr"
    assert EN.spans(spans) == "11:30 am–2:30 pm, 5:30 pm–12:00 am"
    assert (DE.spans(()), EN.spans(())) == ("geschlossen", "closed")


@pytest.mark.parametrize(
    ("day", "german", "english"),
    [
        (TODAY, "Am Montag, den 23. November haben wir Ruhetag.", "We are closed on"),
        (date(2026, 12, 24), "geschlossen (Heiligabend).", "(Heiligabend)"),
        (date(2027, 1, 6), "geschlossen (Heilige Drei Könige).", "(Epiphany)"),
    ],
)
def test_why_closed(day: date, german: str, english: str) -> None:
    opening = CALENDAR.opening_day(day)
    assert german in DE.closed(opening)
    assert english in EN.closed(opening)
