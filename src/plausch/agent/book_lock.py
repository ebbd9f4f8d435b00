"""One agent works with a book: two would both answer, and send what only one of them owes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plausch.base.errors import LocalError
from plausch.base.file_lock import FileLock, LockTaken


class BookBusy(LocalError):
    """Another agent works with this book."""

    code = "book_busy"


@contextmanager
def book_lock(book_file: Path) -> Iterator[None]:
    """The book in a file is this agent's while the block runs; whoever only reads it needs none.

    The lock is on a file beside it: closing a descriptor of the book itself would take SQLite's own
    locks away. Raises BookBusy, and LocalError when the folder is not writable.
    """
    real = book_file.resolve()
    try:
        lock = FileLock(real.with_name(f"{real.name}.lock"))
    except LockTaken as taken:
        raise BookBusy(
            f"Another agent works with the book {real} (process {taken.owner}): end it first; a "
            "book has one agent."
        ) from taken
    except OSError as error:
        raise LocalError(
            f"The book {real} cannot be locked ({error.strerror}): check that its folder exists "
            "and is writable.",
            code="book_lock",
        ) from error
    try:
        yield
    finally:
        lock.release()
