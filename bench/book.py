"""The book of a well booked restaurant: looking for times, answering, booking.

    python bench/book.py [--bookings 10000] [--customers 5000]

An agent's book with so many bookings and customers, without a network: slot search for a month
that is well booked and for one that is full to the last table, the receptionist's answers at p95
over whole conversations, bookings a second from concurrent guests (each durable on its own), the
staff's plan of a week, and the freeing of a place on a day with a full waiting list. Prints each
figure beside what the project promises.
"""

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from guest import Guest  # noqa: E402
from plausch.agent import customers  # noqa: E402
from plausch.agent.book import Book  # noqa: E402
from plausch.agent.config import example_text, load_business  # noqa: E402
from plausch.agent.desk import Desk  # noqa: E402
from plausch.agent.staff import StaffDesk, StaffWish  # noqa: E402
from plausch.agent.waiting import WaitingList, WaitingWish  # noqa: E402
from plausch.base.clock import ManualClock  # noqa: E402
from plausch.base.ids import ConversationId  # noqa: E402
from plausch.content.cards import BookingCard, Choose, SlotOffer  # noqa: E402
from plausch.domain.booking import Booking, BookingRefused  # noqa: E402
from plausch.domain.business import Business  # noqa: E402
from plausch.domain.calendar import instant_s  # noqa: E402
from plausch.domain.slots import starts_on  # noqa: E402

ZONE = "Europe/Berlin"
TODAY = date(2026, 11, 10)
MONTH_DAYS = 30
PER_DAY = 30
"""Wishes for a day: 14 tables are then well booked, and the best times are full."""
FULL_DAY = 110
"""Wishes for a day: hardly any time is free then for anybody."""
FULL_FROM = 400
"""The day, from today, with which a month begins that is full: beyond all others."""
PROMISED = {
    "slot search for a month, median": (50, "ms"),
    "slot search for a full month, median": (50, "ms"),
    "answer, p95": (300, "ms"),
    "bookings a second": (50, ""),
}


def shown(what: str, figure: float, unit: str = "ms") -> None:
    """One line, with the promise if there is one."""
    promise = PROMISED.get(what)
    beside = f"   (promised: {promise[0]} {promise[1]})" if promise else ""
    print(f"{what:44} {figure:10.1f} {unit}{beside}")


def quantile(times_ms: Sequence[float], share: float) -> float:
    """The value below which that share of the measurements lies."""
    return sorted(times_ms)[min(len(times_ms) - 1, int(share * len(times_ms)))]


def house_of(folder: Path) -> Business:
    """The example restaurant, with a window that holds all the bookings."""
    path = folder / "linde.toml"
    path.write_text(example_text(), encoding="utf-8")
    house = load_business(path)
    service = replace(house.service(), booking_window_days=730)
    return replace(house, services=(service,))


async def fill_day(desk: Desk, dice: random.Random, day: date, wishes: int, people: int) -> int:
    """Guests ring up for a day and random times; how many get a table."""
    house, staff, count = desk.business, StaffDesk(desk), 0
    starts = starts_on(house, house.service(), day, 2)
    for _ in range(wishes if starts else 0):
        who = f"+4989{dice.randrange(people):06d}"
        party = dice.choice([1, 2, 2, 2, 2, 3, 4, 4, 5, 6])
        token = dice.randbytes(16)
        wish = StaffWish(
            token, dice.choice(starts).starts_at_s, party, f"Gast {who}", telephone=who
        )
        try:
            await staff.book(wish)
            count += 1
        except BookingRefused:
            pass
    return count


async def fill(book: Book, house: Business, bookings: int, people: int, now_s: int) -> int:
    """Bookings day after day, at last a month that is full; how many there are."""
    dice = random.Random(1)
    made = 0
    day = TODAY - timedelta(days=bookings // PER_DAY // 2)
    full = [TODAY + timedelta(days=FULL_FROM + number) for number in range(MONTH_DAYS)]
    for crowded in full:
        made += await book.at_desk(
            house, now_s, lambda desk, on=crowded: fill_day(desk, dice, on, FULL_DAY, people)
        )
    while made < bookings:
        at_s = min(instant_s(ZONE, day, 0), now_s)
        made += await book.at_desk(
            house, at_s, lambda desk, on=day: fill_day(desk, dice, on, PER_DAY, people)
        )
        day += timedelta(days=1)
    for rest in range(people):
        seen = customers.Seen(f"c-bench-{rest:06d}", name=f"Gast {rest}")
        if rest % 500 == 0:
            batch = [replace(seen, identifier=f"c-bench-{rest + k:06d}") for k in range(500)]
            await book.at_desk(house, now_s, lambda desk, b=batch: remember(desk, b))
    return made


async def remember(desk: Desk, batch: list[customers.Seen]) -> None:
    """Customers who never rang up."""
    for seen in batch:
        await customers.remember(desk.transaction, seen, desk.now_s)


async def search_month(book: Book, house: Business, first: date, now_s: int) -> list[float]:
    """Milliseconds for the free times of every day of a month, for parties of every size."""
    times = []
    for party in (1, 2, 2, 3, 4, 4, 6, 8, 12):
        begin = time.perf_counter()
        await book.available_days(house, first, MONTH_DAYS, party, now_s)
        times.append((time.perf_counter() - begin) * 1000)
    return times


async def converse(book: Book, house: Business, clock: ManualClock, count: int) -> list[float]:
    """Milliseconds for each answer of whole conversations: words, a tap on a time, a name."""
    dice, times = random.Random(2), []

    async def timed(act: object) -> None:
        begin = time.perf_counter()
        await act  # type: ignore[misc]
        times.append((time.perf_counter() - begin) * 1000)

    for number in range(count):
        guest = Guest(book, house, clock, f"guest {number}")
        await timed(guest.says("Hallo"))
        day = TODAY + timedelta(days=dice.randrange(1, 28))
        await timed(guest.says(f"Tisch für {dice.randint(1, 8)} am {day.day}.{day.month}."))
        if isinstance(guest.card, SlotOffer):
            slot = dice.choice(guest.card.slots)
            await timed(guest.sends(Choose(slot.identifier, guest.card.request_id)))
        if isinstance(guest.card, BookingCard):
            await timed(guest.says("Anna Käfer"))
    return times


async def rush(book: Book, house: Business, now_s: int, count: int) -> float:
    """Firm bookings a second, by guests who come at the same time."""
    day = TODAY + timedelta(days=40)
    slots = []
    while len(slots) < count:
        day += timedelta(days=1)
        slots += [slot.starts_at_s for slot in (await book.available(house, day, 2, now_s)).slots]

    async def come(number: int) -> bool:
        guest = ConversationId(hashlib.sha256(b"rush %d" % number).digest()[:16])
        held = await book.hold(house, guest, b"t", slots[number], 2, now_s)
        if not isinstance(held, Booking):
            return False
        await book.confirm(house, held, "Anna", now_s)
        return True

    begin = time.perf_counter()
    done = sum(await asyncio.gather(*(come(number) for number in range(count))))
    return done / (time.perf_counter() - begin)


async def plan_week(book: Book, house: Business, now_s: int) -> float:
    """Milliseconds for everything that the staff's plan of a week shows."""
    first = instant_s(ZONE, TODAY, 0)
    begin = time.perf_counter()
    await book.at_desk(
        house, now_s, lambda desk: StaffDesk(desk).between(first, first + 7 * 86_400)
    )
    return (time.perf_counter() - begin) * 1000


async def free_a_place(book: Book, house: Business, now_s: int) -> float:
    """Milliseconds for a cancellation on a day for which 100 guests wait."""
    day = TODAY + timedelta(days=4)
    first, end = instant_s(ZONE, day, 17 * 60), instant_s(ZONE, day, 22 * 60)
    for number in range(100):
        guest = ConversationId(hashlib.sha256(b"wait %d" % number).digest()[:16])
        wish = WaitingWish(day, 2 + number % 7, first, end, "Wanda", "", guest)
        await book.at_desk(house, now_s, lambda desk, w=wish: WaitingList(desk).add(w))
    (entry, *_) = await book.bookings_on(day, ZONE)
    begin = time.perf_counter()
    await book.at_desk(
        house,
        now_s,
        lambda desk: StaffDesk(desk).cancel(entry.booking.uid, entry.booking.sequence),
    )
    return (time.perf_counter() - begin) * 1000


async def main(bookings: int, people: int) -> None:
    """All figures."""
    now_s = instant_s(ZONE, TODAY, 9 * 60)
    clock = ManualClock(now_s * 1000)
    with tempfile.TemporaryDirectory() as folder:
        house = house_of(Path(folder))
        book = await Book.open(Path(folder) / "book.db")
        begin = time.perf_counter()
        made = await fill(book, house, bookings, people, now_s)
        print(f"{made} bookings, {people} customers; made in {time.perf_counter() - begin:.0f} s")
        for name, first in (("month", TODAY), ("full month", TODAY + timedelta(days=FULL_FROM))):
            month = await search_month(book, house, first, now_s)
            shown(f"slot search for a {name}, median", quantile(month, 0.5))
            shown(f"slot search for a {name}, slowest", max(month))
        answers = await converse(book, house, clock, 100)
        shown("answer, median", quantile(answers, 0.5))
        shown("answer, p95", quantile(answers, 0.95))
        shown("bookings a second", await rush(book, house, now_s, 200), "")
        shown("plan of a week", await plan_week(book, house, now_s))
        shown("a place freed with 100 waiting", await free_a_place(book, house, now_s))
        await book.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bookings", type=int, default=10_000)
    parser.add_argument("--customers", type=int, default=5_000)
    given = parser.parse_args()
    asyncio.run(main(given.bookings, given.customers))
