"""From what the operator writes to a database."""

from pathlib import Path

from plausch.db.interface import Database
from plausch.db.postgres import open_postgres
from plausch.db.sqlite import MEMORY, open_sqlite

POSTGRES_SCHEMES = ("postgresql://", "postgres://")


async def open_database(where: str | Path) -> Database:
    """`postgresql://...`, `:memory:`, or the path of a SQLite file for a server's steady writes.

    Raises StorageUnavailable, and LocalError for a URL that cannot be read.
    """
    text = str(where)
    if text.startswith(POSTGRES_SCHEMES):
        return await open_postgres(text)
    return open_sqlite(text, background_checkpoints=True)


def file_of(where: str | Path) -> Path | None:
    """The SQLite file that `open_database` would open; None of a server, or of memory."""
    text = str(where)
    return None if text == MEMORY or text.startswith(POSTGRES_SCHEMES) else Path(text)
