"""The office of the test restaurant."""

import pytest

from plausch.agent.book import Book
from plausch.base.clock import ManualClock
from unit.agent.operations.office import Office


@pytest.fixture
async def office(book: Book, clock: ManualClock) -> Office:
    return await Office.of(book, clock)
