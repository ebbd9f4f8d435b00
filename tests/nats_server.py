"""A real NATS on loopback, as a process of its own."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from cluster.part import program


class NatsServer:
    """Start, kill and start again, on one port; or stand still for a while."""

    def __init__(
        self, folder: Path, address: str = "127.0.0.1", *, configuration: str = ""
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._address = folder, address
        self._configuration = folder / "nats.conf"
        self._configuration.write_text(configuration, encoding="utf-8")
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://{self._address}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start, and wait until it answers."""
        ports, log = self._folder / "ports", self._folder / "nats.log"
        ports.mkdir(exist_ok=True)
        port = str(self.port or -1)  # -1: a free one, written into a file
        command = [program("nats-server", "cluster-programs"), "-a", self._address, "-p", port]
        command += ["--ports_file_dir", str(ports), "-c", str(self._configuration)]
        log.unlink(missing_ok=True)
        self._process = subprocess.Popen([*command, "-l", str(log)])
        while not (log.exists() and "Server is ready" in log.read_text()):
            if self._process.poll() is not None:
                raise RuntimeError(f"NATS did not start: {log.read_text()}")
        if not self.port:
            said = log.read_text().partition(f"client connections on {self._address}:")[2]
            self.port = int(said.split()[0])
        return self

    def stand_still(self) -> None:
        """It takes nothing and says nothing, and its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self._process.pid}/task")
        while any(_state(one) != "T" for one in threads.iterdir()):
            time.sleep(0.001)  # on a busy machine it may still answer for a moment

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def _state(thread: Path) -> str:
    return (thread / "stat").read_text().rpartition(") ")[2][:1]
