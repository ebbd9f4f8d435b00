"""When a business is open: weekly hours, public holidays, special days, and local time.

Hours are written in local minutes since midnight of the *opening day*; a span that closes after
midnight simply goes on past 1,440. Instants are seconds since the Unix epoch (UTC); a length is
always the difference of two instants, never of two local times (daylight saving).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from plausch.domain.holiday import HolidayName, HolidayRegion, holidays_in

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from `opens_minute` (0 to 1,439) until before `closes_minute` (at most 2,880)."""

    opens_minute: int
    closes_minute: int


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date whose hours differ from the weekly ones; no spans means closed.

    `note` says why, to customers, and may be empty.
    """

    date: date
    spans: tuple[Span, ...] = ()
    note: str = ""


class Closed(StrEnum):
    """Why a business does not open on a date."""

    WEEKLY = "weekly"
    SPECIAL = "special"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class OpeningDay:
    """The hours of one date. `closed` is None exactly when there are spans."""

    date: date
    spans: tuple[Span, ...]
    closed: Closed | None = None
    holiday: HolidayName | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The opening hours of a business in its time zone.

    `weekly` holds seven tuples of spans, Monday first. `region` None: no public holidays are
    looked at. On a holiday the business is closed unless `open_on_holidays`; a special day
    overrides both the week and the holiday.
    """

    zone: str
    weekly: tuple[tuple[Span, ...], ...]
    special_days: tuple[SpecialDay, ...] = ()
    region: HolidayRegion | None = None
    open_on_holidays: bool = False

    def opening_day(self, day: date) -> OpeningDay:
        """The hours on a date, and why there are none."""
        holiday = holidays_in(self.region, day.year).get(day) if self.region else None
        for special in self.special_days:
            if special.date == day:
                closed = None if special.spans else Closed.SPECIAL
                return OpeningDay(day, special.spans, closed, holiday, special.note)
        if holiday is not None and not self.open_on_holidays:
            return OpeningDay(day, (), Closed.HOLIDAY, holiday)
        spans = self.weekly[day.weekday()]
        return OpeningDay(day, spans, None if spans else Closed.WEEKLY, holiday)

    def next_open_days(self, first: date, count: int, within_days: int) -> Iterator[OpeningDay]:
        """The first `count` open dates from `first` on, looking at `within_days` dates."""
        for offset in range(within_days):
            if count == 0:
                return
            day = self.opening_day(first + timedelta(days=offset))
            if day.spans:
                count -= 1
                yield day

    def local(self, at_s: int) -> datetime:
        """An instant as local time."""
        return datetime.fromtimestamp(at_s, ZoneInfo(self.zone))

    def today(self, now_s: int) -> date:
        """The local date of an instant."""
        return self.local(now_s).date()


def instant_s(zone: str, day: date, minute: int) -> int:
    """The instant of a local time, `minute` minutes after midnight of `day` by the wall clock.

    A time in a daylight saving gap counts as that many minutes after the gap began; of a time
    that occurs twice the first is meant (PEP 495, fold=0).
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    return int(wall.replace(tzinfo=ZoneInfo(zone)).timestamp())


def real_instant_s(zone: str, day: date, minute: int) -> int | None:
    """As `instant_s`, but None for a local time that does not exist on that date."""
    at_s = instant_s(zone, day, minute)
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    back = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(zone))
    return at_s if back.replace(tzinfo=None) == wall else None


def local_minute(zone: str, at_s: int) -> tuple[date, int]:
    """The local date of an instant, and its minute by the wall clock."""
    local = datetime.fromtimestamp(at_s, ZoneInfo(zone))
    return local.date(), local.hour * 60 + local.minute
