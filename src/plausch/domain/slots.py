"""Free times: opening hours minus claims, notice, window and pacing, if there is a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from plausch.domain.assignment import Assignment, Placement, Seated, assign
from plausch.domain.business import Business
from plausch.domain.calendar import OpeningDay, instant_s, real_instant_s
from plausch.domain.service import Service


@dataclass(frozen=True, slots=True)
class Slot:
    """A time a stay may begin. `starts_at_s` is UTC; `zone` names the wall clock to show it on."""

    starts_at_s: int
    duration_s: int
    zone: str

    @property
    def identifier(self) -> str:
        """The begin in iCalendar's UTC form, `20261224T180000Z`."""
        return datetime.fromtimestamp(self.starts_at_s, UTC).strftime("%Y%m%dT%H%M%SZ")

    @property
    def ends_at_s(self) -> int:
        """When the stay ends, in seconds since the Unix epoch."""
        return self.starts_at_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What is taken: every live booking near the time, and covers by pacing window."""

    placements: tuple[Placement, ...] = ()
    covers: Mapping[int, int] = field(default_factory=dict)
    _seated: list[Seated] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def seated(self) -> Seated:
        """The placements, made ready for searching once."""
        if not self._seated:
            self._seated.append(Seated(self.placements))
        return self._seated[0]


class Unavailable(StrEnum):
    """Why there is no free time on a date for a party, or why a time is not free."""

    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    CLOSED = "closed"
    PARTY_TOO_LARGE = "party_too_large"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Availability:
    """The free times of one date, ascending; when there are none, `why`."""

    day: OpeningDay
    slots: tuple[Slot, ...]
    why: Unavailable | None = None


def starts_on(business: Business, service: Service, day: date, party: int) -> tuple[Slot, ...]:
    """Every time a stay may begin on an opening day by its hours alone, ascending.

    The stay ends by closing time. A begin after midnight belongs to the day that opened.
    """
    calendar = business.calendar
    duration_s = service.duration_s(party)
    slots = {}
    for span in calendar.opening_day(day).spans:
        closes_s = instant_s(calendar.zone, day, span.closes_minute)
        step = service.slot_interval_minutes
        for minute in range(span.opens_minute, span.closes_minute, step):
            starts_s = real_instant_s(calendar.zone, day, minute)
            if starts_s is not None and starts_s + duration_s <= closes_s:
                slots[starts_s] = Slot(starts_s, duration_s, calendar.zone)
    return tuple(slots[starts_s] for starts_s in sorted(slots))


def free_slots(
    business: Business, service: Service, day: date, party: int, now_s: int, occupancy: Occupancy
) -> Availability:
    """The times on an opening day at which a party can be seated, and if none, why."""
    opening = business.calendar.opening_day(day)
    why = _refused_day(business, service, opening, party, now_s)
    if why is not None:
        return Availability(opening, (), why)
    starts = starts_on(business, service, day, party)
    in_time = [slot for slot in starts if _refused_start(service, slot, now_s) is None]
    free = tuple(slot for slot in in_time if table_for(business, service, slot, party, occupancy))
    if free:
        return Availability(opening, free)
    if in_time:
        return Availability(opening, (), Unavailable.FULL)
    gone = day < business.calendar.today(now_s)
    return Availability(opening, (), Unavailable.PAST if gone else Unavailable.TOO_SOON)


def slot_at(
    business: Business, service: Service, starts_at_s: int, party: int, now_s: int
) -> Slot | Unavailable:
    """The slot that begins at an instant, by hours, notice and window; tables are not looked at."""
    local_day = business.calendar.today(starts_at_s)
    for day in (local_day, local_day - timedelta(days=1)):
        for slot in starts_on(business, service, day, party):
            if slot.starts_at_s == starts_at_s:
                opening = business.calendar.opening_day(day)
                why = _refused_day(business, service, opening, party, now_s)
                return why or _refused_start(service, slot, now_s) or slot
    if not 1 <= party <= business.floor_for(service).largest_party:
        return Unavailable.PARTY_TOO_LARGE
    return Unavailable.CLOSED


def table_for(
    business: Business, service: Service, slot: Slot, party: int, occupancy: Occupancy
) -> Assignment | None:
    """Tables for a party at a slot, if pacing allows it and some can be found."""
    if service.pacing is not None:
        taken = occupancy.covers.get(service.pacing.window(slot.starts_at_s), 0)
        if taken + party > service.pacing.max_covers:
            return None
    quanta = service.claimed_quanta(slot.starts_at_s, slot.ends_at_s)
    return assign(business.floor_for(service), occupancy.seated, party, quanta)


def _refused_day(
    business: Business, service: Service, opening: OpeningDay, party: int, now_s: int
) -> Unavailable | None:
    today = business.calendar.today(now_s)
    # Yesterday may still be open: its hours can run past midnight.
    if opening.date < today - timedelta(days=1) or (opening.date < today and not opening.spans):
        return Unavailable.PAST
    if opening.date > today + timedelta(days=service.booking_window_days):
        return Unavailable.TOO_FAR
    if not business.floor_for(service).seatings(party):
        return Unavailable.PARTY_TOO_LARGE
    if not opening.spans:
        return Unavailable.CLOSED
    return None


def _refused_start(service: Service, slot: Slot, now_s: int) -> Unavailable | None:
    if slot.starts_at_s < now_s:
        return Unavailable.PAST
    if slot.starts_at_s < now_s + service.min_notice_minutes * 60:
        return Unavailable.TOO_SOON
    return None
