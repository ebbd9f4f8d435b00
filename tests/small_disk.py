"""A disk of a few megabytes that a test can fill to the last byte, and make room on again."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

BALLAST = "ballast-"


class SmallDisk:
    """A file system in memory (tmpfs), mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Take every byte that is left, for as long as somebody gives one back."""
        with (
            suppress(OSError),
            (self.folder / f"{BALLAST}{secrets.token_hex(4)}").open("wb") as one,
        ):
            while True:
                one.write(bytes(64 * 1024))
                one.flush()

    def make_room(self) -> None:
        for one in self.folder.glob(f"{BALLAST}*"):
            one.unlink()


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Mounted while the block runs; skips the test where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    with mounted(folder, "-t", "tmpfs", "-o", f"size={size_bytes},mode=0755", "plausch-test"):
        yield SmallDisk(folder)


@contextmanager
def mounted(folder: Path, *what: str) -> Iterator[None]:
    """A file system at a folder, as `mount` is told, while the block runs; skips the test where
    that is not allowed."""
    command = ["mount", *what, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a disk for a test needs root, who may mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        assert not os.path.ismount(folder)
