"""A real HAProxy before gateways, with the configuration of docs/haproxy.cfg as it stands."""

import os
import subprocess
import time
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from cluster.part import free_port, program

CONFIG = Path(__file__).parents[1] / "docs" / "haproxy.cfg"
PATIENCE_S = 30.0


class Haproxy:
    """Started before two gateways; its address is theirs."""

    def __init__(self, folder: Path, *ports: int) -> None:
        self._folder, self._ports = folder, ports
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> Self:
        """Start, and wait until a gateway answers through it."""
        places = {f"PLAUSCH_GATEWAY_{n}": f"127.0.0.1:{p}" for n, p in enumerate(self._ports, 1)}
        with (self._folder / "haproxy.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("haproxy", "cluster-programs"), "-f", str(CONFIG), "-db"],
                env={**os.environ, "PLAUSCH_BIND": f"127.0.0.1:{self.port}", **places},
                stdout=log,
                stderr=log,
            )
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return self
            except (URLError, OSError):
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    said = (self._folder / "haproxy.log").read_text()
                    raise RuntimeError(f"HAProxy did not start: {said}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
