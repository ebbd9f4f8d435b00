"""When a business is open in fact: hours, nights, holidays and closures of all its places."""

from dataclasses import replace
from datetime import date

import pytest

from counter import Clerk
from linde import FRIDAY, NOW_S, TUESDAY, at, restaurant
from plausch.agent.closures import Closure
from plausch.agent.desk import Desk
from plausch.agent.open_times import is_open, next_opening_s, open_between, was_open_since
from plausch.domain.calendar import Span

DAY_S = 86_400
TABLES = tuple(one.identifier for one in restaurant().floor.resources)


async def close(clerk: Clerk, begins_s: int, ends_s: int, *tables: str, weeks: int = 0) -> None:
    closure = Closure("", tables, begins_s, ends_s, every_weeks=weeks)
    await clerk.does(lambda staff: staff.close(closure))


@pytest.mark.parametrize(
    ("time", "expected"),
    [("11:29", False), ("11:30", True), ("14:29", True), ("14:30", False), ("22:59", True)],
)
async def test_open_by_the_clock(clerk: Clerk, time: str, expected: bool) -> None:
    clerk.clock.at_ms = at(TUESDAY, time) * 1000
    assert await clerk.at_desk(is_open) is expected


async def test_a_night_belongs_to_the_day_before(clerk: Clerk) -> None:
    calendar = restaurant().calendar
    night = (Span(20 * 60, 26 * 60),)
    weekly = (*calendar.weekly[:1], night, *calendar.weekly[2:])
    clerk.business = replace(restaurant(), calendar=replace(calendar, weekly=weekly))
    clerk.clock.at_ms = (at(TUESDAY, "00:00") + 25 * 3600 + 1800) * 1000
    assert await clerk.at_desk(is_open)
    clerk.clock.advance(1800 * 1000)
    assert not await clerk.at_desk(is_open)


async def test_spans_that_touch_are_one(clerk: Clerk) -> None:
    calendar = restaurant().calendar
    spans = (Span(600, 720), Span(720, 900))
    clerk.business = replace(restaurant(), calendar=replace(calendar, weekly=(spans,) * 7))
    found = await clerk.at_desk(
        lambda desk: open_between(desk, at(TUESDAY, "00:00"), at(TUESDAY, "12:30"))
    )
    assert found == [(at(TUESDAY, "10:00"), at(TUESDAY, "12:30"))]


async def test_a_closure_of_everything_closes_and_of_a_table_does_not(clerk: Clerk) -> None:
    lunch = (at(TUESDAY, "11:30"), at(TUESDAY, "14:30"))
    await close(clerk, at(TUESDAY, "12:00"), at(TUESDAY, "13:00"), "1")
    assert await clerk.at_desk(lambda desk: open_between(desk, *lunch)) == [lunch]
    await close(clerk, at(TUESDAY, "12:00"), at(TUESDAY, "13:00"))
    await close(clerk, at(TUESDAY, "14:00"), at(TUESDAY, "20:00"), *TABLES)
    assert await clerk.at_desk(lambda desk: open_between(desk, *lunch)) == [
        (lunch[0], at(TUESDAY, "12:00")),
        (at(TUESDAY, "13:00"), at(TUESDAY, "14:00")),
    ]
    clerk.clock.at_ms = at(TUESDAY, "15:00") * 1000
    assert await clerk.at_desk(next_opening_s) == at(TUESDAY, "20:00")


async def test_the_next_opening_is_found_behind_holidays_and_far_away(clerk: Clerk) -> None:
    assert await clerk.at_desk(next_opening_s) == at(TUESDAY, "11:30")
    clerk.clock.at_ms = at(date(2026, 12, 23), "23:30") * 1000
    assert await clerk.at_desk(next_opening_s) == at(date(2026, 12, 25), "12:00")
    await close(clerk, NOW_S, NOW_S + 300 * DAY_S)
    opening = await clerk.at_desk(next_opening_s)
    assert opening is not None
    assert opening >= NOW_S + 300 * DAY_S
    await close(clerk, NOW_S + 299 * DAY_S, NOW_S + 600 * DAY_S)
    assert await clerk.at_desk(next_opening_s) is None


async def test_whether_it_was_open_since(clerk: Clerk) -> None:
    clerk.clock.at_ms = at(FRIDAY, "16:00") * 1000

    async def ask(desk: Desk, at_s: int) -> bool:
        return await was_open_since(desk, at_s)

    assert await clerk.at_desk(lambda desk: ask(desk, at(FRIDAY, "14:29")))
    assert not await clerk.at_desk(lambda desk: ask(desk, at(FRIDAY, "14:30")))
    assert not await clerk.at_desk(lambda desk: ask(desk, at(FRIDAY, "16:00")))
    assert await clerk.at_desk(lambda desk: ask(desk, 0))
