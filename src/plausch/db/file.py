"""A SQLite file of our own, with its tables as this program wants them."""

from collections.abc import Sequence
from pathlib import Path

from plausch.db.interface import Database
from plausch.db.migrate import Step, migrate
from plausch.db.sqlite import open_sqlite


async def open_file(
    path: Path | str, steps: Sequence[Step], *, pragmas: Sequence[str] = ()
) -> Database:
    """Open or create it (or `:memory:`) and take the steps that are missing.

    Raises StorageUnavailable, StorageDamaged, SchemaRefused: nothing stays open then.
    """
    database = open_sqlite(path, pragmas=pragmas)
    try:
        await migrate(database, steps)
    except BaseException:
        await database.close()
        raise
    return database
