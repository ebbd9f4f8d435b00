"""The business is what was said last: by the file, or by its people."""

from dataclasses import replace

from linde import restaurant
from plausch.agent.book import Book
from plausch.agent.operations.premises import Premises, keep_business
from plausch.domain.business import Business

OTHER = replace(restaurant(), name="Zum Hirsch")


async def set_to(book: Book, business: Business) -> None:
    await book.transact(lambda transaction: keep_business(transaction, business))


async def test_the_first_time_the_file_holds(book: Book) -> None:
    assert (await Premises.of(book, restaurant(), b"one")).business == restaurant()


async def test_what_its_people_set_outlives_a_start_with_the_same_file(book: Book) -> None:
    await Premises.of(book, restaurant(), b"one")
    await set_to(book, OTHER)
    assert (await Premises.of(book, restaurant(), b"one")).business == OTHER


async def test_a_file_that_was_edited_is_meant(book: Book) -> None:
    await Premises.of(book, restaurant(), b"one")
    await set_to(book, OTHER)
    edited = replace(restaurant(), name="Zur Eiche")
    assert (await Premises.of(book, edited, b"two")).business == edited
    assert (await Premises.of(book, edited, b"two")).business == edited


async def test_followers_hear_of_a_change_once(book: Book) -> None:
    premises = await Premises.of(book, restaurant(), b"one")
    heard: list[str] = []
    premises.follow(lambda business: heard.append(business.name))
    await premises.refresh(book)
    await set_to(book, OTHER)
    await premises.refresh(book)
    await premises.refresh(book)
    assert heard == ["Zum Hirsch"]
    assert premises.business == OTHER
