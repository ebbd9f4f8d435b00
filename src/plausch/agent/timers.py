"""What happens by the clock alone: holds and offers run out, reminders go out, records expire.

All of it is one transaction, so that a reminder is noted as sent exactly when it is in the list of
what is to be sent; the device's outbox and the message's salt do the rest (run.py).
"""

from plausch.agent import retention, rows
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
_DUE = """SELECT
    EXISTS (SELECT 1 FROM booking WHERE state = 'held' AND hold_until_s <= $1)
    OR EXISTS (SELECT 1 FROM booking WHERE state = 'pending' AND starts_at_s <= $1)
    OR EXISTS (SELECT 1 FROM booking WHERE remind_at_s > 0 AND remind_at_s <= $1)
    OR EXISTS (SELECT 1 FROM waiting WHERE state = 'waiting' AND until_s <= $1)"""


async def is_due(transaction: Transaction, now_s: int) -> bool:
    """Whether there is anything to do by the clock."""
    rows_due = await transaction.fetch(_DUE, now_s)
    return bool(rows_due[0][0]) or await retention.is_due(transaction, now_s)


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
            await self._give_up(entry_of(row))
        for row in (await desk.transaction.fetch(_TO_REMIND, desk.now_s))[:_AT_ONCE]:
            await self._remind(entry_of(row))
        await retention.sweep(desk.transaction, desk.business, desk.now_s)

    async def _give_up(self, entry: TableBooking) -> None:
        """A request whose time has come without an answer is declined."""
        desk = self._desk
        after = await desk.change(entry.booking, Decline(entry.booking.sequence))
        if entry.conversation:
            phrases = await desk.phrases(entry.conversation)
            what = described(phrases, desk.business, after)
            call = phrases.call(desk.business.telephone)
            text = phrases.say("unanswered", what=what, call=call)
            await desk.write(entry.conversation, text, after)

    async def _remind(self, entry: TableBooking) -> None:
        """Ask once whether the guest comes, unless the time has begun or the booking is off."""
        desk, booking = self._desk, entry.booking
        await desk.transaction.execute(
            "UPDATE booking SET remind_at_s = 0 WHERE uid = $1", booking.uid
        )
        if booking.state is not BookingState.CONFIRMED or booking.starts_at_s <= desk.now_s:
            return
        phrases = await desk.phrases(entry.conversation)
        text = phrases.say("reminder", what=described(phrases, desk.business, booking))
        options = [
            Option(f"coming:{booking.uid}", phrases.say("option_coming")),
            Option(f"cancel:{booking.uid}", phrases.say("option_cancel_it")),
        ]
        await desk.ask(entry.conversation, text, options)
