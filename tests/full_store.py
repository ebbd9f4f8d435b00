"""A server's store with rows in every table, also such as are hard to copy."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from plausch.db.interface import Database, Row, Transaction
from plausch.db.migrate import Step, migrate
from plausch.db.rows import batch, continue_numbers, insert, key_of
from plausch.db.shape import Table
from plausch.server.local_blobs import LocalBlobs
from plausch.server.store.schema import STEPS, prepare, travelling
from plausch.server.vapid import new_private_key

BIG = 2**62
ZERO_BYTES = b"\0\xff\0"
BLOBS = {
    hashlib.sha256(bytes([number])).digest(): secrets.token_bytes(size)
    for number, size in enumerate((1, 511, 512, 513, 1_500_000))
}
"""By name: short ones, such as just fill the archive's blocks, one of several chunks."""


def rows_of(envelopes: int) -> dict[str, list[Row]]:
    """Rows for every table that there is; whoever adds a table adds some here."""
    whole = [
        (number, name, 1, len(content), hashlib.sha256(content).digest(), 5, 6)
        for number, (name, content) in enumerate(BLOBS.items(), 1)
    ]
    profile = (2, 1, b"signed", 5, 1, "Zur Linde 🌳", "restaurant", "01067", "Köln", "w", "p")
    return {
        "account": [
            (1, "anna", "person", ZERO_BYTES, b"", 1),
            (2, "linde", "business", b"\x80", b"list", BIG),
            (40, "cem", "person", b"k", b"l", -1),
        ],
        "device": [
            (number, account, f"mimi://localhost/d/{number}", b"s", b"c", 1, 2, 3, 4)
            for number, account in ((1, 1), (2, 2), (77, 40))
        ],
        "invitation": [(bytes([number]) * 32, 1, 2) for number in (0, 127, 128, 255)],
        "key_package": [(9, 1, 1, 0, 99, b"ref", secrets.token_bytes(300))],
        "claimed_key_package": [(b"\xff" * 32, 1, 5), (b"\0" * 32, 2, 5)],
        "conversation": [
            (number, bytes([number]) * 16, 1, 1, envelopes, 1, b"d", 1, 1) for number in (1, 2, 9)
        ],
        "envelope": [
            (
                1 + seq % 2,
                seq,
                1,
                1,
                1000 + seq,
                1,
                seq.to_bytes(16),
                secrets.token_bytes(seq % 700),
            )
            for seq in range(1, envelopes + 1)
        ],
        "proposal": [(1, 1, b"p" * 900_000, b"r"), (1, 2, b"", b""), (2, 1, b"q", b"r")],
        "group_info": [(one, secrets.token_bytes(2_000_000)) for one in (1, 2, 9)],
        "welcome": [(1, 7, 1, 1, b"w" * 100_000)],
        "mailbox": [(2, 3, 1, 7, 100_000), (2, 4, 1, 7, 100_000), (77, 1, 1, 7, 100_000)],
        "member": [(1, 1, 0, b"s"), (1, 2, 1, b"t"), (9, 77, 0, b"u")],
        "stay": [(1, 1, 1, -1), (1, 1, 9, 12), (1, 2, 1, -1)],
        "device_cursor": [(1, 1, 5, -1), (1, 2, 5, 6), (9, 77, 0, -1)],
        "blob": [*whole, (900, b"u" * 32, 1, 10, b"d" * 32, 5, -1)],
        "backup": [
            (1, b"l", b"a", b"r", next(iter(BLOBS)), 1, 7),
            (40, b"m", b"b", b"s", b"nobody", None, 8),
        ],
        "recovery_key": [(1, b""), (40, b"look")],
        "profile": [profile],
        "suspension": [(40, 7, 0), (2, 8, 1)],
        "profile_picture": [(2, b"e", b"f"), (2, b"d", b"f")],
        "report": [(3, 1, b"i", 2, "spam", "Öde — 'x'; DROP", 5, -1)],
        "reporting_key": [(1, bytes(32))],
        "disclosed": [(3, 0, b"c", "mimi://localhost/d/2", 5, b"content")],
        "wake_up": [(1, 1, "https://push.example/x", 3)],
        "wake_up_key": [(1, new_private_key())],
        "sweep": [(1, 1_700_000_000_000)],
    }


async def fill_store(database: Database, *, envelopes: int = 2_500) -> None:
    """Rows into every table of an empty store. Fails when a table is forgotten here."""
    await prepare(database)
    tables = await travelling()
    rows = rows_of(envelopes)
    assert {table.name for table in tables} == set(rows), "a table has no rows in full_store"
    await insert_all(database, tables, rows)


async def fill_older_store(database: Database, steps: Sequence[Step]) -> None:
    """As `fill_store`, with the tables and columns that these steps make."""
    await migrate(database, steps)
    tables = await travelling(steps)
    rows = rows_of(40)
    older = {
        table.name: [row[: len(table.columns)] for row in rows[table.name]] for table in tables
    }
    await insert_all(database, tables, older)


async def insert_all(
    database: Database, tables: Sequence[Table], rows: Mapping[str, Sequence[Row]]
) -> None:
    """These rows, a thousand in a transaction, and let the engine number those after them."""
    for table in tables:
        for first in range(0, len(rows[table.name]), 1_000):
            chosen = rows[table.name][first : first + 1_000]

            async def body(
                tx: Transaction, table: Table = table, chosen: Sequence[Row] = chosen
            ) -> None:
                await insert(tx, table, chosen)

            await database.transact(body)
    await continue_numbers(database, tables)


async def put_blobs(folder: Path) -> LocalBlobs:
    """The blobs' files in a folder, which is open then."""
    store = LocalBlobs(folder)
    store.prepare()
    for name, content in BLOBS.items():
        await store.write(name, 0, content)
        assert await store.finish(name, len(content), hashlib.sha256(content).digest())
    return store


async def all_rows(database: Database, steps: Sequence[Step] = STEPS) -> dict[str, list[Row]]:
    """Everything in every table that these steps lead to."""
    found: dict[str, list[Row]] = {}
    for table in await travelling(steps):
        found[table.name] = []
        after = None
        while rows := await database.read(
            lambda tx, table=table, after=after: batch(tx, table, after)  # type: ignore[misc]
        ):
            found[table.name] += rows
            after = key_of(table, rows[-1])
    return found
