"""The book as a calendar's entries."""

from pathlib import Path

import pytest

from linde import FRIDAY, NOW_S, ZONE, restaurant
from plausch.agent.book import Book
from plausch.agent.ical.book_entries import FEED_PAST_S, BookEntries, feed_of
from plausch.agent.staff import StaffDesk
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking, BookingState, By
from plausch.domain.calendar import instant_s

ANNA = ConversationId(b"a" * 16)
SEVEN_S = instant_s(ZONE, FRIDAY, 19 * 60)


@pytest.fixture
async def booking(tmp_path: Path) -> Booking:
    book = await Book.open(tmp_path / "book.db")
    held = await book.hold(restaurant(), ANNA, b"1", SEVEN_S, 2, NOW_S)
    assert isinstance(held, Booking)
    firm = await book.confirm(restaurant(), held, "Anna", NOW_S)
    await book.close()
    return firm


async def test_a_booking_is_an_entry_with_its_tables(tmp_path: Path, booking: Booking) -> None:
    reader = await BookEntries.open(tmp_path / "book.db")
    (entry,) = await reader.between(NOW_S, NOW_S + 7 * 86_400, NOW_S)
    assert entry.booking == booking
    assert entry.tables in (("1",), ("2",))
    await reader.close()


async def test_only_what_begins_within_the_time_is_found(tmp_path: Path, booking: Booking) -> None:
    reader = await BookEntries.open(tmp_path / "book.db")
    begin_s = booking.starts_at_s
    assert await reader.between(begin_s + 1, begin_s + 60, NOW_S) == []
    assert await reader.between(NOW_S, begin_s, NOW_S) == []
    assert len(await reader.between(begin_s, begin_s + 1, NOW_S)) == 1
    await reader.close()


async def test_cancelled_bookings_are_found_as_such(tmp_path: Path, booking: Booking) -> None:
    book = await Book.open(tmp_path / "book.db")
    reader = await BookEntries.open(tmp_path / "book.db")
    mark = await reader.mark()
    assert await reader.mark() == mark
    await book.cancel(restaurant(), booking, By.BUSINESS, NOW_S + 5)
    assert await reader.mark() != mark
    (entry,) = await reader.between(NOW_S, NOW_S + 7 * 86_400, NOW_S)
    assert entry.booking.state is BookingState.CANCELLED
    await book.close()
    await reader.close()


async def test_a_hold_that_ran_out_counts_as_cancelled(tmp_path: Path) -> None:
    book = await Book.open(tmp_path / "book.db")
    held = await book.hold(restaurant(), ANNA, b"2", SEVEN_S, 2, NOW_S)
    assert isinstance(held, Booking)
    reader = await BookEntries.open(tmp_path / "book.db")
    for at_s, state in (
        (NOW_S, BookingState.HELD),
        (held.hold_until_s, BookingState.CANCELLED),
    ):
        (entry,) = await reader.between(NOW_S, NOW_S + 7 * 86_400, at_s)
        assert entry.booking.state is state
    await book.close()
    await reader.close()


async def test_a_note_of_the_staff_is_seen_as_a_change(tmp_path: Path, booking: Booking) -> None:
    book = await Book.open(tmp_path / "book.db")
    reader = await BookEntries.open(tmp_path / "book.db")
    mark = await reader.mark()
    await book.at_desk(
        restaurant(), NOW_S, lambda desk: StaffDesk(desk).note(booking.uid, "Nussallergie")
    )
    assert await reader.mark() != mark
    (entry,) = await reader.between(NOW_S, NOW_S + 7 * 86_400, NOW_S)
    assert entry.note == "Nussallergie"
    await book.close()
    await reader.close()


async def test_the_book_is_a_feed_from_a_month_ago_on(tmp_path: Path, booking: Booking) -> None:
    book = await Book.open(tmp_path / "book.db")
    made = await feed_of(book, restaurant(), True, NOW_S)
    assert booking.uid.encode() in made.body and b"Anna" in made.body
    assert await feed_of(book, restaurant(), True, NOW_S + 60) == made
    assert b"Anna" not in (await feed_of(book, restaurant(), False, NOW_S)).body
    later_s = booking.starts_at_s + FEED_PAST_S + 60
    assert b"VEVENT" not in (await feed_of(book, restaurant(), True, later_s)).body
    await book.close()


async def test_a_book_is_the_same_book_for_ever(tmp_path: Path) -> None:
    names = []
    for file in ("book.db", "book.db", "other.db"):
        reader = await BookEntries.open(tmp_path / file)
        names += [await reader.identifier(), await reader.identifier()]
        await reader.close()
    assert len(set(names[:4])) == 1
    assert len(set(names)) == 2
    assert all(len(bytes.fromhex(name)) == 16 for name in names)


async def test_an_empty_book_has_no_entries(tmp_path: Path) -> None:
    reader = await BookEntries.open(tmp_path / "book.db")
    assert await reader.between(0, 2**40, NOW_S) == []
    assert (await reader.mark())[0] == 0
    await reader.close()
