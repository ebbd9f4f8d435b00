"""Files of a server: MB a second and CPU, in a folder and in a bucket of a real S3 service.

    python bench/blobs.py [--megabytes 32] [--small 200]

The same calls for both, as the server makes them for chunks of 128 KiB, in one process: long blobs,
then short ones of 100 KB, each written, finished and read. SQLite on disk. The service (OpenStack
Swift) is on this machine and shares its cores: its MB a second are a floor, the CPU is ours alone.
Beside it stands how long the library takes to load and what memory it needs.
"""

import argparse
import asyncio
import hashlib
import os
import resource
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import fleet
from plausch.base.clock import SystemClock
from plausch.db.sqlite import open_sqlite
from plausch.server.blob_store import BlobStore
from plausch.server.local_blobs import LocalBlobs
from plausch.server.s3_blobs import S3Blobs
from plausch.server.s3_bucket import S3Bucket
from plausch.server.store.schema import prepare
from plausch.wire.blobs import BLOB_CHUNK_BYTES
from s3_service import KEYS, S3Service, running_service  # fleet makes the tests' folder known

SMALL_BYTES = 100_000
MEGABYTE = 1_000_000
OPEN = """
import asyncio, resource, time
from plausch.server.s3_address import S3Address
from plausch.server.s3_bucket import S3Bucket
import plausch.server.main
def kib(): return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 1024
before, begin = kib(), time.perf_counter()
async def main():
    bucket = await S3Bucket(S3Address("blobs")).open()
    print(round((time.perf_counter() - begin) * 1000), (kib() - before) // 1024)
    await bucket.close()
asyncio.run(main())
"""


class Used(NamedTuple):
    """Seconds on the clock and of our CPU."""

    wall_s: float
    cpu_s: float


def now() -> Used:
    """Since some moment."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Used(time.perf_counter(), used.ru_utime + used.ru_stime)


async def put(store: BlobStore, content: bytes) -> bytes:
    """Upload and finish a blob; its name."""
    name = secrets.token_bytes(32)
    stands = await store.begin(name, len(content))
    while stands < len(content):
        stands = await store.write(name, stands, content[stands : stands + BLOB_CHUNK_BYTES])
    assert await store.finish(name, len(content), hashlib.sha256(content).digest())
    return name


async def get(store: BlobStore, name: bytes, length: int) -> None:
    """Read a blob."""
    for offset in range(0, length, BLOB_CHUNK_BYTES):
        assert await store.read(name, offset, BLOB_CHUNK_BYTES)


def said(what: str, size_bytes: int, count: int, begin: Used) -> None:
    """One line."""
    end = now()
    wall_s, cpu_s = end.wall_s - begin.wall_s, end.cpu_s - begin.cpu_s
    print(
        f"  {what:<12}{size_bytes / MEGABYTE / wall_s:8.1f} MB/s"
        f"{cpu_s * 1000 / (size_bytes / MEGABYTE):8.2f} ms CPU/MB{count / wall_s:8.1f} blobs/s"
    )


async def measure(store: BlobStore, long_bytes: int, small: int) -> None:
    """Print all of one store."""
    content = secrets.token_bytes(long_bytes)
    begin = now()
    name = await put(store, content)
    said("put long", long_bytes, 1, begin)
    begin = now()
    await get(store, name, long_bytes)
    said("get long", long_bytes, 1, begin)
    content = secrets.token_bytes(SMALL_BYTES)
    begin = now()
    names = [await put(store, content) for _ in range(small)]
    said("put short", small * SMALL_BYTES, small, begin)
    begin = now()
    for one in names:
        await get(store, one, SMALL_BYTES)
    said("get short", small * SMALL_BYTES, small, begin)
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  at most {memory_mib} MiB in memory, {long_bytes // 2**20} of them the long blob")
    await store.close()


async def run(folder: Path, service: S3Service, long_bytes: int, small: int) -> None:
    """Both stores, one after the other."""
    local = LocalBlobs(folder / "blobs")
    local.prepare()
    print("a folder:")
    await measure(local, long_bytes, small)
    database = open_sqlite(folder / "bench.db", background_checkpoints=True)
    await prepare(database)
    bucket = await S3Bucket(service.address()).open()
    print("a bucket:")
    await measure(S3Blobs(database, bucket, SystemClock()), long_bytes, small)
    await database.close()


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=32)
    parser.add_argument("--small", type=int, default=200)
    given = parser.parse_args()
    os.environ.update(KEYS)
    opened = subprocess.run(
        [sys.executable, "-c", OPEN], capture_output=True, text=True, check=True
    ).stdout.split()
    print(f"opening a bucket: {opened[0]} ms, {opened[1]} MiB")
    with fleet.Folder() as folder, running_service() as service:
        asyncio.run(run(folder, service, given.megabytes * MEGABYTE, given.small))


if __name__ == "__main__":
    main()
