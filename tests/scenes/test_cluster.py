"""The program behind `make cluster`: what it says when it cannot start, and who takes over when."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

import cluster
from cluster.__main__ import PHRASES
from cluster.pair import Pair
from cluster.part import Part, PartFailed, ProgramMissing, free_port, listens, program
from postgres_cluster import running_cluster

PACKAGING = str(Path(cluster.__file__).parents[1])


def make_cluster(language: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([PACKAGING, os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "LANG": language, "LC_ALL": language}
    program = [sys.executable, "-m", "cluster", *arguments]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)


def test_a_port_that_is_taken_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = make_cluster("de_DE.UTF-8", "--port", str(port))
    assert said.returncode == 1
    assert said.stderr.startswith("Der Cluster ist nicht gestartet: ")
    assert str(port) in said.stderr and "PORT" in said.stderr
    assert "Traceback" not in said.stderr


def test_every_phrase_is_in_both_languages_with_the_same_values() -> None:
    for english, german in PHRASES.values():
        assert english != german
        assert english.count("{") == german.count("{")


def test_a_program_that_is_missing_names_what_installs_it() -> None:
    with pytest.raises(ProgramMissing, match="nats-swerver is not on this machine: make here"):
        program("nats-swerver", "here")
    for one in ("postgres", "initdb", "pg_basebackup"):
        assert Path(program(one, "postgres")).exists()


async def test_a_cluster_at_an_address_stands_beside_the_machines_own_postgresql() -> None:
    with socket.socket() as plug:
        with suppress(OSError):  # there is one already
            plug.bind(("127.0.0.1", 5432))
            plug.listen()
        with running_cluster("127.0.0.1") as own:
            connection = await asyncpg.connect(own.url())
            assert await connection.fetchval("SELECT inet_server_port()") == own.port != 5432
            await connection.close()


def part(folder: Path, *code: str) -> Part:
    port = free_port()
    command = [sys.executable, "-c", "; ".join(code).format(port=port)]
    return Part("some part", port, command, folder, lambda: listens(port))


LISTEN = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(1000)"


async def test_a_part_is_killed_and_started_again_under_its_port(tmp_path: Path) -> None:
    one = part(tmp_path, LISTEN)
    for _ in range(2):
        await one.start()
        assert one.is_alive and await listens(one.port)
        one.kill()
        await one.ended()
        assert not one.is_alive
    await one.start()
    await one.stop(signal.SIGTERM)
    assert not one.is_alive


async def test_a_part_that_ends_at_once_says_why(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match=r"some part ended at once: .*no room"):
        await part(tmp_path, "raise SystemExit('no room')").start()


class _Sham:
    """A node without PostgreSQL, and its process."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.port, self.password = name, 1, ""
        self.pid, self.is_alive = 7, True
        self.dies_promoted = False
        self.part = self
        self._log = log
        self._over = asyncio.Event()

    async def start(self) -> None:
        self._log.append(f"start {self.name}")
        self.is_alive = True

    def kill(self) -> None:
        self.is_alive = False
        self._over.set()

    async def ended(self) -> None:
        await self._over.wait()
        self._over.clear()

    async def copy(self, primary: "_Sham") -> None:
        self._log.append(f"copy {primary.name} to {self.name}")

    async def ask(self, sql: str, database: str = "") -> object:
        if "pg_promote" in sql:
            self._log.append(f"promote {self.name}")
            if self.dies_promoted:
                self.dies_promoted = False
                self.kill()
                raise ConnectionError
        if sql.startswith("ALTER SYSTEM"):
            self._log.append(f"{self.name} waits for {sql.split(' = ')[1]}")
        return True


@pytest.mark.parametrize(
    ("dies", "synchronous", "done"),
    [
        ("a", True, ["promote b", "b waits for ''", "copy b to a", "start a", "b waits for 'a'"]),
        ("a", False, ["start a", "a waits for 'b'"]),
        ("b", True, ["a waits for ''", "copy a to b", "start b", "a waits for 'b'"]),
        (
            "a b",
            True,
            ["start a", "a waits for ''", "copy a to b", "start b", "a waits for 'b'"],
        ),
        (  # nobody knows whether it was the primary already: it has to become it
            "a promoted",
            True,
            [
                *("promote b", "start b", "promote b"),
                *("b waits for ''", "copy b to a", "start a", "b waits for 'a'"),
            ],
        ),
    ],
)
async def test_only_a_standby_that_has_everything_takes_over(
    tmp_path: Path, dies: str, synchronous: bool, done: list[str]
) -> None:
    log: list[str] = []
    pair = Pair(tmp_path, lambda *_, **__: None)
    shams = [_Sham("a", log), _Sham("b", log)]
    pair.primary, pair.standby = shams  # type: ignore[assignment]
    pair.nodes = (pair.primary, pair.standby)
    pair.is_synchronous = synchronous
    shams[1].dies_promoted = "promoted" in dies
    for one in shams:
        if one.name in dies.split():
            one.kill()
    watching = asyncio.ensure_future(pair.watch())
    async with asyncio.timeout(60):
        while not (pair.is_synchronous and log[-1:] == done[-1:]):
            pair.changed.clear()
            await pair.changed.wait()
    watching.cancel()
    assert log == done
