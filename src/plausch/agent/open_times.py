"""When a business is open in fact: its calendar without the times at which all of it is closed."""

from collections.abc import Iterable
from datetime import timedelta

from plausch.agent.closures import closures_between
from plausch.agent.desk import Desk
from plausch.domain.calendar import Calendar, instant_s

_DAY_S = 86_400
_HORIZONS_DAYS = (3, 30, 400)
"""How far ahead the next opening is looked for, step by step."""

_LONGEST_LOOK_BACK_S = 400 * _DAY_S

Stretch = tuple[int, int]
"""From an instant until before another."""


async def open_between(desk: Desk, first_s: int, end_s: int) -> list[Stretch]:
    """When the business is open within two instants, in order; what touches is one."""
    business = desk.business
    zone = business.calendar.zone
    everything = {one.identifier for one in business.floor.resources}
    found = await closures_between(desk.transaction, zone, first_s, end_s)
    closed = [
        (one.starts_at_s, one.ends_at_s)
        for one in found
        if not one.resources or everything <= set(one.resources)
    ]
    stretches = _without(_by_calendar(business.calendar, first_s, end_s), sorted(closed))
    return [(max(opens, first_s), min(closes, end_s)) for opens, closes in stretches]


async def is_open(desk: Desk) -> bool:
    """Whether the business is open now."""
    return bool(await open_between(desk, desk.now_s, desk.now_s + 1))


async def was_open_since(desk: Desk, at_s: int) -> bool:
    """Whether the business was open at any time from an instant until now."""
    if desk.now_s - at_s > _LONGEST_LOOK_BACK_S:
        return True
    return bool(await open_between(desk, at_s, desk.now_s))


async def next_opening_s(desk: Desk) -> int | None:
    """When the business, which is closed, opens next; None if that is not known."""
    for days in _HORIZONS_DAYS:
        coming = await open_between(desk, desk.now_s, desk.now_s + days * _DAY_S)
        if coming:
            return coming[0][0]
    return None


def _by_calendar(calendar: Calendar, first_s: int, end_s: int) -> list[Stretch]:
    """By the opening hours alone; a span that goes past midnight is of the day before."""
    day, last = calendar.today(first_s) - timedelta(days=2), calendar.today(end_s)
    found: list[Stretch] = []
    while day <= last:
        for span in calendar.opening_day(day).spans:
            opens = instant_s(calendar.zone, day, span.opens_minute)
            closes = instant_s(calendar.zone, day, span.closes_minute)
            if closes > first_s and opens < end_s:
                found.append((opens, closes))
        day += timedelta(days=1)
    return _joined(found)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for opens, closes in sorted(stretches):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined


def _without(stretches: Iterable[Stretch], closed: Iterable[Stretch]) -> list[Stretch]:
    left = list(stretches)
    for begins, ends in closed:
        pieces = [
            piece
            for opens, closes in left
            for piece in ((opens, min(closes, begins)), (max(opens, ends), closes))
        ]
        left = [(opens, closes) for opens, closes in pieces if opens < closes]
    return left
