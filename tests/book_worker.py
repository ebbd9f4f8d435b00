"""A process that books without end, for the tests that kill it: `book_worker.py BOOK NAME COUNT`.

Prints one line for every booking once the book has said that it is durable.
"""

import asyncio
import hashlib
import random
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from linde import NOW_S, TUESDAY, at, restaurant
from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.staff import StaffDesk
from plausch.base.ids import ConversationId
from plausch.db.interface import StorageUnavailable
from plausch.domain.booking import Booking, BookingRefused, By

CLOCKS = ("11:30", "12:00", "17:30", "18:00", "18:30", "19:00", "19:30", "20:00")


T = TypeVar("T")


async def insist(act: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Again while other processes hold the file: then nothing was done."""
    for _ in range(50):
        try:
            return await act()
        except StorageUnavailable as error:
            assert "locked" in str(error), error
    raise AssertionError("the book was locked for minutes")


async def drag(book: Book, booking: Booking, starts_at_s: int) -> None:
    """Staff moves a booking to another time, if there is room."""

    async def move(desk: Desk) -> None:
        await StaffDesk(desk).move(booking.uid, booking.sequence, starts_at_s)

    with suppress(BookingRefused):
        await book.at_desk(restaurant(), NOW_S, move)


async def work(path: str, name: str, count: int) -> None:
    house = restaurant()
    book = await insist(partial(Book.open, path))
    dice = random.Random(name)
    for number in range(count):
        conversation = ConversationId(hashlib.sha256(f"{name}{number}".encode()).digest()[:16])
        starts_at_s = at(TUESDAY, dice.choice(CLOCKS))
        party = dice.randint(1, 8)
        booking = await insist(
            partial(book.hold, house, conversation, b"t", starts_at_s, party, NOW_S)
        )
        if not isinstance(booking, Booking):
            print("refused", booking, flush=True)
            continue
        print("held", booking.uid, flush=True)
        booking = await insist(partial(book.confirm, house, booking, name, NOW_S))
        print("confirmed", booking.uid, flush=True)
        if dice.random() < 0.4:
            await insist(partial(drag, book, booking, at(TUESDAY, dice.choice(CLOCKS))))
        if dice.random() < 0.6:
            await insist(partial(book.cancel, house, booking, By.CUSTOMER, NOW_S))
            print("cancelled", booking.uid, flush=True)
    await book.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
