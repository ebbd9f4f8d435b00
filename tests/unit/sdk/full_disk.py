"""A vault whose file takes nothing more, made so from outside, as another program could."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plausch.sdk.vault.vault import DATABASE_FILE


@contextmanager
def nothing_written(home: Path) -> Iterator[None]:
    """Every write to the vault fails with StorageUnavailable; it can still be read."""
    outside = sqlite3.connect(home / DATABASE_FILE, isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        outside.execute("ROLLBACK")
        outside.close()


@contextmanager
def refused(home: Path, change: str) -> Iterator[None]:
    """One sort of write fails (ConstraintViolated), such as "INSERT ON message"."""
    outside = sqlite3.connect(home / DATABASE_FILE, isolation_level=None)
    outside.execute(f"CREATE TRIGGER full BEFORE {change} BEGIN SELECT RAISE(ABORT, 'full'); END")
    try:
        yield
    finally:
        outside.execute("DROP TRIGGER full")
        outside.close()
