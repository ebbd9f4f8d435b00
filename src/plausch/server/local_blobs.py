"""Blobs as files in a folder: `uploads/HEX` while they grow, then `AB/CDEF...` by rename.

The length of a file in `uploads` is where the upload stands: no second record of it can disagree
after a crash. A whole file is synced before it gets its true name, and the folder after that, so
that what is acknowledged is there and what is there is whole.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from plausch.base.durable import sync_folder
from plausch.base.errors import OperatorError
from plausch.db.interface import StorageUnavailable

T = TypeVar("T")

THREADS = 4
"""Disk work at once: uploads wait for each other here, and never for the event loop's threads."""

SYNC_BYTES = 4 * 1024 * 1024
"""An upload is written to disk every so many bytes, so that its end does not take long."""

UPLOADS = "uploads"
_NAME_HEX = 64


class LocalBlobs:
    """A BlobStore in a folder of this machine. `reserve_bytes` stay free for the database."""

    def __init__(self, folder: Path, reserve_bytes: int = 0) -> None:
        self._folder, self._reserve_bytes = folder, reserve_bytes
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        self._closed = False

    def prepare(self) -> None:
        """Make the folders, readable by their owner only. Raises OperatorError."""
        try:
            for folder in (self._folder, self._folder / UPLOADS):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OperatorError(
                f"The folder for blobs {self._folder} cannot be made: "
                f"{error.strerror or error}; choose another with blobs_dir.",
                code="storage_unavailable",
            ) from error

    async def begin(self, name: bytes, length: int) -> int:
        """As `BlobStore.begin`."""
        return await self._run(partial(self._begin, name, length))

    async def write(self, name: bytes, offset: int, chunk: bytes) -> int:
        """As `BlobStore.write`."""
        return await self._run(partial(self._write, name, offset, chunk))

    async def finish(self, name: bytes, length: int, digest: bytes) -> bool:
        """As `BlobStore.finish`."""
        return await self._run(partial(self._finish, name, length, digest))

    async def read(self, name: bytes, offset: int, limit: int) -> bytes | None:
        """As `BlobStore.read`."""
        return await self._run(partial(self._read, name, offset, limit))

    async def remove(self, name: bytes) -> None:
        """As `BlobStore.remove`."""
        await self._run(partial(self._remove, name))

    async def untouched(self, shard: int, before_ms: int) -> list[bytes]:
        """As `BlobStore.untouched`."""
        return await self._run(partial(self._untouched, shard, before_ms))

    async def close(self) -> None:
        """As `BlobStore.close`."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise StorageUnavailable("The server is stopping: it takes no more of this file now.")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OSError as error:
            raise StorageUnavailable(
                f"The folder for blobs {self._folder} does not take or give them: "
                f"{error.strerror or error}."
            ) from error

    # --- on a thread ---------------------------------------------------------------------

    def _upload(self, name: bytes) -> Path:
        return self._folder / UPLOADS / name.hex()

    def _whole(self, name: bytes) -> Path:
        text = name.hex()
        return self._folder / text[:2] / text[2:]

    def _standing(self, name: bytes) -> int:
        for path in (self._whole(name), self._upload(name)):
            with suppress(FileNotFoundError):
                return path.stat().st_size
        return 0

    def _begin(self, name: bytes, length: int) -> int:
        standing = self._standing(name)
        self._demand_room(length - standing)
        return standing

    def _demand_room(self, size_bytes: int) -> None:
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < size_bytes + self._reserve_bytes:
            raise StorageUnavailable(
                f"The disk with {self._folder} has no room for more blobs: free some, or lower "
                "limits.blob_reserve_bytes."
            )

    def _write(self, name: bytes, offset: int, chunk: bytes) -> int:
        if self._whole(name).exists():
            return self._standing(name)
        file = os.open(self._upload(name), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            # Another process's size is seen before or after its write, not in the middle of it.
            fcntl.flock(file, fcntl.LOCK_EX)
            standing = os.fstat(file).st_size
            if standing == 0 and self._whole(name).exists():
                # Another process finished it between the two looks: this file is a new one.
                self._upload(name).unlink(missing_ok=True)
                return self._standing(name)
            if standing != offset:
                return standing
            self._demand_room(len(chunk))
            self._append(file, offset, chunk)
            return offset + len(chunk)
        finally:
            os.close(file)

    def _append(self, file: int, offset: int, chunk: bytes) -> None:
        """All of the chunk or none of it, as far as the disk lets us."""
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[os.pwrite(file, rest, offset + len(chunk) - len(rest)) :]
            if (offset + len(chunk)) // SYNC_BYTES != offset // SYNC_BYTES:
                os.fdatasync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, offset)
            raise

    def _finish(self, name: bytes, length: int, digest: bytes) -> bool:
        upload, whole = self._upload(name), self._whole(name)
        if whole.exists():  # the row was not told, or another process was faster
            return True
        try:
            with upload.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").digest()
                if os.fstat(file.fileno()).st_size != length or found != digest:
                    upload.unlink(missing_ok=True)
                    return False
                os.fsync(file.fileno())
            whole.parent.mkdir(mode=0o700, exist_ok=True)
            upload.rename(whole)
        except FileNotFoundError:
            return whole.exists()
        for folder in (whole.parent, self._folder):
            sync_folder(folder)
        return True

    def _read(self, name: bytes, offset: int, limit: int) -> bytes | None:
        try:
            file = os.open(self._whole(name), os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            return os.pread(file, limit, offset)
        finally:
            os.close(file)

    def _remove(self, name: bytes) -> None:
        for path in (self._upload(name), self._whole(name)):
            path.unlink(missing_ok=True)

    def _untouched(self, shard: int, before_ms: int) -> list[bytes]:
        first = f"{shard:02x}"
        texts: list[tuple[Path, str]] = []
        with suppress(FileNotFoundError):
            texts += [(path, first + path.name) for path in (self._folder / first).iterdir()]
        uploads = (self._folder / UPLOADS).iterdir()
        texts += [(path, path.name) for path in uploads if path.name.startswith(first)]
        names = []
        for path, text in texts:
            with suppress(FileNotFoundError, ValueError):  # gone meanwhile; no file of ours
                if len(text) == _NAME_HEX and path.stat().st_mtime_ns // 1_000_000 < before_ms:
                    names.append(bytes.fromhex(text))
        return names
