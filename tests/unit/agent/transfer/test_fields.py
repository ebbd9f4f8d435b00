"""Cells as dates, times, numbers, names."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.transfer.fields import Cells, day_of, minute_of, party_of, telephone_of
from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.sheet import Row


@pytest.mark.parametrize(
    "text", ["2026-12-24", "24.12.2026", "24. 12. 2026", "24.12.26", "2026-12-24"]
)
def test_dates_in_iso_and_german_form(text: str) -> None:
    assert day_of(text) == date(2026, 12, 24)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24.12.",
        "12/24/2026",
        "2026-13-01",
        "31.02.2026",
        "heute",
        "２０２６-12-24",
        "0000-01-01",
        "2026-12-24T19:00",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert day_of(text) is None


@given(st.dates(date(1000, 1, 1)))
def test_every_date_is_read_in_both_forms(day: date) -> None:
    assert day_of(day.isoformat()) == day
    assert day_of(f"{day.day}.{day.month}.{day.year}") == day


@pytest.mark.parametrize("text", ["19:30", "19.30", "19:30 Uhr", "19:30:00"])
def test_times_as_people_write_them(text: str) -> None:
    assert minute_of(text) == 19 * 60 + 30


@pytest.mark.parametrize("text", ["", "24:00", "7", "19:60", "7:30 pm", "19:30:30", "-1:00"])
def test_what_is_no_time(text: str) -> None:
    assert minute_of(text) is None


def test_numbers_of_guests() -> None:
    assert [party_of(text) for text in ("1", "12", "1000")] == [1, 12, 1000]
    for text in ("0", "1001", "-1", "2,5", "vier", "", "²", "99999999999"):
        assert party_of(text) is None


def test_telephone_numbers() -> None:
    for text in ("+49 89 123456", "(089) 12-34/56", "110"):
        assert telephone_of(text) == text
    for text in ("", "12", "Anna", "+49 89 x", "(((((", "1" * 31):
        assert telephone_of(text) is None


def test_cells_collect_what_is_wrong() -> None:
    problems: list[Problem] = []
    cells = Cells(Row(3, {"date": "morgen", "name": "  Anna \n Berg ", "note": "x" * 9}), problems)
    assert cells.needed("date", "Datum", day_of, "date") is None
    assert cells.needed("time", "Uhrzeit", minute_of, "time") is None
    assert cells.text("name", "Name", 80) == "Anna Berg"
    assert cells.text("note", "Notiz", 5) == ""
    assert cells.text("other", "Anderes", 5) == ""
    assert problems == [
        Problem(3, "date", "Datum", "morgen"),
        Problem(3, "missing", "Uhrzeit"),
        Problem(3, "too_long", "Notiz"),
    ]
