"""What happens by the clock alone: holds and offers run out, reminders go out, records expire.

All of it is one transaction, so that a reminder is noted as sent exactly when it is in the list of
what is to be sent; the device's outbox and the message's salt do the rest (run.py).
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from plausch.agent import mishaps, retention, rows
from plausch.agent.desk import Desk
from plausch.agent.rows import TableBooking, entry_of
from plausch.agent.showing import described
from plausch.agent.waiting import IDS, IS_OVER, OVER_IDS, WaitingList
from plausch.base.ids import ConversationId
from plausch.content.cards import Option
from plausch.db.interface import Transaction
from plausch.domain.booking import BookingState, Decline

_AT_ONCE = 200
"""Reminders in one transaction; the others follow with the next tick."""

HELD_ON_S = 1_800
"""A hold that cannot be ended keeps its places for so long, before that is tried again."""

_IS_UNANSWERED = "state = 'pending' AND starts_at_s <= $1"
_IS_TO_REMIND = "remind_at_s > 0 AND remind_at_s <= $1"
_REMIND_ORDER = "remind_at_s, uid"
_REMINDED = "UPDATE booking SET remind_at_s = 0 WHERE uid = $1"
_HELD_ON = "UPDATE booking SET hold_until_s = $2 WHERE uid = $1 AND state = 'held'"
_WHOSE = "SELECT conversation, sequence FROM booking WHERE uid = $1"
_DUE = f"""SELECT
    EXISTS (SELECT 1 FROM booking WHERE {rows.IS_OVERDUE})
    OR EXISTS (SELECT 1 FROM booking WHERE {_IS_UNANSWERED})
    OR EXISTS (SELECT 1 FROM booking WHERE {_IS_TO_REMIND})
    OR EXISTS (SELECT 1 FROM waiting WHERE {IS_OVER})"""  # nosec B608: names of ours

Work = Callable[[Desk], Coroutine[Any, Any, None]]
GiveUp = Callable[[Transaction], Coroutine[Any, Any, None]]


async def is_due(transaction: Transaction, now_s: int) -> bool:
    """Whether there is anything to do by the clock."""
    rows_due = await transaction.fetch(_DUE, now_s)
    return bool(rows_due[0][0]) or await retention.is_due(transaction, now_s)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is due by itself, and what is left of it if it goes wrong."""

    work: Work
    give_up: GiveUp


async def due_steps(transaction: Transaction, now_s: int) -> list[Step]:
    """What `Timers.run` does in one transaction, one by one: for when it went wrong.

    Holds come first: what follows ends those that are over by the way, and finds none. Only names
    are read here: each row is read in its own step, as it may be what breaks.
    """
    held = await _names(transaction, rows.reading("uid", rows.IS_OVERDUE, "uid"), now_s)
    over = await _names(transaction, OVER_IDS, now_s)
    unanswered = await _names(transaction, rows.reading("uid", _IS_UNANSWERED, "uid"), now_s)
    reminding = rows.reading("uid", _IS_TO_REMIND, _REMIND_ORDER)
    to_remind = (await _names(transaction, reminding, now_s))[:_AT_ONCE]
    steps = [
        *(Step(partial(_end_hold, uid), partial(_hold_on, uid, now_s)) for uid in held),
        *(Step(partial(_expire, identifier), _nothing) for identifier in over),
        *(_step(uid, _IS_UNANSWERED, Timers.give_up, now_s) for uid in unanswered),
        *(_step(uid, _IS_TO_REMIND, Timers.remind, now_s) for uid in to_remind),
        Step(lambda desk: retention.sweep(desk.transaction, desk.business, desk.now_s), _nothing),
    ]
    return [replace(step, work=partial(_apart, step.work)) for step in steps]


async def offer_steps(transaction: Transaction) -> list[Step]:
    """What is offered to those who wait, one by one, whatever day became free: which one did is
    remembered nowhere, and a crash may have come before it was offered."""
    return [
        Step(partial(_apart, partial(_promote, identifier)), _nothing)
        for identifier in await _names(transaction, IDS)
    ]


async def _names(transaction: Transaction, query: str, *values: int) -> list[str]:
    return [row[0] for row in await transaction.fetch(query, *values)]


async def _apart(work: Work, desk: Desk) -> None:
    """One step, in whose transaction nothing is offered: that may be what breaks."""
    await work(desk)
    desk.seats.freed = set()


async def _end_hold(uid: str, desk: Desk) -> None:
    await desk.end_hold(uid)


async def _hold_on(uid: str, now_s: int, transaction: Transaction) -> None:
    """A hold that cannot be ended is over for nobody: else each guest's booking would try it."""
    await transaction.execute(_HELD_ON, uid, now_s + HELD_ON_S)
    await _tell_team(transaction, uid, "hold", now_s)


async def _expire(identifier: str, desk: Desk) -> None:
    await WaitingList(desk).expire_one(identifier)


async def _promote(identifier: str, desk: Desk) -> None:
    await WaitingList(desk).promote_one(identifier)


def _step(
    uid: str,
    is_due: str,
    work: Callable[["Timers", TableBooking], Coroutine[Any, Any, None]],
    now_s: int,
) -> Step:
    """What is written to one guest, if that is due still."""
    reading = rows.reading(rows.ENTRY, f"{is_due} AND uid = $2", "uid")

    async def write(desk: Desk) -> None:
        for row in await desk.transaction.fetch(reading, now_s, uid):
            await work(Timers(desk), entry_of(row))

    async def give_up(transaction: Transaction) -> None:
        await transaction.execute(_REMINDED, uid)
        await _tell_team(transaction, uid, "notice", now_s)

    return Step(write, give_up)


async def _tell_team(transaction: Transaction, uid: str, what: mishaps.What, now_s: int) -> None:
    """Once for each state of a booking; of guests who are not in a chat nobody misses anything."""
    for conversation, sequence in await transaction.fetch(_WHOSE, uid):
        if conversation:
            of = f"{uid}:{sequence}".encode()
            aside = mishaps.put_aside(ConversationId(conversation), what, of, now_s)
            await mishaps.note(transaction, aside)


async def _nothing(transaction: Transaction) -> None:
    """It is tried again."""


class Timers:
    """The clock's work at one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """Do everything that is due."""
        desk = self._desk
        await desk.expire_holds()
        await WaitingList(desk).expire()
        unanswered = rows.reading(rows.ENTRY, _IS_UNANSWERED, "uid")
        for row in await desk.transaction.fetch(unanswered, desk.now_s):
            await self.give_up(entry_of(row))
        to_remind = rows.reading(rows.ENTRY, _IS_TO_REMIND, _REMIND_ORDER)
        for row in (await desk.transaction.fetch(to_remind, desk.now_s))[:_AT_ONCE]:
            await self.remind(entry_of(row))
        await retention.sweep(desk.transaction, desk.business, desk.now_s)

    async def give_up(self, entry: TableBooking) -> None:
        """A request whose time has come without an answer is declined."""
        desk = self._desk
        after = await desk.change(entry.booking, Decline(entry.booking.sequence))
        if entry.conversation:
            phrases = await desk.phrases(entry.conversation)
            what = described(phrases, desk.business, after)
            call = phrases.call(desk.business.telephone)
            text = phrases.say("unanswered", what=what, call=call)
            await desk.write(entry.conversation, text, after)

    async def remind(self, entry: TableBooking) -> None:
        """Ask once whether the guest comes, unless the time has begun or the booking is off."""
        desk, booking = self._desk, entry.booking
        await desk.transaction.execute(_REMINDED, booking.uid)
        if booking.state is not BookingState.CONFIRMED or booking.starts_at_s <= desk.now_s:
            return
        phrases = await desk.phrases(entry.conversation)
        text = phrases.say("reminder", what=described(phrases, desk.business, booking))
        options = [
            Option(f"coming:{booking.uid}", phrases.say("option_coming")),
            Option(f"cancel:{booking.uid}", phrases.say("option_cancel_it")),
        ]
        await desk.ask(entry.conversation, text, options)
