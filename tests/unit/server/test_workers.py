"""Several workers on one port: with real processes, PostgreSQL and NATS."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from socket import socket
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from cluster.part import free_port
from company import PLAUSCH, clean_environment, did, plausch
from engines import postgres
from nats_server import NatsServer
from plausch.db import postgres as engine
from plausch.server import edge, nats_line
from plausch.server.config import MOST_DRAIN_MS, ServerConfig
from plausch.server.workers import STOP_TIMEOUT_S, Worker
from postgres_cluster import Cluster
from wire_device import Person, WireDevice

__all__ = ["postgres"]

PATIENCE_S = 60.0


def free_neighbours() -> int:
    """The first of two ports beside each other that nobody listens on just now."""
    while True:
        first = free_port()
        with suppress(OSError, OverflowError), socket() as second:
            second.bind(("127.0.0.1", first + 1))
            return first


def test_neither_of_two_ports_is_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    really_free = free_port
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        before = taken.getsockname()[1] - 1
        first = iter([before, 65_535])
        monkeypatch.setitem(globals(), "free_port", lambda: next(first, None) or really_free())
        assert free_neighbours() not in (before, 65_535)


class Served:
    """`plausch serve --workers 2`."""

    def __init__(self, folder: Path, database_url: str, nats_url: str) -> None:
        self.ends_as = 0
        self.log = folder / "workers.log"
        self.settings = folder / "server.toml"
        self.settings.write_text('registration = "open"\n')
        self.metrics = free_neighbours()
        command = ["serve", "--data", folder / "data", "--port", 0, "--workers", 2]
        command += ["--config", self.settings, "--metrics-port", self.metrics]
        command += ["--database", database_url, "--nats", nats_url]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*PLAUSCH, *map(str, command)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=clean_environment(),
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready "), (line, self.log.read_text())
        self.url = line.removeprefix("ready ").strip()
        self.port = int(self.url.rpartition(":")[2])

    def workers(self) -> set[int]:
        """The processes that listen on the port."""
        pid = self.process.pid
        found = set()
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                    found.add(int(child))
        return found

    def answers(self) -> bool:
        with urlopen(f"{self.url}/readyz", timeout=10) as answer:
            return answer.status == 200

    def counts(self) -> bool:
        """Both workers tell their figures."""
        for port in (self.metrics, self.metrics + 1):
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                    assert b"plausch_connections" in answer.read()
            except URLError:
                return False
        return True

    def until(self, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, self.log.read_text()
            time.sleep(0.05)


@pytest.fixture
async def served(postgres: Cluster, tmp_path: Path) -> "Iterator[Served]":  # type: ignore[misc]
    name = f"w{os.urandom(6).hex()}"
    url = await postgres.create_database(name)
    with NatsServer(tmp_path / "nats") as nats:
        server = Served(tmp_path, url, nats.url)
        yield server
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == server.ends_as, server.log.read_text()
        assert server.process.stdout is not None
        server.process.stdout.close()
        assert server.workers() == set()
    await postgres.drop_database(name)


async def test_people_of_two_workers_write_to_each_other(served: Served, tmp_path: Path) -> None:
    assert len(served.workers()) == 2
    for name in ("anna", "ben"):
        did("register", name, "--server", served.url, "--home", tmp_path / name)
    for number in range(4):  # each command is a connection, which the kernel gives to one of them
        did("send", "ben", f"Hallo {number}", "--home", tmp_path / "anna")
    heard = did("listen", "--home", tmp_path / "ben", "--count", "4", "--json")
    assert [line["text"] for line in heard.lines] == [f"Hallo {number}" for number in range(4)]


async def test_one_that_dies_is_started_anew_and_the_other_serves(served: Served) -> None:
    before = served.workers()
    os.kill(min(before), signal.SIGKILL)
    served.until(lambda: len(served.workers() - before) == 1 and len(served.workers()) == 2)
    assert all(served.answers() for _ in range(10))
    assert "another one is started" in served.log.read_text()


async def test_workers_do_not_outlive_the_one_that_keeps_them(served: Served) -> None:
    workers = served.workers()
    device = await WireDevice.register(served.url, Person.new("anna"))
    served.process.kill()
    served.ends_as = -signal.SIGKILL
    await device.gone()
    assert device.closing is not None and device.closing.code == "server_restart"
    served.until(lambda: not any(is_running(worker) for worker in workers))
    with pytest.raises(URLError):
        served.answers()
    assert served.log.read_text().count("this one stops, too") == 2


def is_running(pid: int) -> bool:
    """Whether it has not ended, be it that nobody has asked how."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


async def test_all_are_replaced_and_somebody_always_listens(served: Served, tmp_path: Path) -> None:
    before = served.workers()
    served.until(served.counts)
    served.settings.write_text('registration = "closed"\n')
    served.process.send_signal(signal.SIGHUP)
    asked = 0
    while served.workers() & before or len(served.workers()) != 2:
        assert served.answers()
        asked += 1
    assert asked > 1
    served.until(lambda: "All workers were replaced" in served.log.read_text())
    served.until(served.counts)
    ran = plausch("register", "anna", "--server", served.url, "--home", tmp_path / "anna")
    assert "takes no new accounts" in ran.sentence


async def test_who_stops_while_workers_are_replaced_stops_all(served: Served) -> None:
    served.process.send_signal(signal.SIGHUP)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(PATIENCE_S) == 0
    assert served.workers() == set()


def test_without_nats_a_sentence_says_what_is_missing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*PLAUSCH, "serve", "--data", str(tmp_path), "--workers", "2"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=PATIENCE_S,
        check=False,
    )
    assert ran.returncode == 1
    assert re.search(r"several server processes need NATS", ran.stderr)


async def test_a_worker_has_the_time_to_stop_that_its_settings_give_it(tmp_path: Path) -> None:
    worker = Worker(partial(ServerConfig, tmp_path, drain_ms=12_000), 0, free_port())
    assert worker.patience_s == MOST_DRAIN_MS / 1000 + STOP_TIMEOUT_S, "it has not said yet"
    await worker.ready()
    assert worker.patience_s == 12 + STOP_TIMEOUT_S
    worker._process.kill()
    await worker.ended.wait()
    await worker.stop()


def test_the_bounds_of_all_steps_together_are_less_than_a_worker_has() -> None:
    steps_s = [edge.DOOR_TIMEOUT_S, edge.DRAIN_TIMEOUT_S, edge.DISK_TIMEOUT_S, edge.DRAIN_TIMEOUT_S]
    steps_s += [nats_line.CLOSE_TIMEOUT_S, nats_line.CLOSE_TIMEOUT_S, engine.CLOSE_TIMEOUT_S]
    assert sum(steps_s) < STOP_TIMEOUT_S
