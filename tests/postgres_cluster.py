"""A real PostgreSQL for tests: a cluster of its own, on a Unix socket, with fsync on.

One cluster serves a whole test run: with pytest-xdist the first worker starts it and the last one
stops it, counted in a file under a lock. PostgreSQL refuses to run as root, so that root runs it
as the user `postgres` or `nobody`. A machine without PostgreSQL fails the tests with a sentence.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from cluster.part import free_port, program, unprivileged
from shared_by_run import shared


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    folder: Path
    address: str = ""
    """Where it listens beside its Unix socket, for everybody."""
    port: int = 5432
    """There; and in the socket's name."""

    def url(self, database: str = "postgres") -> str:
        """What a client connects to."""
        if self.address:
            return f"postgresql://plausch@{self.address}:{self.port}/{database}"
        return f"postgresql://plausch@/{database}?host={self.folder}&port={self.port}"

    async def create_database(self, name: str) -> str:
        """An empty database; its URL."""
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        finally:
            await connection.close()
        return self.url(name)

    async def drop_database(self, name: str) -> None:
        """Drop it, whoever is connected."""
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await connection.close()

    def stop(self, how: str = "fast") -> None:
        """Stop it: "fast", or "immediate" as a crash would."""
        _run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")

    def start(self, file_bytes: int = resource.RLIM_INFINITY) -> None:
        """Start it, and wait until it answers. No file of it may grow past `file_bytes`."""
        options = (
            f"-k {self.folder} -c listen_addresses='{self.address}' -c port={self.port} "
            "-c fsync=on -c synchronous_commit=on "
            "-c max_connections=200 -c shared_buffers=128MB"
        )
        log = str(self.folder / "log")
        files = str(self.folder / "data")
        _run(
            "pg_ctl",
            "-D",
            files,
            "-l",
            log,
            "-o",
            options,
            "-w",
            "-t",
            "120",
            "start",
            file_bytes=file_bytes,
        )


def create_cluster(folder: Path, address: str = "") -> Cluster:
    """Make and start a cluster in an empty folder."""
    # The machine's own PostgreSQL may have the usual port, at every address.
    cluster = Cluster(folder, address, free_port(address)) if address else Cluster(folder)
    owner = unprivileged()
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)
    files = str(folder / "data")
    _run("initdb", "-D", files, "-U", "plausch", "-A", "trust", "-E", "UTF8", "--no-sync")
    if address:
        with (folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\n")
    cluster.start()
    return cluster


@contextlib.contextmanager
def running_cluster(address: str = "") -> Iterator[Cluster]:
    """A cluster for this process alone, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="plausch-pg-"))
    try:
        cluster = create_cluster(folder, address)
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def shared_cluster(run: str) -> Iterator[Cluster]:
    """The cluster of the test run named `run`; started by the first user, stopped by the last."""

    def begin(folder: Path) -> str:
        create_cluster(folder)
        return ""

    def end(folder: Path, _: str) -> None:
        Cluster(folder).stop("immediate")

    with shared("pg", run, begin, end) as (folder, _):
        yield Cluster(folder)


def _run(name: str, *arguments: str, file_bytes: int = resource.RLIM_INFINITY) -> None:
    owner = unprivileged()
    as_user = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid}
    command = [program(name, "postgres"), *arguments]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))

    # Output goes to a file: the server inherits it, and a pipe would never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            preexec_fn=limit,
            extra_groups=[] if owner is not None else None,
            **as_user,
        )
        output.seek(0)
        text = output.read().decode(errors="replace")
    if done.returncode != 0:
        raise AssertionError(f"{name} failed ({done.returncode}): {text}")
