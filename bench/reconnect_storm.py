"""Very many devices come back in the same moment: how long it takes, and who feels it.

    python bench/reconnect_storm.py [--devices 20000] [--gateways 2] [--conversations 10]

As after the death of other gateways: devices with a place in the log connect, log in, resume, with
the SDK's own patience (its pause after a failure, and what the server asks for), from 100 addresses
of this machine. Meanwhile others write to each other; their delivery times are what the storm does
to them. `--gateways 0` is one process on SQLite. Where the system allows a process fewer open
files than a gateway has devices, there have to be more gateways.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import uvloop
from picows import WSError

import crowd as crowds
import fleet
from append_load import total
from gateways import Gateways, servers_us, shares
from plausch.sdk.transport import jittered_delay_s
from wire_device import Person, WasRefused, WireDevice

ADDRESSES = 100
CHILDREN = 2
OTHERS = 40
OTHERS_RATE = 200
MESSAGE_BYTES = 400
PROMISED_S, PROMISED_P99_MS = 60.0, 500.0
BASELINE_CONNECTIONS = 1_000


@dataclass
class Outcome:
    """What one process saw."""

    back_s: list[float] = field(default_factory=list)
    """When each device was back, since the storm began."""

    refusals: Counter[str] = field(default_factory=Counter)
    moved: int = 0


async def come_back(
    url: str, person: Person, local: str, begin_s: float, outcome: Outcome
) -> WireDevice:
    """One device, until it is there."""
    attempt, rest_s = 0, 0.0
    while True:
        await asyncio.sleep(max(jittered_delay_s(attempt), rest_s))
        attempt += 1
        device = WireDevice(person)
        rest_s = 0.0
        try:
            await device.dial(url, local)
            await device.log_in()
            outcome.moved += len((await device.resume()).moved)
        except (WasRefused, OSError, WSError) as error:  # as the SDK: WSError is a 503
            closing = device.closing
            rest_s = closing.retry_after_ms / 1000 if closing is not None else 0.0
            outcome.refusals[type(error).__name__ if closing is None else closing.code] += 1
            await device.close()
        else:
            outcome.back_s.append(time.monotonic() - begin_s)
            return device


def child(urls: Sequence[str], persons: Sequence[Person], pipe: Connection) -> None:
    """One part of the storm, when it is told to begin."""

    async def storm() -> None:
        loop = asyncio.get_running_loop()
        begin_s = await loop.run_in_executor(None, pipe.recv)
        outcome = Outcome()
        devices = await asyncio.gather(
            *(
                come_back(
                    urls[number % len(urls)],
                    person,
                    crowds.address_of(number % ADDRESSES),
                    begin_s,
                    outcome,
                )
                for number, person in enumerate(persons)
            )
        )
        pipe.send((outcome, len(devices)))
        await loop.run_in_executor(None, pipe.recv)

    os.nice(5)  # what the others feel is the servers' doing, not this program's
    uvloop.run(storm())


async def others_write(
    pairs: list[fleet.LoadDevice], latencies: list[int], lags: list[int], over: asyncio.Event
) -> None:
    """Messages at a steady rate until it is over; how late this program itself was."""
    for device in pairs:
        device.latencies = latencies
    begin, sent = time.monotonic(), 0
    while not over.is_set():
        due = int((time.monotonic() - begin) * OTHERS_RATE)
        while sent < due:
            pairs[sent % len(pairs)].send_message()
            sent += 1
        due_ns = time.monotonic_ns() + 2_000_000
        await asyncio.sleep(0.002)
        lags.append(max(0, time.monotonic_ns() - due_ns))


async def measure(
    options: argparse.Namespace, gateways: Gateways, pipes: Sequence[Connection]
) -> None:
    """Others first; then the storm; then the table."""
    loop = asyncio.get_running_loop()
    pairs: list[fleet.LoadDevice] = []
    for url in gateways.urls:  # pairs across gateways
        pairs += await fleet.registered(url, OTHERS // len(gateways.urls))
    half = len(pairs) // 2
    pairs = [one for two in zip(pairs[:half], pairs[half:], strict=True) for one in two]
    await fleet.in_pairs(pairs, MESSAGE_BYTES)
    calm: list[int] = []
    over = asyncio.Event()
    writing = asyncio.create_task(others_write(pairs, calm, [], over))
    await asyncio.sleep(options.calm_s)
    over.set()
    await writing
    latencies: list[int] = []
    lags: list[int] = []
    over = asyncio.Event()
    delivered = total(pairs)
    writing = asyncio.create_task(others_write(pairs, latencies, lags, over))
    cpu = gateways.cpu_us()
    begin_s = time.monotonic()
    for pipe in pipes:
        pipe.send(begin_s)
    outcomes = [await loop.run_in_executor(None, pipe.recv) for pipe in pipes]
    after = gateways.cpu_us()
    over.set()
    await writing
    for pipe in pipes:
        pipe.send(None)
    back = sorted(one for outcome, _ in outcomes for one in outcome.back_s)
    refusals = sum((outcome.refusals for outcome, _ in outcomes), Counter[str]())
    baseline_us = options.baseline_us
    p99 = fleet.percentile(latencies, 0.99)
    rows = [
        ("devices that are back", f"{len(back):,}"),
        ("  the last one after", f"{back[-1]:.1f} s"),
        ("  promised", f"{PROMISED_S:.0f} s"),
        ("  half of them after", f"{back[len(back) // 2]:.1f} s"),
        ("  conversations that had moved, each", f"{options.moved_each:.1f}"),
        *((f"told to come later: {code}", f"{many:,}") for code, many in refusals.items()),
        ("messages of others meanwhile", f"{total(pairs) - delivered:,}"),
        ("  delivery, median", f"{fleet.percentile(latencies, 0.5):.1f} ms"),
        ("  delivery, p99", f"{p99:.1f} ms"),
        ("  promised", f"{PROMISED_P99_MS:.0f} ms"),
        ("  worst", f"{fleet.percentile(latencies, 1.0):.1f} ms"),
        ("  of which this program's own delay, p99", f"{fleet.percentile(lags, 0.99):.1f} ms"),
        ("  p99 before the storm", f"{fleet.percentile(calm, 0.99):.1f} ms"),
        *shares(cpu, after, len(back)),
        ("baseline: bare picows, CPU to connect", f"{baseline_us:.0f} us"),
        (
            "servers' CPU, times the baseline",
            f"{servers_us(cpu, after, len(back)) / baseline_us:.1f}",
        ),
        ("load average", " ".join(f"{one:.1f}" for one in os.getloadavg())),
    ]
    where = f"{options.gateways} gateways" if options.gateways else "one process on SQLite"
    fleet.table(f"{options.devices:,} devices come back at once, {where}", rows)


def main() -> None:
    """Prepare, storm, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--conversations", type=int, default=10, help="of each device")
    parser.add_argument("--calm-s", type=float, default=3.0)
    options = parser.parse_args()
    fleet.allow_open_files()
    fleet.pin_load()
    baseline = fleet.Baseline()
    options.baseline_us = uvloop.run(baseline.connecting_us(BASELINE_CONNECTIONS))
    baseline.stop()
    with fleet.Folder() as folder, Gateways(folder, options.gateways) as gateways:
        there = uvloop.run(crowds.gather_crowd(gateways.database_url, options.devices))
        places = list(range(options.devices))
        groups: list[list[int]] = []
        for _ in range(options.conversations):  # pairs: each person with others
            random.Random(len(groups)).shuffle(places)
            groups += [places[start : start + 2] for start in range(0, len(places) - 1, 2)]
        moved = len(groups) // 10
        uvloop.run(crowds.let_talk(gateways.database_url, there, groups, moved))
        options.moved_each = 2 * moved / options.devices
        gateways.start()
        pipes, children = [], []
        for part in range(CHILDREN):
            ours, theirs = multiprocessing.Pipe()
            arguments = (gateways.urls, there.persons[part::CHILDREN], theirs)
            process = multiprocessing.Process(target=child, args=arguments)
            process.start()
            pipes.append(ours)
            children.append(process)
        uvloop.run(measure(options, gateways, pipes))
        for process in children:
            process.join()


if __name__ == "__main__":
    main()
