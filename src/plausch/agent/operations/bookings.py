"""Operations on bookings: the plan of a day, free times, and what the staff does with them."""

from dataclasses import replace
from datetime import date, timedelta

from plausch.agent.desk import Desk
from plausch.agent.operations import params as p
from plausch.agent.operations.business_form import date_of, dates_from, shown_opening
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.refusal import OperationRefused
from plausch.agent.operations.shown import block_view, booking_view, waiting_view
from plausch.agent.operations.views import BookingView, DayPlan, SlotsView, SlotView
from plausch.agent.rows import Source, TableBooking
from plausch.agent.staff import StaffDesk, StaffWish
from plausch.agent.waiting import WaitingList
from plausch.domain.booking import BookingState
from plausch.domain.business import Business
from plausch.domain.calendar import instant_s

OVER = frozenset({BookingState.CANCELLED, BookingState.DECLINED})
"""Bookings that a plan leaves out."""

LONGEST_WINDOW_DAYS = 730


async def plan(scene: Scene, wanted: p.Days) -> tuple[DayPlan, ...]:
    """Everything on so many dates; what was cancelled or declined is left out."""
    days = dates_from(wanted.from_, wanted.days)
    business, staff = scene.business, StaffDesk(scene.desk)
    calendar = business.calendar
    bookings: dict[date, list[TableBooking]] = {day: [] for day in days}
    first_s, end_s = _ends(business, days)
    for entry in await staff.between(first_s, end_s):
        if _is_planned(entry, scene.now_s):
            bookings[calendar.today(entry.booking.starts_at_s)].append(entry)
    closures = await staff.closures(first_s, end_s)
    waiting = await WaitingList(scene.desk).between(days[0], wanted.days)
    plans = []
    for day in days:
        from_s, until_s = _ends(business, [day])
        plans.append(
            DayPlan(
                shown_opening(calendar.opening_day(day), business.language),
                tuple(booking_view(entry, scene.now_s) for entry in bookings[day]),
                tuple(
                    block_view(one)
                    for one in closures
                    if one.starts_at_s < until_s and one.ends_at_s > from_s
                ),
                tuple(waiting_view(one) for one in waiting if one.wish.day == day),
            )
        )
    return tuple(plans)


def _ends(business: Business, days: list[date]) -> tuple[int, int]:
    zone = business.calendar.zone
    return instant_s(zone, days[0], 0), instant_s(zone, days[-1] + timedelta(days=1), 0)


def _is_planned(entry: TableBooking, now_s: int) -> bool:
    booking = entry.booking
    lapsed = booking.state is BookingState.HELD and booking.hold_until_s <= now_s
    return booking.state not in OVER and not lapsed


async def available(scene: Scene, wanted: p.Available) -> SlotsView:
    """The free times of a date, without the notice and window that guests are bound to."""
    _demand_service(scene.business, wanted.service)
    services = tuple(
        replace(one, min_notice_minutes=0, booking_window_days=LONGEST_WINDOW_DAYS)
        for one in scene.business.services
    )
    desk = Desk(scene.transaction, replace(scene.business, services=services), scene.now_s)
    found = await desk.available(
        date_of(wanted.date), wanted.party, wanted.instead_of, wanted.service
    )
    slots = tuple(SlotView(one.starts_at_s, one.duration_s) for one in found.slots)
    return SlotsView(slots, "" if found.why is None else found.why.value)


async def book(scene: Scene, wanted: p.Book) -> BookingView:
    """A firm booking by the staff, for somebody who rang up or stands there."""
    _demand_service(scene.business, wanted.service)
    wish = StaffWish(
        wanted.token.encode(),
        wanted.starts_at_s,
        wanted.party,
        wanted.under_name,
        wanted.service,
        wanted.telephone,
        wanted.note,
        wanted.resources,
        Source(wanted.source),
    )
    return _view(scene, await StaffDesk(scene.desk).book(wish))


async def move(scene: Scene, wanted: p.Move) -> BookingView:
    """Another time, other tables, another number of guests; a guest in a chat is told."""
    moved = await StaffDesk(scene.desk).move(
        wanted.uid, wanted.sequence, wanted.starts_at_s, wanted.resources, wanted.party
    )
    return _view(scene, moved)


async def confirm(scene: Scene, wanted: p.Booked) -> BookingView:
    """Make a booking firm that the guest asked for; a guest in a chat is told."""
    return _view(scene, await StaffDesk(scene.desk).confirm(wanted.uid, wanted.sequence))


async def decline(scene: Scene, wanted: p.Booked) -> BookingView:
    """Say no to what a guest asked for; a guest in a chat is told."""
    return _view(scene, await StaffDesk(scene.desk).decline(wanted.uid, wanted.sequence))


async def cancel(scene: Scene, wanted: p.Booked) -> BookingView:
    """Take a booking off; the business may at any time. A guest in a chat is told."""
    return _view(scene, await StaffDesk(scene.desk).cancel(wanted.uid, wanted.sequence))


async def counter(scene: Scene, wanted: p.Counter) -> BookingView:
    """Offer the guest another time, which is kept free until the answer."""
    offered = await StaffDesk(scene.desk).counter(wanted.uid, wanted.sequence, wanted.starts_at_s)
    return _view(scene, offered)


async def attend(scene: Scene, wanted: p.Attend) -> BookingView:
    """The guests have come, gone, or not come."""
    state = BookingState(wanted.state)
    return _view(scene, await StaffDesk(scene.desk).attend(wanted.uid, wanted.sequence, state))


async def note(scene: Scene, wanted: p.SetNote) -> BookingView:
    """What the staff wants to remember of a booking."""
    return _view(scene, await StaffDesk(scene.desk).note(wanted.uid, wanted.note))


def _view(scene: Scene, entry: TableBooking) -> BookingView:
    return booking_view(entry, scene.now_s)


def _demand_service(business: Business, service: str) -> None:
    if service and business.known_service(service) is None:
        known = ", ".join(one.identifier for one in business.services)
        raise OperationRefused(f"There is no service {service!r}, but: {known}.", code="unknown")
