"""Empty databases on both engines, for the contract suite and for whoever needs one."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from plausch.db.interface import Database
from plausch.db.postgres import open_postgres
from plausch.db.sqlite import open_sqlite
from postgres_cluster import Cluster, shared_cluster


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The run's PostgreSQL; the tests fail when this machine has none."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")
    with shared_cluster(run) as cluster:
        yield cluster


@asynccontextmanager
async def empty_postgres(cluster: Cluster) -> AsyncIterator[Database]:
    """An empty database of the cluster, dropped afterwards."""
    name = f"t{secrets.token_hex(8)}"
    database = await open_postgres(await cluster.create_database(name))
    try:
        yield database
    finally:
        await database.close()
        await cluster.drop_database(name)


@asynccontextmanager
async def empty_sqlite(folder: Path) -> AsyncIterator[Database]:
    """An empty file, with the server's settings."""
    database = open_sqlite(folder / "contract.db", background_checkpoints=True)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database, once on each engine."""
    if request.param == "sqlite":
        async with empty_sqlite(tmp_path) as opened:
            yield opened
    else:
        async with empty_postgres(request.getfixturevalue("postgres")) as opened:
            yield opened
