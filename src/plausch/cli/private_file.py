"""Files with people's names in them: for their owner alone, whole or not at all."""

import os
import sys
import tempfile
from pathlib import Path

from plausch.base.errors import OperatorError

STANDARD = "-"


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; `-` is standard output. Raises OperatorError."""
    if str(path) == STANDARD:
        sys.stdout.buffer.write(content)
        return
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OperatorError(
            f"{path}: {error.strerror}; give a file in a folder that can be written to.",
            code="output",
        ) from error


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """A file's bytes, one more than `most_bytes` at most. Raises OperatorError."""
    try:
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except OSError as error:
        raise OperatorError(
            f"{path}: {error.strerror}; give the path of a readable file.", code="input"
        ) from error
