"""The talk about a table: ask what is missing, offer times, hold one, confirm it under a name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from plausch.agent import notice_talk, service_talk, telling
from plausch.agent.talk import PARTS, DayPart, Expecting, HeardTime
from plausch.agent.turn import Turn
from plausch.content.cards import Choices, Option
from plausch.domain.booking import MAX_TIME_S, Booking, BookingRefused, BookingState, By
from plausch.domain.slots import Availability, Slot, Unavailable

MAX_OFFERED = 24
MAX_BOOKINGS = 4
"""Firm bookings of one conversation at a time; more is a person's decision."""

_DAYS_SHOWN = 6
_NEAREST = 4
_OTHER_DAYS = 3
_DAYS_SEARCHED = 7
_PARTY_BUTTONS = 8
_ASPECTS = ("time", "day", "party")
_USUAL_MINUTE = 19 * 60


async def plan(turn: Turn) -> None:
    """Go on with what is known of the guest's wishes: ask, offer, or hold."""
    await let_go(turn)
    if len(turn.desk.business.services) > 1 and not turn.talk.service:
        service_talk.ask_service(turn)
    elif service_talk.must_ask_person(turn):
        service_talk.ask_person(turn)
    elif turn.floor.largest_party == 1 and turn.talk.party != 1:
        await _one_each(turn)
    elif turn.talk.party is None:
        await _ask_party_unless_closed(turn)
    elif not turn.floor.seatings(turn.talk.party):
        _refuse_party(turn, turn.talk.party)
    elif turn.talk.day is None:
        ask_day(turn, turn.phrases.say("ask_day"))
    else:
        await _offer_day(turn, turn.talk.party, turn.talk.day)


async def choose_service(turn: Turn, identifier: str) -> None:
    """Go on with the service that the guest picked, or ask again if there is none of that name."""
    known = turn.desk.business.known_service(identifier)
    turn.talk = replace(turn.talk, service=known.identifier if known else "")
    await plan(turn)


async def _one_each(turn: Turn) -> None:
    """Whoever comes alone is not asked how many they are."""
    if turn.talk.party is not None:
        turn.reply(turn.phrases.say("one_each"))
    turn.talk = replace(turn.talk, party=1)
    await plan(turn)


async def _ask_party_unless_closed(turn: Turn) -> None:
    """Nobody is asked how many they are for a day on which nobody can come."""
    day = turn.talk.day
    if day is not None:
        smallest = min(table.min_party for table in turn.floor.resources)
        found = await _available(turn, day, smallest)
        if found.why not in (None, Unavailable.FULL):
            turn.talk = replace(turn.talk, day=None)
            ask_day(turn, f"{_why(turn, found, smallest)} {turn.phrases.say('ask_day')}")
            return
    ask_party(turn, turn.phrases.say("ask_party"))


def ask_party(turn: Turn, text: str) -> None:
    """Ask for the number of guests; a bare number is the answer, so the buttons have none."""
    most = min(_PARTY_BUTTONS, turn.floor.largest_party)
    options = tuple(
        Option(f"party:{count}", turn.phrases.party(count)) for count in range(1, most + 1)
    )
    turn.reply(text, Choices(turn.phrases.say("ask_party"), options))
    turn.expect(Expecting.PARTY)


def ask_day(turn: Turn, text: str) -> None:
    """Ask for the date, offering the next open days."""
    window = turn.service.booking_window_days
    days = turn.desk.business.calendar.next_open_days(turn.today, _DAYS_SHOWN, window + 1)
    options = [Option(f"day:{day.date.isoformat()}", turn.phrases.day(day.date)) for day in days]
    if options:
        turn.ask(text, options, Expecting.DAY)
    else:
        turn.reply(text)
        turn.expect(Expecting.DAY)


async def choose_slot(turn: Turn, identifier: str, party: int | None) -> None:
    """Hold the time that the guest picked, for the party that it was offered to."""
    starts_at_s = instant_of(identifier)
    party = party or turn.talk.party
    if starts_at_s is None:
        await plan(turn)
        return
    local = turn.desk.business.calendar.local(starts_at_s)
    time = HeardTime(local.hour * 60 + local.minute)
    turn.talk = replace(turn.talk, party=party, day=local.date(), time=time, part=None)
    if party is None:
        await plan(turn)
    else:
        await _hold(turn, starts_at_s, party, is_chosen=True)


def instant_of(identifier: str) -> int | None:
    """The instant that a slot's identifier names, or None if it is none, or of no time of ours."""
    try:
        at_s = int(datetime.strptime(f"{identifier}+0000", "%Y%m%dT%H%M%SZ%z").timestamp())
    except ValueError:
        return None
    return at_s if 0 <= at_s <= MAX_TIME_S else None


async def let_go(turn: Turn) -> None:
    """Give up the hold of this talk, if there is one, because something else is wanted."""
    booking = await held(turn)
    if booking is not None:
        turn.note(await turn.desk.cancel(booking, By.CUSTOMER))
    turn.talk = replace(turn.talk, held_uid="")


async def held(turn: Turn) -> Booking | None:
    """The booking that this talk holds, if it still does."""
    if not turn.talk.held_uid:
        return None
    booking = await turn.desk.booking(turn.heard.conversation, turn.talk.held_uid)
    return booking if booking is not None and booking.state is BookingState.HELD else None


async def confirm(turn: Turn, name: str) -> None:
    """Make the held booking firm under a name; hold it again first if its time ran out."""
    turn.talk = replace(turn.talk, name=name)
    if turn.talk.waiting:
        await notice_talk.join(turn, turn.talk.waiting)
        return
    conversation = turn.heard.conversation
    booking = await turn.desk.booking(conversation, turn.talk.held_uid)
    if booking is None:
        await plan(turn)
        return
    if booking.state in (BookingState.CONFIRMED, BookingState.PENDING):
        telling.tell_already(turn, booking)
        return
    if booking.state is not BookingState.HELD or booking.hold_until_s <= turn.desk.now_s:
        wish = (booking.starts_at_s, booking.party)
        if turn.is_stale and await notice_talk.ask_if_still_wanted(turn, *wish):
            return
        again = await turn.desk.hold(
            conversation,
            turn.heard.token,
            booking.starts_at_s,
            booking.party,
            service=booking.service,
            person=turn.talk.person,
        )
        if isinstance(again, Unavailable):
            turn.talk = replace(turn.talk, held_uid="")
            await _offer_instead(turn, turn.phrases.say("hold_gone"), booking.party)
            return
        booking = again
    await _confirm(turn, booking, name)


async def _confirm(turn: Turn, booking: Booking, name: str) -> None:
    telling.tell_settled(turn, await turn.desk.settle(booking, name))


async def take(turn: Turn, uid: str) -> None:
    """The guest accepts what was offered and kept free: a counter-offer, a freed table."""
    booking = await turn.desk.booking(turn.heard.conversation, uid)
    if booking is None:
        await plan(turn)
    elif booking.state in (BookingState.CONFIRMED, BookingState.PENDING):
        telling.tell_already(turn, booking)
    elif booking.state is BookingState.HELD and turn.desk.now_s < booking.hold_until_s:
        telling.tell_settled(turn, await turn.desk.confirm(booking))
    else:
        day = turn.desk.business.calendar.today(booking.starts_at_s)
        turn.talk = replace(turn.talk, day=day, service=booking.service)
        await _offer_instead(turn, turn.phrases.say("hold_gone"), booking.party)


async def _hold(turn: Turn, starts_at_s: int, party: int, *, is_chosen: bool) -> None:
    """Keep a time; firm at once if a name is known and the guest has chosen it among those offered,
    or filled in the form. What was read in a sentence is confirmed by a tap or a yes."""
    await let_go(turn)
    old = await _changing(turn)
    if turn.is_stale and await notice_talk.ask_if_still_wanted(turn, starts_at_s, party):
        return
    if old is not None:
        await _rebook(turn, old, starts_at_s, party)
        return
    firm = await turn.desk.upcoming(turn.heard.conversation)
    if len(firm) >= MAX_BOOKINGS:
        turn.reply(turn.refer("too_many", count=len(firm)))
        turn.forget_wishes()
        return
    name = turn.talk.name
    booking = await turn.desk.hold(
        turn.heard.conversation,
        turn.heard.token,
        starts_at_s,
        party,
        name,
        turn.talk.service,
        person=turn.talk.person,
    )
    if booking is Unavailable.PARTY_TOO_LARGE:
        _refuse_party(turn, party)
    elif isinstance(booking, Unavailable):
        await _offer_instead(turn, turn.phrases.say("just_taken"), party)
    elif name and is_chosen:
        await _confirm(turn, booking, name)
    elif name:
        telling.ask_confirmation(turn, booking)
    else:
        telling.ask_name(turn, booking)


def _refuse_party(turn: Turn, party: int) -> None:
    most, party_words = turn.floor.largest_party, turn.phrases.party(party)
    turn.talk = replace(turn.talk, party=None)
    ask_party(turn, turn.refer("too_large", party=party_words, most=most))


# --- changing a firm booking ---------------------------------------------------------------


async def _changing(turn: Turn) -> Booking | None:
    """The firm booking in whose place this wish is, if it still stands."""
    uid = turn.talk.changing_uid
    booking = await turn.desk.booking(turn.heard.conversation, uid) if uid else None
    if booking is not None and booking.state is BookingState.CONFIRMED:
        return booking
    turn.talk = replace(turn.talk, changing_uid="")
    return None


def _ask_change(turn: Turn, old: Booking, slot: Slot, party: int) -> None:
    """Free text asks for a change that is possible: be sure that it is meant."""
    phrases = turn.phrases
    is_other = turn.is_other_person or party != old.party
    if slot.starts_at_s == old.starts_at_s and not is_other:
        aspects = _ASPECTS if turn.floor.largest_party > 1 else _ASPECTS[:2]
        options = [
            *(Option(f"change:{one}", phrases.say(f"option_{one}")) for one in aspects),
            Option(f"cancel:{old.uid}", phrases.say("option_cancel_it")),
            Option("keep", phrases.say("option_keep")),
        ]
        text = phrases.say("change_what", what=turn.described(old))
        turn.ask(text, options, Expecting.CHANGE)
        return
    local = turn.desk.business.calendar.local(slot.starts_at_s)
    text = phrases.say(
        "change_sure",
        what=turn.described(old),
        day=phrases.day(local.date()),
        time=phrases.time(local),
        service=turn.what(old),
        party=phrases.party(party),
    )
    options = [
        Option(slot.identifier, phrases.say("option_change_it")),
        Option("keep", phrases.say("option_keep")),
    ]
    turn.ask(text, options, Expecting.CHANGE)


async def _rebook(turn: Turn, old: Booking, starts_at_s: int, party: int) -> None:
    what = turn.described(old)
    try:
        booking = await turn.desk.rebook(
            turn.heard.conversation, turn.heard.token, old, starts_at_s, party, turn.talk.person
        )
    except BookingRefused:
        refuse_change(turn, old)
        return
    if booking is Unavailable.PARTY_TOO_LARGE:
        _refuse_party(turn, party)
    elif isinstance(booking, Unavailable):
        await _offer_instead(turn, turn.phrases.say("just_taken"), party)
    else:
        given_up = await turn.desk.booking(turn.heard.conversation, old.uid)
        if given_up is not None:
            turn.show(turn.phrases.say("changed", what=what), given_up)
            turn.note(given_up)
        telling.tell_settled(turn, booking)


def refuse_change(turn: Turn, booking: Booking) -> None:
    """The deadline is over."""
    what = turn.described(booking)
    turn.reply(turn.refer("change_late", what=what))
    turn.forget_wishes()


# --- offers and alternatives ---------------------------------------------------------------


async def _available(turn: Turn, day: date, party: int) -> Availability:
    talk = turn.talk
    return await turn.desk.available(day, party, talk.changing_uid, talk.service, talk.person)


def _offer(turn: Turn, text: str, party: int, slots: Sequence[Slot]) -> None:
    """Offer times; who is changing a booking learns that it is still there."""
    stays = f"{turn.phrases.say('change_stays')} " if turn.talk.changing_uid else ""
    turn.offer(stays + text, party, slots)


async def _offer_day(turn: Turn, party: int, day: date) -> None:
    found = await _available(turn, day, party)
    if not found.slots:
        await _offer_other_days(turn, _why(turn, found, party), party, day)
        if found.why is Unavailable.FULL and not turn.talk.changing_uid:
            notice_talk.offer_to_wait(turn, party, day)
    elif turn.talk.time is not None:
        await _offer_time(turn, party, found, turn.talk.time)
    else:
        _offer_part(turn, party, found)


def _offer_part(turn: Turn, party: int, found: Availability) -> None:
    phrases, part = turn.phrases, turn.talk.part
    places = {"party": phrases.party(party), "day": phrases.on(found.day.date)}
    wanted = [
        slot
        for slot in found.slots
        if part is None or _wall_minute(turn, slot, found.day.date) in PARTS[part]
    ]
    key = "offer" if wanted else "offer_part"
    _offer(turn, phrases.say(key, **places), party, _thinned(wanted or found.slots))


async def _offer_time(turn: Turn, party: int, found: Availability, time: HeardTime) -> None:
    day = found.day.date
    by_minute = {_wall_minute(turn, slot, day): slot for slot in found.slots}
    wanted = _meant(turn, time, found, by_minute)
    if wanted in by_minute:
        old = await _changing(turn)
        if old is not None:
            _ask_change(turn, old, by_minute[wanted], party)
            return
        slot = by_minute[wanted]
        was_offered = slot.identifier in turn.talk.options
        is_chosen = was_offered or turn.heard.card is not None
        await _hold(turn, slot.starts_at_s, party, is_chosen=is_chosen)
        return
    phrases = turn.phrases
    text = phrases.say(
        "time_taken",
        time=phrases.clock(wanted),
        day=phrases.on(day),
        party=phrases.party(party),
    )
    near = sorted(by_minute, key=lambda minute: (abs(minute - wanted), minute))[:_NEAREST]
    slots = [by_minute[minute] for minute in sorted(near)]
    slots += await _on_other_days(turn, party, day, wanted, _OTHER_DAYS - 1)
    _offer(turn, text, party, slots)


def _meant(turn: Turn, time: HeardTime, found: Availability, by_minute: dict[int, Slot]) -> int:
    """Which minute of the day a time means: free if possible, open if possible, likely if not."""
    minute = time.minute
    candidates = [minute]
    if time.vague:
        later = minute + 720
        candidates = [later, minute] if minute < 10 * 60 else [minute, later]
    if minute < 6 * 60:
        candidates.append(minute + 1440)
    for candidate in candidates:
        if candidate in by_minute:
            return candidate
    for candidate in candidates:
        if any(span.opens_minute <= candidate < span.closes_minute for span in found.day.spans):
            return candidate
    return candidates[0]


async def _offer_instead(turn: Turn, lead: str, party: int) -> None:
    """The wanted time is gone: say so, and offer what is near it."""
    day = turn.talk.day or turn.today
    time = turn.talk.time
    wanted = time.minute if time is not None else _USUAL_MINUTE
    found = await _available(turn, day, party)
    if not found.slots:
        await _offer_other_days(turn, lead, party, day)
        return
    by_minute = {_wall_minute(turn, slot, day): slot for slot in found.slots}
    near = sorted(by_minute, key=lambda minute: (abs(minute - wanted), minute))[:_NEAREST]
    slots = [by_minute[minute] for minute in sorted(near)]
    slots += await _on_other_days(turn, party, day, wanted, _OTHER_DAYS - 1)
    _offer(turn, f"{lead} {turn.phrases.say('alternatives')}", party, slots)


async def _offer_other_days(turn: Turn, lead: str, party: int, day: date) -> None:
    time = turn.talk.time
    wanted = time.minute if time is not None else _USUAL_MINUTE
    if time is not None and time.vague and wanted < 10 * 60:
        wanted += 720
    elif time is None and turn.talk.part in (DayPart.NOON, DayPart.MORNING):
        wanted = 12 * 60
    first = max(day, turn.today - timedelta(days=1))
    slots = await _on_other_days(turn, party, first, wanted, _OTHER_DAYS)
    if slots:
        _offer(turn, f"{lead} {turn.phrases.say('alternatives')}", party, slots)
    else:
        turn.talk = replace(turn.talk, day=None)
        ask_day(turn, f"{lead} {turn.phrases.say('ask_day')}")


async def _on_other_days(turn: Turn, party: int, day: date, wanted: int, count: int) -> list[Slot]:
    """The free time nearest to a wanted one, on each of the next few days that have any."""
    slots: list[Slot] = []
    if (day - turn.today).days >= turn.service.booking_window_days:
        return slots  # also where there is no day after it
    calendar = turn.desk.business.calendar
    following = day + timedelta(days=1)
    for opening in calendar.next_open_days(following, _DAYS_SEARCHED, 2 * _DAYS_SEARCHED):
        found = await _available(turn, opening.date, party)
        if found.slots:
            slots.append(
                min(
                    found.slots,
                    key=lambda slot: abs(_wall_minute(turn, slot, opening.date) - wanted),
                )
            )
        if len(slots) == count or found.why is Unavailable.TOO_FAR:
            break
    return slots


def _why(turn: Turn, found: Availability, party: int) -> str:
    phrases, opening = turn.phrases, found.day
    if found.why is Unavailable.CLOSED:
        return phrases.closed(opening)
    if found.why is Unavailable.TOO_SOON:
        return turn.refer("too_soon", day=phrases.on(opening.date))
    last = turn.today + timedelta(days=turn.service.booking_window_days)
    return phrases.say(
        str(found.why or Unavailable.FULL),
        day=phrases.on(opening.date),
        party=phrases.party(party),
        last=phrases.day(last),
    )


def _wall_minute(turn: Turn, slot: Slot, day: date) -> int:
    """Minutes by the wall clock since midnight of the opening day."""
    local = turn.desk.business.calendar.local(slot.starts_at_s)
    return (local.date() - day).days * 1440 + local.hour * 60 + local.minute


def _thinned(slots: Sequence[Slot]) -> Sequence[Slot]:
    """At most `MAX_OFFERED` of them, evenly; the others can be named."""
    return slots[:: max(-(-len(slots) // MAX_OFFERED), 1)]
