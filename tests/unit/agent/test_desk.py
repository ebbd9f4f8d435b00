"""The desk: holding, confirming, cancelling, expiry, idempotency, moves; the book stays right."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import audit
from linde import FRIDAY, NOW_S, TUESDAY, ZONE, at, clock_of, restaurant, salon, without_pacing
from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.rows import IS_LIVE
from plausch.agent.seats import Seats
from plausch.base.ids import ConversationId
from plausch.db.interface import ConstraintViolated, Transaction
from plausch.domain.booking import LIVE, Booking, BookingRefused, BookingState, By
from plausch.domain.service import Pacing
from plausch.domain.slots import Unavailable
from plausch.domain.tables import FloorPlan, Resource

ANNA, BEN = ConversationId(b"a" * 16), ConversationId(b"b" * 16)
SEVEN = at(TUESDAY, "19:00")
HOUSE = restaurant()


async def hold(
    book: Book, token: bytes, party: int = 2, starts_at_s: int = SEVEN, now_s: int = NOW_S
) -> Booking:
    held = await book.hold(HOUSE, ANNA, token, starts_at_s, party, now_s)
    assert isinstance(held, Booking)
    return held


async def test_a_hold_claims_a_table_for_ten_minutes(book: Book, tmp_path: Path) -> None:
    booking = await hold(book, b"1")
    assert booking.state is BookingState.HELD
    assert booking.hold_until_s == NOW_S + 600
    assert booking.ends_at_s - booking.starts_at_s == 5400
    assert audit(tmp_path / "book.db", HOUSE) == 1


async def test_the_same_token_gets_the_same_booking(book: Book, tmp_path: Path) -> None:
    first = await hold(book, b"1")
    assert await hold(book, b"1", party=4, starts_at_s=at(FRIDAY, "12:00")) == first
    confirmed = await book.confirm(HOUSE, first, "Anna", NOW_S)
    assert await hold(book, b"1") == confirmed
    assert audit(tmp_path / "book.db", HOUSE) == 1


async def test_tokens_belong_to_their_conversation(book: Book) -> None:
    first = await hold(book, b"1")
    other = await book.hold(HOUSE, BEN, b"1", SEVEN, 2, NOW_S)
    assert isinstance(other, Booking)
    assert other.uid != first.uid


async def test_confirming_keeps_the_table_and_takes_the_name(book: Book, tmp_path: Path) -> None:
    booking = await book.confirm(HOUSE, await hold(book, b"1"), "Anna", NOW_S)
    assert (booking.state, booking.under_name) == (BookingState.CONFIRMED, "Anna")
    (listed,) = await book.bookings_on(TUESDAY, HOUSE.calendar.zone)
    assert (listed.booking, listed.tables) == (booking, ("1",))
    assert await book.bookings_on(FRIDAY, HOUSE.calendar.zone) == []
    assert audit(tmp_path / "book.db", HOUSE) == 1


async def test_cancelling_frees_the_table_and_the_covers(book: Book, tmp_path: Path) -> None:
    before = await book.available(HOUSE, TUESDAY, 2, NOW_S)
    booking = await book.confirm(HOUSE, await hold(book, b"1", party=6), "Anna", NOW_S)
    assert await book.available(HOUSE, TUESDAY, 6, NOW_S) != before
    cancelled = await book.cancel(HOUSE, booking, By.CUSTOMER, NOW_S)
    assert cancelled.state is BookingState.CANCELLED
    assert await book.available(HOUSE, TUESDAY, 2, NOW_S) == before
    assert audit(tmp_path / "book.db", HOUSE) == 0
    assert await book.cancel(HOUSE, cancelled, By.CUSTOMER, NOW_S) == cancelled


async def test_too_late_to_cancel(book: Book, tmp_path: Path) -> None:
    booking = await book.confirm(HOUSE, await hold(book, b"1"), "Anna", NOW_S)
    with pytest.raises(BookingRefused) as refused:
        await book.cancel(HOUSE, booking, By.CUSTOMER, SEVEN - 7199)
    assert refused.value.code == "too_late"
    assert audit(tmp_path / "book.db", HOUSE) == 1
    gone = await book.cancel(HOUSE, booking, By.BUSINESS, SEVEN - 7199)
    assert gone.state is BookingState.CANCELLED


async def test_an_expired_hold_is_free_again_before_anyone_sweeps(
    book: Book, tmp_path: Path
) -> None:
    for number in range(4):
        await hold(book, str(number).encode())
    full = await book.available(HOUSE, TUESDAY, 2, NOW_S + 599)
    assert "19:00" not in [clock_of(slot.starts_at_s) for slot in full.slots]
    later = await book.available(HOUSE, TUESDAY, 2, NOW_S + 600)
    assert "19:00" in [clock_of(slot.starts_at_s) for slot in later.slots]
    await hold(book, b"late", now_s=NOW_S + 600)
    assert audit(tmp_path / "book.db", HOUSE) == 1


async def test_an_expired_hold_cannot_be_confirmed(book: Book) -> None:
    booking = await hold(book, b"1")
    with pytest.raises(BookingRefused):
        await book.confirm(HOUSE, booking, "Anna", NOW_S + 600)


@pytest.mark.parametrize(
    ("clock", "party", "why"),
    [
        ("19:10", 2, Unavailable.CLOSED),
        ("15:00", 2, Unavailable.CLOSED),
        ("19:00", 9, Unavailable.PARTY_TOO_LARGE),
    ],
)
async def test_what_is_not_offered_cannot_be_held(
    book: Book, clock: str, party: int, why: Unavailable
) -> None:
    assert await book.hold(HOUSE, ANNA, b"1", at(TUESDAY, clock), party, NOW_S) is why


async def test_a_full_slot_is_refused(book: Book, tmp_path: Path) -> None:
    for number in range(4):
        await hold(book, str(number).encode())
    assert await book.hold(HOUSE, BEN, b"x", SEVEN, 2, NOW_S) is Unavailable.FULL
    assert audit(tmp_path / "book.db", HOUSE) == 4


async def test_pacing_refuses_before_the_tables_do(book: Book, tmp_path: Path) -> None:
    await hold(book, b"1", party=6)
    await hold(book, b"2", party=4)
    assert await book.hold(HOUSE, BEN, b"3", SEVEN, 4, NOW_S) is Unavailable.FULL
    await hold(book, b"4", party=2)
    assert audit(tmp_path / "book.db", HOUSE) == 3


async def test_others_move_to_make_room(book: Book, tmp_path: Path) -> None:
    house = replace(without_pacing(), floor=FloorPlan((Resource("s", 1, 2), Resource("l", 2, 4))))
    late = at(TUESDAY, "20:00")

    async def take(token: bytes, party: int, starts_at_s: int) -> Booking:
        held = await book.hold(house, ANNA, token, starts_at_s, party, NOW_S)
        assert isinstance(held, Booking)
        return await book.confirm(house, held, "Anna", NOW_S)

    early = await take(b"1", 2, at(TUESDAY, "18:30"))  # s until 20:00
    blocker = await take(b"2", 2, SEVEN)  # so this one sits at l
    await book.cancel(house, early, By.CUSTOMER, NOW_S)
    await take(b"3", 4, SEVEN)  # needs l: the pair moves to s
    listed = await book.bookings_on(TUESDAY, house.calendar.zone)
    assert {one.booking.party: one.tables for one in listed} == {2: ("s",), 4: ("l",)}
    assert blocker.uid in {one.booking.uid for one in listed}
    assert await book.hold(house, ANNA, b"4", late, 4, NOW_S) is Unavailable.FULL
    assert audit(tmp_path / "book.db", house) == 2


async def test_who_has_sat_down_is_not_moved(book: Book) -> None:
    """The pair's stay has begun when the four ask; it keeps the large table."""
    house = replace(without_pacing(), floor=FloorPlan((Resource("s", 1, 2), Resource("l", 2, 4))))
    first = await book.hold(house, ANNA, b"1", at(TUESDAY, "18:30"), 2, NOW_S)
    assert isinstance(first, Booking)
    second = await book.hold(house, ANNA, b"2", at(TUESDAY, "18:30"), 2, NOW_S)
    assert isinstance(second, Booking)
    second = await book.confirm(house, second, "Ben", NOW_S)
    await book.cancel(house, first, By.CUSTOMER, NOW_S)
    asked_at_s = at(TUESDAY, "18:30")
    late = await book.hold(house, BEN, b"3", at(TUESDAY, "19:30"), 4, asked_at_s)
    assert late is Unavailable.FULL


async def rebook(
    book: Book, token: bytes, old: Booking, starts_at_s: int, party: int, now_s: int = NOW_S
) -> Booking | Unavailable:
    return await book.at_desk(
        HOUSE, now_s, lambda desk: desk.rebook(ANNA, token, old, starts_at_s, party)
    )


async def test_a_booking_takes_its_own_table_again_in_a_full_house(
    book: Book, tmp_path: Path
) -> None:
    firm = [
        await book.confirm(HOUSE, await hold(book, bytes([n])), "Anna", NOW_S) for n in range(4)
    ]
    new = await rebook(book, b"new", firm[0], SEVEN + 1800, 2)
    assert isinstance(new, Booking)
    assert (new.state, new.under_name) == (BookingState.CONFIRMED, "Anna")
    assert await rebook(book, b"new", firm[0], SEVEN, 2) == new
    upcoming = await book.at_desk(HOUSE, NOW_S, lambda desk: desk.upcoming(ANNA))
    assert new in upcoming
    assert firm[0].uid not in [one.uid for one in upcoming]
    assert audit(tmp_path / "book.db", HOUSE) == 4


async def test_what_cannot_be_rebooked_stays(book: Book, tmp_path: Path) -> None:
    old = await book.confirm(HOUSE, await hold(book, b"1"), "Anna", NOW_S)
    for number in range(4):
        await hold(book, bytes([number, 0]), starts_at_s=at(FRIDAY, "19:00"))
    assert await rebook(book, b"2", old, at(FRIDAY, "19:00"), 6) is Unavailable.FULL
    assert await rebook(book, b"3", old, SEVEN, 99) is Unavailable.PARTY_TOO_LARGE
    with pytest.raises(BookingRefused):
        await rebook(book, b"4", old, at(FRIDAY, "12:00"), 2, now_s=SEVEN - 3600)
    assert await book.at_desk(HOUSE, NOW_S, lambda desk: desk.upcoming(ANNA)) == [old]
    assert audit(tmp_path / "book.db", HOUSE) >= 1


async def test_upcoming_and_by_uid_see_only_their_conversation(book: Book) -> None:
    booking = await book.confirm(HOUSE, await hold(book, b"1"), "Anna", NOW_S)

    async def look(desk: Desk) -> Sequence[object]:
        return [
            await desk.upcoming(ANNA),
            await desk.upcoming(BEN),
            await desk.booking(ANNA, booking.uid),
            await desk.booking(BEN, booking.uid),
        ]

    assert await book.at_desk(HOUSE, NOW_S, look) == [[booking], [], booking, None]
    assert await book.at_desk(HOUSE, booking.ends_at_s, lambda desk: desk.upcoming(ANNA)) == []


async def test_even_wrong_code_cannot_claim_a_table_twice(book: Book, tmp_path: Path) -> None:
    """The primary key is the last wall: a desk that finds every table free is refused by it."""
    await hold(book, b"1")

    class Blind(Seats):
        async def occupancy(self, *args):  # type: ignore[no-untyped-def]
            occupancy = await super().occupancy(*args)
            return replace(occupancy, placements=(), covers={})

    async def body(transaction: Transaction) -> object:
        desk = Desk(transaction, HOUSE, NOW_S)
        desk.seats = Blind(transaction, HOUSE, NOW_S)
        return await desk.hold(BEN, b"2", SEVEN, 2)

    with pytest.raises(ConstraintViolated):
        await book._database.transact(body)
    assert audit(tmp_path / "book.db", HOUSE) == 1


async def test_even_wrong_code_cannot_exceed_the_pace(book: Book, tmp_path: Path) -> None:
    await hold(book, b"1", party=6)
    await hold(book, b"2", party=4)

    class Hasty(Seats):
        async def occupancy(self, *args):  # type: ignore[no-untyped-def]
            return replace(await super().occupancy(*args), covers={})

    async def body(transaction: Transaction) -> object:
        desk = Desk(transaction, HOUSE, NOW_S)
        desk.seats = Hasty(transaction, HOUSE, NOW_S)
        return await desk.hold(BEN, b"3", SEVEN, 4)

    with pytest.raises(ConstraintViolated):
        await book._database.transact(body)
    assert audit(tmp_path / "book.db", HOUSE) == 2


async def test_who_saw_an_older_state_changes_nothing(book: Book, tmp_path: Path) -> None:
    """Another process cancelled meanwhile: the old view cannot bring the booking back."""
    seen = await hold(book, b"1")
    await book.cancel(HOUSE, seen, By.CUSTOMER, NOW_S)
    with pytest.raises(BookingRefused):
        await book.confirm(HOUSE, seen, "Anna", NOW_S)
    assert audit(tmp_path / "book.db", HOUSE) == 0
    other = await hold(book, b"2")
    await book.confirm(HOUSE, other, "Anna", NOW_S)
    with pytest.raises(BookingRefused):
        await book.confirm(HOUSE, other, "Berta", NOW_S)
    cancelled = await book.cancel(HOUSE, other, By.CUSTOMER, NOW_S)
    assert (cancelled.sequence, cancelled.under_name) == (3, "Anna")


def test_the_query_names_the_states_that_claim() -> None:
    assert set(re.findall(r"'(\w+)'", IS_LIVE)) == {state.value for state in LIVE}


async def test_services_share_people_and_keep_their_own_rules(book: Book) -> None:
    """Mia colours at ten; Ben cuts meanwhile; a second cut must wait, and so must a colour."""
    house, ten = salon(), at(TUESDAY, "10:00")

    async def take(token: bytes, service: str) -> Booking | Unavailable:
        return await book.hold(house, ANNA, token, ten, 1, NOW_S, service)

    cut = await take(b"1", "cut")
    assert isinstance(cut, Booking)
    colour = await take(b"2", "colour")
    assert isinstance(colour, Booking)
    assert (colour.service, colour.ends_at_s - ten) == ("colour", 5400)
    listed = await book.bookings_on(TUESDAY, ZONE)
    assert {one.booking.service: one.tables for one in listed} == {
        "cut": ("Ben",),
        "colour": ("Mia",),
    }
    assert await take(b"3", "cut") is Unavailable.FULL
    assert await take(b"4", "colour") is Unavailable.FULL
    free = await book.available(house, TUESDAY, 1, NOW_S, "colour")
    assert clock_of(free.slots[0].starts_at_s) == "11:30"


async def test_others_move_only_to_what_serves_them(book: Book, tmp_path: Path) -> None:
    """A cut sits with Mia; for a colour it moves to Ben, but a colour moves nowhere."""
    house = salon()
    mia = replace(house.floor.resources[0], priority=1)
    house = replace(house, floor=FloorPlan((mia, house.floor.resources[1])))
    ten = at(TUESDAY, "10:00")
    await book.hold(house, ANNA, b"1", ten, 1, NOW_S, "cut")
    assert [one.tables for one in await book.bookings_on(TUESDAY, ZONE)] == [("Mia",)]
    assert isinstance(await book.hold(house, BEN, b"2", ten, 1, NOW_S, "colour"), Booking)
    assert [one.tables for one in await book.bookings_on(TUESDAY, ZONE)] == [("Ben",), ("Mia",)]


async def test_each_service_has_its_own_pace(book: Book) -> None:
    paced = [replace(one, pacing=Pacing(30, 1)) for one in salon().services]
    house, ten = replace(salon(), services=tuple(paced)), at(TUESDAY, "10:00")
    assert isinstance(await book.hold(house, ANNA, b"1", ten, 1, NOW_S, "cut"), Booking)
    assert isinstance(await book.hold(house, ANNA, b"2", ten, 1, NOW_S, "colour"), Booking)
    later = at(TUESDAY, "10:30")
    assert isinstance(await book.hold(house, ANNA, b"3", later, 1, NOW_S, "cut"), Booking)


# --- a person of choice ----------------------------------------------------------------------

SALON = salon()
NINE = at(TUESDAY, "09:00")


async def with_person(
    book: Book, token: bytes, person: str, starts_at_s: int = NINE
) -> Booking | Unavailable:
    """A cut with somebody, or anybody for an empty name, held by Anna."""

    async def body(transaction: Transaction) -> Booking | Unavailable:
        desk = Desk(transaction, SALON, NOW_S)
        return await desk.hold(ANNA, token, starts_at_s, 1, "Anna", "cut", person=person)

    return await book._database.transact(body)


async def seated(book: Book) -> list[tuple[tuple[str, ...], bool]]:
    listed = await book.bookings_on(TUESDAY, SALON.calendar.zone)
    return [(one.tables, one.pinned) for one in listed]


async def test_who_is_chosen_does_it_and_keeps_it(book: Book) -> None:
    """Ben would be given first; Mia was asked for, and the search moves nobody away from her."""
    assert isinstance(await with_person(book, b"1", "Mia"), Booking)
    assert isinstance(await with_person(book, b"2", ""), Booking)
    assert await seated(book) == [(("Ben",), False), (("Mia",), True)]


async def test_who_is_chosen_and_taken_is_not_replaced_by_another(book: Book) -> None:
    assert isinstance(await with_person(book, b"1", "Mia"), Booking)
    assert await with_person(book, b"2", "Mia") is Unavailable.FULL
    assert isinstance(await with_person(book, b"3", "Ben"), Booking)


async def test_somebody_who_was_not_chosen_makes_room_for_who_was(book: Book) -> None:
    """A guest to whom it is all the same goes from Ben to Mia when Ben is asked for."""
    assert isinstance(await with_person(book, b"1", ""), Booking)
    assert await seated(book) == [(("Ben",), False)]
    assert isinstance(await with_person(book, b"2", "Ben"), Booking)
    assert sorted(await seated(book)) == [(("Ben",), True), (("Mia",), False)]


async def test_free_times_are_those_of_who_is_chosen(book: Book) -> None:
    assert isinstance(await with_person(book, b"1", "Mia"), Booking)

    async def body(transaction: Transaction) -> list[bool]:
        desk = Desk(transaction, SALON, NOW_S)
        free = []
        for person in ("Mia", "Ben", "", "*", "Nobody"):
            found = await desk.available(TUESDAY, 1, "", "cut", person)
            free.append(NINE in {slot.starts_at_s for slot in found.slots})
        return free

    assert await book._database.read(body) == [False, True, True, True, True]
