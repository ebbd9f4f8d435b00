"""Fan-out: one sender, 1,000 members online; how many deliveries a second, what each costs.

    python bench/fan_out.py [--members 1000] [--seconds 5]

Every message is durable before it goes out; members acknowledge what they get. The baseline is
a bare picows server that echoes the same bytes on the same number of connections, one by one.
"""

import argparse
import asyncio
import time

import uvloop

import fleet

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


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--outstanding", type=int, default=OUTSTANDING)
    options = parser.parse_args()
    fleet.allow_open_files()
    fleet.pin_load()
    uvloop.run(measure(options))


if __name__ == "__main__":
    main()
