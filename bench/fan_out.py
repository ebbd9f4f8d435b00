"""Fan-out: one sender, 1,000 members online; how many deliveries a second, what each costs.

    python bench/fan_out.py [--members 1000] [--seconds 5]
    python bench/fan_out.py --members 10000 --gateways 2

Every message is durable before it goes out; members acknowledge what they get. The baseline is
a bare picows server that echoes the same bytes on the same number of connections, one by one.

With gateways the conversation has 1,000 accounts, written into the store directly; their devices
are divided among the gateways, and one gateway with all of them is measured beside it.
"""

import argparse
import asyncio
import os
import time

import uvloop

import crowd as crowds
import fleet
from gateways import Gateways, servers_us, shares

MESSAGE_BYTES = 400
OUTSTANDING = 8
WARM_UP_S = 1.0


async def measure(options: argparse.Namespace) -> None:
    """Run it and print the table."""
    baseline = fleet.Baseline()
    _, echo_us = await baseline.echo_us(options.members, MESSAGE_BYTES, 2.0)
    baseline.stop()
    with fleet.Folder() as folder, fleet.ServerProcess(folder) as server:
        devices = await fleet.registered(server.url, options.members + 1)
        await fleet.in_one_conversation(devices, MESSAGE_BYTES)
        sender, members = devices[0], devices[1:]
        for member in members:
            member.acknowledge_every = 256
        sender.on_answer = fleet.LoadDevice.send_message
        for _ in range(options.outstanding):
            sender.send_message()
        await asyncio.sleep(WARM_UP_S)
        begin = sum(member.delivered for member in members)
        cpu, at, sent = server.cpu_us(), time.monotonic(), sender.answered
        await asyncio.sleep(options.seconds)
        delivered = sum(member.delivered for member in members) - begin
        took, cpu, sent = time.monotonic() - at, server.cpu_us() - cpu, sender.answered - sent
        sender.on_answer = None
    fleet.table(
        f"One sender, {options.members} members online, {MESSAGE_BYTES}-byte envelopes",
        [
            ("deliveries a second", f"{delivered / took:,.0f}"),
            ("messages a second", f"{sent / took:,.0f}"),
            ("server CPU for each delivery", f"{cpu / delivered:.2f} us"),
            ("server CPU for each message", f"{cpu / sent:,.0f} us"),
            ("baseline: server CPU for each echo", f"{echo_us:.2f} us"),
            ("CPU for a delivery, times the baseline", f"{cpu / delivered / echo_us:.2f}"),
        ],
    )


ACCOUNTS = 1_000
LATENCY_MESSAGES = 20


async def across(
    gateways: Gateways, there: crowds.Crowd, conversation: bytes, seconds: float
) -> tuple[float, float, float, list[tuple[str, str]]]:
    """(deliveries a second, servers' CPU for each, ms until all have one message, by process)."""
    devices: list[fleet.LoadDevice] = []
    for place, url in enumerate(gateways.urls):
        share = there.persons[place :: len(gateways.urls)]
        devices += await crowds.connected(url, share)
    sample = crowds.opaque(conversation, MESSAGE_BYTES)
    for device in devices:
        device.conversation, device.epoch, device.filler = conversation, 1, sample
        device.hot, device.acknowledge_every = True, 256
    sender, members = devices[0], devices[1:]
    took = []
    for number in range(1, LATENCY_MESSAGES + 1):
        begin = time.monotonic()
        sender.send_message()
        while sum(member.delivered for member in members) < number * len(members):
            await asyncio.sleep(0.001)
        took.append((time.monotonic() - begin) * 1000)
    sender.on_answer = fleet.LoadDevice.send_message
    for _ in range(4):
        sender.send_message()
    await asyncio.sleep(WARM_UP_S)
    begun, before = sum(member.delivered for member in members), gateways.cpu_us()
    at = time.monotonic()
    await asyncio.sleep(seconds)
    delivered = sum(member.delivered for member in members) - begun
    after, elapsed = gateways.cpu_us(), time.monotonic() - at
    sender.on_answer = None
    each = servers_us(before, after, delivered)
    rows = shares(before, after, delivered)
    return delivered / elapsed, each, sorted(took)[len(took) // 2], rows


def measure_gateways(options: argparse.Namespace) -> None:
    """One gateway, then so many, and the table."""
    rows: list[tuple[str, str]] = []
    baseline_us = 0.0
    for count in (1, options.gateways):
        with fleet.Folder() as folder, Gateways(folder, count) as gateways:
            each = max(1, options.members // ACCOUNTS)
            there = asyncio.run(
                crowds.gather_crowd(gateways.database_url, options.members // each, each)
            )
            everybody = [list(range(len(there.persons)))]
            (conversation,) = asyncio.run(crowds.let_talk(gateways.database_url, there, everybody))
            gateways.start()
            rate, us, ms, by_process = uvloop.run(
                across(gateways, there, conversation, options.seconds)
            )
        baseline_us = baseline_us or us
        rows += [
            (f"{count} gateway(s): deliveries a second", f"{rate:,.0f}"),
            ("  one message is with all members after", f"{ms:.0f} ms"),
            ("  servers' CPU for each delivery", f"{us:.2f} us"),
            ("  times one gateway's", f"{us / baseline_us:.2f}"),
            *by_process,
        ]
    rows.append(("load average", " ".join(f"{one:.1f}" for one in os.getloadavg())))
    fleet.table(f"{options.members:,} members online, {MESSAGE_BYTES}-byte envelopes", rows)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--outstanding", type=int, default=OUTSTANDING)
    parser.add_argument("--gateways", type=int, default=0, help="0: one process on SQLite")
    options = parser.parse_args()
    fleet.allow_open_files()
    fleet.pin_load()
    if options.gateways:
        measure_gateways(options)
        return
    uvloop.run(measure(options))


if __name__ == "__main__":
    main()
