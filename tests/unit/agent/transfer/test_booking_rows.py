"""Bookings as rows of a file, in and out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars import entry
from linde import ZONE
from plausch.agent.transfer.booking_rows import HEADS, export_bookings, read_bookings
from plausch.agent.transfer.sheet import SheetRefused
from plausch.domain.booking import BookingState
from vectors.plausch_calendar import PLAIN

GERMAN = "Datum;Uhrzeit;Personen;Name;Telefon;Notiz\r\n"


def codes(text: str, language: str = "de") -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in read_bookings(text.encode(), ZONE, language).problems]


def test_a_row_is_a_booking() -> None:
    text = GERMAN + "27.11.2026;19:30;4;Anna;'+49 89 1;Nussallergie\r\n"
    found = read_bookings(text.encode(), ZONE, "de")
    (row,) = found.rows
    assert (row.line, row.starts_at_s, row.party) == (2, PLAIN.starts_at_s, 4)
    assert (row.under_name, row.telephone, row.note) == ("Anna", "+49 89 1", "Nussallergie")
    assert found.problems == () and found.encoding == "UTF-8"


def test_english_heads_and_iso_dates_say_the_same() -> None:
    text = "Note,Guests,Date,Time,Name\nx,4,2026-11-27,19:30,Anna\n"
    assert read_bookings(text.encode(), ZONE, "en").rows[0].starts_at_s == PLAIN.starts_at_s


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (";19:30;4;Anna;;", "missing"),
        ("27.11.2026;19:30;;Anna;;", "missing"),
        ("31.11.2026;19:30;4;Anna;;", "date"),
        ("27.11.2026;halb acht;4;Anna;;", "time"),
        ("27.11.2026;19:30;-1;Anna;;", "party"),
        ("27.11.2026;19:30;1001;Anna;;", "party"),
        ("29.03.2026;02:30;4;Anna;;", "no_such_time"),
        (f"27.11.2026;19:30;4;{'x' * 81};;", "too_long"),
        (f"27.11.2026;19:30;4;Anna;;{'x' * 501}", "too_long"),
        ("27.11.2026;19:30;4;Anna;Apparat 7;", "telephone"),
        ("27.11.2026;19:30;4;Anna", "cells"),
        ("27.11.2026;19:30;4;Anna;;;", "cells"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(row: str, code: str) -> None:
    good = "27.11.2026;19:30;4;Anna;;\n"
    assert codes(GERMAN + good + row + "\n" + good) == [(3, code)]


def test_all_mistakes_are_told_at_once() -> None:
    assert codes(GERMAN + "x;y;z;Anna;;\n;;;;;x\n") == [
        (2, "date"),
        (2, "time"),
        (2, "party"),
        (3, "missing"),
        (3, "missing"),
        (3, "missing"),
    ]


@pytest.mark.parametrize("column", ["Datum", "Uhrzeit", "Personen"])
def test_without_date_time_or_party_there_is_no_import(column: str) -> None:
    heads = [one for one in ("Datum", "Uhrzeit", "Personen", "Name") if one != column]
    with pytest.raises(SheetRefused, match=column):
        read_bookings((";".join(heads) + "\n").encode(), ZONE, "de")


def test_the_same_row_has_the_same_token_and_its_double_another() -> None:
    row = "27.11.2026;19:30;4;Anna;;\n"
    once = read_bookings((GERMAN + row).encode(), ZONE, "de").rows
    twice = read_bookings((GERMAN + row + row).encode(), ZONE, "de").rows
    assert twice[0].token == once[0].token != twice[1].token
    noted = read_bookings((GERMAN + row.replace(";\n", ";x\n")).encode(), ZONE, "de").rows
    assert noted[0].token == once[0].token


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_export_is_read_again(language: str) -> None:
    firm = entry(PLAIN, ("5", "6"), "+49 89 1", "=cmd|' /C calc'!A0")
    off = entry(replace(PLAIN, uid="b-2", state=BookingState.CANCELLED))
    raw = export_bookings([off, firm], language)
    assert b"'=cmd" in raw and b"'+49" in raw
    place = 0 if language == "de" else 1
    assert all(heads[place].encode() in raw for heads in HEADS.values())
    found = read_bookings(raw, PLAIN.zone, language)
    (row,) = found.rows
    assert (row.starts_at_s, row.party, row.under_name) == (PLAIN.starts_at_s, 4, "Anna")
    assert (row.telephone, row.note) == (firm.telephone, firm.note)
    assert found.skipped == 1 and found.problems == ()


@given(
    begin_min=st.integers(1_767_000_000 // 60, 1_830_000_000 // 60),
    party=st.integers(1, 1000),
    name=st.text(st.characters(categories=("L", "N", "P", "S")), max_size=80),
    language=st.sampled_from(["de", "en"]),
)
def test_every_booking_comes_back(begin_min: int, party: int, name: str, language: str) -> None:
    begin_s = begin_min * 60
    booking = replace(
        PLAIN, starts_at_s=begin_s, ends_at_s=begin_s + 60, party=party, under_name=name
    )
    (row,) = read_bookings(export_bookings([entry(booking)], language), ZONE, language).rows
    # An hour that occurs twice is written as it stands on the wall, and read as the first.
    assert row.starts_at_s in (begin_s, begin_s - 3600)
    assert (row.party, row.under_name) == (party, name)
