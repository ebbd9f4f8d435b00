"""The book's records as the operations show them."""

from plausch.agent.closures import Closure
from plausch.agent.customers import Customer
from plausch.agent.operations.views import (
    BlockView,
    BookingView,
    CustomerView,
    TicketView,
    WaitingView,
)
from plausch.agent.rows import Source, TableBooking
from plausch.agent.tickets import Ticket
from plausch.agent.waiting import Waiting
from plausch.domain.booking import BookingState


def booking_view(entry: TableBooking, now_s: int) -> BookingView:
    """A booking; pinned are also guests who sit, or whose time has begun."""
    booking = entry.booking
    begun = booking.state is BookingState.SEATED or booking.starts_at_s <= now_s
    return BookingView(
        uid=booking.uid,
        sequence=booking.sequence,
        state=booking.state.value,
        party=booking.party,
        service=booking.service,
        starts_at_s=booking.starts_at_s,
        ends_at_s=booking.ends_at_s,
        zone=booking.zone,
        under_name=booking.under_name,
        telephone=entry.telephone,
        note=entry.note,
        resources=entry.tables,
        is_pinned=entry.pinned or begun,
        source=entry.source.value,
        conversation=entry.conversation.hex(),
        hold_until_s=booking.hold_until_s,
        booked_at_s=booking.booked_at_s,
        modified_at_s=booking.modified_at_s,
        customer=entry.customer,
    )


def block_view(closure: Closure) -> BlockView:
    """A closed time; what recurs has one id for all its times."""
    return BlockView(
        id=closure.identifier,
        resources=closure.resources,
        starts_at_s=closure.starts_at_s,
        ends_at_s=closure.ends_at_s,
        note=closure.note,
        source="calendar" if closure.source is Source.CALENDAR else "staff",
    )


def waiting_view(waiting: Waiting) -> WaitingView:
    """A wish on the waiting list."""
    wish = waiting.wish
    return WaitingView(
        id=waiting.identifier,
        date=wish.day.isoformat(),
        party=wish.party,
        from_s=wish.from_s,
        until_s=wish.until_s,
        under_name=wish.under_name,
        conversation=wish.conversation.hex(),
        state=waiting.state.value,
        offered_until_s=waiting.offered_until_s,
        added_at_s=waiting.added_at_s,
    )


def ticket_view(ticket: Ticket) -> TicketView:
    """A ticket of the queue."""
    return TicketView(
        id=ticket.identifier,
        number=ticket.number,
        party=ticket.party,
        under_name=ticket.under_name,
        state=ticket.state.value,
        added_at_s=ticket.added_at_s,
        estimated_wait_s=ticket.estimated_wait_s,
    )


def customer_view(customer: Customer, upcoming: int) -> CustomerView:
    """A customer, with the number of bookings to come."""
    return CustomerView(
        id=customer.identifier,
        name=customer.name,
        conversation=customer.conversation.hex(),
        language=customer.language,
        visits=customer.visits,
        no_shows=customer.no_shows,
        upcoming=upcoming,
        first_seen_s=customer.first_seen_s,
        last_seen_s=customer.last_seen_s,
        note=customer.note,
    )
