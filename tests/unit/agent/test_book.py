"""The book: 64 guests at once, answers exactly once, replies kept until handed over."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from ledger import audit
from linde import NOW_S, TUESDAY, at, restaurant, without_pacing
from plausch.agent.book import STEPS, Book, Place, Response
from plausch.agent.desk import Desk
from plausch.agent.talk import DayPart, Expecting, HeardTime, Talk
from plausch.base.ids import ConversationId
from plausch.db.interface import StorageUnavailable
from plausch.db.migrate import migrate
from plausch.db.sqlite import open_sqlite
from plausch.domain.booking import Booking, By
from plausch.domain.service import QUANTUM_S
from plausch.domain.slots import Unavailable

HOUSE = restaurant()
ANNA = ConversationId(b"a" * 16)
FULL_TALK = Talk(
    "en",
    Expecting.NAME,
    4,
    date(2026, 12, 24),
    HeardTime(450, vague=True),
    DayPart.EVENING,
    ("book", "hours"),
    "b-1",
    "Anna",
    2,
    3,
    NOW_S,
)


async def test_64_guests_want_one_slot(book: Book, tmp_path: Path) -> None:
    """Four tables seat two: four of the 64 get one, and nobody two."""
    house = without_pacing()

    async def want(number: int) -> Booking | Unavailable:
        conversation = ConversationId(number.to_bytes(16, "big"))
        return await book.hold(house, conversation, b"t", at(TUESDAY, "19:00"), 2, NOW_S)

    answers = await asyncio.gather(*(want(number) for number in range(64)))
    held = [answer for answer in answers if isinstance(answer, Booking)]
    assert len(held) == 4
    assert {answer for answer in answers if not isinstance(answer, Booking)} == {Unavailable.FULL}
    assert audit(tmp_path / "book.db", house) == 4


async def test_64_guests_want_any_slot(book: Book, tmp_path: Path) -> None:
    """Different parties and times, all at once, each confirmed if held."""
    clocks = ["18:00", "18:30", "19:00", "19:30", "20:00"]

    async def want(number: int) -> bool:
        conversation = ConversationId(number.to_bytes(16, "big"))
        starts_at_s = at(TUESDAY, clocks[number % 5])
        party = 1 + number % 6
        booking = await book.hold(HOUSE, conversation, b"t", starts_at_s, party, NOW_S)
        if isinstance(booking, Unavailable):
            return False
        await book.confirm(HOUSE, booking, f"Gast {number}", NOW_S)
        return True

    taken = sum(await asyncio.gather(*(want(number) for number in range(64))))
    assert audit(tmp_path / "book.db", HOUSE) == taken
    assert len(await book.bookings_on(TUESDAY, HOUSE.calendar.zone)) == taken
    assert taken >= 5


async def test_64_retries_of_one_request_are_one_booking(book: Book, tmp_path: Path) -> None:
    answers = await asyncio.gather(
        *(book.hold(HOUSE, ANNA, b"t", at(TUESDAY, "19:00"), 2, NOW_S) for _ in range(64))
    )
    assert len(set(answers)) == 1
    assert audit(tmp_path / "book.db", HOUSE) == 1


async def say(talk: Talk, desk: Desk) -> Response:
    return Response(replace(talk, confused=talk.confused + 1), [b"one", b"two"])


async def test_a_message_is_answered_once(book: Book) -> None:
    assert await book.answer(HOUSE, ANNA, Place(ANNA, 5), NOW_S, say)
    assert not await book.answer(HOUSE, ANNA, Place(ANNA, 5), NOW_S, say)
    assert not await book.answer(HOUSE, ANNA, Place(ANNA, 4), NOW_S, say)
    assert await book.answer(HOUSE, ANNA, Place(ANNA, 6), NOW_S, say)
    replies = await book.waiting_replies()
    assert [(reply.answers.seq, reply.content) for reply in replies] == [
        (5, b"one"),
        (5, b"two"),
        (6, b"one"),
        (6, b"two"),
    ]


async def test_two_logs_of_one_conversation_are_counted_apart(book: Book) -> None:
    other = ConversationId(b"o" * 16)
    seen: list[int] = []

    async def remember(talk: Talk, desk: Desk) -> Response:
        seen.append(talk.confused)
        return Response(replace(talk, confused=talk.confused + 1))

    assert await book.answer(HOUSE, ANNA, Place(ANNA, 9), NOW_S, remember)
    assert await book.answer(HOUSE, ANNA, Place(other, 3), NOW_S, remember)
    assert seen == [0, 1]


async def test_replies_wait_until_they_are_handed_over(book: Book, tmp_path: Path) -> None:
    await book.answer(HOUSE, ANNA, Place(ANNA, 1), NOW_S, say)
    first, second = await book.waiting_replies()
    await book.handed_over(first)
    await book.close()
    again = await Book.open(tmp_path / "book.db")
    assert await again.waiting_replies() == [second]
    assert not await again.answer(HOUSE, ANNA, Place(ANNA, 1), NOW_S, say)
    await again.close()


async def test_booking_and_answer_are_one(book: Book, tmp_path: Path) -> None:
    """A receptionist that fails after holding a table has held none."""

    async def fail(talk: Talk, desk: Desk) -> Response:
        held = await desk.hold(ANNA, b"t", at(TUESDAY, "19:00"), 2)
        assert isinstance(held, Booking)
        raise KeyError("the receptionist stumbles")

    with pytest.raises(KeyError):
        await book.answer(HOUSE, ANNA, Place(ANNA, 1), NOW_S, fail)
    assert audit(tmp_path / "book.db", HOUSE) == 0
    assert await book.answer(HOUSE, ANNA, Place(ANNA, 1), NOW_S, say)


async def test_the_talk_is_remembered_whole(book: Book) -> None:
    async def learn(talk: Talk, desk: Desk) -> Response:
        assert talk == Talk()
        return Response(FULL_TALK)

    async def recall(talk: Talk, desk: Desk) -> Response:
        assert talk == FULL_TALK
        return Response(talk)

    await book.answer(HOUSE, ANNA, Place(ANNA, 1), NOW_S, learn)
    await book.answer(HOUSE, ANNA, Place(ANNA, 2), NOW_S, recall)


def test_a_talk_of_an_older_version_is_read_with_defaults() -> None:
    old = msgspec.msgpack.encode({"language": "de", "no_longer_known": 7})
    assert msgspec.msgpack.decode(old, type=Talk) == Talk(language="de")


async def test_a_book_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    path.write_bytes(b"no database at all, but long enough to look like a file" * 40)
    with pytest.raises(StorageUnavailable, match=r"book\.db"):
        await Book.open(path)


async def test_bookings_of_the_day_are_local(book: Book) -> None:
    """A day of the time zone, not of UTC; the night belongs to the date on the wall."""
    house = without_pacing()
    held = await book.hold(house, ANNA, b"1", at(TUESDAY, "11:30"), 2, NOW_S)
    assert isinstance(held, Booking)
    (berlin,) = await book.bookings_on(TUESDAY, "Europe/Berlin")
    assert berlin.booking == held
    assert await book.bookings_on(TUESDAY, "Pacific/Kiritimati") == []
    (far,) = await book.bookings_on(TUESDAY + timedelta(days=1), "Pacific/Kiritimati")
    assert far.booking == held


async def test_the_file_holds_nobody_elses_rights(book: Book, tmp_path: Path) -> None:
    assert (tmp_path / "book.db").stat().st_mode & 0o077 == 0
    with sqlite3.connect(tmp_path / "book.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_book_from_before_services_goes_on(tmp_path: Path) -> None:
    """Its bookings are for the one service that there was, and its pace still counts."""
    path = tmp_path / "old.db"
    database = open_sqlite(path)
    await migrate(database, STEPS[:1])
    await database.close()
    seven = at(TUESDAY, "19:00")
    with sqlite3.connect(path) as connection:
        quantum = seven // QUANTUM_S
        row = ("b-1", 2, "confirmed", 6, seven, seven + 9000, "Europe/Berlin", "Anna", 0, 1, 1)
        more = (ANNA, b"t", "5", quantum, quantum + 30, 30, seven // 1800)
        marks = ", ".join("?" * 18)
        connection.execute(f"INSERT INTO booking VALUES ({marks})", (*row, *more))
        connection.executemany(
            "INSERT INTO claim VALUES ('5', ?, 'b-1')",
            [(one,) for one in range(quantum, quantum + 30)],
        )
        connection.execute("INSERT INTO pace VALUES (30, ?, 6, 12)", (seven // 1800,))
    connection.close()
    book = await Book.open(path)
    (entry,) = await book.bookings_on(TUESDAY, "Europe/Berlin")
    assert entry.booking.service == HOUSE.service().identifier
    assert audit(path, HOUSE) == 1
    await book.cancel(HOUSE, entry.booking, By.BUSINESS, NOW_S)
    assert audit(path, HOUSE) == 0
    await book.close()


async def test_the_status_read_is_said_after_the_replies_in_the_log_of_the_message(
    book: Book,
) -> None:
    other = ConversationId(b"o" * 16)

    async def settle(talk: Talk, desk: Desk) -> Response:
        return Response(talk, [b"one"], b"read")

    await book.answer(HOUSE, ANNA, Place(other, 3), NOW_S, settle)
    waiting = await book.waiting_replies()
    assert [(one.conversation, one.content) for one in waiting] == [
        (ANNA, b"one"),
        (other, b"read"),
    ]
