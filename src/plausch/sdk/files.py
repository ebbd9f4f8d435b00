"""The machine's files that the SDK reads and writes, on threads, a chunk at a time.

Nothing here holds more than a chunk in memory, however large the file is.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from plausch.content.stream import Layout, StreamKey, changed, open_chunk, seal_chunk
from plausch.sdk.errors import FileRefused, SdkError

T = TypeVar("T")

PARTS = 1_000
"""Names that are tried for a file of which there is one already."""


@contextmanager
def file_errors(path: Path | str) -> Iterator[None]:
    """What the machine says about a file, as a sentence. Raises FileRefused."""
    try:
        yield
    except OSError as error:
        raise FileRefused(
            f"The file {error.filename or path} cannot be used: {error.strerror or error}."
        ) from error


async def in_thread(path: Path | str, work: Callable[[], T]) -> T:
    """Do disk work beside the event loop. Raises FileRefused, and what `work` raises."""
    with file_errors(path):
        return await asyncio.to_thread(work)


def size_of(source: Path | bytes) -> int:
    """How many bytes a source has. Raises FileRefused."""
    if isinstance(source, bytes):
        return len(source)
    with file_errors(source):
        if not source.is_file():
            raise FileRefused(f"{source} is no file: choose one, or pack a folder first.")
        return source.stat().st_size


def seal_file(source: Path | bytes, secret: StreamKey, layout: Layout, target: Path) -> bytes:
    """Seal a source into a new file and sync it; the SHA-256 of what was written.

    Blocking. Raises OSError, ContentError (the source changed meanwhile).
    """
    target.parent.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with _opened(source) as reading, os.fdopen(os.open(target, flags, 0o600), "wb") as writing:
        for number in range(layout.chunks):
            wanted = layout.content_in(number)
            content = reading.read(wanted) if wanted else b""
            sealed = seal_chunk(secret, layout, number, content)
            digest.update(sealed)
            writing.write(sealed)
        if reading.read(1):
            raise changed()
        writing.flush()
        os.fsync(writing.fileno())
    return digest.digest()


def _opened(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def read_at(path: Path, offset: int, size_bytes: int) -> bytes:
    """A stretch of a file. Blocking. Raises OSError."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.pread(file, size_bytes, offset)
    finally:
        os.close(file)


class Part:
    """A file that is being received: beside its true place, under a name of its own, until it is
    whole and verified. Blocking; a part that was left is gone on with.
    """

    def __init__(self, path: Path, secret: StreamKey, layout: Layout) -> None:
        """Open it, for this process alone. Raises OSError, SdkError (somebody else has it open)."""
        self._path, self._secret, self._layout = path, secret, layout
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o600)
        self._digest = hashlib.sha256()
        self.chunks = 0
        """How many chunks of the file are in it."""
        try:
            self._take_over()
        except BaseException:
            os.close(self._file)
            raise

    def _take_over(self) -> None:
        """Keep the whole chunks of an earlier attempt. What they were sealed as is computed again:
        the digest is of the whole blob, and tells whether somebody has changed the part."""
        try:
            flock(self._file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise SdkError("This file is being fetched already; wait for it.") from error
        there = os.fstat(self._file).st_size
        whole = min(there, self._layout.content_bytes) // self._layout.chunk_bytes
        for number in range(whole):
            content = os.pread(
                self._file, self._layout.chunk_bytes, number * self._layout.chunk_bytes
            )
            self._digest.update(seal_chunk(self._secret, self._layout, number, content))
        self.chunks = whole
        os.ftruncate(self._file, whole * self._layout.chunk_bytes)

    def add(self, sealed: bytes) -> None:
        """The next chunk. Raises OSError, ContentError when it does not open."""
        content = open_chunk(self._secret, self._layout, self.chunks, sealed)
        self._digest.update(sealed)
        rest = memoryview(content)
        offset = self.chunks * self._layout.chunk_bytes
        while rest:
            written = os.pwrite(self._file, rest, offset)
            rest, offset = rest[written:], offset + written
        self.chunks += 1

    def is_the_one(self, digest: bytes) -> bool:
        """Whether all of it together is the blob that the sender meant."""
        return self.chunks == self._layout.chunks and self._digest.digest() == digest

    def move_to(self, target: Path) -> Path:
        """Sync it and give it its name, over whatever has it."""
        os.fsync(self._file)
        self._path.replace(target)
        return target

    def discard(self) -> None:
        """It is not what it should be."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it; what was received stays for the next attempt."""
        os.close(self._file)


def free_name(folder: Path, name: str) -> Path:
    """A new, empty file of this name in the folder, or of `name (2)` and so on: nobody else gets
    the same one. Blocking. Raises OSError."""
    for number in range(1, PARTS):
        path = folder / name
        if number > 1:
            path = path.with_stem(f"{path.stem} ({number})")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"there are {PARTS - 1} files of this name already")
