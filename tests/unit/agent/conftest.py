"""A book in a file and a clock that stands still, for the agent's tests."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cast import Town, town
from counter import Clerk
from guest import Guest
from linde import NOW_S, restaurant
from plausch.agent.book import Book
from plausch.base.clock import ManualClock
from service import House, house_in

__all__ = ["town"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_S * 1000)


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    opened = await Book.open(tmp_path / "book.db")
    yield opened
    await opened.close()


@pytest.fixture
def guest(book: Book, clock: ManualClock) -> Callable[[str], Guest]:
    """A new conversation with the test restaurant."""

    def arrive(name: str = "anna") -> Guest:
        return Guest(book, restaurant(), clock, name)

    return arrive


@pytest.fixture
def clerk(book: Book, clock: ManualClock) -> Clerk:
    """Staff of the test restaurant."""
    return Clerk(book, restaurant(), clock)


@pytest.fixture
async def house(town: Town, tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(town, tmp_path) as opened:
        yield opened
