"""What happens by the clock alone: holds and offers run out, reminders go out, records expire.

All of it is one transaction, so that a reminder is noted as sent exactly when it is in the list of
what is to be sent; the device's outbox and the message's salt do the rest (run.py).
"""

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from plausch.agent import mishaps, retention, rows
from plausch.agent.desk import Desk
from plausch.agent.rows import TableBooking, entry_of
from plausch.agent.showing import described
from plausch.agent.waiting import WaitingList
from plausch.content.cards import Option
from plausch.db.interface import Transaction
from plausch.domain.booking import BookingState, Decline

_AT_ONCE = 200
"""Reminders in one transaction; the others follow with the next tick."""

_TO_REMIND = rows.reading(rows.ENTRY, "remind_at_s > 0 AND remind_at_s <= $1", "remind_at_s, uid")
_UNANSWERED = rows.reading(rows.ENTRY, "state = 'pending' AND starts_at_s <= $1", "uid")
_REMINDED = "UPDATE booking SET remind_at_s = 0 WHERE uid = $1"
_DUE = """SELECT
    EXISTS (SELECT 1 FROM booking WHERE state = 'held' AND hold_until_s <= $1)
    OR EXISTS (SELECT 1 FROM booking WHERE state = 'pending' AND starts_at_s <= $1)
    OR EXISTS (SELECT 1 FROM booking WHERE remind_at_s > 0 AND remind_at_s <= $1)
    OR EXISTS (SELECT 1 FROM waiting WHERE state = 'waiting' AND until_s <= $1)"""


_HELD_TOO_LONG = "SELECT uid FROM booking WHERE state = 'held' AND hold_until_s <= $1"
_OVER = "SELECT id FROM waiting WHERE state = 'waiting' AND until_s <= $1 ORDER BY added_at_s, id"
_WAITING_ON = """SELECT id FROM waiting WHERE day = $1 AND state IN ('waiting', 'offered')
    ORDER BY added_at_s, id"""

Work = Callable[[Desk], Coroutine[Any, Any, None]]


async def is_due(transaction: Transaction, now_s: int) -> bool:
    """Whether there is anything to do by the clock."""
    rows_due = await transaction.fetch(_DUE, now_s)
    return bool(rows_due[0][0]) or await retention.is_due(transaction, now_s)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is due by itself, and what is left of it if it goes wrong."""

    work: Work
    give_up: Callable[[Transaction], Coroutine[Any, Any, None]]


async def due_steps(transaction: Transaction, now_s: int, freed: set[date]) -> list[Step]:
    """What `Timers.run` does in one transaction, one by one: for when it went wrong.

    The days on which something becomes free are added to `freed`, for `offer_steps`.
    """
    overdue = await _overdue(transaction, now_s)
    over = [row[0] for row in await transaction.fetch(_OVER, now_s)]
    unanswered = await transaction.fetch(_UNANSWERED, now_s)
    to_remind = (await transaction.fetch(_TO_REMIND, now_s))[:_AT_ONCE]
    steps = [
        *(Step(partial(_end_hold, uid), _nothing) for uid in sorted(overdue)),
        *(Step(partial(_expire, identifier), _nothing) for identifier in over),
        *(_step(entry_of(row), Timers.give_up, now_s) for row in unanswered),
        *(_step(entry_of(row), Timers.remind, now_s) for row in to_remind),
        Step(lambda desk: retention.sweep(desk.transaction, desk.business, desk.now_s), _nothing),
    ]
    return [replace(step, work=partial(_apart, step.work, overdue, freed)) for step in steps]


async def offer_steps(transaction: Transaction, now_s: int, freed: Collection[date]) -> list[Step]:
    """What is offered on these days to those who wait, one by one; as `WaitingList.promote`."""
    overdue = await _overdue(transaction, now_s)
    days = {*freed, *(day - timedelta(days=1) for day in freed)}
    waiting = [
        row[0]
        for day in sorted(days)
        for row in await transaction.fetch(_WAITING_ON, day.isoformat())
    ]
    return [
        Step(partial(_apart, partial(_promote, identifier), overdue, set()), _nothing)
        for identifier in waiting
    ]


async def _overdue(transaction: Transaction, now_s: int) -> frozenset[str]:
    return frozenset(row[0] for row in await transaction.fetch(_HELD_TOO_LONG, now_s))


async def _apart(work: Work, overdue: frozenset[str], freed: set[date], desk: Desk) -> None:
    """One step, in whose transaction neither another hold ends nor anything is offered: each of
    these may be what breaks."""
    desk.passed_over = overdue
    await work(desk)
    freed |= desk.seats.freed
    desk.seats.freed = set()


async def _end_hold(uid: str, desk: Desk) -> None:
    await desk.end_hold(uid)


async def _expire(identifier: str, desk: Desk) -> None:
    await WaitingList(desk).expire_one(identifier)


async def _promote(identifier: str, desk: Desk) -> None:
    await WaitingList(desk).promote_one(identifier)


def _step(
    entry: TableBooking,
    work: Callable[["Timers", TableBooking], Coroutine[Any, Any, None]],
    now_s: int,
) -> Step:
    """What is written to one guest; who is not in a chat misses nothing."""

    async def give_up(transaction: Transaction) -> None:
        await transaction.execute(_REMINDED, entry.booking.uid)
        if entry.conversation:
            of = entry.booking.uid.encode()
            aside = mishaps.put_aside(entry.conversation, "notice", of, now_s)
            await mishaps.note(transaction, aside)

    return Step(lambda desk: work(Timers(desk), entry), give_up)


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
        for row in await desk.transaction.fetch(_UNANSWERED, desk.now_s):
            await self.give_up(entry_of(row))
        for row in (await desk.transaction.fetch(_TO_REMIND, desk.now_s))[:_AT_ONCE]:
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
