"""The receptionist: what to answer to a message, given the talk so far and the book.

Awaits nothing but its desk, knows no clock and no network, and never fails because of what a
guest wrote. It answers customers' cards and free text; other agents' cards it leaves alone, and
nobody gets answers without end (patience.py).
"""

import re
from dataclasses import dataclass, replace
from datetime import date

from plausch.agent import (
    change_talk,
    hours_talk,
    mishaps,
    name_talk,
    notice_talk,
    service_talk,
    table_talk,
)
from plausch.agent.config import LANGUAGES
from plausch.agent.desk import Desk
from plausch.agent.hear_day import hear_day
from plausch.agent.patience import MAX_CONFUSED, Patience, spend
from plausch.agent.remnant import Remnant
from plausch.agent.talk import Expecting, Heard, HeardTime, Reply, Talk
from plausch.agent.turn import Turn
from plausch.agent.understand import (
    Intent,
    Understand,
    Understood,
    clean_name,
    understand_by_rules,
)
from plausch.agent.wish import with_wishes
from plausch.content.cards import (
    BookingCard,
    BookingRequest,
    CancelRequest,
    Choices,
    Choose,
    Option,
    SlotOffer,
)
from plausch.domain.booking import MAX_PARTY, Booking, BookingRefused, BookingState, By

_SLOT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_PARTY = re.compile(r"p([0-9]{1,4})")
_ASKED_BY_PLAN = (
    Expecting.SERVICE,
    Expecting.PERSON,
    Expecting.PARTY,
    Expecting.DAY,
    Expecting.TIME,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The talk after a message, what to say, and lines for the staff without personal data.

    `is_machine`: another agent is talking, to whom nothing is said. `is_settled`: nobody of the
    team needs to read the message.
    """

    talk: Talk
    replies: tuple[Reply, ...] = ()
    notes: tuple[str, ...] = ()
    is_machine: bool = False
    is_settled: bool = False


async def answer(
    talk: Talk, heard: Heard, desk: Desk, understand: Understand = understand_by_rules
) -> Answer:
    """What comes of a message, as `understand` reads it. Raises only what the database raises."""
    if isinstance(heard.card, Choices | SlotOffer | BookingCard):
        return Answer(talk, is_machine=True)  # two machines would never stop
    talk, patience = spend(talk, desk.now_s)
    turn = Turn(talk, heard, desk, understand)
    if patience is Patience.ANSWER:
        await _hear(turn)
    elif patience is Patience.WARN:
        turn.reply(turn.refer("slow_down"))
    is_settled = bool(turn.replies) and not turn.is_for_people
    return Answer(turn.talk, tuple(turn.replies), tuple(turn.notes), is_settled=is_settled)


async def _hear(turn: Turn) -> None:
    if turn.heard.card is not None and not turn.talk.language and turn.heard.language in LANGUAGES:
        turn.talk = replace(turn.talk, language=turn.heard.language)
    match turn.heard.card:
        case Choose(identifier, request_id):
            await _chosen(turn, identifier, request_id)
        case CancelRequest(uid):
            await _cancel_now(turn, uid)
        case BookingRequest() as request:
            await _requested(turn, request)
        case _:
            await _read(turn)


# --- cards ---------------------------------------------------------------------------------


async def _chosen(turn: Turn, identifier: str, request_id: str = "") -> None:
    """An option was picked, by button or by number."""
    verb, _, rest = identifier.partition(":")
    if _SLOT.fullmatch(identifier):
        match = _PARTY.fullmatch(request_id)
        party = int(match[1]) if match and 1 <= int(match[1]) <= MAX_PARTY else None
        await table_talk.choose_slot(turn, identifier, party)
    elif verb == "book":
        await table_talk.let_go(turn)
        turn.forget_wishes()
        await table_talk.plan(turn)
    elif verb == "hours":
        hours_talk.tell_hours(turn)
    elif verb == "mine":
        await _tell_mine(turn)
    elif verb == "coming":
        await notice_talk.coming(turn, rest)
    elif verb == "drop":
        notice_talk.drop(turn)
    elif verb == "wait":
        await notice_talk.join(turn, rest)
    elif verb == "unwait":
        await notice_talk.leave(turn, rest)
    elif verb == "take":
        await table_talk.take(turn, rest)
    elif verb == "person" and service_talk.choose_person(turn, rest):
        await table_talk.plan(turn)
    elif verb == "service":
        await table_talk.choose_service(turn, rest)
    elif verb == "party" and rest.isdecimal() and 1 <= int(rest[:6]) <= MAX_PARTY:
        turn.talk = replace(turn.talk, party=int(rest))
        await table_talk.plan(turn)
    elif verb == "day" and (day := _iso_day(rest)) is not None:
        turn.talk = replace(turn.talk, day=day)
        await table_talk.plan(turn)
    elif verb == "confirm":
        await _press_confirm(turn)
    elif verb == "cancel":
        await _cancel_now(turn, rest or turn.talk.held_uid)
    elif verb == "change":
        if not (
            await change_talk.change_aspect(turn, rest) or await change_talk.change(turn, rest)
        ):
            await _tell_mine(turn)
    elif verb == "keep":
        turn.reply(turn.phrases.say("kept"))
        if turn.talk.changing_uid:
            turn.forget_wishes()
        turn.expect(Expecting.NOTHING)
    else:
        await _confused(turn)


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


async def _press_confirm(turn: Turn) -> None:
    if await table_talk.held(turn) is None:
        await table_talk.plan(turn)
    elif turn.talk.name:
        await table_talk.confirm(turn, turn.talk.name)
    else:
        turn.reply(turn.phrases.say("name_again"))
        turn.expect(Expecting.NAME)


async def _requested(turn: Turn, request: BookingRequest) -> None:
    name = clean_name(request.under_name)
    time = None if request.at is None else HeardTime(request.at.hour * 60 + request.at.minute)
    only_name = request.party is None and request.day is None and time is None
    if name and only_name and turn.talk.held_uid:
        await table_talk.confirm(turn, name)
        return
    turn.talk = replace(
        turn.talk,
        party=request.party or turn.talk.party,
        day=request.day or turn.talk.day,
        time=time or turn.talk.time,
        part=None,
        changing_uid="",
        name=name or turn.talk.name,
    )
    await table_talk.plan(turn)


# --- free text -----------------------------------------------------------------------------


async def _read(turn: Turn) -> None:
    understood = await turn.understand(turn.heard.text, turn.now, turn.setting)
    _settle_language(turn, understood)
    if understood.number is not None:
        await _number(turn, understood.number)
    elif understood.switch_to and not understood.has_details and understood.plain_words <= 6:
        await _go_on_in_new_language(turn)
    elif notice_talk.wants_to_wait(turn.heard.text) and await notice_talk.ask_to_wait(turn):
        return
    elif understood.meant is Intent.CANCEL:
        await _cancel(turn)
    elif await _answered(turn, understood) or await _about_a_booking(turn, understood):
        return
    elif _asks_hours(understood):
        hours_talk.tell_hours(turn, understood.day.day if understood.day else None)
    elif understood.meant is Intent.HUMAN:
        await _small_talk(turn, understood)
    elif understood.has_details or understood.meant is Intent.BOOK or understood.name:
        if Intent.BEYOND in understood.intents:
            turn.reply(turn.refer("beyond"))
        await _wished(turn, understood)
    else:
        await _small_talk(turn, understood)


async def _about_a_booking(turn: Turn, understood: Understood) -> bool:
    """Whether the message was about a booking that this guest has, and was dealt with."""
    if understood.day is not None and understood.day.day is None:
        return False
    if change_talk.sounds_like_change(turn, understood) and await change_talk.begin(
        turn, understood
    ):
        return True
    if understood.meant is Intent.THANKS and understood.day:
        return await _see_you(turn, understood)
    if understood.meant is not Intent.MINE:
        return False
    if understood.has_details and not await turn.desk.upcoming(turn.heard.conversation):
        return False
    await _tell_mine(turn)
    return True


async def _see_you(turn: Turn, understood: Understood) -> bool:
    """Whether a guest with a booking says goodbye until then: "Danke, bis morgen!"."""
    bookings = await turn.desk.upcoming(turn.heard.conversation)
    if understood.time or not bookings or "?" in turn.heard.text:
        return False
    turn.reply(turn.phrases.say("thanks"))
    return True


async def _answered(turn: Turn, understood: Understood) -> bool:
    """Whether the message was an answer to the last question, and was dealt with."""
    if turn.talk.expecting is Expecting.CANCEL:
        return await _cancel_answered(turn, understood)
    if turn.talk.expecting is Expecting.CHANGE and not understood.has_details:
        return await _cancel_answered(turn, understood)
    if turn.talk.expecting is Expecting.NOTICE and not understood.has_details:
        return await _notice_answered(turn, understood)
    return turn.talk.expecting is Expecting.NAME and await name_talk.answered(turn, understood)


async def _notice_answered(turn: Turn, understood: Understood) -> bool:
    """Whether the message was a plain yes or no to what the business wrote by itself."""
    options = turn.talk.options
    if len(options) == 2 and understood.intents & {Intent.YES, Intent.NO}:
        await _chosen(turn, options[Intent.NO in understood.intents])
        return True
    return False


def _settle_language(turn: Turn, understood: Understood) -> None:
    """The guest's first words decide; later ones only if they are more than a few."""
    language = understood.switch_to or understood.language
    settled = turn.talk.language
    if not language or language == settled:
        return
    naming = turn.talk.expecting is Expecting.NAME  # a name is written in no language
    many = understood.plain_words >= 4 and not naming
    if not settled or understood.switch_to or many:
        turn.talk = replace(turn.talk, language=language)


async def _go_on_in_new_language(turn: Turn) -> None:
    """Ask the last question again."""
    if turn.talk.expecting is Expecting.NAME:
        turn.reply(name_talk.last_question(turn))
    elif turn.talk.expecting in _ASKED_BY_PLAN:
        await table_talk.plan(turn)
    else:
        await _greet(turn)


async def _number(turn: Turn, number: int) -> None:
    talk = turn.talk
    if number == -1 and talk.options:
        number = len(talk.options)
    if talk.expecting is Expecting.PARTY:
        turn.talk = replace(talk, party=max(0, number))
        await table_talk.plan(turn)
    elif 1 <= number <= len(talk.options):
        await _chosen(turn, talk.options[number - 1])
    elif talk.expecting is Expecting.TIME and 0 <= number <= 24:
        turn.talk = replace(talk, time=HeardTime(number * 60, vague=1 <= number <= 12))
        await table_talk.plan(turn)
    elif talk.expecting is Expecting.DAY and 1 <= number <= 31:
        await _wished(turn, Understood(day=hear_day(Remnant(f"am {number}."), turn.today)))
    elif talk.expecting is Expecting.NAME:
        turn.reply(name_talk.last_question(turn))
    elif talk.options:
        turn.reply(turn.phrases.say("bad_number", most=len(talk.options)))
    else:
        await _confused(turn)


async def _wished(turn: Turn, understood: Understood) -> None:
    """Details of a booking: what is new replaces what was known."""
    if understood.day is not None and understood.day.day is None:
        table_talk.ask_day(turn, turn.phrases.say("bad_day"))
        return
    if understood.meant is Intent.BOOK and understood.party and understood.day:
        turn.talk = replace(turn.talk, changing_uid="")  # a whole new wish
    before, turn.talk = turn.talk, with_wishes(turn.talk, understood)
    if (before.party, before.service, before.person) != (
        turn.talk.party,
        turn.talk.service,
        turn.talk.person,
    ):
        turn.talk = replace(turn.talk, options=())  # what was offered was for the wish before
    await table_talk.plan(turn)


def _asks_hours(understood: Understood) -> bool:
    return understood.meant is Intent.HOURS and not understood.time


async def _ask_for_a_person(turn: Turn) -> None:
    """The team is told, in the transaction in which the guest is told that somebody answers."""
    desk, heard = turn.desk, turn.heard
    wish = mishaps.put_aside(heard.conversation, "person", heard.token, desk.now_s)
    await mishaps.note(desk.transaction, wish)


async def _small_talk(turn: Turn, understood: Understood) -> None:
    intents, meant, expecting = understood.intents, understood.meant, turn.talk.expecting
    if meant in (Intent.HUMAN, Intent.BEYOND):
        said = [turn.refer(str(meant))]
        if meant is Intent.HUMAN:
            await _ask_for_a_person(turn)
            said.append(turn.phrases.say("house_told"))
        if expecting is Expecting.NAME:
            said.append(name_talk.last_question(turn))
        turn.reply(" ".join(said))
        turn.expect(expecting, turn.talk.options)
    elif expecting is Expecting.TIME and intents & {Intent.OTHER, Intent.NO}:
        turn.talk = replace(turn.talk, day=None, time=None, part=None)
        table_talk.ask_day(turn, turn.phrases.say("ask_day"))
    elif expecting is Expecting.TIME and Intent.YES in intents:
        if len(turn.talk.options) == 1:
            await _chosen(turn, turn.talk.options[0])
        else:
            turn.reply(turn.phrases.say("which_one"))
    elif meant is Intent.CHANGE:
        await _tell_mine(turn)
    elif meant is Intent.GREET:
        await _greet(turn)
    elif "?" in turn.heard.text:
        await _confused(turn)  # "Thanks, and a high chair?" is no thanks
    elif meant is Intent.THANKS and expecting in (Expecting.CANCEL, Expecting.CHANGE):
        _ask_again(turn, turn.phrases.say("thanks"))
    elif meant is Intent.THANKS:
        turn.reply(turn.phrases.say("thanks"))
        turn.expect(expecting, turn.talk.options)
    else:
        await _confused(turn)


async def _confused(turn: Turn) -> None:
    """Say so, at most `MAX_CONFUSED` times in a row; then wait for something that makes sense."""
    confused = turn.talk.confused + 1
    if confused < MAX_CONFUSED:
        unknown = "beyond" if "?" in turn.heard.text else "sorry"
        _ask_again(turn, turn.refer(unknown))
    elif confused == MAX_CONFUSED:
        turn.reply(turn.refer("give_up"))
    turn.talk = replace(turn.talk, confused=min(confused, MAX_CONFUSED + 1))


def _ask_again(turn: Turn, sorry: str) -> None:
    """The last question once more, so that its numbers still mean the same."""
    say, expecting, options = turn.phrases.say, turn.talk.expecting, turn.talk.options
    if expecting is Expecting.SERVICE:
        service_talk.ask_service(turn)
    elif expecting is Expecting.PERSON:
        service_talk.ask_person(turn)
    elif expecting is Expecting.PARTY:
        table_talk.ask_party(turn, f"{sorry} {say('how_many')}")
    elif expecting is Expecting.DAY:
        table_talk.ask_day(turn, f"{sorry} {say('ask_day')}")
    elif expecting is Expecting.TIME:
        turn.reply(f"{sorry} {say('which_one')} {say('hint_time')}")
        turn.expect(expecting, options)
    elif expecting in (Expecting.CANCEL, Expecting.CHANGE):
        turn.reply(f"{sorry} {say('bad_number', most=len(options))}")
        turn.expect(expecting, options)
    else:
        turn.ask(f"{sorry} {say('what_to_do')}", _menu(turn), Expecting.NOTHING)


async def _greet(turn: Turn) -> None:
    options = _menu(turn)
    if await turn.desk.upcoming(turn.heard.conversation):
        options.append(Option("mine", turn.phrases.say("option_mine")))
    name = turn.desk.business.name
    turn.ask(turn.phrases.say("greeting", name=name), options, Expecting.NOTHING)


def _menu(turn: Turn) -> list[Option]:
    return [
        Option("book", turn.phrases.say("option_book")),
        Option("hours", turn.phrases.say("option_hours")),
    ]


# --- bookings of this guest ----------------------------------------------------------------


async def _tell_mine(turn: Turn) -> None:
    bookings = await turn.desk.upcoming(turn.heard.conversation)
    waits = await notice_talk.waits_of(turn)
    if not bookings:
        turn.ask(turn.phrases.say("no_bookings"), waits or _menu(turn), Expecting.NOTHING)
        return
    lines = "\n".join(f"- {turn.described(booking)}" for booking in bookings)
    text = f"{turn.phrases.say('mine')}\n\n{lines}"
    turn.ask(text, _cancel_options(turn, bookings) + waits, Expecting.NOTHING)


def _cancel_options(turn: Turn, bookings: list[Booking]) -> list[Option]:
    return [
        Option(
            f"cancel:{booking.uid}",
            turn.phrases.say("option_cancel", what=turn.described(booking)),
        )
        for booking in bookings
    ]


async def _cancel(turn: Turn) -> None:
    """Free text asks to cancel: be sure which booking, and that it is meant."""
    if turn.talk.held_uid and await table_talk.held(turn) is not None:
        await _cancel_now(turn, turn.talk.held_uid)
        return
    bookings = await turn.desk.upcoming(turn.heard.conversation)
    if not bookings:
        turn.ask(turn.phrases.say("no_bookings"), _menu(turn), Expecting.NOTHING)
    elif len(bookings) == 1:
        options = [
            Option(f"cancel:{bookings[0].uid}", turn.phrases.say("option_yes")),
            Option("keep", turn.phrases.say("option_keep")),
        ]
        text = turn.phrases.say("cancel_sure", what=turn.described(bookings[0]))
        turn.ask(text, options, Expecting.CANCEL)
    else:
        options = _cancel_options(turn, bookings)
        turn.ask(turn.phrases.say("cancel_which"), options, Expecting.CANCEL)


async def _cancel_answered(turn: Turn, understood: Understood) -> bool:
    """Whether the message was an answer to the question what to cancel."""
    if Intent.NO in understood.intents:
        await _chosen(turn, "keep")
        return True
    if Intent.YES in understood.intents and "keep" in turn.talk.options:
        await _chosen(turn, turn.talk.options[0])
        return True
    return False


async def _cancel_now(turn: Turn, uid: str) -> None:
    booking = await turn.desk.booking(turn.heard.conversation, uid)
    if booking is None:
        turn.ask(turn.phrases.say("no_bookings"), _menu(turn), Expecting.NOTHING)
        return
    what = turn.described(booking)
    was_held = booking.state is BookingState.HELD
    try:
        after = await turn.desk.cancel(booking, By.CUSTOMER, turn.asked_at_s)
    except BookingRefused:
        turn.reply(turn.refer("cancel_late", what=what))
        turn.expect(Expecting.NOTHING)
        return
    if after != booking:
        turn.note(after)
    turn.show(turn.phrases.say("released" if was_held else "cancelled", what=what), after)
    turn.forget_wishes()
