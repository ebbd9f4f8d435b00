"""The talk about what the business wrote by itself: offers to take, reminders, the waiting list."""

import re
from dataclasses import replace
from datetime import date, timedelta

from plausch.agent.remnant import normalised
from plausch.agent.showing import label_of
from plausch.agent.talk import PARTS, Expecting
from plausch.agent.turn import Turn
from plausch.agent.waiting import Waiting, WaitingList, WaitingRefused, WaitingWish
from plausch.content.cards import Choices, Option
from plausch.domain.booking import MAX_PARTY, BookingState
from plausch.domain.calendar import instant_s

_ROUND_MINUTES = 90
"""Who wants a time takes one that is so much earlier or later."""

_WORD = re.compile(r"\b(?:warteliste|waiting ?list|waitlist)\b")
_WISH = re.compile(r"(\d{4}-\d{2}-\d{2}):(\d{1,4}):(\d{1,4})-(\d{1,4})")
_COMING = "UPDATE booking SET coming = 1 WHERE uid = $1"


def wants_to_wait(text: str) -> bool:
    """Whether the waiting list is named."""
    return _WORD.search(normalised(text)) is not None


async def coming(turn: Turn, uid: str) -> None:
    """The guest answers a reminder with yes."""
    booking = await turn.desk.booking(turn.heard.conversation, uid)
    firm = booking is not None and booking.state is BookingState.CONFIRMED
    if booking is not None and firm and turn.desk.now_s < booking.ends_at_s:
        await turn.desk.transaction.execute(_COMING, uid)
        turn.reply(turn.phrases.say("coming"))
    else:
        turn.reply(turn.phrases.say("coming_gone"))
    turn.expect(Expecting.NOTHING)


def offer_to_wait(turn: Turn, party: int, day: date) -> None:
    """Beside other days, the waiting list: a button, and no number of the list that follows."""
    phrases = turn.phrases
    text = phrases.say("waiting_ask", day=phrases.day(day), party=phrases.party(party))
    first, last = _minutes(turn)
    option = Option(f"wait:{day.isoformat()}:{party}:{first}-{last}", phrases.say("option_wait"))
    turn.reply(text, Choices(label_of(text), (option,)))


def _minutes(turn: Turn) -> tuple[int, int]:
    """The first and the last minute of the day at which a guest would begin, by what was said."""
    time, part = turn.talk.time, turn.talk.part
    if time is not None:
        minute = time.minute + 720 if time.vague and time.minute < 600 else time.minute
        return max(0, minute - _ROUND_MINUTES), minute + _ROUND_MINUTES
    if part is not None:
        span = PARTS[part]
        return span.start, span.stop
    return 0, 2880


async def ask_to_wait(turn: Turn) -> bool:
    """Whether a guest who names the waiting list has said for when and how many."""
    if turn.talk.party is None or turn.talk.day is None:
        return False
    first, last = _minutes(turn)
    await join(turn, f"{turn.talk.day.isoformat()}:{turn.talk.party}:{first}-{last}")
    return True


async def join(turn: Turn, identifier: str) -> None:
    """Put the guest on the list, once there is a name."""
    wish = _wish(turn, identifier)
    if wish is None:
        _refuse(turn)
    elif not turn.talk.name:
        turn.talk = replace(turn.talk, waiting=identifier)
        turn.reply(turn.phrases.say("waiting_name"))
        turn.expect(Expecting.NAME)
    else:
        await _add(turn, replace(wish, under_name=turn.talk.name))


async def _add(turn: Turn, wish: WaitingWish) -> None:
    phrases = turn.phrases
    turn.talk = replace(turn.talk, waiting="")
    try:
        entry = await WaitingList(turn.desk).add(wish)
    except WaitingRefused:
        _refuse(turn)
        return
    day, party = phrases.day(entry.wish.day), phrases.party(entry.wish.party)
    turn.reply(phrases.say("waiting_added", day=day, party=party))
    turn.forget_wishes()


def _refuse(turn: Turn) -> None:
    turn.talk = replace(turn.talk, waiting="")
    turn.reply(turn.refer("waiting_refused"))
    turn.expect(Expecting.NOTHING)


def _wish(turn: Turn, identifier: str) -> WaitingWish | None:
    """What a button asks for; None for one that this business has never shown."""
    match = _WISH.fullmatch(identifier)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return None
    party, first, end = int(match[2]), int(match[3]), int(match[4])
    window = turn.service.booking_window_days
    if not (1 <= party <= MAX_PARTY and first < end <= 2880):
        return None
    if not 0 <= (day - turn.today).days <= window:
        return None
    zone = turn.desk.business.calendar.zone
    return WaitingWish(
        day,
        party,
        instant_s(zone, day, first),
        instant_s(zone, day, end),
        "",
        turn.talk.service,
        turn.heard.conversation,
    )


async def leave(turn: Turn, identifier: str) -> None:
    """Take the guest off the list."""
    await WaitingList(turn.desk).remove(identifier, turn.heard.conversation)
    turn.reply(turn.phrases.say("waiting_removed"))
    turn.expect(Expecting.NOTHING)


async def waits_of(turn: Turn) -> list[Option]:
    """A button for everything that the guest waits for, to give it up."""
    waits: list[Waiting] = await WaitingList(turn.desk).of_conversation(turn.heard.conversation)
    phrases = turn.phrases
    return [
        Option(
            f"unwait:{one.identifier}", phrases.say("option_unwait", day=phrases.day(one.wish.day))
        )
        for one in waits
    ]


async def ask_if_still_wanted(turn: Turn, starts_at_s: int, party: int) -> bool:
    """Whether a wish that waited too long can still be met; then the guest is asked first."""
    phrases, calendar = turn.phrases, turn.desk.business.calendar
    local = calendar.local(starts_at_s)
    for day in (local.date(), local.date() - timedelta(days=1)):
        talk = turn.talk
        found = await turn.desk.available(day, party, talk.changing_uid, talk.service, talk.person)
        for slot in found.slots:
            if slot.starts_at_s == starts_at_s:
                turn.talk = replace(turn.talk, party=party)
                text = phrases.say(
                    "still_wanted",
                    asked=phrases.moment(calendar.local(turn.asked_at_s)),
                    wanted=phrases.moment(local),
                    party=phrases.party(party),
                )
                options = [
                    Option(slot.identifier, phrases.say("option_still")),
                    Option("drop", phrases.say("option_no")),
                ]
                turn.ask(text, options, Expecting.NOTICE)
                return True
    return False


def drop(turn: Turn) -> None:
    """The guest wants nothing any more."""
    turn.reply(turn.phrases.say("dropped"))
    turn.forget_wishes()
