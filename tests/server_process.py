"""The real server in a process of its own, for tests that talk to it over the network."""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

OPEN_LIMITS = """
[limits]
registrations_per_address_per_hour = 1000000
sends_per_device_per_day = 100000000
connections_per_address = 1000000
conversations_per_device_per_day = 1000000
key_packages_claimed_per_hour = 1000000
"""
"""A configuration under which load is not refused."""


class ServerProcess:
    """`python -m plausch.server.main`; its standard error goes to a file."""

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        config: str = OPEN_LIMITS,
        port: int = 0,
        before_start: Callable[[], None] | None = None,
        prefix: tuple[str, ...] = (),
        program: tuple[str, ...] = ("-m", "plausch.server.main"),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.directory = folder / "data"
        self._config = folder / "server.toml"
        self._config.write_text(config)
        self._log = folder / "server.log"
        self._database_url = database_url
        self._before_start = before_start
        self._prefix = prefix
        self._program = program
        self.port = port
        self.exit_code = 0
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start, and wait for the line `ready`. Raises RuntimeError with what it said instead."""
        self.start_blindly()
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline().split()
        if line[:1] != ["ready"]:
            self.exit_code = self._end(signal.SIGTERM)
            raise RuntimeError(f"the server did not start: {self.log()}")
        self.url = line[1]
        self.port = int(self.url.rpartition(":")[2])
        return self

    def start_blindly(self) -> None:
        """Start, and do not wait."""
        command = [*self._prefix, sys.executable, *self._program]
        command += ["--data", str(self.directory), "--config", str(self._config)]
        command += ["--port", str(self.port)]
        if self._database_url:
            command += ["--database", self._database_url]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=self._before_start,
            )

        atexit.register(self.kill)  # a test that fails in the middle leaves nothing behind

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: no good-bye, nothing flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def log(self) -> str:
        """What it has written to standard error so far."""
        return self._log.read_text()

    def memory_bytes(self) -> int:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()
