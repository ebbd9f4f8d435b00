"""How a booking is shown to its guest: as a card, and in words."""

from plausch.agent.phrases import Phrases
from plausch.content.cards import MAX_LABEL_CHARACTERS, Action, BookingCard
from plausch.domain.booking import Booking, BookingState
from plausch.domain.business import Business

_ACTIONS = {
    BookingState.PENDING: (Action.CANCEL,),
    BookingState.HELD: (Action.CONFIRM, Action.CANCEL),
    BookingState.CONFIRMED: (Action.CHANGE, Action.CANCEL),
}


def booking_card(business: Business, booking: Booking) -> BookingCard:
    """Where a booking stands, with what the guest may do about it."""
    return BookingCard(
        uid=booking.uid,
        sequence=booking.sequence,
        state=booking.state,
        party=booking.party,
        start_s=booking.starts_at_s,
        duration_s=booking.ends_at_s - booking.starts_at_s,
        zone=booking.zone,
        under_name=booking.under_name,
        business=business.name,
        actions=_ACTIONS.get(booking.state, ()),
    )


def described(phrases: Phrases, business: Business, booking: Booking) -> str:
    """`am Freitag, 27. November, 19:30 Uhr, 4 Personen`."""
    local = business.calendar.local(booking.starts_at_s)
    return phrases.say(
        "booking",
        day=phrases.on(local.date()),
        time=phrases.time(local),
        party=phrases.party(booking.party),
        service=business.service(booking.service).name,
    )


def label_of(text: str) -> str:
    """A text as the label of a card: one line, without marks, not too long."""
    return text.replace("**", "").replace("\n", " ")[:MAX_LABEL_CHARACTERS]
