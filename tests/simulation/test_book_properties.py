"""Any sequence of book, confirm, cancel, retry and waiting keeps every promise of the book."""

import asyncio
import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger import audit
from linde import NOW_S, TUESDAY, restaurant, without_pacing
from plausch.agent.book import Book
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking, BookingRefused, BookingState, By
from plausch.domain.calendar import instant_s
from plausch.domain.slots import Slot, Unavailable

HOUSE = restaurant()
DAYS = [TUESDAY + timedelta(days=offset) for offset in range(3)]
parties = st.integers(1, 9)
days = st.sampled_from(DAYS)


class Bookkeeping(RuleBasedStateMachine):
    """A real book in a file; the auditor reads it after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "book.db"
        self.runner = asyncio.Runner()
        self.book = self.runner.run(Book.open(self.path))
        self.now_s = NOW_S
        self.tokens = 0
        self.requests: list[tuple[ConversationId, bytes, int, int]] = []
        self.bookings: dict[str, Booking] = {}

    def teardown(self) -> None:
        self.runner.run(self.book.close())
        self.runner.close()
        self.folder.cleanup()

    def free(self, day: date, party: int) -> tuple[Slot, ...]:
        found = self.runner.run(self.book.available(HOUSE, day, party, self.now_s))
        return found.slots

    def hold(self, request: tuple[ConversationId, bytes, int, int]) -> Booking | Unavailable:
        conversation, token, starts_at_s, party = request
        held = self.runner.run(
            self.book.hold(HOUSE, conversation, token, starts_at_s, party, self.now_s)
        )
        if isinstance(held, Booking):
            self.bookings[held.uid] = held
        return held

    @rule(day=days, party=parties, pick=st.integers(0, 50), guest=st.integers(0, 3))
    def an_offered_slot_is_bookable(self, day: date, party: int, pick: int, guest: int) -> None:
        slots = self.free(day, party)
        if not slots:
            return
        slot = slots[pick % len(slots)]
        self.tokens += 1
        token = self.tokens.to_bytes(4, "big")
        request = (ConversationId(bytes([guest]) * 16), token, slot.starts_at_s, party)
        self.requests.append(request)
        held = self.hold(request)
        assert isinstance(held, Booking)
        assert held.state is BookingState.HELD
        assert (held.starts_at_s, held.party) == (slot.starts_at_s, party)

    @rule(day=days, party=parties, minute=st.integers(0, 1440))
    def any_time_is_held_exactly_if_it_is_offered(self, day: date, party: int, minute: int) -> None:
        """Of the times on the grid and those beside it."""
        starts_at_s = self.free_or_not(day, minute)
        offered = starts_at_s in {slot.starts_at_s for slot in self.free(day, party)}
        self.tokens += 1
        token = self.tokens.to_bytes(4, "big")
        request = (ConversationId(b"x" * 16), token, starts_at_s, party)
        held = self.hold(request)
        assert isinstance(held, Booking) == offered
        if offered:
            self.requests.append(request)

    def free_or_not(self, day: date, minute: int) -> int:
        return instant_s(HOUSE.calendar.zone, day, minute - minute % 15)

    @rule(pick=st.integers(0, 1000))
    def a_retry_changes_nothing(self, pick: int) -> None:
        if not self.requests:
            return
        request = self.requests[pick % len(self.requests)]
        before = len(self.bookings)
        again = self.hold(request)
        assert isinstance(again, Booking)
        assert len(self.bookings) == before

    def any_booking(self, pick: int) -> Booking | None:
        if not self.bookings:
            return None
        return self.bookings[sorted(self.bookings)[pick % len(self.bookings)]]

    @rule(pick=st.integers(0, 1000))
    def confirm(self, pick: int) -> None:
        booking = self.any_booking(pick)
        if booking is None:
            return
        live = booking.state is BookingState.HELD and self.now_s < booking.hold_until_s
        try:
            after = self.runner.run(self.book.confirm(HOUSE, booking, "Anna", self.now_s))
        except BookingRefused:
            assert not live
        else:
            assert live
            self.bookings[booking.uid] = after

    @rule(pick=st.integers(0, 1000), by=st.sampled_from([By.CUSTOMER, By.BUSINESS]))
    def cancel(self, pick: int, by: By) -> None:
        booking = self.any_booking(pick)
        if booking is None:
            return
        try:
            after = self.runner.run(self.book.cancel(HOUSE, booking, by, self.now_s))
        except BookingRefused:
            assert by is By.CUSTOMER
            assert booking.state is BookingState.CONFIRMED
        else:
            assert after.state is BookingState.CANCELLED
            self.bookings[booking.uid] = after

    @rule(by_s=st.sampled_from([60, 599, 600, 3600, 20_000]))
    def wait(self, by_s: int) -> None:
        self.now_s += by_s
        self.runner.run(self.book.at_desk(HOUSE, self.now_s, lambda desk: desk.expire_holds()))
        for booking in self.bookings.values():
            if booking.state is BookingState.HELD and booking.hold_until_s <= self.now_s:
                over = self.runner.run(
                    self.book.at_desk(HOUSE, self.now_s, lambda desk, b=booking: self.same(desk, b))
                )
                assert over.state is BookingState.CANCELLED
                self.bookings[booking.uid] = over

    async def same(self, desk, booking: Booking) -> Booking:  # type: ignore[no-untyped-def]
        for guest in [*(bytes([number]) * 16 for number in range(4)), b"x" * 16]:
            found = await desk.booking(ConversationId(guest), booking.uid)
            if found is not None:
                return found
        raise AssertionError("a booking has vanished")

    @invariant()
    def the_book_is_right(self) -> None:
        expected = sum(
            booking.state in (BookingState.HELD, BookingState.CONFIRMED)
            for booking in self.bookings.values()
        )
        assert audit(self.path, HOUSE) == expected


TestBookkeeping = Bookkeeping.TestCase
TestBookkeeping.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8)), max_size=6),
    st.integers(0, 12),
    st.integers(1, 8),
    st.integers(1, 8),
)
def test_cancel_then_rebook_is_neutral(
    others: list[tuple[int, int]], pick: int, party: int, watcher: int
) -> None:
    """Who books and cancels leaves the others' choice as it was, and can book again."""
    house = without_pacing()

    async def scene(path: Path) -> None:
        book = await Book.open(path)
        for number, (place, size) in enumerate(others):
            slots = (await book.available(house, TUESDAY, size, NOW_S)).slots
            if slots:
                guest = ConversationId(number.to_bytes(16, "big"))
                slot = slots[place % len(slots)]
                await book.hold(house, guest, b"t", slot.starts_at_s, size, NOW_S)
        before = await book.available(house, TUESDAY, watcher, NOW_S)
        slots = (await book.available(house, TUESDAY, party, NOW_S)).slots
        anna = ConversationId(b"a" * 16)
        for token in (b"first", b"second") if slots else ():
            slot = slots[pick % len(slots)]
            held = await book.hold(house, anna, token, slot.starts_at_s, party, NOW_S)
            assert isinstance(held, Booking)
            firm = await book.confirm(house, held, "Anna", NOW_S)
            await book.cancel(house, firm, By.CUSTOMER, NOW_S)
            assert await book.available(house, TUESDAY, watcher, NOW_S) == before
        await book.close()
        audit(path, house)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scene(Path(folder) / "book.db"))
