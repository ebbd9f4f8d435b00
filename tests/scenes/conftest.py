"""Scenes play in a town with a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blob_stores import s3, s3_keys
from cast import Town, town_in
from engines import postgres

__all__ = ["postgres", "s3", "s3_keys"]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_in(tmp_path) as open_town:
        yield open_town
