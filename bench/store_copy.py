"""Backup, restore and moving up: rows and megabytes a second.

    python bench/store_copy.py [--envelopes 200000] [--blobs 200]

A store with so many envelopes of 600 bytes and blobs of 1 MiB, on the disk of the temporary folder:
`plausch backup` of it, `plausch restore` into SQLite and into PostgreSQL, `plausch migrate-store`,
and a backup from PostgreSQL, each as the command does it, with every comparison and fsync.
"""

import argparse
import asyncio
import hashlib
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / one) for one in ("tests", "packaging")]

from full_store import rows_of  # noqa: E402
from plausch.cli.backup import write  # noqa: E402
from plausch.cli.console import Screen  # noqa: E402
from plausch.cli.copying import Watched  # noqa: E402
from plausch.cli.migrate_store import move  # noqa: E402
from plausch.cli.restore import fill_from  # noqa: E402
from plausch.db.interface import Database, Row, Transaction  # noqa: E402
from plausch.db.open import open_database  # noqa: E402
from plausch.db.rows import insert  # noqa: E402
from plausch.db.shape import Table  # noqa: E402
from plausch.server.config import ServerConfig  # noqa: E402
from plausch.server.local_blobs import LocalBlobs  # noqa: E402
from plausch.server.store.schema import prepare, travelling  # noqa: E402
from postgres_cluster import running_cluster  # noqa: E402

BLOB_BYTES = 1024 * 1024
MESSAGE_BYTES = 600
SCREEN = Screen("en", json=True)


async def make_store(folder: Path, envelopes: int, blobs: int) -> None:
    """A server's folder."""
    folder.mkdir()
    database = await open_database(folder / "plausch.db")
    await prepare(database)
    store = LocalBlobs(folder / "blobs")
    store.prepare()
    rows = rows_of(0)
    rows["envelope"] = [
        (1 + seq % 3, seq, 1, 1, seq, 1, seq.to_bytes(16), secrets.token_bytes(MESSAGE_BYTES))
        for seq in range(1, envelopes + 1)
    ]
    rows["blob"] = []
    for number in range(1, blobs + 1):
        name, content = secrets.token_bytes(32), secrets.token_bytes(BLOB_BYTES)
        digest = hashlib.sha256(content).digest()
        await store.write(name, 0, content)
        await store.finish(name, BLOB_BYTES, digest)
        rows["blob"].append((number, name, 1, BLOB_BYTES, digest, 5, 6))
    for table in await travelling():
        for first in range(0, len(rows[table.name]), 2_000):
            await write_rows(database, table, rows[table.name][first : first + 2_000])
    await store.close()
    await database.close()


async def write_rows(database: Database, table: Table, rows: list[Row]) -> None:
    """In one transaction."""

    async def body(tx: Transaction) -> None:
        await insert(tx, table, rows)

    await database.transact(body)


async def timed(
    name: str, rows: int, size_bytes: int, work: Callable[[], Awaitable[object]]
) -> None:
    """Do it, and print how fast it was."""
    begun = time.monotonic()
    await work()
    took_s = time.monotonic() - begun
    print(
        f"{name:<42} {took_s:6.1f} s  {rows / took_s:9,.0f} rows/s  "
        f"{size_bytes / took_s / 1e6:6.1f} MB/s"
    )


async def measure(
    folder: Path, url: Callable[[str], Awaitable[str]], envelopes: int, blobs: int
) -> None:
    """All five, one after the other."""
    old, dump = folder / "old", folder / "town.tar"
    await make_store(old, envelopes, blobs)
    rows_bytes = envelopes * (MESSAGE_BYTES + 30)
    size_bytes = rows_bytes + blobs * BLOB_BYTES

    async def restored(place: ServerConfig) -> None:
        with dump.open("rb") as opened:
            await fill_from(opened, dump, place, SCREEN, anew=False, quiet=True)

    place = ServerConfig(old)
    await timed("backup, SQLite", envelopes, size_bytes, lambda: write(place, dump, 1, Watched()))
    new = ServerConfig(folder / "new")
    await timed("restore into SQLite", envelopes, size_bytes, lambda: restored(new))
    other = ServerConfig(folder / "other", database_url=await url("restored"))
    await timed("restore into PostgreSQL", envelopes, size_bytes, lambda: restored(other))
    target = await url("moved")
    file = old / "plausch.db"
    await timed(
        "migrate-store (rows; blobs stay)",
        envelopes,
        rows_bytes,
        lambda: move(file, target, SCREEN, anew=False, quiet=True),
    )
    moved = ServerConfig(old, database_url=target)
    again = folder / "again.tar"
    await timed(
        "backup, PostgreSQL", envelopes, size_bytes, lambda: write(moved, again, 1, Watched())
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Backup, restore and moving up.")
    parser.add_argument("--envelopes", type=int, default=200_000)
    parser.add_argument("--blobs", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_cluster() as cluster:
        where = Path(folder), cluster.create_database
        asyncio.run(measure(*where, given.envelopes, given.blobs))


if __name__ == "__main__":
    main()
