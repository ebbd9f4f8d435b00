"""Memory of the server for each idle connection that is logged in and has resumed.

    python bench/idle_memory.py [--connections 20000]

The devices are real: registered with real keys, logged in by signature. Where the system allows
fewer open files than that, it opens as many as it may and says so.
"""

import argparse
import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection

import uvloop

import fleet

SPARE_FILES = 64
CHILDREN = 2
AT_ONCE = 100
BASELINE_CONNECTIONS = 4_000


def child(url: str, count: int, pipe: Connection) -> None:
    """Open the connections of one process, and hold them until told to go."""

    async def hold() -> None:
        devices = await fleet.registered(url, count, AT_ONCE)
        pipe.send(len(devices))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    fleet.allow_open_files()
    fleet.pin_load()
    uvloop.run(hold())


def main() -> None:
    """Open, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=20_000)
    wanted = parser.parse_args().connections
    count = min(wanted, fleet.allow_open_files() - SPARE_FILES)
    baseline = fleet.Baseline()
    bare = uvloop.run(baseline.memory_bytes(BASELINE_CONNECTIONS))
    baseline.stop()
    with fleet.Folder() as folder, fleet.ServerProcess(folder) as server:
        before = server.memory_bytes()
        begin, cpu = time.monotonic(), server.cpu_us()
        share = [count // CHILDREN + (place < count % CHILDREN) for place in range(CHILDREN)]
        pipes, children = [], []
        for one in share:
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.Process(target=child, args=(server.url, one, theirs))
            process.start()
            pipes.append(ours)
            children.append(process)
        opened = sum(pipe.recv() for pipe in pipes)
        took, cpu = time.monotonic() - begin, server.cpu_us() - cpu
        time.sleep(2.0)
        each = (server.memory_bytes() - before) / opened
        idle_cpu, at = server.cpu_us(), time.monotonic()
        time.sleep(5.0)
        idle_share = (server.cpu_us() - idle_cpu) / (time.monotonic() - at) / 1e6
        note = "" if opened == wanted else f" (the system allows no {wanted:,} open files)"
        fleet.table(
            f"{opened:,} connections, registered, logged in, resumed, silent{note}",
            [
                ("server memory for each", f"{each / 1024:.2f} KiB"),
                ("baseline: bare picows, memory for each", f"{bare / 1024:.2f} KiB"),
                ("server memory before", f"{before / 2**20:.1f} MiB"),
                ("registration, login and resume, CPU each", f"{cpu / opened:.0f} us"),
                ("registrations a second", f"{opened / took:,.0f}"),
                ("server CPU while all are silent", f"{idle_share:.2%}"),
            ],
        )
        for pipe in pipes:
            pipe.send(None)
        for process in children:
            process.join()


if __name__ == "__main__":
    main()
