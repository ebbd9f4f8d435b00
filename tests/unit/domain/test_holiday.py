"""Holidays of the sixteen states, against facts known otherwise."""

from datetime import date, timedelta

import pytest

from plausch.domain.holiday import STATES, HolidayRegion, holidays_in


def easter(year: int) -> date:
    """Gauss's rule in the form of Meeus, for the Gregorian calendar."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    correction = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * correction) // 451
    month, day = divmod(h + correction - 7 * m + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("year", range(2024, 2033))
def test_nationwide_holidays_are_in_every_state(state: str, year: int) -> None:
    found = holidays_in(HolidayRegion(state), year)
    sunday = easter(year)
    nationwide = {
        date(year, 1, 1),
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        date(year, 5, 1),
        sunday + timedelta(days=39),
        sunday + timedelta(days=50),
        date(year, 10, 3),
        date(year, 12, 25),
        date(year, 12, 26),
    }
    assert nationwide <= found.keys()
    assert len(found) <= 14


@pytest.mark.parametrize(
    ("day", "states"),
    [
        (date(2026, 1, 6), {"BW", "BY", "ST"}),
        (date(2026, 3, 8), {"BE", "MV"}),
        (date(2026, 6, 4), {"BW", "BY", "HE", "NW", "RP", "SL"}),
        (date(2026, 8, 15), {"SL"}),
        (date(2026, 9, 20), {"TH"}),
        (date(2026, 10, 31), {"BB", "HB", "HH", "MV", "NI", "SN", "ST", "SH", "TH"}),
        (date(2026, 11, 1), {"BW", "BY", "NW", "RP", "SL"}),
        (date(2026, 11, 18), {"SN"}),
    ],
)
def test_state_holidays_are_where_they_belong(day: date, states: set[str]) -> None:
    assert {state for state in STATES if day in holidays_in(HolidayRegion(state), 2026)} == states


def test_the_two_municipal_holidays_need_their_flag() -> None:
    assumption, peace = date(2026, 8, 15), date(2026, 8, 8)
    plain = holidays_in(HolidayRegion("BY"), 2026)
    assert assumption not in plain
    assert peace not in plain
    catholic = holidays_in(HolidayRegion("BY", assumption_day=True), 2026)
    assert assumption in catholic
    assert peace not in catholic
    augsburg = holidays_in(HolidayRegion("BY", assumption_day=True, peace_festival=True), 2026)
    assert {assumption, peace} <= augsburg.keys()


def test_the_flags_change_nothing_outside_bavaria() -> None:
    for state in set(STATES) - {"BY"}:
        flagged = HolidayRegion(state, assumption_day=True, peace_festival=True)
        assert holidays_in(flagged, 2026) == holidays_in(HolidayRegion(state), 2026)


def test_names_come_in_both_languages() -> None:
    name = holidays_in(HolidayRegion("BE"), 2026)[date(2026, 12, 25)]
    assert name.in_language("de") == "Erster Weihnachtstag"
    assert name.in_language("en") == "Christmas Day"


def by_law(state: str, year: int) -> set[date]:
    """The holidays of a state, written down from its law: a second source."""
    sunday = easter(year)
    days = {
        date(year, 1, 1), date(year, 5, 1), date(year, 10, 3), date(year, 12, 25),
        date(year, 12, 26), sunday - timedelta(days=2), sunday + timedelta(days=1),
        sunday + timedelta(days=39), sunday + timedelta(days=50),
    }  # fmt: skip
    fixed = {
        date(year, 1, 6): "BW BY ST",
        date(year, 3, 8): "BE MV",
        date(year, 8, 15): "SL",
        date(year, 9, 20): "TH",
        date(year, 10, 31): "BB HB HH MV NI SN ST SH TH",
        date(year, 11, 1): "BW BY NW RP SL",
        sunday + timedelta(days=60): "BW BY HE NW RP SL",
    }
    days |= {day for day, states in fixed.items() if state in states.split()}
    if state == "BB":
        days |= {sunday, sunday + timedelta(days=49)}
    if state == "SN":  # the Wednesday before 23 November
        before = date(year, 11, 22)
        days.add(before - timedelta(days=(before.weekday() - 2) % 7))
    if state == "BE" and year == 2025:  # eighty years after the liberation, once
        days.add(date(2025, 5, 8))
    return days


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("year", range(2024, 2033))
def test_all_holidays_are_those_of_the_law(state: str, year: int) -> None:
    found = set(holidays_in(HolidayRegion(state), year))
    # 17 June 2028: Berlin's law names it once, seventy-five years after the uprising.
    once = {date(2028, 6, 17)} if state == "BE" else set()
    assert found - once == by_law(state, year)
