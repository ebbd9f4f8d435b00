"""One server process or several of one PostgreSQL with NATS between them, and who used the CPU.

The gateways share one core, PostgreSQL, NATS and this program the other one: with two cores the
messages a second say little, and the microseconds of CPU for each message are what carries over.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import fleet
from nats_server import NatsServer
from postgres_cluster import Cluster, running_cluster

LOAD = "load generator"


class Gateways:
    """Start `count` of them; one alone has no NATS. 0: one process on SQLite."""

    def __init__(self, folder: Path, count: int, *, spread: bool = False) -> None:
        """`spread`: each gateway may use any core, else all of them share the servers' one."""
        self._folder, self._count, self._spread = folder, count, spread
        self._stack = ExitStack()
        self.processes: list[fleet.ServerProcess] = []
        self.database_url = ""
        self._cluster: Cluster | None = None
        self._nats: NatsServer | None = None

    def __enter__(self) -> Self:
        if not self._count:
            store = self._folder / "gateway0" / "data"
            store.mkdir(parents=True)
            self.database_url = str(store / "plausch.db")
            return self
        self._cluster = self._stack.enter_context(running_cluster())
        self.database_url = asyncio.run(self._cluster.create_database("bench"))
        if self._count > 1:
            wires = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            self._nats = self._stack.enter_context(NatsServer(wires))
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Begin to serve; what is in the database by then is there from the beginning."""
        nats_url = "" if self._nats is None else self._nats.url
        database_url = self.database_url if self._count else ""
        for number in range(max(1, self._count)):
            folder = self._folder / f"gateway{number}"
            folder.mkdir(exist_ok=True)
            one = fleet.ServerProcess(folder, database_url, nats_url, pinned=not self._spread)
            self.processes.append(self._stack.enter_context(one))

    @property
    def urls(self) -> list[str]:
        """Where they answer."""
        return [one.url for one in self.processes]

    def cpu_us(self) -> dict[str, int]:
        """CPU time used so far, by what it was used for."""
        used = {"gateways": sum(one.cpu_us() for one in self.processes)}
        if self._cluster is not None:
            used["PostgreSQL"] = fleet.family_cpu_us(_chief(self._cluster))
        if self._nats is not None:
            used["NATS"] = fleet.cpu_us(self._nats.pid)
        used[LOAD] = fleet.family_cpu_us(os.getpid(), but=self._not_load())
        return used

    def memory_bytes(self) -> int:
        """Resident memory of all gateways together."""
        return sum(one.memory_bytes() for one in self.processes)

    def _not_load(self) -> set[int]:
        others = {one.pid for one in self.processes}
        return others if self._nats is None else others | {self._nats.pid}


def _chief(cluster: Cluster) -> int:
    return int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0])


def shares(
    before: Mapping[str, int], after: Mapping[str, int], messages: int
) -> list[tuple[str, str]]:
    """Lines of a table: CPU for each message, by process."""
    return [
        (f"  CPU for each, {name}", f"{(after[name] - before[name]) / max(1, messages):.1f} us")
        for name in after
    ]


def servers_us(before: Mapping[str, int], after: Mapping[str, int], messages: int) -> float:
    """CPU for each message of everything but the load."""
    used = sum(after[name] - before[name] for name in after if name != LOAD)
    return used / max(1, messages)
