"""A small ledger that a test process fills while the disk is taken from it, or its life.

Run as a program: `python ledger.py PATH MODE`. Every acknowledged number is printed at once.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.db.sqlite import open_sqlite

PAYLOAD = b"x" * 2_000


async def create(database: Database) -> None:
    async def body(tx: Transaction) -> None:
        await tx.execute(
            "CREATE TABLE IF NOT EXISTS ledger (number BIGINT PRIMARY KEY, body {bytes} NOT NULL)"
        )

    await database.transact(body)


async def write(database: Database, number: int, payload: bytes = PAYLOAD) -> None:
    async def body(tx: Transaction) -> None:
        await tx.execute("INSERT INTO ledger (number, body) VALUES ($1, $2)", number, payload)

    await database.transact(body)


async def numbers(database: Database) -> set[int]:
    async def body(tx: Transaction) -> set[int]:
        return {row[0] for row in await tx.fetch("SELECT number FROM ledger")}

    return await database.read(body)


async def until_killed(path: Path) -> None:
    """Write with 20 tasks for ever."""
    database = open_sqlite(path, background_checkpoints=True)
    await create(database)
    begin = max(await numbers(database), default=0) + 1

    async def writer(number: int) -> None:
        while True:
            await write(database, number)
            os.write(1, f"{number}\n".encode())
            number += 20

    await asyncio.gather(*[writer(begin + n) for n in range(20)])


async def on_a_small_disk(path: Path) -> None:
    """Write in batches of ten until files may not grow; then give them room and go on."""
    database = open_sqlite(path, background_checkpoints=True)
    await create(database)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    number, failures = 0, 0
    while failures < 3:
        batch = range(number, number + 10)
        results = await asyncio.gather(*[write(database, n) for n in batch], return_exceptions=True)
        failed = [one for one in results if one is not None]
        assert len(failed) in (0, 10), "a batch fails as a whole"
        assert all(isinstance(one, StorageUnavailable) for one in failed), failed
        failures += bool(failed)
        for n, result in zip(batch, results, strict=True):
            if result is None:
                os.write(1, f"{n}\n".encode())
        number += 10
        assert number < 5_000, "the disk never became full"
    assert len(await numbers(database)) == number - 30
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await write(database, number)
    os.write(1, f"{number}\nrecovered\n".encode())
    await database.close()


async def on_a_read_only_disk(path: Path) -> None:
    """Try to open and to write, as a user who may only read."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        database = open_sqlite(path)
        await write(database, 1)
    except StorageUnavailable as error:
        os.write(1, f"refused {error}\n".encode())
    else:
        os.write(1, b"acknowledged\n")


MODES = {"kill": until_killed, "full": on_a_small_disk, "readonly": on_a_read_only_disk}

if __name__ == "__main__":
    asyncio.run(MODES[sys.argv[2]](Path(sys.argv[1])))
