"""Forgetting: each kind of record in its time, and one customer at once, without a trace."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from counter import Clerk
from guest import Guest
from ledger import audit
from linde import FRIDAY, NOW_S, TUESDAY, ZONE, at
from plausch.agent import customers
from plausch.agent.closures import Closure
from plausch.agent.retention import SWEEP_S, Erased, erase
from plausch.agent.tickets import Queue
from plausch.agent.waiting import WaitingList, WaitingWish
from plausch.content.cards import BookingCard, BookingRequest
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
SEVEN = at(TUESDAY, "19:00")
DAY_S = 86_400
TABLES = ("booking", "customer", "talk", "waiting", "ticket", "block", "claim", "reply")


def counts(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as connection:
        found = {
            table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in TABLES
        }
    connection.close()
    return found


def everything(path: Path) -> str:
    """All values of all rows, as one text."""
    with sqlite3.connect(path) as connection:
        text = "\n".join(connection.iterdump())
    connection.close()
    return text


async def fill(clerk: Clerk, anna: Guest) -> None:
    """One record of every kind."""
    await anna.sends(BookingRequest(2, FRIDAY, None, "Zacharias"))
    await anna.says("19 Uhr")
    wish = WaitingWish(TUESDAY, 2, SEVEN, SEVEN + 60, "Zacharias", "", anna.conversation)
    await clerk.does(lambda staff: staff.close(Closure("", (), SEVEN, SEVEN + 3600, "Probe")))
    await clerk.at_desk(lambda desk: WaitingList(desk).add(wish))
    await clerk.at_desk(lambda desk: Queue(desk).add(2, "Berta"))


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        (2, set()),
        (4, {"ticket"}),
        (20, {"ticket", "waiting"}),
        (95, {"ticket", "waiting", "talk"}),
        (375, {"ticket", "waiting", "talk", "block", "booking", "claim"}),
        (740, {"ticket", "waiting", "talk", "block", "booking", "claim", "customer"}),
    ],
)
async def test_each_kind_in_its_time(
    clerk: Clerk, guest: Arrive, tmp_path: Path, days: int, gone: set[str]
) -> None:
    anna = guest()
    await fill(clerk, anna)
    path = tmp_path / "book.db"
    before = counts(path)
    clerk.clock.at_ms = (NOW_S + days * DAY_S) * 1000
    await clerk.book.tick(clerk.business, clerk.now_s)
    await anna.letters()
    after = counts(path)
    assert {table for table in TABLES if before[table] and not after[table]} == gone
    audit(path, clerk.business)


async def test_it_is_swept_a_few_times_a_day(clerk: Clerk) -> None:
    assert await clerk.book.tick(clerk.business, NOW_S)
    assert not await clerk.book.tick(clerk.business, NOW_S + SWEEP_S - 1)
    assert await clerk.book.tick(clerk.business, NOW_S + SWEEP_S)


async def test_a_recurring_closure_is_not_old(clerk: Clerk, tmp_path: Path) -> None:
    closure = Closure("", (), SEVEN, SEVEN + 3600, every_weeks=1)
    await clerk.does(lambda staff: staff.close(closure))
    await clerk.book.tick(clerk.business, NOW_S + 1000 * DAY_S)
    assert counts(tmp_path / "book.db")["block"] == 1


async def test_one_customer_is_erased_without_a_trace(
    clerk: Clerk, guest: Arrive, tmp_path: Path
) -> None:
    anna, ben = guest("anna"), guest("ben")
    await fill(clerk, anna)
    await ben.sends(BookingRequest(2, FRIDAY, None, "Ben"))
    await ben.says("19 Uhr")
    identifier = customers.of_conversation(anna.conversation)
    (booking,) = await anna.bookings()
    erased = await clerk.at_desk(lambda desk: erase(desk, identifier))
    assert erased == Erased(
        customers=1, bookings=frozenset({booking.uid}), waiting=1, talks=1, letters=0
    )
    path = tmp_path / "book.db"
    (letter,) = await anna.letters()
    assert "Damit ist auch abgesagt: am Freitag, den 27. November, 19:00 Uhr" in letter
    assert isinstance(anna.letter_card, BookingCard)
    assert anna.letter_card.state is BookingState.CANCELLED
    text = everything(path)
    assert "Zacharias" not in text
    assert identifier not in text
    assert len(await ben.bookings()) == 1
    assert audit(path, clerk.business) == 1
    again = await clerk.at_desk(lambda desk: erase(desk, identifier))
    assert again == Erased()


async def test_who_was_here_is_told_nothing_when_forgotten(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await fill(clerk, anna)
    clerk.clock.at_ms = (at(FRIDAY, "19:00") + DAY_S) * 1000
    await clerk.book.tick(clerk.business, clerk.now_s)
    await anna.letters()
    identifier = customers.of_conversation(anna.conversation)
    erased = await clerk.at_desk(lambda desk: erase(desk, identifier))
    assert len(erased.bookings) == 1
    assert await anna.letters() == []


async def test_whoever_is_forgotten_is_told_in_their_language(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await anna.says("A table for two on Friday at 7pm, my name is Anna")
    await anna.says("yes")
    identifier = customers.of_conversation(anna.conversation)
    await clerk.at_desk(lambda desk: erase(desk, identifier))
    (letter,) = await anna.letters()
    assert "With it this is cancelled: on Friday, 27 November" in letter


async def test_an_erased_customers_table_is_free(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2, resources=("1",), telephone="1")
    clerk.clock.at_ms = SEVEN * 1000
    await clerk.does(lambda staff: staff.attend(entry.booking.uid, 1, BookingState.SEATED))
    erased = await clerk.at_desk(lambda desk: erase(desk, entry.customer))
    assert (erased.bookings, erased.customers) == ({entry.booking.uid}, 1)
    assert await clerk.book.bookings_on(TUESDAY, ZONE) == []
    assert (await clerk.books(SEVEN, 2, resources=("1",))).tables == ("1",)


async def test_an_erased_customer_who_writes_again_is_new(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await anna.says("Hello, in English please")
    identifier = customers.of_conversation(anna.conversation)
    await clerk.at_desk(lambda desk: erase(desk, identifier))
    assert "Zur Linde" in await anna.says("Hallo")
    assert anna.talk.language == "de"
