"""Bookings inside one transaction of the book: look for times, hold, confirm, cancel.

Three things stand between two parties and one table: every change runs in a transaction that
excludes all others (BEGIN IMMEDIATE), tables are claimed under PRIMARY KEY (resource, quantum),
and covers are counted under a CHECK. The first suffices; the other two hold even if the code
above them is wrong.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import cast

from plausch.base.ids import ConversationId
from plausch.db.interface import Bulk, Row, Transaction
from plausch.domain.assignment import Placement
from plausch.domain.booking import (
    CLAIMING,
    Booking,
    BookingState,
    By,
    Cancel,
    Command,
    Confirm,
    Expire,
    Hold,
    Request,
    apply,
    decide,
)
from plausch.domain.business import Business
from plausch.domain.calendar import instant_s
from plausch.domain.service import QUANTUM_S, Service
from plausch.domain.slots import (
    Availability,
    Occupancy,
    Slot,
    Unavailable,
    free_slots,
    slot_at,
    table_for,
)

_DAY_QUANTA = 86_400 // QUANTUM_S

_COLUMNS = (
    "uid, sequence, state, party, starts_at_s, ends_at_s, zone, under_name, hold_until_s, "
    "booked_at_s, modified_at_s, service"
)
_CLAIMING = "state IN ('confirmed', 'held', 'seated')"  # domain.booking.CLAIMING


def _reading(columns: str, where: str, order: str) -> str:
    return " ".join(("SELECT", columns, "FROM booking WHERE", where, "ORDER BY", order))


_BY_TOKEN = _reading(_COLUMNS, "conversation = $1 AND token = $2", "uid")
_BY_UID = _reading(_COLUMNS, "uid = $1", "uid")
_OF_CONVERSATION = _reading(_COLUMNS, "conversation = $1 AND uid = $2", "uid")
_OVERDUE = _reading(_COLUMNS, "state = 'held' AND hold_until_s <= $1", "uid")
_UPCOMING = _reading(
    _COLUMNS, "conversation = $1 AND state = 'confirmed' AND ends_at_s > $2", "starts_at_s, uid"
)
_ON_DAY = _reading(
    f"{_COLUMNS}, resources",
    f"{_CLAIMING} AND starts_at_s >= $1 AND starts_at_s < $2",
    "starts_at_s, resources",
)
_AROUND = _reading(
    "uid, party, starts_at_s, state, resources, first_quantum, end_quantum, service",
    f"{_CLAIMING} AND first_quantum > $1 AND first_quantum < $2 "
    "AND NOT (state = 'held' AND hold_until_s <= $3)",
    "uid",
)
_INSERT = """INSERT INTO booking (uid, sequence, state, party, starts_at_s, ends_at_s, zone,
    under_name, hold_until_s, booked_at_s, modified_at_s, service, conversation, token, resources,
    first_quantum, end_quantum, pace_minutes, pace_window)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    $19)"""
_UPDATE = """UPDATE booking SET sequence = $2, state = $3, under_name = $4, hold_until_s = $5,
    modified_at_s = $6 WHERE uid = $1"""
_CLAIM = Bulk("INSERT INTO claim (resource, quantum, uid) {rows}", ("text", "int", "text"))
_PACE = """INSERT INTO pace (service, slot_minutes, slot, covers, max_covers)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (service, slot_minutes, slot)
    DO UPDATE SET covers = pace.covers + excluded.covers, max_covers = excluded.max_covers"""


@dataclass(frozen=True, slots=True)
class TableBooking:
    """A booking and its tables."""

    booking: Booking
    tables: tuple[str, ...]


class Desk:
    """The book as it is within one transaction, at one moment, for one business."""

    def __init__(self, transaction: Transaction, business: Business, now_s: int) -> None:
        self.business = business
        self.now_s = now_s
        self._transaction = transaction

    async def available(
        self, day: date, party: int, instead_of: str = "", service: str = ""
    ) -> Availability:
        """The free times of an opening day for a party; as if the booking `instead_of` were not.

        `service` is the identifier of what is to be booked; empty for the first service.
        """
        wanted = self.business.service(service)
        zone = self.business.calendar.zone
        opens = instant_s(zone, day, 0) // QUANTUM_S
        occupancy = await self._occupancy(wanted, opens, opens + 2 * _DAY_QUANTA, instead_of)
        return free_slots(self.business, wanted, day, party, self.now_s, occupancy)

    async def hold(
        self,
        conversation: ConversationId,
        token: bytes,
        starts_at_s: int,
        party: int,
        under_name: str = "",
        service: str = "",
    ) -> Booking | Unavailable:
        """Keep a table for a party, for the service's hold time; or why that is impossible.

        `token` names the request within the conversation: the same one gets the same booking
        again, as it is by now. Raises BookingRefused for a name that is none.
        """
        known = await self._select(_BY_TOKEN, conversation, token)
        if known:
            return known[0]
        await self.expire_holds()
        wanted = self.business.service(service)
        slot = slot_at(self.business, wanted, starts_at_s, party, self.now_s)
        if isinstance(slot, Unavailable):
            return slot
        return await self._place(conversation, token, wanted, slot, party, under_name)

    async def rebook(
        self,
        conversation: ConversationId,
        token: bytes,
        old: Booking,
        starts_at_s: int,
        party: int,
    ) -> Booking | Unavailable:
        """A firm booking in place of another, under its name; or why that is impossible.

        The old one counts as free and is cancelled only if the new one can be. Tokens as in
        `hold`. Raises BookingRefused when the old one can no longer be cancelled.
        """
        known = await self._select(_BY_TOKEN, conversation, token)
        if known:
            return known[0]
        await self.expire_holds()
        wanted = self.business.service(old.service)
        slot = slot_at(self.business, wanted, starts_at_s, party, self.now_s)
        if isinstance(slot, Unavailable):
            return slot
        placed = await self._place(conversation, token, wanted, slot, party, old.under_name, old)
        return placed if isinstance(placed, Unavailable) else await self.confirm(placed)

    async def _place(
        self,
        conversation: ConversationId,
        token: bytes,
        service: Service,
        slot: Slot,
        party: int,
        under_name: str,
        instead_of: Booking | None = None,
    ) -> Booking | Unavailable:
        quanta = service.claimed_quanta(slot.starts_at_s, slot.ends_at_s)
        left_out = instead_of.uid if instead_of is not None else ""
        occupancy = await self._occupancy(service, quanta.start, quanta.stop, left_out)
        found = table_for(self.business, service, slot, party, occupancy)
        if found is None:
            return Unavailable.FULL
        if instead_of is not None:
            await self.cancel(instead_of, By.CUSTOMER)
        booking: Booking | None = None
        request = Request(
            _uid(conversation, token),
            party,
            slot.starts_at_s,
            slot.ends_at_s,
            slot.zone,
            under_name,
            service.identifier,
        )
        for command in (request, Hold(0, self.now_s + service.hold_minutes * 60)):
            for event in decide(booking, command, self.now_s):
                booking = apply(booking, event)
        booking = cast(Booking, booking)
        await self._insert(booking, conversation, token, found.resources, quanta)
        await self._move(occupancy.placements, found.moves)
        await self._claim([(booking.uid, found.resources, quanta)])
        return booking

    async def confirm(self, booking: Booking, under_name: str = "") -> Booking:
        """Make a held booking firm. Raises BookingRefused."""
        return await self._change(booking, Confirm(booking.sequence, under_name))

    async def cancel(self, booking: Booking, by: By) -> Booking:
        """Take a booking back and free its tables; customers only until the deadline.

        Raises BookingRefused.
        """
        return await self._change(booking, Cancel(by, self.cancel_deadline_s(booking)))

    def cancel_deadline_s(self, booking: Booking) -> int:
        """Until when its customer may take a booking back."""
        service = self.business.service(booking.service)
        return booking.starts_at_s - service.cancel_until_minutes * 60

    async def expire_holds(self) -> None:
        """End the holds whose time is over, and free their tables."""
        for booking in await self._select(_OVERDUE, self.now_s):
            await self._change(booking, Expire())

    async def booking(self, conversation: ConversationId, uid: str) -> Booking | None:
        """A booking of a conversation, by uid."""
        found = await self._select(_OF_CONVERSATION, conversation, uid)
        return found[0] if found else None

    async def upcoming(self, conversation: ConversationId) -> list[Booking]:
        """The firm bookings of a conversation that have not ended, by begin."""
        return await self._select(_UPCOMING, conversation, self.now_s)

    # --- the only writers of claims and covers ---------------------------------------------

    async def _change(self, seen: Booking, command: Command) -> Booking:
        """Carry out a command on the booking as it is now, whatever the caller saw before."""
        booking = (await self._select(_BY_UID, seen.uid))[0]
        after = booking
        for event in decide(booking, command, self.now_s):
            after = apply(after, event)
        if after is booking:
            return booking
        await self._transaction.execute(
            _UPDATE,
            after.uid,
            after.sequence,
            after.state.value,
            after.under_name,
            after.hold_until_s,
            after.modified_at_s,
        )
        if booking.state in CLAIMING and after.state not in CLAIMING:
            await self._release(booking)
        return after

    async def _release(self, booking: Booking) -> None:
        await self._transaction.execute("DELETE FROM claim WHERE uid = $1", booking.uid)
        await self._transaction.execute(
            """UPDATE pace SET covers = covers - $2 WHERE (service, slot_minutes, slot) =
               (SELECT service, pace_minutes, pace_window FROM booking WHERE uid = $1)""",
            booking.uid,
            booking.party,
        )

    async def _insert(
        self,
        booking: Booking,
        conversation: ConversationId,
        token: bytes,
        tables: tuple[str, ...],
        quanta: range,
    ) -> None:
        pacing = self.business.service(booking.service).pacing
        pace_minutes = pacing.slot_minutes if pacing else 0
        window = pacing.window(booking.starts_at_s) if pacing else 0
        await self._transaction.execute(
            _INSERT,
            *_values(booking),
            conversation,
            token,
            _joined(tables),
            quanta.start,
            quanta.stop,
            pace_minutes,
            window,
        )
        if pacing:
            await self._transaction.execute(
                _PACE, booking.service, pace_minutes, window, booking.party, pacing.max_covers
            )

    async def _move(
        self, placements: Iterable[Placement], moves: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Give other bookings their new tables: first all get up, then all sit down."""
        moved = [
            (placement.uid, moves[placement.uid], placement.quanta)
            for placement in placements
            if placement.uid in moves
        ]
        for uid, tables, _ in moved:
            await self._transaction.execute("DELETE FROM claim WHERE uid = $1", uid)
            await self._transaction.execute(
                "UPDATE booking SET resources = $2 WHERE uid = $1", uid, _joined(tables)
            )
        await self._claim(moved)

    async def _claim(self, seated: Sequence[tuple[str, tuple[str, ...], range]]) -> None:
        rows = [
            (table, quantum, uid)
            for uid, tables, quanta in seated
            for table in tables
            for quantum in quanta
        ]
        if rows:
            await self._transaction.fetch_bulk(_CLAIM, rows)

    # --- reading ---------------------------------------------------------------------------

    async def _select(self, query: str, *values: int | str | bytes) -> list[Booking]:
        return [_booking(row) for row in await self._transaction.fetch(query, *values)]

    async def _occupancy(
        self, service: Service, first_quantum: int, end_quantum: int, left_out: str = ""
    ) -> Occupancy:
        """Who claims tables around a stretch of time, a day to both sides for chains of moves.

        Covers are those of the service, which has a pace of its own.

        Holds whose time is over do not count, even while they are still in the book; nor does the
        booking `left_out`.
        """
        rows = await self._transaction.fetch(
            _AROUND,
            first_quantum - 2 * _DAY_QUANTA,
            end_quantum + _DAY_QUANTA,
            self.now_s,
        )
        pacing = service.pacing
        placements: list[Placement] = []
        covers: dict[int, int] = {}
        for uid, party, starts_at_s, state, resources, first, end, kind in rows:
            if uid == left_out:
                continue
            pinned = state == BookingState.SEATED or starts_at_s <= self.now_s
            tables = tuple(resources.split("\n"))
            floor = self.business.floor_for(self.business.service(kind))
            placements.append(Placement(uid, party, range(first, end), tables, pinned, floor))
            if pacing and kind == service.identifier:
                window = pacing.window(starts_at_s)
                covers[window] = covers.get(window, 0) + party
        return Occupancy(tuple(placements), covers)


async def table_bookings(transaction: Transaction, zone: str, day: date) -> list[TableBooking]:
    """The live bookings that begin on a local date, by time and table."""
    rows = await transaction.fetch(
        _ON_DAY,
        instant_s(zone, day, 0),
        instant_s(zone, day + timedelta(days=1), 0),
    )
    return [TableBooking(_booking(row[:-1]), tuple(row[-1].split("\n"))) for row in rows]


def _uid(conversation: ConversationId, token: bytes) -> str:
    """The same for a repeated request, and unlike any other's (iCalendar UID)."""
    return "b-" + hashlib.sha256(b"booking" + conversation + token).hexdigest()[:32]


def _joined(tables: tuple[str, ...]) -> str:
    return "\n".join(tables)


def _values(booking: Booking) -> tuple[int | str, ...]:
    return (
        booking.uid,
        booking.sequence,
        booking.state.value,
        booking.party,
        booking.starts_at_s,
        booking.ends_at_s,
        booking.zone,
        booking.under_name,
        booking.hold_until_s,
        booking.booked_at_s,
        booking.modified_at_s,
        booking.service,
    )


def _booking(row: Row) -> Booking:
    return replace(Booking(*row), state=BookingState(row[2]))
