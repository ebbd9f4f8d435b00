"""Any sequence of what guests, staff and the clock do keeps every promise of the book.

Beside the auditor's (no overlap, no orphan, pacing): nobody on the waiting list is passed over for
one who came later and wants the same, an offer is a hold, and a token is one booking.
"""

import asyncio
import sqlite3
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from counter import Clerk
from ledger import audit
from linde import NOW_S, TUESDAY, at, restaurant
from plausch.agent.book import Book
from plausch.agent.closures import Closure
from plausch.agent.rows import Source, TableBooking
from plausch.agent.waiting import Waiting, WaitingList, WaitingRefused, WaitingState, WaitingWish
from plausch.base.clock import ManualClock
from plausch.base.ids import ConversationId
from plausch.domain.booking import BookingRefused, BookingState, By
from plausch.domain.holiday import STATES, HolidayRegion, holidays_in
from plausch.domain.slots import Unavailable, starts_on

HOUSE = restaurant()
DAYS = [TUESDAY + timedelta(days=offset) for offset in range(2)]
CLOCKS = ["11:30", "12:00", "18:00", "18:30", "19:00", "19:35", "20:00"]
TABLES = [(), ("1",), ("3",), ("5",), ("1", "2"), ("3", "4"), ("cellar",)]
days, clocks = st.sampled_from(DAYS), st.sampled_from(CLOCKS)
parties, tables, picks = st.integers(1, 8), st.sampled_from(TABLES), st.integers(0, 1000)


class House(RuleBasedStateMachine):
    """A real book in a file, staff, guests on the list; the auditor reads it after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "book.db"
        self.runner = asyncio.Runner()
        book = self.runner.run(Book.open(self.path))
        self.clerk = Clerk(book, HOUSE, ManualClock(NOW_S * 1000))
        self.guests = 0
        self.uids: list[str] = []
        self.closed: list[str] = []

    def teardown(self) -> None:
        self.runner.run(self.clerk.book.close())
        self.runner.close()
        self.folder.cleanup()

    def tried(self, act: Any) -> Any:
        """What comes of an act; a refusal is one clear sentence, and None."""
        try:
            return self.runner.run(act)
        except (BookingRefused, WaitingRefused) as refused:
            assert str(refused).endswith(".")
            return None

    def entry(self, pick: int) -> TableBooking | None:
        if not self.uids:
            return None
        uid = self.uids[pick % len(self.uids)]
        return self.tried(self.clerk.does(lambda staff: staff.entry(uid)))

    @rule(day=days, clock=clocks, party=parties, wanted=tables)
    def one_rings_up(self, day: date, clock: str, party: int, wanted: tuple[str, ...]) -> None:
        entry = self.tried(self.clerk.books(at(day, clock), party, resources=wanted))
        if entry is not None:
            self.uids.append(entry.booking.uid)
            assert not wanted or set(entry.tables) == set(wanted)

    @rule(party=parties)
    def one_walks_in(self, party: int) -> None:
        now_s = self.clerk.now_s - self.clerk.now_s % 300
        entry = self.tried(self.clerk.books(now_s, party, source=Source.WALK_IN))
        if entry is not None:
            self.uids.append(entry.booking.uid)

    @rule(day=days, party=parties, pick=picks, firm=st.booleans())
    def a_guest_books_what_is_offered(self, day: date, party: int, pick: int, firm: bool) -> None:
        book, now_s = self.clerk.book, self.clerk.now_s
        slots = self.runner.run(book.available(HOUSE, day, party, now_s)).slots
        if not slots:
            return
        self.guests += 1
        guest = ConversationId(self.guests.to_bytes(16, "big"))
        slot = slots[pick % len(slots)]
        held = self.runner.run(book.hold(HOUSE, guest, b"t", slot.starts_at_s, party, now_s))
        assert not isinstance(held, Unavailable)
        self.uids.append(held.uid)
        if firm:
            self.runner.run(book.confirm(HOUSE, held, "Anna", now_s))

    @rule(pick=picks, day=days, clock=clocks, party=parties, wanted=tables, late=st.booleans())
    def a_drag(
        self, pick: int, day: date, clock: str, party: int, wanted: tuple[str, ...], late: bool
    ) -> None:
        entry = self.entry(pick)
        if entry is None:
            return
        uid, sequence = entry.booking.uid, entry.booking.sequence - late
        moved = self.tried(
            self.clerk.does(lambda s: s.move(uid, sequence, at(day, clock), wanted, party))
        )
        assert moved is None or not late
        now = self.tried(self.clerk.does(lambda staff: staff.entry(uid)))
        if moved is not None:
            assert now == moved
        elif now.booking.sequence == entry.booking.sequence:  # a hold may have run out by itself
            assert now.booking == entry.booking

    @rule(pick=picks, what=st.sampled_from(["confirm", "decline", "cancel"]))
    def a_decision(self, pick: int, what: str) -> None:
        entry = self.entry(pick)
        if entry is not None:
            uid, sequence = entry.booking.uid, entry.booking.sequence
            self.tried(self.clerk.does(lambda staff: getattr(staff, what)(uid, sequence)))

    @rule(pick=picks, day=days, clock=clocks)
    def a_counter_offer(self, pick: int, day: date, clock: str) -> None:
        entry = self.entry(pick)
        if entry is not None:
            uid, sequence = entry.booking.uid, entry.booking.sequence
            self.tried(self.clerk.does(lambda s: s.counter(uid, sequence, at(day, clock))))

    @rule(
        pick=picks,
        state=st.sampled_from(
            [BookingState.SEATED, BookingState.COMPLETED, BookingState.NO_SHOW, BookingState.HELD]
        ),
    )
    def attendance(self, pick: int, state: BookingState) -> None:
        entry = self.entry(pick)
        if entry is not None:
            uid, sequence = entry.booking.uid, entry.booking.sequence
            self.tried(self.clerk.does(lambda staff: staff.attend(uid, sequence, state)))

    @rule(day=days, clock=clocks, wanted=st.sampled_from([(), ("1",), ("3", "4")]))
    def a_closure(self, day: date, clock: str, wanted: tuple[str, ...]) -> None:
        begin_s = at(day, clock)
        closure = Closure("", wanted, begin_s, begin_s + 3600)
        closed = self.tried(self.clerk.does(lambda staff: staff.close(closure)))
        self.closed.append(closed.identifier)

    @rule()
    def a_closure_ends(self) -> None:
        if self.closed:
            identifier = self.closed.pop()
            self.tried(self.clerk.does(lambda staff: staff.reopen(identifier)))

    @rule(day=days, party=parties, first=clocks, hours=st.integers(1, 4), chat=st.booleans())
    def one_waits(self, day: date, party: int, first: str, hours: int, chat: bool) -> None:
        self.guests += 1
        guest = ConversationId(self.guests.to_bytes(16, "big") if chat else b"")
        begin_s = at(day, first)
        wish = WaitingWish(day, party, begin_s, begin_s + hours * 3600, "Wanda", "", guest)
        self.tried(self.clerk.at_desk(lambda desk: WaitingList(desk).add(wish)))

    @rule(by_s=st.sampled_from([60, 600, 900, 7200, 40_000]))
    def time_passes(self, by_s: int) -> None:
        self.clerk.clock.advance(by_s * 1000)
        self.runner.run(self.clerk.book.tick(HOUSE, self.clerk.now_s))

    def waiting(self) -> list[Waiting]:
        return self.runner.run(
            self.clerk.at_desk(lambda desk: WaitingList(desk).between(DAYS[0], len(DAYS)))
        )

    @invariant()
    def the_book_is_right(self) -> None:
        audit(self.path, HOUSE)

    @invariant()
    def an_offer_is_a_place_that_is_kept(self) -> None:
        with sqlite3.connect(self.path) as connection:
            rows = dict(connection.execute("SELECT uid, state FROM booking").fetchall())
        connection.close()
        for one in self.waiting():
            if one.state is WaitingState.OFFERED:
                assert rows[one.uid] in ("held", "confirmed", "seated", "completed", "no_show")

    @invariant()
    def what_is_free_was_offered_to_who_waits(self) -> None:
        """After every change of the book, nobody waits for what could be had."""
        book, now_s = self.clerk.book, self.clerk.now_s
        for one in self.waiting():
            if one.state is not WaitingState.WAITING:
                continue
            wish = one.wish
            found = self.runner.run(book.available(HOUSE, wish.day, wish.party, now_s))
            free = [s for s in found.slots if wish.from_s <= s.starts_at_s < wish.until_s]
            assert not free or wish.until_s <= now_s


TestHouse = House.TestCase
TestHouse.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


async def test_64_guests_and_a_list(tmp_path: Path) -> None:
    """64 at once want one evening; who gets nothing waits; when all cancel, the list moves up."""
    path = tmp_path / "book.db"
    book = await Book.open(path)
    clerk = Clerk(book, HOUSE, ManualClock(NOW_S * 1000))
    seven = at(TUESDAY, "19:00")

    async def come(number: int) -> Any:
        guest = ConversationId(number.to_bytes(16, "big"))
        held = await book.hold(HOUSE, guest, b"t", seven, 2, NOW_S)
        if isinstance(held, Unavailable):
            wish = WaitingWish(TUESDAY, 2, seven, seven + 60, str(number), "", guest)
            return await clerk.at_desk(lambda desk: WaitingList(desk).add(wish))
        return await book.confirm(HOUSE, held, str(number), NOW_S)

    results = await asyncio.gather(*(come(number) for number in range(64)))
    firm = [one for one in results if not isinstance(one, Waiting)]
    waiting = [one for one in results if isinstance(one, Waiting)]
    assert (len(firm), len(waiting)) == (4, 60)
    assert audit(path, HOUSE) == 4
    await asyncio.gather(*(book.cancel(HOUSE, one, By.CUSTOMER, NOW_S) for one in firm))
    assert audit(path, HOUSE) == 4
    entries = await clerk.at_desk(lambda desk: WaitingList(desk).between(TUESDAY, 1))
    offered = [one for one in entries if one.state is WaitingState.OFFERED]
    assert offered == entries[:4]
    assert len(await book.waiting_replies()) == 4
    await book.close()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(STATES), st.integers(2024, 2032), picks)
def test_no_guest_gets_a_slot_on_a_holiday(state: str, year: int, pick: int) -> None:
    """Of all sixteen states."""
    region = HolidayRegion(state)
    feasts = sorted(holidays_in(region, year))
    day = feasts[pick % len(feasts)]
    calendar = replace(HOUSE.calendar, region=region, special_days=())
    house = replace(HOUSE, calendar=calendar)
    assert starts_on(house, house.service(), day, 2) == ()
