"""Messages a second through the whole server: appended, durable, delivered to an online device.

    python bench/append_load.py [--postgres] [--seconds 8] [--connections 1000] [--rate N]

1,000 connections in pairs, 400-byte envelopes, real keys, logins, groups; the server on one core,
this program (and the database) on the other. First as fast as it goes with 4 messages outstanding
on each connection, then at half the promised rate, for the latency from sending to delivery.
`--postgres` starts a PostgreSQL of its own, on the load's core, with fsync on.
"""

import argparse
import asyncio
import time

import uvloop

import fleet
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


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, not SQLite")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="steady rate; else half of promised"
    )
    options = parser.parse_args()
    fleet.allow_open_files()
    fleet.pin_load()
    if not options.postgres:
        uvloop.run(measure(options, ""))
        return
    with running_cluster() as cluster:
        database_url = asyncio.run(cluster.create_database("bench"))
        uvloop.run(measure(options, database_url))


if __name__ == "__main__":
    main()
