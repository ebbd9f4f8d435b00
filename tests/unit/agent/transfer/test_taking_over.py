"""Rows of a file into the book: all or none."""

import pytest

from linde import FRIDAY, NOW_S, ZONE, restaurant
from plausch.agent.book import Book
from plausch.agent.rows import Source
from plausch.agent.transfer.booking_rows import BookingRow, export_bookings, read_bookings
from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.taking_over import RowsRefused, TakenOver, take_over
from plausch.domain.booking import BookingState, By

HEADS = "Datum;Uhrzeit;Personen;Name;Telefon;Notiz\n"


def rows(*lines: str) -> tuple[BookingRow, ...]:
    found = read_bookings((HEADS + "\n".join(lines)).encode(), ZONE, "de")
    assert found.problems == ()
    return found.rows


SEVEN = "27.11.2026;19:00;4;Anna;+49 89 1;Nussallergie"
EIGHT = "27.11.2026;20:00;2;Bernd;;"


async def test_all_rows_become_firm_bookings(book: Book) -> None:
    assert await take_over(rows(EIGHT, SEVEN), book, restaurant(), NOW_S) == TakenOver(2, 0)
    found = await book.bookings_on(FRIDAY, ZONE)
    assert [
        (one.booking.under_name, one.booking.state, one.telephone, one.note) for one in found
    ] == [
        ("Anna", BookingState.CONFIRMED, "+49 89 1", "Nussallergie"),
        ("Bernd", BookingState.CONFIRMED, "", ""),
    ]
    assert {one.source for one in found} == {Source.STAFF}


async def test_the_same_file_again_changes_nothing(book: Book) -> None:
    await take_over(rows(SEVEN, EIGHT), book, restaurant(), NOW_S)
    before = await book.bookings_on(FRIDAY, ZONE)
    assert await take_over(rows(SEVEN, EIGHT), book, restaurant(), NOW_S) == TakenOver(0, 2)
    assert await book.bookings_on(FRIDAY, ZONE) == before


async def test_what_was_cancelled_meanwhile_stays_cancelled(book: Book) -> None:
    await take_over(rows(SEVEN), book, restaurant(), NOW_S)
    (entry,) = await book.bookings_on(FRIDAY, ZONE)
    await book.cancel(restaurant(), entry.booking, By.BUSINESS, NOW_S + 5)
    assert await take_over(rows(SEVEN), book, restaurant(), NOW_S + 60) == TakenOver(0, 1)
    assert await book.bookings_on(FRIDAY, ZONE) == []


async def test_one_that_cannot_be_stops_all(book: Book) -> None:
    large, past = "27.11.2026;18:00;10;Verein;;", "01.11.2026;19:00;2;Gestern;;"
    crooked = "27.11.2026;18:03;2;Krumm;;"
    with pytest.raises(RowsRefused) as caught:
        await take_over(rows(SEVEN, large, past, crooked), book, restaurant(), NOW_S)
    assert caught.value.problems == (
        Problem(3, "too_large"),
        Problem(4, "past"),
        Problem(5, "bad_time"),
    )
    assert await book.bookings_on(FRIDAY, ZONE) == []


async def test_more_than_there_are_tables_is_told_line_by_line(book: Book) -> None:
    many = [f"27.11.2026;19:00;6;Gast {number};;" for number in range(4)]
    with pytest.raises(RowsRefused) as caught:
        await take_over(rows(*many), book, restaurant(), NOW_S)
    assert {one.code for one in caught.value.problems} <= {"full", "pacing"}
    assert await book.bookings_on(FRIDAY, ZONE) == []


async def test_a_preview_says_the_same_and_does_nothing(book: Book) -> None:
    preview = await take_over(rows(SEVEN, EIGHT), book, restaurant(), NOW_S, is_preview=True)
    assert preview == TakenOver(2, 0)
    assert await book.bookings_on(FRIDAY, ZONE) == []
    with pytest.raises(RowsRefused):
        await take_over(
            rows("01.11.2026;19:00;2;Gestern;;"), book, restaurant(), NOW_S, is_preview=True
        )


async def test_an_export_of_one_book_fills_another(book: Book) -> None:
    await take_over(rows(SEVEN, EIGHT), book, restaurant(), NOW_S)
    raw = export_bookings(await book.bookings_on(FRIDAY, ZONE), "de")
    other = await Book.open(":memory:")
    again = read_bookings(raw, ZONE, "de").rows
    assert await take_over(again, other, restaurant(), NOW_S) == TakenOver(2, 0)
    names = [one.booking.under_name for one in await other.bookings_on(FRIDAY, ZONE)]
    assert names == ["Anna", "Bernd"]
    await other.close()
