"""Who may be at a SQLite file: one server, or one who moves it as a whole, alone. Two servers would
not tell each other what comes in: that takes NATS, which goes with PostgreSQL.

PostgreSQL has nothing of it: there a mark within the store says that it is not complete.

From whose file a move to elsewhere has begun, nobody serves any more, or two servers would take
different messages: a file beside it says so. The store itself stays as it is.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plausch.base.durable import sync_folder
from plausch.base.errors import OperatorError
from plausch.base.file_lock import FileLock, LockTaken
from plausch.db.interface import StorageUnavailable

SUFFIX = "-serving"
"""Added to the database's name, as SQLite adds -wal and -shm."""

MOVED_SUFFIX = "-moved"
"""Added likewise: of the file that holds where the store was moved to."""


class StoreMoved(OperatorError):
    """The store is elsewhere by now, or on its way there."""

    code = "store_moved"


class StoreBusy(OperatorError):
    """Somebody else is at this file."""

    code = "store_busy"


def serve_from(path: Path) -> FileLock:
    """Held by a server as long as it serves from this file.

    Raises StoreBusy, StoreMoved, StorageUnavailable.
    """
    _demand_unmoved(path)
    try:
        return FileLock(_lock_of(path))
    except LockTaken as error:
        raise StoreBusy(
            f"Process {error.owner} is at {path}, another server probably, or one who moves or "
            "restores it: stop it first, or wait for its end. One server serves from a file: of "
            "two, neither would push what comes in at the other. Several need PostgreSQL and NATS."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def nobody_serves(path: Path) -> Iterator[None]:
    """No server serves from this file, and none begins to. Raises StoreBusy, StorageUnavailable."""
    try:
        lock = FileLock(_lock_of(path))
    except LockTaken as error:
        raise StoreBusy(
            f"Process {error.owner} is at {path}, a server probably: stop it first, and leave it "
            "stopped until this is done."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def nobody_writes(path: Path) -> Iterator[None]:
    """No program writes to it meanwhile, whosever it is. Raises StoreBusy."""
    connection = sqlite3.connect(path, timeout=2.0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        connection.close()
        raise StoreBusy(
            f"Somebody writes to {path} ({error}): let that end, then do this again."
        ) from error
    try:
        yield
    finally:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        connection.close()


def mark_moved(path: Path, where: str) -> None:
    """No server begins on this file any more, until somebody takes the mark away. `where` is shown,
    and holds no password. Raises StorageUnavailable."""
    mark = _mark_of(path)
    try:
        with mark.open("w", encoding="utf-8") as opened:
            opened.write(f"{where}\n")
            opened.flush()
            os.fsync(opened.fileno())
        sync_folder(mark.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _demand_unmoved(path: Path) -> None:
    mark = _mark_of(path)
    try:
        where = mark.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from error
    raise StoreMoved(
        f"{path} was moved to {where}, or a move there has begun: start the server with "
        "PLAUSCH_DATABASE; if the move was interrupted, give 'plausch migrate-store' once more "
        f"before. To go back on purpose, without what was written there, remove {mark}."
    )


def _mark_of(path: Path) -> Path:
    return path.with_name(path.name + MOVED_SUFFIX)


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _unwritable(path: Path, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(
        f"The folder {path.parent} did not take the work ({error.strerror or error}): check that "
        "it is there, that its disk has free space, and that this user may write to it."
    )
