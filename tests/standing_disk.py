"""A disk of its own that stands still when a test says so: whoever writes to it waits."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cluster.part import program
from small_disk import mounted

IMAGE_BYTES = 512 * 1024 * 1024


class StandingDisk:
    """A file system (ext4) in a file, mounted at a folder. What is written while it stands still
    is not on the disk before it goes on; reading goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stand_still(self) -> None:
        subprocess.run(["fsfreeze", "--freeze", str(self.folder)], check=True)

    def go_on(self) -> None:
        """It may go on already."""
        command = ["fsfreeze", "--unfreeze", str(self.folder)]
        subprocess.run(command, check=False, capture_output=True)

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
    with image.open("wb") as one:
        one.truncate(IMAGE_BYTES)
    subprocess.run([program("mkfs.ext4", "cluster-programs"), "-q", "-F", str(image)], check=True)
    with tempfile.TemporaryDirectory(prefix="plausch-disk-") as name, ExitStack() as stack:
        folder = Path(name)
        stack.enter_context(mounted(folder, "-o", "loop", str(image)))
        disk = StandingDisk(folder)
        stack.callback(disk.go_on)  # nobody gets away from one that stands still
        yield disk
    image.unlink()
