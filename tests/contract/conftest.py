"""One suite for both engines, an empty store for each test."""

from collections.abc import AsyncIterator

import pytest

from blob_stores import s3, s3_keys
from delivery_world import World
from engines import database, postgres
from plausch.db.interface import Database

__all__ = ["database", "postgres", "s3", "s3_keys", "world"]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    made = await World(database).prepare()
    yield made
    await made.delivery.close()
