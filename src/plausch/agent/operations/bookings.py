"""Operations on bookings: the plan of a day, free times, and what the staff does with them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from plausch.agent.desk import Desk
from plausch.agent.operations import params as p
from plausch.agent.operations.business_form import date_of, dates_from, shown_opening
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.refusal import OperationRefused
from plausch.agent.operations.views import BookingView, DayPlan, SlotsView, SlotView
from plausch.base.ids import CONVERSATION_ID_BYTES, ConversationId
from plausch.db.interface import Row
from plausch.domain.booking import MAX_NAME_CHARACTERS, Booking, BookingState, By
from plausch.domain.business import Business
from plausch.domain.calendar import instant_s
from plausch.domain.slots import Unavailable

STAFF = ConversationId(bytes(CONVERSATION_ID_BYTES))
"""In place of a conversation where a booking was made in none: no conversation has this id."""

LONGEST_WINDOW_DAYS = 730

_SELECT = """SELECT booking.uid, sequence, state, party, service, starts_at_s, ends_at_s, zone,
    under_name, hold_until_s, booked_at_s, modified_at_s, conversation, resources,
    COALESCE(telephone, ''), COALESCE(note, ''), COALESCE(source, 'chat')
    FROM booking LEFT JOIN detail ON detail.uid = booking.uid """
_PLANNED = """WHERE starts_at_s >= $1 AND starts_at_s < $2
    AND state NOT IN ('cancelled', 'declined') AND NOT (state = 'held' AND hold_until_s <= $3)
    ORDER BY starts_at_s, booking.uid"""
_DETAIL = """INSERT INTO detail (uid, telephone, note, source) VALUES ($1, $2, $3, $4)
    ON CONFLICT (uid) DO UPDATE SET note = excluded.note"""

_WHY = {
    Unavailable.PAST: "That time is over.",
    Unavailable.TOO_SOON: "That time is too soon.",
    Unavailable.TOO_FAR: "That date is further ahead than bookings are taken.",
    Unavailable.CLOSED: "The business is not open then, or no stay begins at that time.",
    Unavailable.PARTY_TOO_LARGE: "No table seats so many.",
    Unavailable.FULL: "Everything is taken then.",
}


# --- reading -----------------------------------------------------------------------------------


async def plan(scene: Scene, wanted: p.Days) -> tuple[DayPlan, ...]:
    """Everything on so many dates; what was cancelled or declined is left out."""
    days = dates_from(wanted.from_, wanted.days)
    calendar = scene.business.calendar
    rows = await scene.transaction.fetch(
        _SELECT + _PLANNED,
        instant_s(calendar.zone, days[0], 0),
        instant_s(calendar.zone, days[-1] + timedelta(days=1), 0),
        scene.now_s,
    )
    by_day: dict[date, list[BookingView]] = {day: [] for day in days}
    for row in rows:
        view = _view(row, scene.now_s)
        by_day[calendar.today(view.starts_at_s)].append(view)
    language = scene.business.language
    return tuple(
        DayPlan(shown_opening(calendar.opening_day(day), language), tuple(bookings), (), ())
        for day, bookings in by_day.items()
    )


async def available(scene: Scene, wanted: p.Available) -> SlotsView:
    """The free times of a date, by the rules that hold for the staff."""
    _demand_service(scene.business, wanted.service)
    desk = staff_desk(scene)
    found = await desk.available(
        date_of(wanted.date), wanted.party, wanted.instead_of, wanted.service
    )
    slots = tuple(SlotView(one.starts_at_s, one.duration_s) for one in found.slots)
    return SlotsView(slots, "" if found.why is None else found.why.value)


# --- changing ----------------------------------------------------------------------------------


async def book(scene: Scene, wanted: p.Book) -> BookingView:
    """A firm booking by the staff, for somebody who rang up or stands there."""
    _demand_service(scene.business, wanted.service)
    _demand_line(wanted.under_name, "name")
    _demand_line(wanted.telephone, "telephone number")
    if wanted.resources:
        raise OperationRefused(
            "This agent chooses the tables of a new booking itself: leave resources out.",
            code="bad_params",
        )
    desk = staff_desk(scene)
    booking = await desk.hold(
        STAFF,
        wanted.token.encode(),
        wanted.starts_at_s,
        wanted.party,
        wanted.under_name,
        wanted.service,
    )
    if isinstance(booking, Unavailable):
        raise unavailable(booking)
    if booking.state is BookingState.HELD:
        await desk.confirm(booking, wanted.under_name)
        await scene.transaction.execute(
            _DETAIL, booking.uid, wanted.telephone, wanted.note, wanted.source
        )
    return await view_of(scene, booking.uid)


async def confirm(scene: Scene, wanted: p.Booked) -> BookingView:
    """Make a booking firm that is held, or that the guest asked for."""
    booking = await known(scene, wanted.uid, wanted.sequence)
    await staff_desk(scene).confirm(booking)
    return await view_of(scene, booking.uid)


async def cancel(scene: Scene, wanted: p.Booked) -> BookingView:
    """Take a booking off; the business may at any time."""
    booking = await known(scene, wanted.uid, wanted.sequence)
    await staff_desk(scene).cancel(booking, By.BUSINESS)
    return await view_of(scene, booking.uid)


async def note(scene: Scene, wanted: p.SetNote) -> BookingView:
    """What the staff wants to remember of a booking."""
    view = await view_of(scene, wanted.uid)
    await scene.transaction.execute(_DETAIL, view.uid, view.telephone, wanted.note, view.source)
    return await view_of(scene, wanted.uid)


# --- shared ------------------------------------------------------------------------------------


def staff_desk(scene: Scene) -> Desk:
    """The desk as the staff uses it: without minimum notice, and as far ahead as can be."""
    services = tuple(
        replace(one, min_notice_minutes=0, booking_window_days=LONGEST_WINDOW_DAYS)
        for one in scene.business.services
    )
    business = replace(scene.business, services=services)
    return Desk(scene.transaction, business, scene.now_s)


def unavailable(why: Unavailable) -> OperationRefused:
    """Why a time cannot be booked."""
    return OperationRefused(f"{_WHY[why]} Look for free times.", code=why.value)


async def known(scene: Scene, uid: str, sequence: int) -> Booking:
    """The booking as its asker saw it. Raises OperationRefused `unknown`, `outdated`."""
    view = await view_of(scene, uid)
    if view.sequence != sequence:
        raise OperationRefused(
            f"The booking changed meanwhile (it is at sequence {view.sequence}): look again.",
            code="outdated",
        )
    return Booking(
        uid=view.uid,
        sequence=view.sequence,
        state=BookingState(view.state),
        party=view.party,
        starts_at_s=view.starts_at_s,
        ends_at_s=view.ends_at_s,
        zone=view.zone,
        under_name=view.under_name,
        hold_until_s=view.hold_until_s,
        booked_at_s=view.booked_at_s,
        modified_at_s=view.modified_at_s,
        service=view.service,
    )


async def view_of(scene: Scene, uid: str) -> BookingView:
    """A booking by its uid. Raises OperationRefused `unknown`."""
    rows = await scene.transaction.fetch(_SELECT + "WHERE booking.uid = $1", uid)
    if not rows:
        raise OperationRefused("There is no such booking in the book.", code="unknown")
    return _view(rows[0], scene.now_s)


def _view(row: Row, now_s: int) -> BookingView:
    (uid, sequence, state, party, service, starts, ends, zone, name, *rest) = row
    (hold_until, booked, modified, conversation, resources, telephone, note_, source) = rest
    return BookingView(
        uid=uid,
        sequence=sequence,
        state=state,
        party=party,
        service=service,
        starts_at_s=starts,
        ends_at_s=ends,
        zone=zone,
        under_name=name,
        telephone=telephone,
        note=note_,
        resources=tuple(resources.split("\n")),
        is_pinned=state == BookingState.SEATED or starts <= now_s,
        source=source,
        conversation="" if conversation == STAFF else conversation.hex(),
        hold_until_s=hold_until,
        booked_at_s=booked,
        modified_at_s=modified,
        customer="",
    )


def _demand_service(business: Business, service: str) -> None:
    if service and business.known_service(service) is None:
        known_ones: Iterable[str] = (one.identifier for one in business.services)
        raise OperationRefused(
            f"There is no service {service!r}, but: {', '.join(known_ones)}.", code="unknown"
        )


def _demand_line(text: str, what: str) -> None:
    if not text.isprintable() or len(text) > MAX_NAME_CHARACTERS:
        raise OperationRefused(f"The {what} is one line of printable letters.", code="bad_params")
