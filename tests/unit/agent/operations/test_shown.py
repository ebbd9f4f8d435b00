"""Records of the book as they are shown."""

from datetime import date

from plausch.agent.closures import Closure
from plausch.agent.customers import Customer
from plausch.agent.operations.shown import (
    block_view,
    booking_view,
    customer_view,
    ticket_view,
    waiting_view,
)
from plausch.agent.rows import Source, TableBooking
from plausch.agent.tickets import Ticket, TicketState
from plausch.agent.waiting import Waiting, WaitingState, WaitingWish
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking, BookingState

GUEST = ConversationId(bytes(range(16)))
BOOKING = Booking(
    "b-1", 2, BookingState.CONFIRMED, 4, 1_000, 2_000, "Europe/Berlin", "Anna", 0, 1, 2, "table"
)


def test_a_booking_is_shown_with_all_that_belongs_to_it() -> None:
    entry = TableBooking(BOOKING, ("1", "2"), GUEST, "+49", "nuts", Source.CHAT, False, "c-1")
    view = booking_view(entry, 500)
    assert (view.uid, view.sequence, view.state, view.party) == ("b-1", 2, "confirmed", 4)
    assert (view.resources, view.conversation, view.customer) == (("1", "2"), GUEST.hex(), "c-1")
    assert (view.telephone, view.note, view.source) == ("+49", "nuts", "chat")
    assert [view.is_pinned, booking_view(entry, 1_000).is_pinned] == [False, True]


def test_a_closed_time_says_who_closed_it() -> None:
    assert block_view(Closure("k-1", (), 1, 2)).source == "staff"
    assert block_view(Closure("k-1", (), 1, 2, source=Source.CALENDAR)).source == "calendar"


def test_a_wish_a_ticket_and_a_customer_are_shown() -> None:
    wish = WaitingWish(date(2026, 12, 24), 2, 5, 6, "Anna")
    waiting = waiting_view(Waiting("w-1", wish, WaitingState.OFFERED, "b-1", 9, 1))
    assert (waiting.date, waiting.state, waiting.offered_until_s, waiting.conversation) == (
        "2026-12-24",
        "offered",
        9,
        "",
    )
    ticket = ticket_view(Ticket("t-1", 7, 2, "Anna", TicketState.CALLED, 1, 60))
    assert (ticket.number, ticket.state, ticket.estimated_wait_s) == (7, "called", 60)
    customer = Customer("c-1", "Anna", GUEST, "", "de", "", 3, 1, 1, 2)
    view = customer_view(customer, 2)
    assert (view.visits, view.no_shows, view.upcoming, view.language) == (3, 1, 2, "de")
