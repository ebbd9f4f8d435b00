"""Blob stores of both kinds for tests: a folder, and a bucket of a real S3 service."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from plausch.base.clock import Clock
from plausch.db.interface import Database
from plausch.server.blob_store import BlobStore
from plausch.server.local_blobs import LocalBlobs
from plausch.server.s3_address import S3Address
from plausch.server.s3_blobs import S3Blobs
from plausch.server.s3_bucket import S3Bucket
from s3_service import KEYS, S3Service, shared_service


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Service]:
    """The run's S3 service; the tests fail when this machine has none."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")
    with shared_service(run) as service:
        yield service


@pytest.fixture
def s3_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's keys, where an operator has them."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def two_folders(folder: Path) -> AsyncIterator[list[BlobStore]]:
    """Two processes' stores over one folder."""
    made = [LocalBlobs(folder) for _ in range(2)]
    for one in made:
        one.prepare()
    try:
        yield list(made)
    finally:
        for one in made:
            await one.close()


@asynccontextmanager
async def two_buckets(
    database: Database, address: S3Address, clock: Clock
) -> AsyncIterator[list[BlobStore]]:
    """Two processes' stores over one bucket and one database; they share its connections."""
    bucket = await S3Bucket(address).open()
    made = [S3Blobs(database, bucket, clock) for _ in range(2)]
    try:
        yield list(made)
    finally:
        for one in made:
            await one.close()
