"""The rows of the book's bookings: their SQL, and what they are in Python."""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from plausch.base.ids import ConversationId
from plausch.db.interface import Row
from plausch.domain.booking import Booking, BookingState

NO_CONVERSATION = ConversationId(b"")
"""The conversation of guests who are not in a chat."""

COLUMNS = (
    "uid, sequence, state, party, starts_at_s, ends_at_s, zone, under_name, hold_until_s, "
    "booked_at_s, modified_at_s, service"
)
ENTRY = f"{COLUMNS}, resources, conversation, telephone, note, source, pinned, customer, coming"
IS_LIVE = "state IN ('confirmed', 'held', 'pending', 'seated')"  # domain.booking.LIVE
_IS_FIRM = "state IN ('confirmed', 'pending')"


def reading(columns: str, where: str, order: str) -> str:
    """A SELECT over bookings."""
    return " ".join(("SELECT", columns, "FROM booking WHERE", where, "ORDER BY", order))


BY_TOKEN = reading(COLUMNS, "conversation = $1 AND token = $2", "uid")
BY_UID = reading(COLUMNS, "uid = $1", "uid")
OF_CONVERSATION = reading(COLUMNS, "conversation = $1 AND uid = $2", "uid")
IS_OVERDUE = "state = 'held' AND hold_until_s <= $1"
OVERDUE = reading(COLUMNS, IS_OVERDUE, "uid")
ONE_OVERDUE = reading(COLUMNS, f"{IS_OVERDUE} AND uid = $2", "uid")
UPCOMING = reading(
    COLUMNS, f"conversation = $1 AND {_IS_FIRM} AND ends_at_s > $2", "starts_at_s, uid"
)
ENTRY_BY_UID = reading(ENTRY, "uid = $1", "uid")
ENTRIES_BETWEEN = reading(
    ENTRY, f"{IS_LIVE} AND starts_at_s >= $1 AND starts_at_s < $2", "starts_at_s, resources"
)
ALL_BETWEEN = reading(ENTRY, "starts_at_s >= $1 AND starts_at_s < $2", "starts_at_s, resources")
OF_CUSTOMER = reading(ENTRY, "customer = $1", "starts_at_s, uid")
AROUND = reading(
    "uid, party, starts_at_s, state, resources, first_quantum, end_quantum, service, pinned, "
    "pace_minutes",
    f"{IS_LIVE} AND first_quantum > $1 AND first_quantum < $2 "
    "AND NOT (state = 'held' AND hold_until_s <= $3)",
    "uid",
)


class Source(StrEnum):
    """How a booking, or a closed place, came into the book."""

    CHAT = "chat"
    STAFF = "staff"
    WALK_IN = "walk_in"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class TableBooking:
    """A booking with its tables, and what staff knows of it.

    `conversation` is empty if the guests are not in a chat; `customer` is the customer's id, empty
    for guests who are nobody's in particular. A `pinned` booking is not moved by the search;
    `is_coming` means that the guest has said so when reminded.
    """

    booking: Booking
    tables: tuple[str, ...]
    conversation: ConversationId = NO_CONVERSATION
    telephone: str = ""
    note: str = ""
    source: Source = Source.CHAT
    pinned: bool = False
    customer: str = ""
    is_coming: bool = False


def booking_of(row: Row) -> Booking:
    """A booking from the columns `COLUMNS`."""
    return replace(Booking(*row), state=BookingState(row[2]))


def entry_of(row: Row) -> TableBooking:
    """A booking with all that belongs to it."""
    tables, conversation, telephone, note, source, pinned, customer, coming = row[12:]
    return TableBooking(
        booking_of(row[:12]),
        split(tables),
        ConversationId(conversation),
        telephone,
        note,
        Source(source),
        bool(pinned),
        customer,
        bool(coming),
    )


def values_of(booking: Booking) -> tuple[int | str, ...]:
    """The values of the columns `COLUMNS`."""
    return (
        booking.uid,
        booking.sequence,
        booking.state.value,
        booking.party,
        booking.starts_at_s,
        booking.ends_at_s,
        booking.zone,
        booking.under_name,
        booking.hold_until_s,
        booking.booked_at_s,
        booking.modified_at_s,
        booking.service,
    )


def joined(tables: tuple[str, ...]) -> str:
    """Tables as one column; names are single lines."""
    return "\n".join(tables)


def split(column: str) -> tuple[str, ...]:
    """The tables of a column."""
    return tuple(column.split("\n")) if column else ()


def uid_of(conversation: ConversationId, token: bytes) -> str:
    """The same for a repeated request, and unlike any other's (iCalendar UID)."""
    return "b-" + hashlib.sha256(b"booking" + conversation + token).hexdigest()[:32]
