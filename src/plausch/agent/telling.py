"""What the receptionist says when a booking is made: kept, asked for, firm."""

from dataclasses import replace

from plausch.agent.talk import Expecting
from plausch.agent.turn import Turn
from plausch.domain.booking import Booking, BookingState


def tell_already(turn: Turn, booking: Booking) -> None:
    """What was asked for is done, or waits already."""
    asked = booking.state is BookingState.PENDING
    turn.show(turn.phrases.say("already_asked" if asked else "already_confirmed"), booking)
    turn.forget_wishes()


def tell_settled(turn: Turn, booking: Booking) -> None:
    """Firm, or waiting for a person's word."""
    if booking.state is not BookingState.PENDING:
        tell_confirmed(turn, booking)
        return
    turn.show(turn.phrases.say("asked", what=turn.described(booking)), booking)
    turn.is_for_people = True
    turn.note(booking)
    turn.forget_wishes()


def tell_confirmed(turn: Turn, booking: Booking) -> None:
    """The booking is firm, and until when it may be taken back."""
    calendar = turn.desk.business.calendar
    local = calendar.local(booking.starts_at_s)
    until = calendar.local(turn.desk.cancel_deadline_s(booking))
    phrases = turn.phrases
    text = phrases.say(
        "confirmed",
        day=phrases.day(local.date()),
        time=phrases.time(local),
        party=phrases.party(booking.party),
        what=turn.what(booking),
        under=booking.under_name,
        until=f"{phrases.day(until.date())}, {phrases.time(until)}",
    )
    turn.show(text, booking)
    turn.note(booking)
    turn.forget_wishes()


def ask_name(turn: Turn, booking: Booking) -> None:
    """The time is kept free; only a name is missing."""
    _ask_held(turn, booking, "held")


def ask_confirmation(turn: Turn, booking: Booking) -> None:
    """The time is kept free under the name that is known; only a yes is missing."""
    _ask_held(turn, booking, "held_sure")


def _ask_held(turn: Turn, booking: Booking, key: str) -> None:
    calendar, phrases = turn.desk.business.calendar, turn.phrases
    local = calendar.local(booking.starts_at_s)
    text = phrases.say(
        key,
        day=phrases.day(local.date()),
        time=phrases.time(local),
        party=phrases.party(booking.party),
        what=turn.what(booking),
        under=booking.under_name,
        until=phrases.time(calendar.local(booking.hold_until_s)),
    )
    turn.show(text, booking)
    turn.note(booking)
    turn.talk = replace(turn.talk, held_uid=booking.uid)
    turn.expect(Expecting.NAME)
