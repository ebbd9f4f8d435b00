"""The server's services over SQLite in memory."""

from collections.abc import AsyncIterator

import pytest

from delivery_world import World
from plausch.db.interface import Database
from plausch.db.sqlite import MEMORY, open_sqlite


@pytest.fixture
async def memory() -> AsyncIterator[Database]:
    database = open_sqlite(MEMORY)
    yield database
    await database.close()


@pytest.fixture
async def world(memory: Database) -> AsyncIterator[World]:
    made = await World(memory).prepare()
    yield made
    await made.delivery.close()
