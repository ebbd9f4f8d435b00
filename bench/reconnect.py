"""What one device's return costs, by what exists and by what has changed meanwhile.

    python bench/reconnect.py [--postgres] [--times 30]

A device that is in so many conversations, of which so many have moved, connects, logs in, resumes.
The baseline is a device that is in one conversation, in which nothing has happened; a conversation
of 1,000 members costs as much as one of two.
"""

import argparse
import asyncio
import os
import statistics
import time

import uvloop

import crowd as crowds
import fleet
from gateways import LOAD, Gateways

PROMISED_MS = 300.0
CASES = ((1, 0), (5, 5), (500, 5), (5_000, 0), (5_000, 5), (5_000, 500), (5_000, 5_000))
LARGE = 1_000


async def resume_times(
    gateways: Gateways, person: crowds.Person, times: int
) -> tuple[float, float, int]:
    """(median ms of Resume to its end, servers' CPU in us for login and it, what had moved)."""
    took, moved = [], 0
    cpu = gateways.cpu_us()
    for _ in range(times):
        device = await fleet.LoadDevice.connect(gateways.urls[0], person)
        await device.log_in()
        begin, after, moved, more = time.monotonic(), b"", 0, True
        while more:
            answer = await device.resume(after)
            moved += len(answer.moved)
            more = answer.more
            after = answer.moved[-1].conversation if answer.moved else b""
        took.append((time.monotonic() - begin) * 1000)
        await device.close()
    used = sum(now - cpu[name] for name, now in gateways.cpu_us().items() if name != LOAD)
    return statistics.median(took), used / times, moved


async def measure(options: argparse.Namespace, gateways: Gateways, there: crowds.Crowd) -> None:
    """One line for each case."""
    rows = []
    baseline_us = 0.0
    for place, (exist, change) in enumerate(CASES):
        ms, us, moved = await resume_times(gateways, there.persons[place], options.times)
        assert moved == change, (moved, change)
        baseline_us = baseline_us or us
        rows.append(
            (
                f"{exist:,} conversations, {change:,} moved",
                f"{ms:.1f} ms {us:,.0f} us {us / baseline_us:.1f}x",
            )
        )
    ms, us, _ = await resume_times(gateways, there.persons[-1], options.times)
    rows.append((f"one conversation of {LARGE:,} members", f"{ms:.1f} ms {us:,.0f} us"))
    rows.append(("promised for 5,000 conversations", f"{PROMISED_MS:.0f} ms"))
    rows.append(("load average", " ".join(f"{one:.1f}" for one in os.getloadavg())))
    fleet.table("Resume (median), the servers' CPU for login and Resume, times the baseline", rows)


def main() -> None:
    """Fill a store, start a server, come back to it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--times", type=int, default=30)
    options = parser.parse_args()
    fleet.pin_load()
    with fleet.Folder() as folder, Gateways(folder, int(options.postgres)) as gateways:
        there = asyncio.run(crowds.gather_crowd(gateways.database_url, LARGE + len(CASES)))
        groups = [list(range(len(CASES), len(there.persons)))]
        asyncio.run(crowds.let_talk(gateways.database_url, there, groups))
        for place, (exist, change) in enumerate(CASES):
            others = [[place, len(CASES) + number % LARGE] for number in range(exist)]
            asyncio.run(crowds.let_talk(gateways.database_url, there, others, change))
        gateways.start()
        uvloop.run(measure(options, gateways, there))


if __name__ == "__main__":
    main()
