"""Forgetting: every kind of record after its own time, and one customer's records on request."""

from dataclasses import dataclass
from datetime import timedelta

from plausch.agent import mishaps
from plausch.agent.desk import Desk
from plausch.agent.rows import OF_CUSTOMER, TableBooking, entry_of
from plausch.agent.showing import described
from plausch.db.interface import Transaction
from plausch.domain.booking import LIVE, Attend, Booking, BookingState, By, Cancel
from plausch.domain.business import Business

SWEEP_S = 6 * 3600
"""How often records are swept; the days of retention are whole days, so this is often enough."""

_DAY_S = 86_400
_CANCELLABLE = LIVE - {BookingState.SEATED}
_LAST = "SELECT at_s FROM swept WHERE what = 'records'"
_SWEPT = """INSERT INTO swept (what, at_s) VALUES ('records', $1)
    ON CONFLICT (what) DO UPDATE SET at_s = excluded.at_s"""
_OLD_CLAIMS = """DELETE FROM claim WHERE uid IN (SELECT uid FROM booking WHERE ends_at_s < $1)"""
_OLD_PACES = """DELETE FROM pace WHERE slot_minutes > 0 AND (slot + 1) * slot_minutes * 60 < $1"""
_OLD_CUSTOMERS = """DELETE FROM customer WHERE last_seen_s < $1
    AND NOT EXISTS (SELECT 1 FROM booking WHERE booking.customer = customer.id)"""

_OLD_MERGED = """DELETE FROM merged
    WHERE NOT EXISTS (SELECT 1 FROM customer WHERE customer.id = merged.customer)"""


@dataclass(frozen=True, slots=True)
class Erased:
    """How many records of a customer were there, and are no more; `bookings` by their uids."""

    customers: int = 0
    bookings: frozenset[str] = frozenset()
    waiting: int = 0
    talks: int = 0
    letters: int = 0


async def is_due(transaction: Transaction, now_s: int) -> bool:
    """Whether it is time to sweep."""
    rows = await transaction.fetch(_LAST)
    return not rows or rows[0][0] + SWEEP_S <= now_s


async def sweep(transaction: Transaction, business: Business, now_s: int) -> None:
    """Delete what has been kept long enough, if it is time."""
    if not await is_due(transaction, now_s):
        return
    await transaction.execute(_SWEPT, now_s)
    kept = business.retention
    bookings_s = now_s - kept.bookings_days * _DAY_S
    await transaction.execute(_OLD_CLAIMS, bookings_s)
    await transaction.execute("DELETE FROM booking WHERE ends_at_s < $1", bookings_s)
    await transaction.execute(_OLD_PACES, bookings_s)
    await transaction.execute(
        "DELETE FROM block WHERE every_weeks = 0 AND ends_at_s < $1", bookings_s
    )
    await transaction.execute(_OLD_CUSTOMERS, now_s - kept.customers_days * _DAY_S)
    await transaction.execute(_OLD_MERGED)
    talks_s = now_s - kept.talks_days * _DAY_S
    await transaction.execute("DELETE FROM talk WHERE at_s < $1", talks_s)
    await mishaps.forget_old(transaction, talks_s)
    today = business.calendar.today(now_s)
    for table, days in (("waiting", kept.waiting_days), ("ticket", kept.tickets_days)):
        first_kept = (today - timedelta(days=days)).isoformat()
        await transaction.execute(f"DELETE FROM {table} WHERE day < $1", first_kept)  # nosec B608: names of ours


async def erase(desk: Desk, customer: str) -> Erased:
    """Forget a customer: bookings that stand are cancelled, then every record is deleted.

    Whose coming booking is cancelled is told so, in a last letter that the book forgets once it is
    sent.
    What was answered stays known by its place in the log, without content, so that old messages
    are not answered again.
    """
    entries = [entry_of(row) for row in await desk.transaction.fetch(OF_CUSTOMER, customer)]
    conversations = {entry.conversation for entry in entries if entry.conversation}
    found = await desk.transaction.fetch(
        "SELECT conversation FROM customer WHERE id = $1", customer
    )
    conversations |= {row[0] for row in found if row[0]}
    for entry in entries:
        if entry.booking.state in LIVE:
            await _free(desk, entry)
    execute = desk.transaction.execute
    await execute("DELETE FROM booking WHERE customer = $1", customer)
    waiting = await execute("DELETE FROM waiting WHERE customer = $1", customer)
    customers = await execute("DELETE FROM customer WHERE id = $1", customer)
    await execute("DELETE FROM merged WHERE customer = $1", customer)
    talks = letters = 0
    for conversation in sorted(conversations):
        await mishaps.forget(desk.transaction, conversation)
        talks += await execute("DELETE FROM talk WHERE conversation = $1", conversation)
        letters += await execute("DELETE FROM reply WHERE conversation = $1", conversation)
    uids = frozenset(entry.booking.uid for entry in entries)
    return Erased(customers, uids, waiting, talks, letters)


async def _free(desk: Desk, found: TableBooking) -> None:
    """Give the tables of a booking back, whatever its state; who was to come is told."""
    entry = await desk.entry(found.booking.uid)
    if entry is None:
        return
    booking = entry.booking
    if booking.state in _CANCELLABLE:
        after = await desk.change(booking, Cancel(By.BUSINESS, 0))
        await _tell_cancelled(desk, entry, after)
    else:
        await desk.change(booking, Attend(BookingState.COMPLETED))


async def _tell_cancelled(desk: Desk, entry: TableBooking, after: Booking) -> None:
    if not entry.conversation or after.ends_at_s <= desk.now_s:
        return
    phrases = await desk.phrases(entry.conversation)
    what = described(phrases, desk.business, after)
    call = phrases.call(desk.business.telephone)
    text = phrases.say("erased_cancelled", what=what, call=call)
    await desk.write(entry.conversation, text, after)
