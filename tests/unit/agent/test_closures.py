"""Closed places: once, every so many weeks, over nights of changing clocks, and nonsense."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter import Clerk
from linde import TUESDAY, ZONE, at, clock_of
from plausch.agent.closures import (
    FAR_S,
    Closure,
    ClosureRefused,
    _occurrences,
    checked,
    closures_between,
    save,
)
from plausch.agent.rows import Source
from plausch.domain.calendar import instant_s

NOON, TWO = at(TUESDAY, "12:00"), at(TUESDAY, "14:00")
KNOWN = frozenset({"1", "2"})
ONCE = Closure("k-1", ("1",), NOON, TWO, "Probe")
WEEK_S = 7 * 86_400


async def test_written_and_read_again(clerk: Clerk) -> None:
    closure = replace(ONCE, source=Source.CALENDAR, every_weeks=2, until_s=NOON + 5 * WEEK_S)
    await clerk.at_desk(lambda desk: save(desk.transaction, closure))
    (first,) = await clerk.at_desk(lambda desk: closures_between(desk.transaction, ZONE, NOON, TWO))
    assert first == closure


async def test_only_what_touches_the_stretch(clerk: Clerk) -> None:
    await clerk.at_desk(lambda desk: save(desk.transaction, ONCE))
    for first_s, end_s, count in (
        (TWO, TWO + 60, 0),
        (NOON - 60, NOON, 0),
        (TWO - 60, TWO, 1),
        (NOON, NOON + 1, 1),
    ):
        found = await clerk.at_desk(
            lambda desk, a=first_s, b=end_s: closures_between(desk.transaction, ZONE, a, b)
        )
        assert len(found) == count


def test_every_second_week_at_the_same_wall_clock() -> None:
    """From October into November: the clock goes back, the closure stays at noon."""
    october = date(2026, 10, 13)
    noon = instant_s(ZONE, october, 720)
    closure = replace(ONCE, starts_at_s=noon, ends_at_s=noon + 7200, every_weeks=2)
    found = _occurrences(closure, ZONE, noon - WEEK_S, noon + 7 * WEEK_S)
    assert len(found) == 4
    assert {clock_of(one.starts_at_s) for one in found} == {"12:00"}
    assert {one.ends_at_s - one.starts_at_s for one in found} == {7200}
    assert found[1].starts_at_s - found[0].starts_at_s == 2 * WEEK_S + 3600


@given(st.integers(0, 200), st.integers(1, 8), st.integers(1, 400))
def test_every_occurrence_is_found_from_anywhere(
    offset_days: int, every_weeks: int, length_days: int
) -> None:
    """A window far from the first occurrence shows what the whole series shows there."""
    closure = replace(ONCE, every_weeks=every_weeks)
    first_s = NOON + offset_days * 86_400
    end_s = first_s + length_days * 86_400
    whole = _occurrences(closure, ZONE, NOON, end_s)
    expected = [one for one in whole if one.ends_at_s > first_s]
    assert _occurrences(closure, ZONE, first_s, end_s) == expected
    days = {(one.starts_at_s - NOON + 7200) // 86_400 % (7 * every_weeks) for one in whole}
    assert days <= {0}


def test_it_ends_when_it_shall() -> None:
    closure = replace(ONCE, every_weeks=1, until_s=NOON + 2 * WEEK_S)
    assert len(_occurrences(closure, ZONE, NOON, FAR_S)) == 2


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"resources": ("cellar",)}, "cellar"),
        ({"ends_at_s": NOON}, "ends after"),
        ({"starts_at_s": -1}, "ends after"),
        ({"ends_at_s": NOON + 400 * 86_400}, "a year"),
        ({"every_weeks": -1}, "1 to 52"),
        ({"every_weeks": 53}, "1 to 52"),
        ({"every_weeks": 1, "ends_at_s": NOON + WEEK_S + 1}, "after it has ended"),
        ({"note": "x" * 501}, "one line"),
        ({"note": "a\nb"}, "one line"),
    ],
)
def test_nonsense_is_one_sentence(change: dict[str, object], hint: str) -> None:
    with pytest.raises(ClosureRefused, match=hint):
        checked(replace(ONCE, **change), KNOWN)  # type: ignore[arg-type]


def test_a_new_closure_gets_an_identifier() -> None:
    fresh = checked(replace(ONCE, identifier=""), KNOWN)
    assert fresh.identifier.startswith("k-")
    assert checked(ONCE, KNOWN).identifier == "k-1"
    assert fresh.identifier != checked(replace(ONCE, identifier=""), KNOWN).identifier


async def test_a_recurring_closure_keeps_every_week_free(clerk: Clerk, tmp_path: Path) -> None:
    closure = Closure("", (), NOON, TWO, "Teamsitzung", every_weeks=1)
    await clerk.does(lambda staff: staff.close(closure))
    for week in range(4):
        day = TUESDAY + timedelta(weeks=week)
        found = await clerk.book.available(clerk.business, day, 2, clerk.now_s)
        clocks = [clock_of(slot.starts_at_s) for slot in found.slots]
        assert "12:00" not in clocks
        assert "17:30" in clocks
