"""Dates as people write them; today is Monday, 23 November 2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.hear_day import UNCLEAR, HeardDay, hear_day
from plausch.agent.remnant import Remnant, normalised

TODAY = date(2026, 11, 23)


def hear(text: str, today: date = TODAY) -> HeardDay | None:
    return hear_day(Remnant(normalised(text)), today)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("heute", (2026, 11, 23)),
        ("today", (2026, 11, 23)),
        ("heute 4 pers 19.00", (2026, 11, 23)),
        ("moregn", (2026, 11, 24)),
        ("tommorow", (2026, 11, 24)),
        ("sa", (2026, 11, 28)),
        ("am Freitag, den 4.", (2026, 12, 4)),
        ("Freitag der 13.", (2027, 8, 13)),
        ("friday the 11th", (2026, 12, 11)),
        ("mo 19h", (2026, 11, 23)),
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
        ("jetzt gleich", (2026, 11, 23)),
        ("heute in einer Woche", (2026, 11, 30)),
        ("heute in acht Tagen", (2026, 11, 30)),
        ("morgen in 14 Tagen", (2026, 12, 8)),
        ("a week from tomorrow", (2026, 12, 1)),
        ("Friday week", (2026, 12, 4)),
        ("Freitag in einer Woche", (2026, 12, 4)),
        ("am fünften Dezember", (2026, 12, 5)),
        ("December the third", (2026, 12, 3)),
        ("Samstag, den 12. Dezember", (2026, 12, 12)),
        ("Sa, 12.12.", (2026, 12, 12)),
        ("heute, Montag", (2026, 11, 23)),
        ("nächsten Montag", (2026, 11, 30)),
        ("next Tuesday", (2026, 12, 1)),
        ("nicht morgen, sondern Freitag", (2026, 11, 27)),
        ("not Friday but Saturday", (2026, 11, 28)),
        ("Samstag statt Freitag", (2026, 11, 28)),
        ("Freitag geht leider nicht, Samstag?", (2026, 11, 28)),
        ("any day except Monday, say Tuesday", (2026, 11, 24)),
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
     "für 4", "ich sitze da", "letzten Freitag", "last week", "nicht am Freitag", "not today",
     "zum 30. Geburtstag", "the 25th anniversary", "im Dezember", "außer Sonntag"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert hear(text) is None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("am Wochenende", (2026, 11, 28), (2026, 11, 29)),
        ("next week", (2026, 11, 30), (2026, 12, 6)),
        ("diese Woche noch", (2026, 11, 23), (2026, 11, 29)),
        ("zwischen Freitag und Sonntag", (2026, 11, 27), (2026, 11, 29)),
        ("Friday to Monday", (2026, 11, 27), (2026, 11, 30)),
        ("Monday to Wednesday next week", (2026, 11, 30), (2026, 12, 2)),
        ("vom 4. bis 6. Dezember", (2026, 12, 4), (2026, 12, 6)),
        ("4.-6.12.", (2026, 12, 4), (2026, 12, 6)),
        ("4.12. bis 6.12.", (2026, 12, 4), (2026, 12, 6)),
        ("from December 4th to 6th", (2026, 12, 4), (2026, 12, 6)),
        ("the 4th to the 6th of December", (2026, 12, 4), (2026, 12, 6)),
    ],
)
def test_stretches(text: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    assert hear(text) == HeardDay(date(*first), date(*last))


@pytest.mark.parametrize(
    "text",
    ["Freitag oder Samstag", "morgen und Sonntag", "on the 4th or the 5th", "Freitag, 28.11.",
     "6. bis 4. Dezember", "Friday, Saturday, Sunday"],
)  # fmt: skip
def test_of_several_dates_none_is_guessed(text: str) -> None:
    assert hear(text) == UNCLEAR


def test_what_is_moved_goes_to_the_last_date() -> None:
    remnant = Remnant("von freitag auf samstag")
    assert hear_day(remnant, TODAY, is_moved=True) == HeardDay(date(2026, 11, 28))


def test_what_is_cancelled_may_be_on_a_date_that_does_not_suit() -> None:
    text = "am freitag können wir nicht"
    assert hear_day(Remnant(text), TODAY) is None
    heard = hear_day(Remnant(text), TODAY, with_denied=True)
    assert heard == HeardDay(date(2026, 11, 27))


def test_americans_write_the_month_first() -> None:
    assert hear("12/5") == HeardDay(date(2027, 5, 12))
    assert hear_day(Remnant("12/5"), TODAY, month_first=True) == HeardDay(date(2026, 12, 5))
    assert hear_day(Remnant("24/12"), TODAY, month_first=True) == HeardDay(date(2026, 12, 24))


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
