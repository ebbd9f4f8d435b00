"""Staff: bookings by telephone, drags, decisions, attendance; the book stays right."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counter import Clerk
from guest import Guest
from ledger import audit
from linde import NOW_S, TUESDAY, ZONE, at, salon
from plausch.agent.book import Book
from plausch.agent.closures import Closure, ClosureRefused
from plausch.agent.rows import Source, TableBooking
from plausch.agent.staff import COUNTER_HOLD_S, StaffWish
from plausch.base.clock import ManualClock
from plausch.content.cards import BookingCard, BookingRequest, Choices, Choose
from plausch.domain.booking import Booking, BookingRefused, BookingState

Arrive = Callable[..., Guest]
SEVEN = at(TUESDAY, "19:00")
DAY = (at(TUESDAY, "00:00"), at(TUESDAY, "23:59"))


@pytest.fixture(autouse=True)
async def audited(clerk: Clerk, tmp_path: Path) -> AsyncIterator[None]:
    """After every test the book keeps its promises."""
    yield
    audit(tmp_path / "book.db", clerk.business)


async def refusal(act: Any) -> str:
    with pytest.raises(BookingRefused) as refused:
        await act
    assert str(refused.value).endswith(".")
    return refused.value.code


async def chat_booking(guest: Guest, clock: str = "19:00", party: int = 2) -> Booking:
    await guest.sends(BookingRequest(party, TUESDAY, None, "Anna"))
    await guest.says(f"{clock.removesuffix(':00')} Uhr")
    (booking,) = await guest.bookings()
    return booking


# --- booking -------------------------------------------------------------------------------


async def test_one_who_rang_up(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 4, telephone="+49 89 1", note="Nussallergie")
    booking = entry.booking
    assert (booking.state, booking.under_name, booking.party) == (
        BookingState.CONFIRMED,
        "Berta",
        4,
    )
    assert (entry.source, entry.pinned, len(entry.tables)) == (Source.STAFF, False, 1)
    (read,) = await clerk.book.bookings_on(TUESDAY, ZONE)
    assert read == entry
    assert read.note == "Nussallergie"


async def test_a_repeated_request_is_one_booking(clerk: Clerk) -> None:
    first = await clerk.books(SEVEN, token=b"once")
    again = await clerk.books(at(TUESDAY, "12:00"), 4, token=b"once")
    assert again == first
    assert len(await clerk.book.bookings_on(TUESDAY, ZONE)) == 1


async def test_staff_is_not_bound_by_notice_hours_and_window(clerk: Clerk) -> None:
    await clerk.books(clerk.now_s - clerk.now_s % 300)  # at once, on the closed day
    await clerk.books(at(TUESDAY, "15:05"))
    await clerk.books(SEVEN + 300 * 86_400)


async def test_chosen_tables_are_kept(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2, resources=("5",))
    assert (entry.tables, entry.pinned) == (("5",), True)
    joined = await clerk.books(SEVEN, 5, resources=("4", "3"))
    assert joined.tables == ("3", "4")


async def test_others_make_room_for_a_chosen_table(clerk: Clerk) -> None:
    first = await clerk.books(SEVEN, 2)
    assert first.tables == ("1",)
    await clerk.books(SEVEN, 2, resources=("1",))
    found = await clerk.does(lambda staff: staff.entry(first.booking.uid))
    assert found.tables == ("2",)
    assert await refusal(clerk.books(SEVEN, 2, resources=("1",))) == "full"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"party": 0}, "bad_request"),
        ({"party": -1}, "bad_request"),
        ({"party": 9}, "too_large"),
        ({"party": 3, "resources": ("1",)}, "too_large"),
        ({"resources": ("1", "3")}, "too_large"),
        ({"resources": ("cellar",)}, "too_large"),
        ({"starts_at_s": SEVEN + 60}, "bad_time"),
        ({"starts_at_s": NOW_S - 86_400}, "past"),
        ({"starts_at_s": SEVEN + 10 * 366 * 86_400}, "bad_time"),
        ({"service": "sauna"}, "unknown"),
        ({"under_name": "x" * 81}, "bad_request"),
        ({"note": "two\nlines"}, "bad_request"),
        ({"telephone": "1" * 41}, "bad_request"),
        ({"token": b""}, "bad_request"),
        ({"token": b"x" * 65}, "bad_request"),
    ],
)
async def test_what_cannot_be_written(clerk: Clerk, more: dict[str, Any], code: str) -> None:
    wish = {"starts_at_s": SEVEN, **more}
    assert await refusal(clerk.books(**wish)) == code
    assert await clerk.book.bookings_on(TUESDAY, ZONE) == []


async def test_pacing_binds_staff_but_not_who_stands_at_the_door(clerk: Clerk) -> None:
    await clerk.books(SEVEN, 6)
    await clerk.books(SEVEN, 6, resources=("3", "4"))
    assert await refusal(clerk.books(SEVEN, 1)) == "pacing"
    clerk.clock.at_ms = SEVEN * 1000
    entry = await clerk.books(SEVEN, 2, source=Source.WALK_IN)
    assert entry.booking.state is BookingState.SEATED


# --- moving --------------------------------------------------------------------------------


async def test_a_drag_to_another_table_and_time(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    uid = entry.booking.uid
    eight = at(TUESDAY, "20:00")
    moved = await clerk.does(lambda staff: staff.move(uid, 1, eight, ("5",)))
    assert (moved.booking.starts_at_s, moved.tables, moved.pinned) == (eight, ("5",), True)
    assert moved.booking.ends_at_s - eight == 5400
    assert moved.booking.sequence == 2
    (read,) = await clerk.book.bookings_on(TUESDAY, ZONE)
    assert read == moved


async def test_a_drag_of_what_has_changed_is_refused(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    uid = entry.booking.uid
    await clerk.does(lambda staff: staff.move(uid, 1, None, ("5",)))
    assert await refusal(clerk.does(lambda staff: staff.move(uid, 1, None, ("3",)))) == "outdated"
    assert await refusal(clerk.does(lambda staff: staff.move("b-x", 1, SEVEN))) == "unknown"


async def test_a_drag_onto_a_pinned_party_is_refused(clerk: Clerk) -> None:
    await clerk.books(SEVEN, 2, resources=("5",))
    entry = await clerk.books(SEVEN, 2)
    act = clerk.does(lambda staff: staff.move(entry.booking.uid, 1, None, ("5",)))
    assert await refusal(act) == "full"
    found = await clerk.does(lambda staff: staff.entry(entry.booking.uid))
    assert found == entry


async def test_more_guests_get_a_larger_table_and_stay_longer(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    moved = await clerk.does(lambda staff: staff.move(entry.booking.uid, 1, party=6))
    assert (moved.booking.party, moved.booking.ends_at_s) == (6, SEVEN + 9000)
    assert moved.tables in (("5",), ("3", "4"))


async def test_another_end(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    uid = entry.booking.uid
    moved = await clerk.does(lambda staff: staff.move(uid, 1, ends_at_s=SEVEN + 1800))
    assert moved.booking.ends_at_s == SEVEN + 1800
    after = await clerk.books(SEVEN + 1800, 2, resources=moved.tables)
    assert after.tables == moved.tables
    act = clerk.does(lambda staff: staff.move(uid, 2, ends_at_s=SEVEN + 3600))
    await act  # it is not pinned: it goes to another table
    assert await refusal(clerk.does(lambda s: s.move(uid, 3, ends_at_s=SEVEN))) == "bad_time"


async def test_seated_guests_may_change_tables(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    uid = entry.booking.uid
    clerk.clock.at_ms = (SEVEN + 600) * 1000
    await clerk.does(lambda staff: staff.attend(uid, 1, BookingState.SEATED))
    moved = await clerk.does(lambda staff: staff.move(uid, 2, resources=("5",)))
    assert (moved.tables, moved.booking.state) == (("5",), BookingState.SEATED)


async def test_a_guest_in_a_chat_is_told(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    booking = await chat_booking(anna)
    eight = at(TUESDAY, "20:00")
    act = lambda staff: staff.move(booking.uid, booking.sequence, eight)  # noqa: E731
    await clerk.does(act)
    (letter,) = await anna.letters()
    assert "geändert" in letter
    assert "20:00" in letter
    assert isinstance(anna.letter_card, BookingCard)
    assert anna.letter_card.start_s == eight
    moved = (await anna.bookings())[0]
    await clerk.does(lambda staff: staff.move(moved.uid, moved.sequence, None, ("5",)))
    assert await anna.letters() == []  # which table it is, is not told


# --- decisions -----------------------------------------------------------------------------


@pytest.fixture
def mia(book: Book, clock: ManualClock) -> Clerk:
    return Clerk(book, salon(), clock)


async def asked(book: Book, clock: ManualClock) -> tuple[Guest, TableBooking]:
    """A guest has asked for a colouring, which Mia decides on."""
    anna = Guest(book, salon(), clock, "anna")
    await anna.sends(Choose("service:colour"))
    await anna.sends(Choose(f"day:{TUESDAY.isoformat()}"))
    await anna.says("um 10 Uhr")
    text = await anna.says("Anna")
    assert "notiert" in text
    assert not anna.is_settled  # it waits on people's devices
    (entry,) = await book.bookings_on(TUESDAY, ZONE)
    assert entry.booking.state is BookingState.PENDING
    assert entry.booking.under_name == "Anna"
    return anna, entry


async def test_a_request_waits_and_is_confirmed(
    mia: Clerk, book: Book, clock: ManualClock, clerk: Clerk
) -> None:
    clerk.business = mia.business
    anna, entry = await asked(book, clock)
    assert isinstance(anna.card, BookingCard)
    assert anna.card.state is BookingState.PENDING
    done = await mia.does(lambda staff: staff.confirm(entry.booking.uid, entry.booking.sequence))
    assert done.booking.state is BookingState.CONFIRMED
    (letter,) = await anna.letters()
    assert "bestätigt" in letter


async def test_a_request_is_declined_and_its_time_is_free(
    mia: Clerk, book: Book, clock: ManualClock, clerk: Clerk
) -> None:
    clerk.business = mia.business
    anna, entry = await asked(book, clock)
    uid, sequence = entry.booking.uid, entry.booking.sequence
    await mia.does(lambda staff: staff.decline(uid, sequence))
    assert "nicht annehmen" in (await anna.letters())[0]
    await mia.books(at(TUESDAY, "10:00"), 1, service="colour")
    assert await refusal(mia.does(lambda staff: staff.confirm(uid, sequence + 1))) == "wrong_state"


async def test_a_counter_offer_is_kept_free_until_it_is_taken(
    mia: Clerk, book: Book, clock: ManualClock, clerk: Clerk
) -> None:
    clerk.business = mia.business
    anna, entry = await asked(book, clock)
    two = at(TUESDAY, "14:00")
    uid, sequence = entry.booking.uid, entry.booking.sequence
    offer = await mia.does(lambda staff: staff.counter(uid, sequence, two))
    assert offer.booking.hold_until_s == min(two, mia.now_s + COUNTER_HOLD_S)
    (letter,) = await anna.letters()
    assert "14:00" in letter
    assert isinstance(anna.letter_card, Choices)
    assert await refusal(mia.books(two, 1, service="colour")) == "full"
    await mia.books(at(TUESDAY, "10:00"), 1, service="colour")
    assert "Bestätigt" in await anna.sends(Choose(anna.letter_card.options[0].identifier))
    assert "schon bestätigt" in await anna.sends(Choose(f"take:{uid}"))
    (booking,) = await anna.bookings()
    assert (booking.starts_at_s, booking.uid) == (two, uid)


@pytest.mark.parametrize("word", ["nein danke", "2"])
async def test_a_counter_offer_is_refused_in_words(
    mia: Clerk, book: Book, clock: ManualClock, clerk: Clerk, word: str
) -> None:
    clerk.business = mia.business
    anna, entry = await asked(book, clock)
    uid, sequence = entry.booking.uid, entry.booking.sequence
    await mia.does(lambda staff: staff.counter(uid, sequence, at(TUESDAY, "14:00")))
    await anna.says(word)
    found = await mia.does(lambda staff: staff.entry(uid))
    assert found.booking.state is BookingState.CANCELLED


async def test_a_counter_offer_taken_too_late(
    mia: Clerk, book: Book, clock: ManualClock, clerk: Clerk
) -> None:
    clerk.business = mia.business
    anna, entry = await asked(book, clock)
    uid, sequence = entry.booking.uid, entry.booking.sequence
    await mia.does(lambda staff: staff.counter(uid, sequence, at(TUESDAY, "14:00")))
    clock.at_ms = (at(TUESDAY, "13:30")) * 1000
    text = await anna.sends(Choose(f"take:{uid}"))
    assert "nicht länger frei" in text
    assert await anna.bookings() == []


async def test_of_another_guest_nothing_can_be_taken(
    mia: Clerk, book: Book, clock: ManualClock, clerk: Clerk
) -> None:
    clerk.business = mia.business
    _, entry = await asked(book, clock)
    uid, sequence = entry.booking.uid, entry.booking.sequence
    await mia.does(lambda staff: staff.counter(uid, sequence, at(TUESDAY, "14:00")))
    eve = Guest(book, salon(), clock, "eve")
    await eve.sends(Choose(f"take:{uid}"))
    await eve.sends(Choose(f"cancel:{uid}"))
    found = await mia.does(lambda staff: staff.entry(uid))
    assert found.booking.state is BookingState.HELD


async def test_the_business_may_always_cancel(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    booking = await chat_booking(anna)
    clerk.clock.at_ms = (SEVEN - 60) * 1000
    act = lambda staff: staff.cancel(booking.uid, booking.sequence)  # noqa: E731
    done = await clerk.does(act)
    assert done.booking.state is BookingState.CANCELLED
    (letter,) = await anna.letters()
    assert "absagen" in letter
    assert "+49 89 123456" in letter


# --- attendance and notes ------------------------------------------------------------------


async def test_seated_then_completed_frees_the_table(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2, resources=("1",))
    uid = entry.booking.uid
    clerk.clock.at_ms = SEVEN * 1000
    await clerk.does(lambda staff: staff.attend(uid, 1, BookingState.SEATED))
    clerk.clock.at_ms = (SEVEN + 1800) * 1000
    await clerk.does(lambda staff: staff.attend(uid, 2, BookingState.COMPLETED))
    again = await clerk.books(SEVEN + 1800, 2, resources=("1",))
    assert again.tables == ("1",)


async def test_nobody_is_a_no_show_before_the_time(clerk: Clerk) -> None:
    uid = (await clerk.books(SEVEN, 2)).booking.uid
    act = lambda staff: staff.attend(uid, 1, BookingState.NO_SHOW)  # noqa: E731
    assert await refusal(clerk.does(act)) == "wrong_state"
    clerk.clock.at_ms = (SEVEN + 900) * 1000
    assert (await clerk.does(act)).booking.state is BookingState.NO_SHOW
    act = lambda staff: staff.attend(uid, 2, BookingState.SEATED)  # noqa: E731
    assert await refusal(clerk.does(act)) == "wrong_state"


async def test_a_note_is_replaced(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    uid = entry.booking.uid
    noted = await clerk.does(lambda staff: staff.note(uid, "Kinderstuhl"))
    assert noted == replace(entry, note="Kinderstuhl")
    assert await refusal(clerk.does(lambda staff: staff.note(uid, "x" * 501))) == "bad_request"


async def test_the_plan_lists_what_came_to_nothing_too(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    await clerk.does(lambda staff: staff.cancel(entry.booking.uid, 1))
    (listed,) = await clerk.does(lambda staff: staff.between(*DAY))
    assert listed.booking.state is BookingState.CANCELLED


# --- closed places -------------------------------------------------------------------------


async def test_a_closed_table_is_not_given(clerk: Clerk) -> None:
    await clerk.does(lambda staff: staff.close(Closure("", ("1", "2"), *DAY, "Wasserschaden")))
    entry = await clerk.books(SEVEN, 2)
    assert entry.tables == ("3",)
    assert await refusal(clerk.books(SEVEN, 2, resources=("1",))) == "full"
    (closed,) = await clerk.does(lambda staff: staff.closures(*DAY))
    await clerk.does(lambda staff: staff.reopen(closed.identifier))
    assert (await clerk.books(SEVEN, 2, resources=("1",))).tables == ("1",)
    assert await refusal(clerk.does(lambda s: s.reopen(closed.identifier))) == "unknown"


async def test_all_closed_means_nothing_is_free(clerk: Clerk, guest: Arrive) -> None:
    await clerk.does(lambda staff: staff.close(Closure("", (), *DAY)))
    found = await clerk.book.available(clerk.business, TUESDAY, 2, clerk.now_s)
    assert found.slots == ()
    assert "alles vergeben" in await guest().says("Tisch für 2 morgen")


async def test_who_sits_there_already_stays(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)
    await clerk.does(lambda staff: staff.close(Closure("", ("1",), *DAY)))
    assert await clerk.does(lambda staff: staff.entry(entry.booking.uid)) == entry
    others = [await clerk.books(SEVEN, 2) for _ in range(3)]
    assert ("1",) not in [one.tables for one in others]


async def test_a_closure_of_nothing_is_refused(clerk: Clerk) -> None:
    with pytest.raises(ClosureRefused, match="cellar"):
        await clerk.does(lambda staff: staff.close(Closure("", ("cellar",), *DAY)))


def test_a_wish_of_staff_is_a_value() -> None:
    assert StaffWish(b"1", SEVEN, 2) == StaffWish(b"1", SEVEN, 2)
