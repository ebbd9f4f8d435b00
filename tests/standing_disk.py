"""A disk of its own that stands still when a test says so: whoever writes to it waits."""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

IMAGE_BYTES = 512 * 1024 * 1024


class StandingDisk:
    """A file system (ext4) in a file, mounted at a folder. What is written while it stands still
    is not on the disk before it goes on; reading goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stand_still(self) -> None:
        subprocess.run(["fsfreeze", "--freeze", str(self.folder)], check=True)

    def go_on(self) -> None:
        subprocess.run(["fsfreeze", "--unfreeze", str(self.folder)], check=True)

    @contextmanager
    def slow(self, still_s: float, going_s: float) -> Iterator[None]:
        """It stands still again and again while the block runs."""
        done = threading.Event()

        def stumble() -> None:
            while not done.wait(going_s):
                self.stand_still()
                done.wait(still_s)
                self.go_on()

        thread = threading.Thread(target=stumble)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def standing_disk(image: Path) -> Iterator[StandingDisk]:
    """The disk in this file, mounted while the block runs where everybody may enter; skips the test
    where that is not allowed."""
    if shutil.which("mkfs.ext4") is None or shutil.which("fsfreeze") is None:
        pytest.skip("mkfs.ext4 and fsfreeze are not there: apt-get install e2fsprogs util-linux")
    folder = Path(tempfile.mkdtemp(prefix="plausch-disk-"))
    with image.open("wb") as one:
        one.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    command = ["mount", "-o", "loop", str(image), str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        folder.rmdir()
        pytest.skip(f"a disk of its own needs root, who may mount: {done.stderr.strip()}")
    try:
        yield StandingDisk(folder)
    finally:
        # Whatever a test has left: nobody gets away from a disk that stands still.
        subprocess.run(["fsfreeze", "--unfreeze", str(folder)], check=False, capture_output=True)
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
        image.unlink()
