"""The server's services over SQLite in memory, and a whole server in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delivery_world import World
from plausch.db.interface import Database
from plausch.db.sqlite import MEMORY, open_sqlite
from plausch.server.config import ServerConfig
from plausch.server.main import Server


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


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(ServerConfig(tmp_path, port=0))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def two_servers(tmp_path: Path) -> AsyncIterator[list[tuple[Server, str]]]:
    """Two processes on one store, as far as two servers in one process are. On a SQLite file that
    is forbidden: the other one finds it under another name, and so another lock."""
    made = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        (folder / "plausch.db").symlink_to(tmp_path / "plausch.db")
        server = Server(ServerConfig(folder, port=0))
        made.append((server, await server.start()))
    yield made
    for server, _ in made:
        await server.stop()
