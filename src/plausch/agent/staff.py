"""What staff does at the desk: book for one who rang up, move, decide, note, see off.

Staff is bound by tables and pacing as everybody is, but not by notice, window and opening hours:
it knows what it does. A guest who is in a chat is told what staff has changed.
"""

from dataclasses import dataclass, replace

from plausch.agent import closures, customers, merging, rows
from plausch.agent.closures import Closure
from plausch.agent.desk import Desk
from plausch.agent.rows import NO_CONVERSATION, Source, TableBooking, entry_of, uid_of
from plausch.agent.seats import Stay
from plausch.agent.showing import described
from plausch.content.cards import Option
from plausch.domain.assignment import Assignment, assign
from plausch.domain.booking import (
    MAX_PARTY,
    Attend,
    Booking,
    BookingRefused,
    BookingState,
    By,
    Cancel,
    Confirm,
    Counter,
    Decline,
    Hold,
    Move,
    Request,
)
from plausch.domain.service import QUANTUM_S, Service
from plausch.domain.slots import Occupancy, Slot
from plausch.domain.tables import FloorPlan

MAX_NOTE_CHARACTERS = 500
MAX_TELEPHONE_CHARACTERS = 40
MAX_AHEAD_S = 2 * 366 * 86_400
COUNTER_HOLD_S = 86_400
"""How long a counter-offer is kept free, unless its time comes before that."""

_NOTE = "UPDATE booking SET note = $2 WHERE uid = $1"


@dataclass(frozen=True, slots=True)
class StaffWish:
    """A booking as staff writes it. `token` names the request; no `resources`: the best free."""

    token: bytes
    starts_at_s: int
    party: int
    under_name: str = ""
    service: str = ""
    telephone: str = ""
    note: str = ""
    resources: tuple[str, ...] = ()
    source: Source = Source.STAFF


class StaffDesk:
    """A desk in the hands of a member of staff.

    Every method raises BookingRefused, with one sentence, for what cannot be; nothing has changed
    then. `sequence` is that of the booking as staff saw it: what has changed since is `outdated`.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # --- reading ---------------------------------------------------------------------------

    async def between(self, first_s: int, end_s: int) -> list[TableBooking]:
        """Every booking that begins within a stretch, also those that came to nothing."""
        found = await self.desk.transaction.fetch(rows.ALL_BETWEEN, first_s, end_s)
        return [entry_of(row) for row in found]

    async def closures(self, first_s: int, end_s: int) -> list[Closure]:
        """Every closure within a stretch; what recurs is listed each time."""
        zone = self.desk.business.calendar.zone
        return await closures.closures_between(self.desk.transaction, zone, first_s, end_s)

    async def entry(self, uid: str) -> TableBooking:
        """A booking by uid."""
        found = await self.desk.entry(uid)
        if found is None:
            raise BookingRefused("There is no such booking: load the plan again.", code="unknown")
        return found

    async def _seen(self, uid: str, sequence: int) -> TableBooking:
        entry = await self.entry(uid)
        if entry.booking.sequence != sequence:
            raise BookingRefused(
                f"The booking changed meanwhile: it is at sequence {entry.booking.sequence}, not "
                f"{sequence}; look at it again.",
                code="outdated",
            )
        return entry

    # --- bookings --------------------------------------------------------------------------

    async def book(self, wish: StaffWish) -> TableBooking:
        """A firm booking for one who rang up; who walks in sits already."""
        desk = self.desk
        known = await desk.select(rows.BY_TOKEN, NO_CONVERSATION, wish.token)
        if known:
            return await self.entry(known[0].uid)
        service = _checked(desk, wish)
        await desk.expire_holds()
        slot = self._slot(service, wish.starts_at_s, wish.party)
        is_paced = wish.source is not Source.WALK_IN
        found, occupancy, stay = await self._find(
            service, slot, wish.party, wish.resources, is_paced
        )
        request = Request(
            uid_of(NO_CONVERSATION, wish.token),
            wish.party,
            slot.starts_at_s,
            slot.ends_at_s,
            slot.zone,
            wish.under_name,
            service.identifier,
        )
        booking = desk.decided(None, request, Confirm(0, wish.under_name))
        if wish.source is Source.WALK_IN:
            booking = desk.decided(booking, Attend(BookingState.SEATED))
        customer = await merging.by_telephone(desk.transaction, wish.telephone)
        entry = TableBooking(
            booking,
            stay.tables,
            NO_CONVERSATION,
            wish.telephone,
            wish.note,
            wish.source,
            stay.pinned,
            customer,
        )
        if customer:
            seen = customers.Seen(
                customer, name=wish.under_name.strip(), telephone=wish.telephone.strip()
            )
            await customers.remember(desk.transaction, seen, desk.now_s)
        await desk.seats.seat(entry, wish.token, stay, occupancy, found)
        return entry

    async def move(
        self,
        uid: str,
        sequence: int,
        starts_at_s: int | None = None,
        resources: tuple[str, ...] | None = None,
        party: int | None = None,
        ends_at_s: int | None = None,
    ) -> TableBooking:
        """Another time, length, party or tables; what is None stays. Given tables are pinned."""
        await self.desk.expire_holds()
        entry = await self._seen(uid, sequence)
        before = entry.booking
        service = self.desk.business.service(before.service)
        slot = self._moved_slot(service, before, starts_at_s, party, ends_at_s)
        command = Move(sequence, slot.starts_at_s, slot.ends_at_s, party or before.party)
        after = self.desk.decided(before, command)
        wanted = resources or ()
        if not resources and entry.pinned:
            wanted = entry.tables
        is_paced = entry.source is not Source.WALK_IN
        found, occupancy, stay = await self._find(
            service, slot, after.party, wanted, is_paced, left_out=uid
        )
        await self.desk.seats.reseat(before, after, entry.source, stay, occupancy, found)
        if (before.starts_at_s, before.party) != (after.starts_at_s, after.party):
            if after.state is BookingState.CONFIRMED:
                await self.desk.plan_reminder(after)
            await self._tell(entry, "staff_moved", after)
        return replace(entry, booking=after, tables=stay.tables, pinned=stay.pinned)

    async def confirm(self, uid: str, sequence: int) -> TableBooking:
        """Make a request firm."""
        entry = await self._seen(uid, sequence)
        after = await self.desk.confirm(entry.booking)
        await self._tell(entry, "staff_confirmed", after)
        return replace(entry, booking=after)

    async def decline(self, uid: str, sequence: int) -> TableBooking:
        """Say no to a request."""
        entry = await self._seen(uid, sequence)
        after = await self.desk.change(entry.booking, Decline(sequence))
        await self._tell(entry, "staff_declined", after)
        return replace(entry, booking=after)

    async def cancel(self, uid: str, sequence: int) -> TableBooking:
        """Take a booking back; the guest may be gone, the business may always."""
        entry = await self._seen(uid, sequence)
        after = await self.desk.change(entry.booking, Cancel(By.BUSINESS, 0))
        if after is not entry.booking:
            await self._tell(entry, "staff_cancelled", after)
        return replace(entry, booking=after)

    async def counter(self, uid: str, sequence: int, starts_at_s: int) -> TableBooking:
        """Offer another time in place of the one asked for; kept free until the guest answers."""
        desk = self.desk
        entry = await self._seen(uid, sequence)
        before = entry.booking
        service = desk.business.service(before.service)
        slot = self._slot(service, starts_at_s, before.party)
        until_s = min(desk.now_s + COUNTER_HOLD_S, slot.starts_at_s)
        after = desk.decided(before, Counter(sequence, slot.starts_at_s, slot.ends_at_s))
        after = desk.decided(after, Hold(after.sequence, until_s))
        found, occupancy, stay = await self._find(service, slot, before.party, (), True, uid)
        await desk.seats.reseat(before, after, entry.source, stay, occupancy, found)
        await self._offer_counter(entry, after)
        return replace(entry, booking=after, tables=stay.tables, pinned=stay.pinned)

    async def _offer_counter(self, entry: TableBooking, after: Booking) -> None:
        phrases = await self.desk.phrases(entry.conversation)
        business = self.desk.business
        text = phrases.say(
            "staff_countered",
            asked=described(phrases, business, entry.booking),
            offered=described(phrases, business, after),
            until=phrases.moment(business.calendar.local(after.hold_until_s)),
        )
        options = [
            Option(f"take:{after.uid}", phrases.say("option_take")),
            Option(f"cancel:{after.uid}", phrases.say("option_no")),
        ]
        await self.desk.ask(entry.conversation, text, options)

    async def attend(self, uid: str, sequence: int, state: BookingState) -> TableBooking:
        """The guests sat down, left, or never came."""
        entry = await self._seen(uid, sequence)
        if state is BookingState.NO_SHOW and self.desk.now_s < entry.booking.starts_at_s:
            raise BookingRefused("Nobody is late before the time has come: wait, or cancel it.")
        after = await self.desk.change(entry.booking, Attend(state))
        if state is not BookingState.COMPLETED and entry.customer:
            came = state is BookingState.SEATED
            await customers.count_attendance(self.desk.transaction, entry.customer, came=came)
        return replace(entry, booking=after)

    async def note(self, uid: str, note: str) -> TableBooking:
        """Replace what staff wrote about a booking: allergies, wishes."""
        entry = await self.entry(uid)
        _check_line("note", note, MAX_NOTE_CHARACTERS)
        await self.desk.transaction.execute(_NOTE, uid, note)
        return replace(entry, note=note)

    # --- closed places ---------------------------------------------------------------------

    async def close(self, closure: Closure) -> Closure:
        """Keep new bookings away from some places. Raises ClosureRefused.

        Those that sit there already stay: the plan shows both, and staff decides.
        """
        known = frozenset(one.identifier for one in self.desk.business.floor.resources)
        checked = closures.checked(closure, known)
        await closures.save(self.desk.transaction, checked)
        return checked

    async def reopen(self, identifier: str) -> None:
        """Take a closure back, all its occurrences."""
        if not await closures.remove(self.desk.transaction, identifier):
            raise BookingRefused("There is no such closure: load the plan again.", code="unknown")
        self.desk.seats.reopened = True

    # --- tables ----------------------------------------------------------------------------

    def _slot(self, service: Service, starts_at_s: int, party: int) -> Slot:
        return self._checked_slot(starts_at_s, service.duration_s(party))

    def _checked_slot(self, starts_at_s: int, duration_s: int) -> Slot:
        now_s = self.desk.now_s
        if starts_at_s % QUANTUM_S or duration_s % QUANTUM_S:
            raise BookingRefused("A stay begins and ends at a full five minutes.", code="bad_time")
        if not 0 < duration_s <= 86_400 or starts_at_s > now_s + MAX_AHEAD_S:
            raise BookingRefused(
                "A stay lasts a day at most and begins within two years.", code="bad_time"
            )
        if starts_at_s + duration_s <= now_s:
            raise BookingRefused("That time is over: choose a later one.", code="past")
        return Slot(starts_at_s, duration_s, self.desk.business.calendar.zone)

    def _moved_slot(
        self,
        service: Service,
        before: Booking,
        starts_at_s: int | None,
        party: int | None,
        ends_at_s: int | None,
    ) -> Slot:
        """The new stay: as long as before, unless there are other guests or another end."""
        starts_s = before.starts_at_s if starts_at_s is None else starts_at_s
        duration_s = before.ends_at_s - before.starts_at_s
        if ends_at_s is not None:
            duration_s = ends_at_s - starts_s
        elif party is not None and party != before.party:
            duration_s = service.duration_s(party)
        return self._checked_slot(starts_s, duration_s)

    async def _find(
        self,
        service: Service,
        slot: Slot,
        party: int,
        resources: tuple[str, ...],
        is_paced: bool,
        left_out: str = "",
    ) -> tuple[Assignment, Occupancy, Stay]:
        """Tables for a stay: the given ones, from which others may move, or the best free."""
        quanta = service.claimed_quanta(slot.starts_at_s, slot.ends_at_s)
        desk = self.desk
        occupancy = await desk.seats.occupancy(service, quanta.start, quanta.stop, left_out)
        pacing = service.pacing if is_paced else None
        if pacing is not None:
            taken = occupancy.covers.get(pacing.window(slot.starts_at_s), 0)
            if taken + party > pacing.max_covers:
                raise BookingRefused(
                    f"Too many guests would begin at that time: {taken} of "
                    f"{pacing.max_covers} are taken.",
                    code="pacing",
                )
        floor = desk.business.floor_for(service)
        plan = _only(floor, resources, party) if resources else floor
        if not plan.seatings(party):
            raise BookingRefused(
                f"No table seats {party}: choose a larger one, or fewer guests.", code="too_large"
            )
        found = assign(plan, occupancy.seated, party, quanta)
        if found is None:
            raise BookingRefused(
                "The place is taken or closed at that time: choose another time or place.",
                code="full",
            )
        return found, occupancy, Stay(found.resources, quanta, pinned=bool(resources))

    async def _tell(self, entry: TableBooking, key: str, after: Booking) -> None:
        if entry.conversation:
            phrases = await self.desk.phrases(entry.conversation)
            business = self.desk.business
            call = phrases.call(business.telephone)
            what = described(phrases, business, after)
            was = described(phrases, business, entry.booking)
            text = phrases.say(key, what=what, was=was, call=call)
            await self.desk.write(entry.conversation, text, after)


def _only(floor: FloorPlan, resources: tuple[str, ...], party: int) -> FloorPlan:
    """A floor of these tables alone, as one: staff may seat two where four fit, not the reverse."""
    wanted = frozenset(resources)
    for table in floor.resources:
        if wanted == {table.identifier} and party <= table.max_party:
            return FloorPlan((replace(table, min_party=1),))
    for joined in floor.combinations:
        if wanted == frozenset(joined.resources) and party <= joined.max_party:
            parts = tuple(
                replace(one, min_party=MAX_PARTY, max_party=MAX_PARTY)
                for one in floor.resources
                if one.identifier in wanted
            )
            return FloorPlan(parts, (replace(joined, min_party=1),))
    return FloorPlan(())


def _checked(desk: Desk, wish: StaffWish) -> Service:
    """The service of a wish whose words are fit to be written down. Raises BookingRefused."""
    service = desk.business.known_service(wish.service) if wish.service else desk.business.service()
    if service is None:
        raise BookingRefused("There is no such service: load the page again.", code="unknown")
    if not 1 <= len(wish.token) <= 64:
        raise BookingRefused("A request has a token of 1 to 64 bytes.", code="bad_request")
    if not 1 <= wish.party <= MAX_PARTY:
        raise BookingRefused(f"A booking is for 1 to {MAX_PARTY} guests.", code="bad_request")
    _check_line("note", wish.note, MAX_NOTE_CHARACTERS)
    _check_line("telephone number", wish.telephone, MAX_TELEPHONE_CHARACTERS)
    return service


def _check_line(what: str, text: str, most: int) -> None:
    if len(text) > most or not text.isprintable():
        raise BookingRefused(
            f"A {what} is one line of at most {most} printable characters.", code="bad_request"
        )
