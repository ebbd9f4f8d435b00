"""Files of backups: named by their moment, whole or not there, and no more of them than wanted."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from plausch.base.durable import sync_folder
from plausch.base.errors import OperatorError

_OURS = re.compile(r"plausch-\d{8}T\d{6}Z\.tar")
_PARTIAL = re.compile(r"\.plausch-\d{8}T\d{6}Z\.tar\.partial")


def place_for(destination: Path, at_ms: int) -> Path:
    """The file that a backup of this moment becomes: the destination, or a new one in it when
    that is a folder."""
    if not destination.is_dir():
        return destination
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return destination / f"plausch-{moment:%Y%m%dT%H%M%SZ}.tar"


@contextmanager
def appearing(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone, which gets its name at the end, when all of it is on disk. After
    an error nothing of it is left; what a killed process left is removed by the next one.

    Raises OperatorError when there is such a file or it is just being written, OSError.
    """
    if path.exists():
        raise OperatorError(f"{path} is there already: give another name.", code="output")
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w+b", buffering=1024 * 1024) as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperatorError(
                f"{path} is just being written by another process.", code="output"
            ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.fchmod(descriptor, 0o600)
            yield file
            file.flush()
            os.fsync(descriptor)
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def forget_partials(folder: Path) -> None:
    """Remove what killed backups left in a folder; one that is being written is locked."""
    for path in folder.iterdir():
        if not _PARTIAL.fullmatch(path.name):
            continue
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def forget_old(made: Path, keep: int) -> list[Path]:
    """Remove the oldest backups beside the one just made, which always stays: `keep` are left.
    Files with other names are nobody's business here."""
    others = sorted(
        path
        for path in made.parent.iterdir()
        if _OURS.fullmatch(path.name) and path.is_file() and path != made
    )
    old = others[: max(0, len(others) - (keep - 1))]
    for path in old:
        path.unlink(missing_ok=True)
    return old
