"""Who sits where: the only reader of what is taken, and the only writer of claims and covers.

Three things stand between two parties and one table: every change runs in a transaction that
excludes all others (BEGIN IMMEDIATE), tables are claimed under PRIMARY KEY (resource, quantum),
and covers are counted under a CHECK. The first suffices; the other two hold even if the code
above them is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from plausch.agent.closures import Closure, closures_between
from plausch.agent.rows import AROUND, Source, TableBooking, joined, split, values_of
from plausch.db.interface import Bulk, Transaction
from plausch.domain.assignment import DAY_QUANTA, Assignment, Placement
from plausch.domain.booking import LIVE, Booking, BookingState
from plausch.domain.business import Business
from plausch.domain.service import QUANTUM_S, Service
from plausch.domain.slots import Occupancy

_INSERT = """INSERT INTO booking (uid, sequence, state, party, starts_at_s, ends_at_s, zone,
    under_name, hold_until_s, booked_at_s, modified_at_s, service, conversation, token, resources,
    first_quantum, end_quantum, pace_minutes, pace_window, telephone, note, source, pinned,
    customer)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24)"""
_UPDATE = """UPDATE booking SET sequence = $2, state = $3, party = $4, starts_at_s = $5,
    ends_at_s = $6, under_name = $7, hold_until_s = $8, modified_at_s = $9 WHERE uid = $1"""
_SEAT = """UPDATE booking SET resources = $2, first_quantum = $3, end_quantum = $4,
    pace_minutes = $5, pace_window = $6, pinned = $7 WHERE uid = $1"""
_CLAIM = Bulk("INSERT INTO claim (resource, quantum, uid) {rows}", ("text", "int", "text"))
_PACE = """INSERT INTO pace (service, slot_minutes, slot, covers, max_covers)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (service, slot_minutes, slot)
    DO UPDATE SET covers = pace.covers + excluded.covers, max_covers = excluded.max_covers"""
_UNPACE = """UPDATE pace SET covers = covers - $2 WHERE (service, slot_minutes, slot) =
    (SELECT service, pace_minutes, pace_window FROM booking WHERE uid = $1)"""


@dataclass(frozen=True, slots=True)
class Stay:
    """Where a booking sits: its tables, its quanta, and whether it must stay there."""

    tables: tuple[str, ...]
    quanta: range
    pinned: bool = False


class Seats:
    """Tables and covers within one transaction.

    `freed` are the dates on which some became free; `reopened` means that it may be any date.
    """

    def __init__(self, transaction: Transaction, business: Business, now_s: int) -> None:
        self._transaction = transaction
        self._business = business
        self._now_s = now_s
        self.freed: set[date] = set()
        self.reopened = False

    async def occupancy(
        self, service: Service, first_quantum: int, end_quantum: int, left_out: str = ""
    ) -> Occupancy:
        """Who claims tables around a stretch of time, a day to both sides for chains of moves.

        Covers are those of the service, which has a pace of its own. Holds whose time is over do
        not count, even while they are still in the book; nor does the booking `left_out`. Closed
        tables are placements without guests.
        """
        first, end = first_quantum - 2 * DAY_QUANTA, end_quantum + DAY_QUANTA
        rows = await self._transaction.fetch(AROUND, first, end, self._now_s)
        closures = await closures_between(
            self._transaction, self._business.calendar.zone, first * QUANTUM_S, end * QUANTUM_S
        )
        placements = [self._closed(number, one) for number, one in enumerate(closures)]
        covers: dict[int, int] = {}
        for uid, party, starts_at_s, state, tables, start, stop, kind, pinned, paced in rows:
            if uid == left_out:
                continue
            stays = bool(pinned) or state == BookingState.SEATED or starts_at_s <= self._now_s
            floor = self._business.floor_for(self._business.service(kind))
            placements.append(
                Placement(uid, party, range(start, stop), split(tables), stays, floor)
            )
            if service.pacing and paced and kind == service.identifier:
                window = service.pacing.window(starts_at_s)
                covers[window] = covers.get(window, 0) + party
        return Occupancy(tuple(placements), covers)

    def _closed(self, number: int, closure: Closure) -> Placement:
        everything = tuple(one.identifier for one in self._business.floor.resources)
        quanta = range(closure.starts_at_s // QUANTUM_S, -(closure.ends_at_s // -QUANTUM_S))
        return Placement(f"closed {number}", 0, quanta, closure.resources or everything, True)

    async def seat(
        self, entry: TableBooking, token: bytes, stay: Stay, occupancy: Occupancy, found: Assignment
    ) -> None:
        """Write a new booking with its tables; others move as the search has found."""
        booking = entry.booking
        pace_minutes, window = self._pace(booking, entry.source)
        await self._transaction.execute(
            _INSERT,
            *values_of(booking),
            entry.conversation,
            token,
            joined(stay.tables),
            stay.quanta.start,
            stay.quanta.stop,
            pace_minutes,
            window,
            entry.telephone,
            entry.note,
            entry.source.value,
            int(stay.pinned),
            entry.customer,
        )
        await self._count(booking, pace_minutes, window)
        await self.make_room(occupancy.placements, found.moves)
        await self._claim([(booking.uid, stay.tables, stay.quanta)])

    async def update(self, before: Booking, after: Booking) -> None:
        """Write what has become of a booking; its tables are free if it needs none any more."""
        await self._transaction.execute(
            _UPDATE,
            after.uid,
            after.sequence,
            after.state.value,
            after.party,
            after.starts_at_s,
            after.ends_at_s,
            after.under_name,
            after.hold_until_s,
            after.modified_at_s,
        )
        if before.state in LIVE and after.state not in LIVE:
            await self._release(before)

    async def reseat(
        self,
        before: Booking,
        after: Booking,
        source: Source,
        stay: Stay,
        occupancy: Occupancy,
        found: Assignment,
    ) -> None:
        """Give a booking another time, length, party or table; others move as was found."""
        await self._release(before)
        await self.update(before, after)
        pace_minutes, window = self._pace(after, source)
        await self._transaction.execute(
            _SEAT,
            after.uid,
            joined(stay.tables),
            stay.quanta.start,
            stay.quanta.stop,
            pace_minutes,
            window,
            int(stay.pinned),
        )
        await self._count(after, pace_minutes, window)
        await self.make_room(occupancy.placements, found.moves)
        await self._claim([(after.uid, stay.tables, stay.quanta)])

    async def make_room(
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
                "UPDATE booking SET resources = $2 WHERE uid = $1", uid, joined(tables)
            )
        await self._claim(moved)

    def _pace(self, booking: Booking, source: Source) -> tuple[int, int]:
        """The pacing window that a booking counts in; whoever walks in is in no window."""
        pacing = self._business.service(booking.service).pacing
        if pacing is None or source is Source.WALK_IN:
            return 0, 0
        return pacing.slot_minutes, pacing.window(booking.starts_at_s)

    async def _count(self, booking: Booking, pace_minutes: int, window: int) -> None:
        pacing = self._business.service(booking.service).pacing
        if pacing and pace_minutes:
            await self._transaction.execute(
                _PACE, booking.service, pace_minutes, window, booking.party, pacing.max_covers
            )

    async def _release(self, booking: Booking) -> None:
        await self._transaction.execute("DELETE FROM claim WHERE uid = $1", booking.uid)
        await self._transaction.execute(_UNPACE, booking.uid, booking.party)
        self.freed.add(self._business.calendar.today(booking.starts_at_s))

    async def _claim(self, seated: Sequence[tuple[str, tuple[str, ...], range]]) -> None:
        rows = [
            (table, quantum, uid)
            for uid, tables, quanta in seated
            for table in tables
            for quantum in quanta
        ]
        if rows:
            await self._transaction.fetch_bulk(_CLAIM, rows)
