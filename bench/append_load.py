"""Messages a second through the whole server: appended, durable, delivered to an online device.

    python bench/append_load.py [--postgres] [--seconds 8] [--connections 1000] [--rate N]
    python bench/append_load.py --gateways 2

1,000 connections in pairs, 400-byte envelopes, real keys, logins, groups; the server on one core,
this program (and the database) on the other. First as fast as it goes with 4 messages outstanding
on each connection, then at half the promised rate, for the latency from sending to delivery.
`--postgres` starts a PostgreSQL of its own, on the load's core, with fsync on.

`--gateways` measures one gateway and then so many, on PostgreSQL, each of which may use any core,
with every second pair across two gateways, as chance has it with two (`--across 1`: all).
Few cores are shared with this program: what carries over to other machines is the CPU for each
message, by process. From it follows how many messages a second a machine carries that has a core
for each gateway and enough for the rest. A process that shares a core pays for that, too: so many
gateways that know nothing of each other, each with its own half of the people, are measured on the
same cores, to tell that from what they cost each other by being one server.
"""

import argparse
import asyncio
import os
import time
from contextlib import ExitStack

import asyncpg
import uvloop

import crowd as crowds
import fleet
from gateways import Gateways, servers_us, shares
from postgres_cluster import running_cluster  # fleet makes the tests' folder known

MESSAGE_BYTES = 400
OUTSTANDING = 4
WARM_UP_S = 2.0
PROMISED = {"SQLite": 15_000, "PostgreSQL": 12_000}
"""Messages a second that the project promises on such a machine."""


async def at_full_speed(
    server: fleet.ServerProcess, devices: list[fleet.LoadDevice], seconds: float
) -> tuple[float, float]:
    """(messages delivered a second, server CPU microseconds each)."""
    for device in devices:
        device.on_answer = fleet.LoadDevice.send_message
        for _ in range(OUTSTANDING):
            device.send_message()
    await asyncio.sleep(WARM_UP_S)
    delivered, cpu, at = total(devices), server.cpu_us(), time.monotonic()
    await asyncio.sleep(seconds)
    delivered, took = total(devices) - delivered, time.monotonic() - at
    cpu = server.cpu_us() - cpu
    for device in devices:
        device.on_answer = None
    await settled(devices)
    return delivered / took, cpu / delivered


async def at_rate(
    server: fleet.ServerProcess, devices: list[fleet.LoadDevice], rate: float, seconds: float
) -> tuple[float, float, list[int]]:
    """Send at a steady rate; (rate reached, CPU microseconds each, latencies in ns)."""
    latencies: list[int] = []
    for device in devices:
        device.latencies = latencies
    delivered, cpu, begin = total(devices), server.cpu_us(), time.monotonic()
    sent = turn = 0
    while (elapsed := time.monotonic() - begin) < seconds:
        due = int(elapsed * rate)
        while sent < due:
            devices[turn].send_message()
            turn = (turn + 1) % len(devices)
            sent += 1
        await asyncio.sleep(0.001)
    took = time.monotonic() - begin
    await settled(devices)
    delivered = total(devices) - delivered
    for device in devices:
        device.latencies = None
    return sent / took, (server.cpu_us() - cpu) / delivered, latencies


def total(devices: list[fleet.LoadDevice]) -> int:
    """Messages delivered so far."""
    return sum(device.delivered for device in devices)


async def settled(devices: list[fleet.LoadDevice]) -> None:
    """Wait until everything sent is answered and delivered."""
    for _ in range(200):
        sent = sum(device.sent for device in devices)
        if sum(device.answered for device in devices) == sent == total(devices):
            return
        await asyncio.sleep(0.05)
    answered = sum(device.answered for device in devices)
    raise SystemExit(f"Of {sent} messages {answered} were answered, {total(devices)} delivered.")


async def measure(options: argparse.Namespace, database_url: str) -> None:
    """Run it and print the table."""
    engine = "PostgreSQL" if database_url else "SQLite"
    baseline = fleet.Baseline()
    echo_rate, echo_us = await baseline.echo_us(options.connections, MESSAGE_BYTES, 2.0)
    baseline.stop()
    with fleet.Folder() as folder, fleet.ServerProcess(folder, database_url) as server:
        devices = await fleet.registered(server.url, options.connections)
        await fleet.in_pairs(devices, MESSAGE_BYTES)
        rate, cpu_us = await at_full_speed(server, devices, options.seconds)
        half = options.rate or PROMISED[engine] / 2
        reached, half_us, latencies = await at_rate(server, devices, half, options.seconds)
    fleet.table(
        f"{options.connections} connections in pairs, {MESSAGE_BYTES}-byte envelopes, {engine}",
        [
            ("messages a second, durable and delivered", f"{rate:,.0f}"),
            ("  promised", f"{PROMISED[engine]:,}"),
            ("server CPU for each message", f"{cpu_us:.1f} us"),
            ("baseline: bare picows echoes a second", f"{echo_rate:,.0f}"),
            ("baseline: server CPU for each echo", f"{echo_us:.1f} us"),
            ("CPU, times the baseline", f"{cpu_us / echo_us:.1f}"),
            ("steady messages a second", f"{reached:,.0f}"),
            ("  server CPU for each message", f"{half_us:.1f} us"),
            ("  delivery, median", f"{fleet.percentile(latencies, 0.5):.1f} ms"),
            ("  delivery, p99", f"{fleet.percentile(latencies, 0.99):.1f} ms"),
            ("  delivery, worst", f"{fleet.percentile(latencies, 1.0):.1f} ms"),
        ],
    )


async def pairs_across(
    gateways: Gateways, there: crowds.Crowd, conversations: list[bytes], share: float
) -> list[fleet.LoadDevice]:
    """The pairs' devices; so large a share of the pairs is connected to two gateways."""
    urls = gateways.urls
    devices: list[fleet.LoadDevice] = []
    pairs = range(len(there.persons) // 2)
    where: list[int] = []
    for pair in pairs:
        crosses = int((pair + 1) * share) > int(pair * share)
        where += [pair % len(urls), (pair + crosses) % len(urls)]
    for place, url in enumerate(urls):
        mine = [one for one, at in zip(there.persons, where, strict=True) if at == place]
        devices += await crowds.connected(url, mine)
    places = {one.person.device.uri: one for one in devices}
    ordered = [places[one.device.uri] for one in there.persons]
    for place, device in enumerate(ordered):
        conversation = conversations[place // 2]
        device.conversation, device.epoch, device.hot = conversation, 1, True
        device.filler = crowds.opaque(conversation, MESSAGE_BYTES)
    return ordered


async def stored_bytes(database_url: str) -> tuple[int, int]:
    """(size of the database, bytes of write-ahead log until now)."""
    connection = await asyncpg.connect(database_url)
    try:
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        log = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        return int(size), int(log)
    finally:
        await connection.close()


async def across(
    options: argparse.Namespace,
    gateways: Gateways,
    there: crowds.Crowd,
    conversations: list[bytes],
    one_us: float,
) -> tuple[float, float, list[tuple[str, str]]]:
    """(servers' CPU for each message, the gateways' of it, lines of the table)."""
    devices = await pairs_across(gateways, there, conversations, options.across)
    for device in devices:
        device.on_answer = fleet.LoadDevice.send_message
        for _ in range(OUTSTANDING):
            device.send_message()
    await asyncio.sleep(WARM_UP_S)
    size, log = await stored_bytes(gateways.database_url)
    delivered, before, at = total(devices), gateways.cpu_us(), time.monotonic()
    await asyncio.sleep(options.seconds)
    delivered, took = total(devices) - delivered, time.monotonic() - at
    after = gateways.cpu_us()
    size_after, log_after = await stored_bytes(gateways.database_url)
    for device in devices:
        device.on_answer = None
    await settled(devices)
    us = servers_us(before, after, delivered)
    gateway_us = (after["gateways"] - before["gateways"]) / delivered
    count = len(gateways.processes)
    return (
        us,
        gateway_us,
        [
            (f"{count} gateway(s): messages a second here", f"{delivered / took:,.0f}"),
            ("  servers' CPU for each message", f"{us:.1f} us"),
            ("  times one gateway's", f"{us / (one_us or us):.2f}"),
            *shares(before, after, delivered),
            ("  with a core for each: messages a second", f"{count * 1e6 / gateway_us:,.0f}"),
            ("  database, bytes for each", f"{(size_after - size) / delivered:,.0f}"),
            ("  write-ahead log, bytes for each", f"{(log_after - log) / delivered:,.0f}"),
        ],
    )


def begun(
    stack: ExitStack, count: int, connections: int
) -> tuple[Gateways, crowds.Crowd, list[bytes]]:
    """So many gateways of one database, and the people in pairs who will talk there."""
    folder = stack.enter_context(fleet.Folder())
    gateways = stack.enter_context(Gateways(folder, count, spread=True))
    there = asyncio.run(crowds.gather_crowd(gateways.database_url, connections))
    pairs = [[start, start + 1] for start in range(0, connections, 2)]
    conversations = asyncio.run(crowds.let_talk(gateways.database_url, there, pairs))
    gateways.start()
    return gateways, there, conversations


def apart_us(options: argparse.Namespace) -> float:
    """The CPU for each message of as many gateways, each with a database of its own."""
    with ExitStack() as stack:
        each = options.connections // options.gateways // 2 * 2
        towns = [begun(stack, 1, each) for _ in range(options.gateways)]

        async def together() -> list[tuple[float, float, list[tuple[str, str]]]]:
            return await asyncio.gather(*(across(options, *town, 0.0) for town in towns))

        found = uvloop.run(together())
    return sum(gateway_us for _, gateway_us, _ in found) / len(found)


def measure_gateways(options: argparse.Namespace) -> None:
    """One gateway, then several."""
    rows: list[tuple[str, str]] = []
    one_us = gateway_us = 0.0
    for count in (1, options.gateways):
        with ExitStack() as stack:
            town = begun(stack, count, options.connections)
            us, gateway_us, lines = uvloop.run(across(options, *town, one_us))
            one_us = one_us or us
            rows += lines
    alone_us = apart_us(options)
    rows += [
        (f"{options.gateways} that know nothing of each other: CPU for each", f"{alone_us:.1f} us"),
        (
            f"  {options.gateways} gateways of one server carry, times one of those",
            f"{options.gateways * alone_us / gateway_us:.2f}",
        ),
        ("    promised", "1.60"),
    ]
    rows.append(("load average", " ".join(f"{one:.1f}" for one in os.getloadavg())))
    fleet.table(
        f"{options.connections} connections in pairs, {MESSAGE_BYTES}-byte envelopes, PostgreSQL",
        rows,
    )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, not SQLite")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="steady rate; else half of promised"
    )
    parser.add_argument("--gateways", type=int, default=0, help="compare so many with one")
    parser.add_argument("--across", type=float, default=0.5, help="share of pairs on two gateways")
    options = parser.parse_args()
    fleet.allow_open_files()
    if options.gateways:
        measure_gateways(options)
        return
    fleet.pin_load()
    if not options.postgres:
        uvloop.run(measure(options, ""))
        return
    with running_cluster() as cluster:
        database_url = asyncio.run(cluster.create_database("bench"))
        uvloop.run(measure(options, database_url))


if __name__ == "__main__":
    main()
