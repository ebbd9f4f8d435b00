"""The talk about changing a firm booking: which one, and what about it.

A change is a wish like any other, with what is not said taken from the booking; table_talk.py
carries it on while `Talk.changing_uid` names the booking. Until the new one stands, the old one
does.
"""

from dataclasses import replace
from datetime import timedelta

from plausch.agent import table_talk
from plausch.agent.hear_service import ANYBODY
from plausch.agent.talk import Expecting, HeardTime
from plausch.agent.turn import Turn
from plausch.agent.understand import Intent, Understood
from plausch.content.cards import Option
from plausch.domain.booking import Booking, BookingState
from plausch.domain.tables import ResourceKind

_NIGHT = timedelta(hours=5)
"""A begin before five in the morning is of the day that opened before."""


def sounds_like_change(turn: Turn, understood: Understood) -> bool:
    """Whether a guest who has a booking may mean that one: says so, or names a party or time only.

    Not while another table is being talked about.
    """
    talk = turn.talk
    if talk.party or talk.day or talk.time or talk.part or talk.held_uid:
        return False
    if understood.meant is Intent.CHANGE:
        return True
    one_thing = bool(understood.party) != bool(understood.time)
    return one_thing and understood.day is None and Intent.BOOK not in understood.intents


async def begin(turn: Turn, understood: Understood) -> bool:
    """Whether there is a booking that can be meant; then the talk is about it."""
    bookings = await turn.desk.upcoming(turn.heard.conversation)
    if not bookings:
        return False
    turn.talk = replace(
        turn.talk,
        party=understood.party,
        day=understood.day.day if understood.day else None,
        time=understood.time,
        part=understood.part,
        person=understood.person,
    )
    if len(bookings) == 1:
        await change(turn, bookings[0].uid)
        return True
    options = [
        Option(f"change:{one.uid}", turn.phrases.say("option_change", what=turn.described(one)))
        for one in bookings
    ]
    turn.ask(turn.phrases.say("change_which"), options, Expecting.NOTHING)
    return True


async def change(turn: Turn, uid: str) -> bool:
    """Whether that booking is a firm one of this guest; then the wishes apply to it."""
    booking = await turn.desk.booking(turn.heard.conversation, uid)
    if booking is None or booking.state is not BookingState.CONFIRMED:
        return False
    if turn.desk.cancel_deadline_s(booking) < turn.desk.now_s:
        table_talk.refuse_change(turn, booking)
        return True
    person = await _person_of(turn, booking)
    turn.is_other_person = turn.talk.person not in ("", person)
    _complete(turn, booking, person)
    await table_talk.plan(turn)
    return True


async def change_aspect(turn: Turn, aspect: str) -> bool:
    """Whether a booking is being changed and that can be; then the guest is asked for it."""
    if not turn.talk.changing_uid:
        return False
    if aspect == "time":
        turn.talk = replace(turn.talk, time=None, part=None)
    elif aspect == "day":
        turn.talk = replace(turn.talk, day=None)
    elif aspect == "party":
        turn.talk = replace(turn.talk, party=None)
    else:
        return False
    await table_talk.plan(turn)
    return True


async def _person_of(turn: Turn, booking: Booking) -> str:
    """Whom the guest had chosen for a booking, `ANYBODY` for nobody in particular."""
    entry = await turn.desk.entry(booking.uid)
    people = {
        one.identifier
        for one in turn.desk.business.floor.resources
        if one.kind is ResourceKind.PERSON
    }
    chosen = entry is not None and entry.pinned and len(entry.tables) == 1
    return entry.tables[0] if entry and chosen and entry.tables[0] in people else ANYBODY


def _complete(turn: Turn, booking: Booking, person: str) -> None:
    """What the guest did not say stays as it is booked."""
    local = turn.desk.business.calendar.local(booking.starts_at_s)
    day = (local - _NIGHT).date()
    minute = (local.date() - day).days * 1440 + local.hour * 60 + local.minute
    talk = turn.talk
    turn.talk = replace(
        talk,
        party=talk.party or booking.party,
        day=talk.day or day,
        time=talk.time or (None if talk.part else HeardTime(minute)),
        changing_uid=booking.uid,
        service=booking.service,
        person=talk.person or person,
    )
