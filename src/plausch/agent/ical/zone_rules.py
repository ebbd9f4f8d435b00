"""A time zone as iCalendar describes it (RFC 5545, section 3.6.5): VTIMEZONE in its RRULE form.

Readers differ in what they make of lists of dates (RDATE): Radicale and ical.js read them an hour
off in late October. So a zone that changes twice a year by a rule is written as two rules since
1970, as most calendars do; any other gets one plain change after the other for the years asked for.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from plausch.agent.ical.lines import UNIVERSAL

_STEP_S = 7 * 86_400
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SINCE = "19700101T000000"
_RULES_SINCE = 1970
LAST_WEEK = -1


@dataclass(frozen=True, slots=True)
class Change:
    """Clocks are moved at an instant, from one offset to another (seconds east of Greenwich)."""

    at_s: int
    from_s: int
    to_s: int

    @property
    def wall(self) -> datetime:
        """What the clocks show when they are moved."""
        return datetime.fromtimestamp(self.at_s + self.from_s, UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class YearlyRule:
    """Which weekday of which month, by number (or the last one), and at which time of day."""

    month: int
    week: int
    weekday: int
    time: str
    from_s: int
    to_s: int

    def first_day(self) -> date:
        """Its date in 1970, from which on it is written."""
        days = monthrange(_RULES_SINCE, self.month)[1]
        fitting = [
            day
            for day in range(1, days + 1)
            if date(_RULES_SINCE, self.month, day).weekday() == self.weekday
        ]
        index = self.week if self.week == LAST_WEEK else self.week - 1
        return date(_RULES_SINCE, self.month, fitting[index])


@lru_cache(maxsize=64)
def time_zone_lines(zone: str, first_year: int, last_year: int) -> tuple[str, ...]:
    """The VTIMEZONE for times in these years; none for universal time."""
    if zone == UNIVERSAL:
        return ()
    place = ZoneInfo(zone)
    begin_s, end_s = _new_year_s(first_year - 1), _new_year_s(last_year + 2)
    changes = list(_changes(place, begin_s, end_s))
    rules = _rules(changes, range(first_year - 1, last_year + 2))
    parts: list[tuple[str, ...]]
    if rules:
        parts = [_rule_lines(rule) for rule in sorted(rules, key=lambda one: one.from_s)]
    else:
        standing_s = _offset_s(place, begin_s)
        parts = [_part(_SINCE, standing_s, standing_s, "STANDARD")]
        parts += [_change_lines(change) for change in changes]
    inner = [line for part in parts for line in part]
    return ("BEGIN:VTIMEZONE", f"TZID:{zone}", *inner, "END:VTIMEZONE")


def _new_year_s(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _offset_s(place: ZoneInfo, at_s: int) -> int:
    offset = datetime.fromtimestamp(at_s, place).utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _changes(place: ZoneInfo, begin_s: int, end_s: int) -> Iterator[Change]:
    """Every move of the clocks, found by looking weekly and then closer."""
    before_s = _offset_s(place, begin_s)
    for week_s in range(begin_s, end_s, _STEP_S):
        until_s = min(week_s + _STEP_S, end_s)
        after_s = _offset_s(place, until_s)
        if after_s != before_s:
            low, high = week_s, until_s
            while high - low > 1:
                middle = (low + high) // 2
                if _offset_s(place, middle) == before_s:
                    low = middle
                else:
                    high = middle
            yield Change(high, before_s, after_s)
            before_s = after_s


def _rules(changes: Sequence[Change], years: range) -> tuple[YearlyRule, ...]:
    """The two rules that make these changes in each of these years; none if there are no such."""
    by_year = {year: [one for one in changes if one.wall.year == year] for year in years}
    if any(len(found) != 2 for found in by_year.values()):
        return ()
    rules = []
    for place in (0, 1):
        candidates = [set(_candidates(found[place])) for found in by_year.values()]
        fitting = set.intersection(*candidates)
        if not fitting:
            return ()
        rules.append(min(fitting, key=lambda rule: rule.week))
    return tuple(rules) if rules[0].to_s == rules[1].from_s else ()


def _candidates(change: Change) -> Iterator[YearlyRule]:
    wall = change.wall
    weeks = [(wall.day - 1) // 7 + 1]
    if wall.day + 7 > monthrange(wall.year, wall.month)[1]:
        weeks.append(LAST_WEEK)
    for week in weeks:
        yield YearlyRule(
            wall.month, week, wall.weekday(), wall.strftime("%H%M%S"), change.from_s, change.to_s
        )


def _rule_lines(rule: YearlyRule) -> tuple[str, ...]:
    begin = f"{rule.first_day():%Y%m%d}T{rule.time}"
    every = f"RRULE:FREQ=YEARLY;BYMONTH={rule.month};BYDAY={rule.week}{_WEEKDAYS[rule.weekday]}"
    return _part(begin, rule.from_s, rule.to_s, _kind(rule.from_s, rule.to_s), every)


def _change_lines(change: Change) -> tuple[str, ...]:
    begin = change.wall.strftime("%Y%m%dT%H%M%S")
    return _part(begin, change.from_s, change.to_s, _kind(change.from_s, change.to_s))


def _kind(from_s: int, to_s: int) -> str:
    return "DAYLIGHT" if to_s > from_s else "STANDARD"


def _part(begin: str, from_s: int, to_s: int, kind: str, *rule: str) -> tuple[str, ...]:
    return (
        f"BEGIN:{kind}",
        f"DTSTART:{begin}",
        f"TZOFFSETFROM:{_offset(from_s)}",
        f"TZOFFSETTO:{_offset(to_s)}",
        *rule,
        f"END:{kind}",
    )


def _offset(offset_s: int) -> str:
    sign = "-" if offset_s < 0 else "+"
    minutes = abs(offset_s) // 60
    return f"{sign}{minutes // 60:02d}{minutes % 60:02d}"
