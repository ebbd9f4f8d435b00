"""One agent works with a book: two would both answer, and send what only one of them owes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plausch.base.errors import LocalError


class BookBusy(LocalError):
    """Another agent works with this book."""

    code = "book_busy"


@contextmanager
def book_lock(book_file: Path) -> Iterator[None]:
    """The book in a file is this agent's while the block runs; whoever only reads it needs none.

    The lock is on a file beside it, which names the process: closing a descriptor of the book
    itself would take SQLite's own locks away. The operating system frees it when the process ends.
    Raises BookBusy.
    """
    real = book_file.resolve()
    path = real.with_name(f"{real.name}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BookBusy(
            f"The book {real} cannot be locked ({error.strerror}): check that its folder exists "
            "and is writable.",
            code="book_lock",
        ) from error
    try:
        _take(descriptor, real)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)  # the file stays: removed, two processes could hold different ones


def _take(descriptor: int, book_file: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        raise BookBusy(
            f"Another agent works with the book {book_file} (process {owner or 'unknown'}): end "
            "it first; a book has one agent."
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
