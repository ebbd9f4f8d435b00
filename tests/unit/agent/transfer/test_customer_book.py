"""Customers out of the book and into it."""

import pytest

from linde import NOW_S, restaurant
from plausch.agent.book import Book
from plausch.agent.transfer.customer_book import all_customers, take_over_customers
from plausch.agent.transfer.customer_rows import CustomerRow
from plausch.agent.transfer.taking_over import RowsRefused, TakenOver

ANNA = CustomerRow("Anna", "+49 89 1234", "de", "mag das Fenster")
BERND = CustomerRow("Bernd", "0170 555", "", "")
ROWS = ((2, ANNA), (3, BERND))


async def test_people_of_a_file_are_in_the_book(book: Book) -> None:
    assert await take_over_customers(ROWS, book, restaurant(), NOW_S) == TakenOver(2, 0)
    found = await all_customers(book, restaurant(), NOW_S)
    assert sorted(found, key=lambda one: one.name) == [ANNA, BERND]


async def test_who_is_known_is_brought_up_to_date_and_keeps_the_note(book: Book) -> None:
    await take_over_customers(ROWS, book, restaurant(), NOW_S)
    newer = CustomerRow("Anna Berg", "0049 89 1234", "en", "andere Notiz")
    assert await take_over_customers([(2, newer)], book, restaurant(), NOW_S) == TakenOver(0, 1)
    found = {one.name: one for one in await all_customers(book, restaurant(), NOW_S)}
    assert found["Anna Berg"].language == "en"
    assert found["Anna Berg"].note == "mag das Fenster"
    assert len(found) == 2


async def test_a_note_comes_to_one_who_had_none(book: Book) -> None:
    await take_over_customers(ROWS, book, restaurant(), NOW_S)
    noted = CustomerRow("Bernd", BERND.telephone, "", "Stammgast")
    await take_over_customers([(2, noted)], book, restaurant(), NOW_S)
    assert noted in await all_customers(book, restaurant(), NOW_S)


async def test_without_a_telephone_number_nobody_is_taken(book: Book) -> None:
    with pytest.raises(RowsRefused) as caught:
        await take_over_customers(
            [(2, ANNA), (3, CustomerRow("Niemand"))], book, restaurant(), NOW_S
        )
    assert [(one.line, one.code) for one in caught.value.problems] == [(3, "no_telephone")]
    assert await all_customers(book, restaurant(), NOW_S) == []


async def test_a_preview_does_nothing(book: Book) -> None:
    assert await take_over_customers(ROWS, book, restaurant(), NOW_S, is_preview=True) == TakenOver(
        2, 0
    )
    assert await all_customers(book, restaurant(), NOW_S) == []


async def test_many_pages_of_people_are_all_found(book: Book) -> None:
    rows = [(line, CustomerRow(f"Gast {line}", f"+49 {100_000 + line}")) for line in range(1_200)]
    await take_over_customers(rows, book, restaurant(), NOW_S)
    assert len(await all_customers(book, restaurant(), NOW_S)) == 1_200
