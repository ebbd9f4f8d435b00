"""What the server benchmarks share: a real server in a process of its own, and many devices.

The server is pinned to one core, this process (and PostgreSQL) to the other. CPU time is read
from /proc, so that a noisy neighbour changes the messages per second but hardly the microseconds.
"""

import asyncio
import contextlib
import os
import resource
import secrets
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Self

import msgspec
import picows

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packaging"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from plausch.wire import frames as f
from plausch.wire.franking import AUTHENTICATED_BYTES
from wire_device import Person, WireDevice  # the tests' folder is no package

SERVER_CPU, LOAD_CPU = 0, 1
PREFIX = "plausch-bench-"
LEFT_S = 86_400
"""No bench takes that long."""

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
CONFIG = """
[limits]
registrations_per_address_per_hour = 1000000
sends_per_device_per_day = 100000000
connections_per_address = 1000000
conversations_per_device_per_day = 1000000
key_packages_claimed_per_hour = 1000000
participants_per_conversation = 2000
"""


class ServerProcess:
    """`python -m plausch.server.main` on one core."""

    def __init__(
        self, folder: Path, database_url: str = "", nats_url: str = "", *, pinned: bool = True
    ) -> None:
        config = folder / "bench.toml"
        config.write_text(CONFIG)
        command = [sys.executable, "-m", "plausch.server.main", "--port", "0"]
        command += ["--data", str(folder / "data"), "--config", str(config)]
        if database_url:
            command += ["--database", database_url]
        if nats_url:
            command += ["--nats", nats_url]
        begin = _pin_server if pinned else _any_core
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, preexec_fn=begin
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().split()
        if line[:1] != ["ready"]:
            raise SystemExit("The server did not start.")
        self.url = line[1]
        self.pid = self._process.pid

    def cpu_us(self) -> int:
        """Microseconds of CPU time used so far, all threads, user and system."""
        return cpu_us(self.pid)

    def memory_bytes(self) -> int:
        """Resident memory."""
        return memory_bytes(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def _pin_server() -> None:
    os.sched_setaffinity(0, {SERVER_CPU})
    allow_open_files()


def _any_core() -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    allow_open_files()


def cpu_us(pid: int) -> int:
    """CPU time of a process, in microseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def family_cpu_us(pid: int, but: Collection[int] = ()) -> int:
    """CPU time of a process and its children, also of those that have ended; without some."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = sum(int(one) for one in fields[11:15]) * TICK_US
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            used += 0 if int(child) in but else cpu_us(int(child))
    return used


def memory_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def allow_open_files() -> int:
    """Raise the soft limit of open files; how many there may be."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def pin_load() -> None:
    """This process to the core that the server does not use."""
    if os.cpu_count() and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {LOAD_CPU})


class LoadDevice(WireDevice):
    """A device whose hot path skips the session: it counts and measures, and keeps nothing."""

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        self.hot = False
        self.conversation = b""
        self.epoch = 0
        self.filler = b""
        self.sent = self.answered = self.delivered = 0
        self.refused = False
        self.acknowledge_every = 16
        self.on_answer: Callable[[LoadDevice], None] | None = None
        self.latencies: list[int] | None = None

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """One frame from the server."""
        if not self.hot:
            super().on_ws_frame(transport, frame)
            return
        raw = frame.get_payload_as_bytes()
        tag = raw[1]
        if tag == _APPENDED:
            self.answered += 1
            if self.on_answer is not None:
                self.on_answer(self)
        elif tag == _DELIVERY:
            delivery = _decode_delivery(raw)
            self._deliver(delivery)
        elif tag == _REFUSED and not self.refused:
            self.refused = True
            print(f"The server refused: {msgspec.msgpack.decode(raw)}", file=sys.stderr)

    def _deliver(self, delivery: f.Delivery) -> None:
        own = self.person.device.uri
        others = [one for one in delivery.envelopes if one.sender != own]
        if self.latencies is not None:
            now = time.monotonic_ns()
            for envelope in others:
                self.latencies.append(now - _STAMP.unpack(envelope.message[-8:])[0])
        before = self.delivered
        self.delivered += len(others)
        every = self.acknowledge_every
        if every and before // every != self.delivered // every:
            self.send_raw(_encode(f.Acknowledge(self.conversation, delivery.head)))

    def send_message(self) -> None:
        """Append the next message; its last 8 bytes are the time of sending."""
        self.sent += 1
        message = self.filler + _STAMP.pack(time.monotonic_ns())
        idempotency_id = self.sent.to_bytes(16, "big")
        frame = f.Append(
            self.sent, self.conversation, self.epoch, f.APPLICATION, message, idempotency_id
        )
        self.send_raw(_encode(frame))


_APPENDED, _DELIVERY, _REFUSED = 23, 50, 6
_STAMP = struct.Struct("<q")
_encode = msgspec.msgpack.Encoder().encode
_decode_delivery = msgspec.msgpack.Decoder(f.Delivery).decode


async def registered(url: str, count: int, at_once: int = 64) -> list[LoadDevice]:
    """Devices of as many new people, registered and resumed."""
    gate = asyncio.Semaphore(at_once)
    prefix = secrets.token_hex(3)

    async def one(number: int) -> LoadDevice:
        async with gate:
            device = await LoadDevice.register(url, Person.new(f"b{prefix}{number}"))
            await device.resume()
            return device

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def in_pairs(devices: Sequence[LoadDevice], size: int) -> None:
    """Each two devices into a conversation of their own; messages will have `size` bytes."""
    gate = asyncio.Semaphore(16)

    async def pair(one: LoadDevice, other: LoadDevice) -> None:
        async with gate:
            await in_one_conversation([one, other], size)

    await asyncio.gather(
        *(pair(one, other) for one, other in zip(devices[::2], devices[1::2], strict=True))
    )


async def in_one_conversation(devices: Sequence[LoadDevice], size: int) -> None:
    """All devices into one conversation, by one Commit of the first."""
    first, others = devices[0], devices[1:]
    bundles = [other.person.key_package() for other in others]
    for other, bundle in zip(others, bundles, strict=True):
        await other.offer_key_package(bundle)
        claim = f.ClaimKeyPackages(
            first.session.next_id(), other.person.address.name, bundle.suite_id, []
        )
        await first.ask(f.KeyPackages, claim)
    uris = [other.person.device.uri for other in others]
    group = await first.converse(bundles, uris)
    sample = group.encrypt(b"x", bytes(AUTHENTICATED_BYTES))  # so that it is stamped
    sample = sample + bytes(size) if len(sample) < size else sample
    for device in devices:
        device.conversation = group.group_id
        device.epoch = group.epoch
        device.filler = sample[: size - 8]
        device.hot = True


class Folder:
    """A temporary directory on the disk of the checkout (not in memory: fsync must be real).

    A bench that was killed leaves its own; what is older than LEFT_S goes when the next one begins.
    """

    def __enter__(self) -> Path:
        oldest_s = time.time() - LEFT_S
        for one in Path.cwd().glob(f"{PREFIX}*"):
            if one.stat().st_mtime < oldest_s:
                shutil.rmtree(one, ignore_errors=True)
        self._path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=Path.cwd()))
        return self._path

    def __exit__(self, *failure: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def percentile(values: Sequence[int], share: float) -> float:
    """The value below which this share of all lies, in milliseconds from nanoseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6


class Baseline:
    """A bare picows echo server in a process of its own: the ground under every figure."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("echo_server.py"))],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=_pin_server,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    async def echo_us(self, connections: int, size: int, seconds: float) -> tuple[float, float]:
        """(messages a second, server CPU microseconds each) with 4 outstanding on each."""
        echoes = [Echo(size) for _ in range(connections)]
        for one in echoes:
            await picows.ws_connect(_always(one), self.url, use_aiofastnet=False)
        for one in echoes:
            for _ in range(4):
                one.send()
        await asyncio.sleep(0.5)
        count, cpu, at = sum(one.count for one in echoes), cpu_us(self._process.pid), time.time()
        await asyncio.sleep(seconds)
        count = sum(one.count for one in echoes) - count
        cpu, took = cpu_us(self._process.pid) - cpu, time.time() - at
        for one in echoes:
            one.stop()
        return count / took, cpu / max(1, count)

    async def connecting_us(self, connections: int) -> float:
        """CPU of the baseline for each connection that is opened."""
        before = cpu_us(self._process.pid)
        opened = [Echo(0) for _ in range(connections)]
        for one in opened:
            await picows.ws_connect(_always(one), self.url, use_aiofastnet=False)
        used = cpu_us(self._process.pid) - before
        for one in opened:
            one.stop()
        return used / connections

    async def memory_bytes(self, connections: int) -> float:
        """Memory of the baseline for each silent connection."""
        before = memory_bytes(self._process.pid)
        silent = [Echo(0) for _ in range(connections)]
        for one in silent:
            await picows.ws_connect(_always(one), self.url, use_aiofastnet=False)
        await asyncio.sleep(0.5)
        after = memory_bytes(self._process.pid)
        for one in silent:
            one.stop()
        return (after - before) / connections

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


class Echo(picows.WSListener):  # type: ignore[misc]
    """A client of the baseline."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self._payload = bytes(size)
        self._transport: picows.WSTransport | None = None

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Ready."""
        self._transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """An echo."""
        frame.get_payload_as_bytes()
        self.count += 1
        self.send()

    def send(self) -> None:
        """One more."""
        if self._transport is not None:
            self._transport.send(picows.WSMsgType.BINARY, self._payload)

    def stop(self) -> None:
        """Close."""
        if self._transport is not None:
            self._transport.disconnect(False)


def _always(listener: Echo) -> Callable[[], Echo]:
    return lambda: listener


def table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print what was measured."""
    print(title)
    for name, value in rows:
        print(f"  {name:<44} {value:>16}")
    sys.stdout.flush()
