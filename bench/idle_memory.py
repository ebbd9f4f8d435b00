"""Memory of the server for each idle connection that is logged in and has resumed.

    python bench/idle_memory.py [--connections 20000]
    python bench/idle_memory.py --connections 100000

One process on SQLite; where the system allows a process fewer open files than that, as many
gateways of one PostgreSQL as it takes, with NATS between them. The devices log in by signature,
from many addresses of this machine. The baseline is a bare picows server.
"""

import argparse
import asyncio
import multiprocessing
import os
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

import uvloop

import crowd as crowds
import fleet
from gateways import Gateways
from wire_device import Person

SPARE_FILES = 256
ADDRESSES = 16
AT_ONCE = 64
BASELINE_CONNECTIONS = 4_000
PROMISED_KIB = 8.0
QUIET_S = 5.0


def child(url: str, persons: Sequence[Person], pipe: Connection) -> None:
    """Open the connections of one process, and hold them until told to go."""

    async def hold() -> None:
        devices = await crowds.connected(url, persons, AT_ONCE, ADDRESSES)
        pipe.send(len(devices))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    fleet.allow_open_files()
    uvloop.run(hold())


def measure(gateways: Gateways, there: crowds.Crowd, each: int, baseline_bytes: float) -> None:
    """Open, `each` for a process, measure, print."""
    before = gateways.memory_bytes()
    begin, cpu = time.monotonic(), gateways.cpu_us()["gateways"]
    pipes, children = [], []
    for place, start in enumerate(range(0, len(there.persons), each)):
        ours, theirs = multiprocessing.Pipe()
        arguments = (gateways.urls[place], there.persons[start : start + each], theirs)
        process = multiprocessing.Process(target=child, args=arguments)
        process.start()
        pipes.append(ours)
        children.append(process)
    opened = sum(pipe.recv() for pipe in pipes)
    took, used = time.monotonic() - begin, gateways.cpu_us()["gateways"] - cpu
    time.sleep(QUIET_S)
    memory = (gateways.memory_bytes() - before) / opened
    idle_cpu, at = gateways.cpu_us()["gateways"], time.monotonic()
    time.sleep(QUIET_S)
    idle = (gateways.cpu_us()["gateways"] - idle_cpu) / (time.monotonic() - at) / 1e6
    count = len(gateways.processes)
    fleet.table(
        f"{opened:,} connections of {count} process(es), logged in, resumed, silent",
        [
            ("server memory for each", f"{memory / 1024:.2f} KiB"),
            ("  promised", f"{PROMISED_KIB:.0f} KiB"),
            ("baseline: bare picows, memory for each", f"{baseline_bytes / 1024:.2f} KiB"),
            ("  times the baseline", f"{memory / baseline_bytes:.2f}"),
            ("memory of each process before", f"{before / count / 2**20:.1f} MiB"),
            ("login and resume, CPU each", f"{used / opened:.0f} us"),
            ("logins a second", f"{opened / took:,.0f}"),
            ("CPU while all are silent", f"{idle:.2%} of a core"),
            ("load average", " ".join(f"{one:.1f}" for one in os.getloadavg())),
        ],
    )
    for pipe in pipes:
        pipe.send(None)
    for process in children:
        process.join()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=20_000)
    count = parser.parse_args().connections
    most = fleet.allow_open_files() - SPARE_FILES
    processes = -(-count // most)
    baseline = fleet.Baseline()
    baseline_bytes = uvloop.run(baseline.memory_bytes(min(count, BASELINE_CONNECTIONS)))
    baseline.stop()
    gateways_count = 0 if processes == 1 else processes
    with fleet.Folder() as folder, Gateways(folder, gateways_count, spread=True) as gateways:
        there = asyncio.run(crowds.gather_crowd(gateways.database_url, count))
        gateways.start()
        measure(gateways, there, -(-count // processes), baseline_bytes)


if __name__ == "__main__":
    main()
