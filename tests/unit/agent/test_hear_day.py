"""Dates as people write them; today is Monday, 23 November 2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.hear_day import HeardDay, hear_day
from plausch.agent.remnant import Remnant, normalised

TODAY = date(2026, 11, 23)


def hear(text: str, today: date = TODAY) -> HeardDay | None:
    return hear_day(Remnant(normalised(text)), today)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("heute", (2026, 11, 23)),
        ("today", (2026, 11, 23)),
        ("in 20 minutes", (2026, 11, 23)),
        ("in einer halben Stunde", (2026, 11, 23)),
        ("heute 4 pers 19.00", (2026, 11, 23)),
        ("moregn", (2026, 11, 24)),
        ("tommorow", (2026, 11, 24)),
        ("sa", (2026, 11, 28)),
        ("am Freitag, den 4.", (2026, 12, 4)),
        ("Freitag der 13.", (2027, 8, 13)),
        ("friday the 11th", (2026, 12, 11)),
        ("mo 19h", (2026, 11, 23)),
        ("am Wochenende", (2026, 11, 28)),
        ("gestern", (2026, 11, 22)),
        ("vorgestern", (2026, 11, 21)),
        ("yesterday", (2026, 11, 22)),
        ("the day before yesterday", (2026, 11, 21)),
        ("tonight", (2026, 11, 23)),
        ("this evening", (2026, 11, 23)),
        ("heute morgen", (2026, 11, 23)),
        ("morgen", (2026, 11, 24)),
        ("morgen abend", (2026, 11, 24)),
        ("tomorrow", (2026, 11, 24)),
        ("übermorgen", (2026, 11, 25)),
        ("the day after tomorrow", (2026, 11, 25)),
        ("in drei Tagen", (2026, 11, 26)),
        ("in 10 days", (2026, 12, 3)),
        ("in einer Woche", (2026, 11, 30)),
        ("in a week", (2026, 11, 30)),
        ("in 2 Wochen am Freitag", (2026, 12, 11)),
        ("Freitag", (2026, 11, 27)),
        ("am Freitagabend", (2026, 11, 27)),
        ("freitags", (2026, 11, 27)),
        ("next friday", (2026, 11, 27)),
        ("kommenden Samstag", (2026, 11, 28)),
        ("Sonnabend", (2026, 11, 28)),
        ("on sat", (2026, 11, 28)),
        ("am Do", (2026, 11, 26)),
        ("Fr. 19 Uhr", (2026, 11, 27)),
        ("Montag", (2026, 11, 23)),
        ("nächste Woche Freitag", (2026, 12, 4)),
        ("friday next week", (2026, 12, 4)),
        ("24.12.", (2026, 12, 24)),
        ("24.12", (2026, 12, 24)),
        ("24. 12.", (2026, 12, 24)),
        ("24.12.2027", (2027, 12, 24)),
        ("24.12.27", (2027, 12, 24)),
        ("1.2.", (2027, 2, 1)),
        ("24/12", (2026, 12, 24)),
        ("24/12/2027", (2027, 12, 24)),
        ("12/24", (2026, 12, 24)),
        ("2027-01-09", (2027, 1, 9)),
        ("24. Dezember", (2026, 12, 24)),
        ("24 december", (2026, 12, 24)),
        ("December 24th", (2026, 12, 24)),
        ("dec 24", (2026, 12, 24)),
        ("the 24th of december", (2026, 12, 24)),
        ("3. März 2027", (2027, 3, 3)),
        ("am 5.", (2026, 12, 5)),
        ("am 30.", (2026, 11, 30)),
        ("on the 2nd", (2026, 12, 2)),
        ("29.2.", (2028, 2, 29)),
        ("Heiligabend", (2026, 12, 24)),
        ("Silvester", (2026, 12, 31)),
        ("new year's eve", (2026, 12, 31)),
        ("Neujahr", (2027, 1, 1)),
        ("1. Weihnachtstag", (2026, 12, 25)),
        ("am zweiten Weihnachtsfeiertag", (2026, 12, 26)),
        ("boxing day", (2026, 12, 26)),
        ("Guten Morgen, für Freitag", (2026, 11, 27)),
    ],
)
def test_dates(text: str, day: tuple[int, int, int]) -> None:
    assert hear(text) == HeardDay(date(*day))


@pytest.mark.parametrize(
    "text", ["31.2.", "30.02.2027", "31/4", "2026-13-01", "in 900 Tagen", "31 june"]
)
def test_dates_that_do_not_exist(text: str) -> None:
    assert hear(text) == HeardDay(None)


@pytest.mark.parametrize(
    "text",
    ["", "hallo", "19.30", "19.00", "um 19 Uhr", "Guten Morgen", "good morning", "so do it", "so",
     "für 4", "ich sitze da"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert hear(text) is None


def test_todays_weekday_is_today() -> None:
    assert hear("Freitag", date(2026, 11, 27)) == HeardDay(date(2026, 11, 27))


def test_the_day_that_was_named_alone_may_be_next_month() -> None:
    assert hear("am 31.", date(2026, 11, 30)) == HeardDay(date(2026, 12, 31))


@given(
    st.text(alphabet="0123456789./- morgenfreitagdezember", max_size=40),
    st.dates(date(2024, 1, 1), date(2060, 1, 1)),
)
def test_any_mixture_gives_a_date_or_none(text: str, today: date) -> None:
    heard = hear(text, today)
    assert heard is None or heard.day is None or isinstance(heard.day, date)


@given(st.dates(date(2024, 1, 1), date(2060, 1, 1)), st.integers(0, 364))
def test_a_written_date_is_understood_back(today: date, ahead: int) -> None:
    day = date.fromordinal(today.toordinal() + ahead)
    assert hear(f"am {day.day}.{day.month}.{day.year}", today) == HeardDay(day)
    assert hear(day.isoformat(), today) == HeardDay(day)
    assert hear(f"am {day.day}.{day.month}.", today) == HeardDay(day)
