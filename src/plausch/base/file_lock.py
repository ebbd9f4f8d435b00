"""A lock between processes: whoever holds a file of that name, by its process id."""

import fcntl
import os
from pathlib import Path


class LockTaken(BlockingIOError):
    """Another holder has it; `owner` is the process that wrote itself down, or "unknown"."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"taken by process {owner}")
        self.owner = owner


class FileLock:
    """Held from its making until `release`; the operating system frees it when the process ends."""

    def __init__(self, path: Path) -> None:
        """Raises LockTaken, and OSError when the file cannot be made."""
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise LockTaken(owner or "unknown") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes hold different files."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
