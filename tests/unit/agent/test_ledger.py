"""Answers, changes and settings in the book."""

import sqlite3
from pathlib import Path

from linde import NOW_S, TUESDAY, ZONE, restaurant
from plausch.agent import ledger
from plausch.agent.book import Book
from plausch.agent.ledger import CallName, Change
from plausch.base.ids import ConversationId
from plausch.db.interface import Row, Transaction
from plausch.domain.booking import Booking, By
from plausch.domain.calendar import instant_s

CALL = CallName("mimi://localhost/d/linde/0123456789abcdef", "abcdefgh")
AT_SEVEN_S = instant_s(ZONE, TUESDAY, 19 * 60)


async def changes(book: Book, after: int = 0) -> list[Change]:
    return await book.read(lambda transaction: ledger.changes_after(transaction, after))


async def test_an_answer_is_kept_for_a_day(book: Book) -> None:
    for number, now_s in ((1, 0), (2, ledger.KEPT_ANSWERS_S + 1)):
        name = CallName(CALL.device, f"call-000{number}")
        await book.transact(
            lambda one, name=name, now_s=now_s: ledger.keep_answer(  # type: ignore[misc]
                one, name, b"answer", now_s
            )
        )
    old, new = CallName(CALL.device, "call-0001"), CallName(CALL.device, "call-0002")
    assert await book.read(lambda one: ledger.answer_to(one, old)) is None
    assert await book.read(lambda one: ledger.answer_to(one, new)) == b"answer"


async def test_every_change_of_a_booking_is_noted_with_its_time(book: Book) -> None:
    guest = ConversationId(bytes(16))
    booking = await book.hold(restaurant(), guest, b"t", AT_SEVEN_S, 2, NOW_S)
    assert isinstance(booking, Booking)
    told = await changes(book)
    assert told
    assert {(one.what, one.at_s) for one in told} == {("bookings", AT_SEVEN_S)}
    last = await book.read(ledger.last_change)
    assert last == told[-1].number
    await book.cancel(restaurant(), booking, By.CUSTOMER, NOW_S)
    assert [one.what for one in await changes(book, last)] == ["bookings"]


async def test_another_process_is_noted_too(book: Book, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "book.db") as other:
        other.execute("INSERT INTO setting (name, value) VALUES ('x', x'00')")
    other.close()
    assert [(one.what, one.at_s) for one in await changes(book)] == [("business", 0)]


async def test_old_changes_are_let_go_of(book: Book) -> None:
    for number in range(5):
        raw = b"%d" % number
        await book.transact(lambda one, raw=raw: ledger.keep_setting(one, "x", raw))  # type: ignore[misc]
    last = await book.read(ledger.last_change)
    await book.transact(lambda one: ledger.forget_changes(one, last))
    assert len(await changes(book)) == 5
    await book.transact(lambda one: ledger.forget_changes(one, last + ledger.KEPT_CHANGES - 1))
    assert len(await changes(book)) == 1


async def test_answer_times_are_kept_for_a_year(book: Book) -> None:
    async def times(transaction: Transaction) -> list[Row]:
        return await transaction.fetch("SELECT at_s, took_ms FROM answer_time ORDER BY at_s")

    for at_s, took_ms in ((0, 7), (ledger.KEPT_TIMES_S, -5), (ledger.KEPT_TIMES_S + 1, 250)):
        await book.transact(
            lambda one, at_s=at_s, took_ms=took_ms: ledger.keep_answer_time(  # type: ignore[misc]
                one, at_s, took_ms
            )
        )
    assert await book.read(times) == [(ledger.KEPT_TIMES_S, 0), (ledger.KEPT_TIMES_S + 1, 250)]


async def test_the_last_setting_holds(book: Book) -> None:
    assert await book.read(lambda one: ledger.setting(one, "x")) is None
    for raw in (b"1", b"2"):
        await book.transact(lambda one, raw=raw: ledger.keep_setting(one, "x", raw))  # type: ignore[misc]
    assert await book.read(lambda one: ledger.setting(one, "x")) == b"2"


async def test_the_devices_that_were_the_agent_are_remembered(book: Book) -> None:
    one, two = frozenset({"mimi://localhost/d/linde/1"}), frozenset({"mimi://localhost/d/linde/2"})
    for devices in (one, one | two, two):
        await book.transact(lambda it, devices=devices: ledger.keep_agents(it, devices))  # type: ignore[misc]
    assert await book.read(ledger.agents) == one | two
