"""A real S3 service for tests: OpenStack Swift with its S3 door (swift_node.py), on a port of this
machine, with its files in a folder of its own.

One service serves a whole test run, each test under a prefix of its own; tests that kill it have
another one. Swift lives in a virtual environment of its own, which `make s3` makes beside the
tests' one; PLAUSCH_SWIFT names another. A machine without it fails the tests with a sentence.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plausch.server.s3_address import S3Address
from shared_by_run import shared

NODE = Path(__file__).with_name("swift_node.py")
KEYS = {"AWS_ACCESS_KEY_ID": "test:plausch", "AWS_SECRET_ACCESS_KEY": "testing"}
"""In the environment of whoever asks the service."""

BUCKET = "plausch"


class SwiftMissing(AssertionError):
    """There is no Swift on this machine."""


@dataclass
class S3Service:
    """A running service. `pid` is its process."""

    folder: Path
    port: int = 0
    pid: int = 0

    def start(self) -> None:
        """Start it, on the port that it had, and wait until it answers."""
        command = [find_python(), str(NODE), str(self.folder), str(self.port)]
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": ""},
            )
        assert process.stdout is not None
        words = process.stdout.readline().split()
        process.stdout.close()
        if words[:1] != ["ready"]:
            raise AssertionError(f"Swift did not start: {(self.folder / 'log').read_text()}")
        self.port, self.pid = int(words[1]), process.pid
        process.returncode = 0  # whoever comes last ends it: nobody waits for it here

    def kill(self) -> None:
        """SIGKILL: nothing is flushed."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        while is_running(self.pid):
            time.sleep(0.01)

    def pause(self) -> None:
        """It takes connections and does not answer."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """After `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def address(self, prefix: str = "") -> S3Address:
        """The bucket, and a folder in it that nobody else has."""
        inside = prefix or secrets.token_hex(8)
        return S3Address(BUCKET, f"{inside}/", f"http://127.0.0.1:{self.port}", style="path")

    def url(self) -> str:
        """The same as an operator writes it."""
        return f"s3://{BUCKET}/{secrets.token_hex(8)}?endpoint=http://127.0.0.1:{self.port}"


def is_running(pid: int) -> bool:
    """Not one that is dead and only waits for who began it, who may be another worker."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def find_python() -> str:
    """The Python that has Swift. Raises SwiftMissing."""
    place = Path(os.environ.get("PLAUSCH_SWIFT", Path(sys.prefix) / "swift"))
    python = place / "bin" / "python"
    if not python.exists():
        raise SwiftMissing(
            f"These tests ask a real S3 service, and there is none in {place}: run `make s3`."
        )
    return str(python)


@contextlib.contextmanager
def running_service() -> Iterator[S3Service]:
    """A service for one test, removed at the end."""
    service = S3Service(Path(tempfile.mkdtemp(prefix="plausch-s3-")))
    try:
        service.start()
        yield service
    finally:
        if service.pid:
            service.kill()
        shutil.rmtree(service.folder, ignore_errors=True)


@contextlib.contextmanager
def shared_service(run: str) -> Iterator[S3Service]:
    """The service of the test run named `run`; started by the first user, ended by the last."""

    def begin(folder: Path) -> str:
        service = S3Service(folder)
        service.start()
        return f"{service.port} {service.pid}"

    def known(folder: Path, said: str) -> S3Service:
        return S3Service(folder, *map(int, said.split()))

    with shared("s3", run, begin, lambda folder, said: known(folder, said).kill()) as one:
        yield known(*one)
