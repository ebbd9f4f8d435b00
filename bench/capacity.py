"""How many machines for how many people: the arithmetic of docs/capacity.md.

    python bench/capacity.py            the tables
    python bench/capacity.py --write    into docs/capacity.md

What is measured is measured by the other programs of this folder, on the machine that the document
names; what is assumed is said to be. `tests/tidy/test_capacity.py` holds document and program
together. bench/routing.py checks the share of the signals by simulation.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "capacity.md"
BEGIN, END = "<!-- capacity.py: begin -->", "<!-- capacity.py: end -->"
DAY_S = 86_400
BUCKETS = 1_024
KIB, GIB, TIB = 2**10, 2**30, 2**40


@dataclass(frozen=True)
class Constant:
    """A number, its unit, and where it is from."""

    value: float
    unit: str
    source: str


MEASURED = {
    "gateway, a message appended and given to one device": Constant(
        36, "us", "append_load.py --gateways 2 --across 1"
    ),
    "gateway, each further delivery": Constant(3.7, "us", "fan_out.py --gateways 2"),
    "gateway, a signal, both ends and its answer": Constant(
        18, "us", "as before 0030; what is handed over takes 7.5"
    ),
    "gateway, a login with Resume": Constant(700, "us", "reconnect_storm.py"),
    "gateway, a silent connection": Constant(0.4, "us/s", "idle_memory.py"),
    "PostgreSQL, a message": Constant(20, "us", "append_load.py --gateways 2"),
    "PostgreSQL, a login with Resume": Constant(290, "us", "reconnect_storm.py"),
    "NATS, a signal": Constant(4, "us", "append_load.py --gateways 2"),
    "memory of a connection": Constant(7.3, "KiB", "idle_memory.py --connections 100000"),
    "memory of a process without connections": Constant(74, "MiB", "idle_memory.py"),
    "rosters of a process, at most": Constant(250, "MiB", "server/rosters.py"),
    "database, a stored message of 400 bytes": Constant(
        670, "bytes", "append_load.py --gateways 2"
    ),
    "write-ahead log, a message": Constant(820, "bytes", "append_load.py --gateways 2"),
}

ASSUMED = {
    "messages that a person sends in a day": Constant(40, "", ""),
    "devices that get each of them": Constant(4, "", "pairs mostly, some groups; 1.3 devices each"),
    "busiest hour, times the mean": Constant(3, "", ""),
    "devices of a person": Constant(1.3, "", ""),
    "devices connected at the busiest hour": Constant(0.4, "of all", "telephones sleep"),
    "logins of a device in a day": Constant(10, "", ""),
    "a message stays on the server": Constant(
        3, "days", "24 hours when all have it, else up to 30"
    ),
    "rows of a person beside messages": Constant(
        60, "KiB", "certificates, lists, cursors of 50 conversations, key packages"
    ),
    "files of a person on the server": Constant(
        13.5, "MiB", "one of 300 KiB every second day, 90 days"
    ),
    "NATS, each further gateway that hears a signal": Constant(1, "us", ""),
    "a signal on the network": Constant(800, "bytes", "one message of 400 bytes, two URIs, TCP/IP"),
    "use of a core that is aimed at": Constant(0.5, "", "one machine of two may fail"),
    "connections of a process": Constant(40_000, "", ""),
}

PRICES = {
    "machine: 16 cores, 64 GiB, 2 x 1 TB NVMe": Constant(120, "EUR/month", "rented, no cloud"),
    "object storage": Constant(6, "EUR/TiB month", "three copies within"),
    "traffic out": Constant(1, "EUR/TiB", ""),
    "a person of operations, with everything": Constant(9_000, "EUR/month", ""),
}
CORES, MEMORY_GIB, DISK_TIB = 16, 64, 0.9
PEOPLE = {10**5: 0.2, 10**7: 4, 10**9: 60}
FRAME_BYTES = 530 + 80
"""Of a delivery of 400 bytes: envelope, stamp, frame, and TCP/IP."""


@dataclass(frozen=True)
class Need:
    """What so many accounts need."""

    accounts: int
    messages_s: float
    connections: float
    gateway_cores: float
    processes: int
    heard_s: float
    gateway_machines: int
    shard_cores: float
    database_tib: float
    shards: int
    nats_cores: float
    nats_gbit_s: float
    files_tib: float
    out_gbit_s: float
    traffic_tib_month: float
    log_mib_s: float
    people: float
    cost_eur: float
    is_possible: bool
    """Whether a gateway has time for anything but hearing."""


@dataclass(frozen=True)
class Load:
    """What so many accounts do in the busiest hour, a second."""

    accounts: int
    mean_messages_s: float
    messages_s: float
    deliveries_s: float
    signals_s: float
    logins_s: float
    connections: float


def load_of(accounts: int) -> Load:
    """By what is assumed of people."""
    mean_s = accounts * assumed("messages that a person sends in a day") / DAY_S
    devices = accounts * assumed("devices of a person")
    peak = assumed("busiest hour, times the mean")
    deliveries_s = mean_s * peak * assumed("devices that get each of them")
    return Load(
        accounts,
        mean_s,
        mean_s * peak,
        deliveries_s,
        deliveries_s / assumed("devices of a person"),
        devices * assumed("logins of a device in a day") / DAY_S * peak,
        devices * assumed("devices connected at the busiest hour"),
    )


@dataclass(frozen=True)
class Gateways:
    """What carries the connections."""

    processes: int
    heard_s: float
    hearers: float
    """Gateways that hear each signal."""

    cores: float
    machines: int
    is_possible: bool


def gateways_for(load: Load, *, by_bucket: bool) -> Gateways:
    """`by_bucket`: devices are sent to the gateways of their account's bucket, so that a gateway
    hears what is for its own devices; else it hears everything."""
    use = assumed("use of a core that is aimed at")
    own = (
        load.messages_s * measured("gateway, a message appended and given to one device")
        + (load.deliveries_s - load.messages_s) * measured("gateway, each further delivery")
        + load.logins_s * measured("gateway, a login with Resume")
        + load.connections * measured("gateway, a silent connection")
    ) / 1e6
    each = measured("gateway, a signal, both ends and its answer") / 1e6
    processes = max(
        2, math.ceil(own / use), math.ceil(load.connections / assumed("connections of a process"))
    )
    is_possible = True
    if by_bucket:  # several gateways of one bucket hear the same
        hearers = max(1.0, processes / BUCKETS)
    else:  # what each hears takes time from all: more processes, which all hear it
        left = use - load.signals_s * each
        is_possible = left > 0
        processes = max(processes, math.ceil(own / left)) if is_possible else processes
        hearers = processes
    heard_s = load.signals_s * hearers / processes
    fixed_mib = measured("memory of a process without connections") + measured(
        "rosters of a process, at most"
    )
    memory_gib = load.connections * measured("memory of a connection") * KIB / GIB
    memory_gib += processes * fixed_mib / 1024
    machines = max(
        2, math.ceil(processes / (CORES - 2)), math.ceil(memory_gib / (MEMORY_GIB * 0.7))
    )
    cores = own + processes * heard_s * each
    return Gateways(processes, heard_s, hearers, cores, machines, is_possible)


def database_for(load: Load) -> tuple[float, float, int]:
    """(cores of PostgreSQL, TiB, shards)."""
    cores = (
        load.messages_s * measured("PostgreSQL, a message")
        + load.logins_s * measured("PostgreSQL, a login with Resume")
    ) / 1e6
    stored = load.mean_messages_s * DAY_S * assumed("a message stays on the server")
    tib = (
        stored * measured("database, a stored message of 400 bytes")
        + load.accounts * assumed("rows of a person beside messages") * KIB
    ) / TIB
    use = assumed("use of a core that is aimed at")
    return cores, tib, max(1, math.ceil(cores / use / CORES), math.ceil(tib / (DISK_TIB * 0.6)))


def nats_for(load: Load, hearers: float) -> tuple[float, float, int]:
    """(cores, Gbit a second, machines of its own)."""
    us = measured("NATS, a signal")
    us += (hearers - 1) * assumed("NATS, each further gateway that hears a signal")
    cores = load.signals_s * us / 1e6
    gbit_s = load.signals_s * hearers * assumed("a signal on the network") * 8 / 1e9
    use = assumed("use of a core that is aimed at")
    machines = 0 if load.accounts < 10**6 else max(3, math.ceil(cores / use / CORES))
    return cores, gbit_s, machines


def need(accounts: int, *, by_bucket: bool) -> Need:
    """The arithmetic."""
    load = load_of(accounts)
    gateways = gateways_for(load, by_bucket=by_bucket)
    shard_cores, database_tib, shards = database_for(load)
    nats_cores, nats_gbit_s, nats_machines = nats_for(load, gateways.hearers)
    files_tib = accounts * assumed("files of a person on the server") * 2**20 / TIB
    file_reads_tib = files_tib / 3 * assumed("devices that get each of them")
    mean_deliveries_s = load.deliveries_s / assumed("busiest hour, times the mean")
    traffic = mean_deliveries_s * DAY_S * 30 * FRAME_BYTES / TIB + file_reads_tib
    people = PEOPLE.get(accounts, 1)
    machines = gateways.machines + 2 * shards + nats_machines
    cost = (
        machines * PRICES["machine: 16 cores, 64 GiB, 2 x 1 TB NVMe"].value
        + files_tib * PRICES["object storage"].value
        + traffic * PRICES["traffic out"].value
        + people * PRICES["a person of operations, with everything"].value
    )
    return Need(
        accounts,
        load.messages_s,
        load.connections,
        gateways.cores,
        gateways.processes,
        gateways.heard_s,
        gateways.machines,
        shard_cores,
        database_tib,
        shards,
        nats_cores,
        nats_gbit_s,
        files_tib,
        load.deliveries_s * FRAME_BYTES * 8 / 1e9,
        traffic,
        load.messages_s * measured("write-ahead log, a message") / 2**20,
        people,
        cost,
        gateways.is_possible,
    )


def measured(name: str) -> float:
    """A measured number."""
    return MEASURED[name].value


def assumed(name: str) -> float:
    """An assumed number."""
    return ASSUMED[name].value


SIZES = (10**5, 10**7, 10**9)


def short(value: float) -> str:
    """A number as people read it: two digits are enough for a model."""
    if value == 0:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.{max(0, digits)}f}" if rounded < 100 else f"{rounded:,.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def needs_table() -> str:
    """What each size needs."""
    operations = PRICES["a person of operations, with everything"].value
    cases = [need(one, by_bucket=one >= 10**7) for one in SIZES]
    rows = [
        ("messages a second, busiest hour", [short(one.messages_s) for one in cases]),
        ("connections, busiest hour", [short(one.connections) for one in cases]),
        ("gateway processes", [f"{one.processes:,}" for one in cases]),
        ("signals that each of them hears, a second", [short(one.heard_s) for one in cases]),
        ("cores that the gateways use", [short(one.gateway_cores) for one in cases]),
        ("gateway machines", [f"{one.gateway_machines:,}" for one in cases]),
        ("cores that PostgreSQL uses", [short(one.shard_cores) for one in cases]),
        ("database, TiB", [short(one.database_tib) for one in cases]),
        ("shards (each with a standby: two machines)", [f"{one.shards:,}" for one in cases]),
        ("write-ahead log, MiB a second", [short(one.log_mib_s) for one in cases]),
        ("cores that NATS uses", [short(one.nats_cores) for one in cases]),
        ("signals out of NATS, Gbit a second", [short(one.nats_gbit_s) for one in cases]),
        ("files, TiB", [short(one.files_tib) for one in cases]),
        ("messages out, Gbit a second", [short(one.out_gbit_s) for one in cases]),
        ("traffic out, TiB a month", [short(one.traffic_tib_month) for one in cases]),
        ("people of operations", [short(one.people) for one in cases]),
        ("cost, EUR a month", [short(one.cost_eur) for one in cases]),
        (
            "of it machines, files, traffic",
            [short(one.cost_eur - one.people * operations) for one in cases],
        ),
        (
            "for each account and year",
            [f"{one.cost_eur * 12 / one.accounts:.2f}" for one in cases],
        ),
    ]
    return table(
        ("", "10^5 accounts", "10^7 accounts", "10^9 accounts"),
        [(name, *values) for name, values in rows],
    )


def placement_table() -> str:
    """Why devices have to be sent to the gateways of their bucket, and from when on."""
    rows = []
    for accounts in (10**5, 10**6, 10**7, 10**9):
        for by_bucket in (False, True):
            one = need(accounts, by_bucket=by_bucket)
            cells = (one.heard_s, one.gateway_cores, one.nats_cores, one.nats_gbit_s)
            where = "bucket" if by_bucket else "address"
            processes = f"{one.processes:,}" if one.is_possible else "no number is enough"
            rows.append((f"{accounts:,}", where, processes, *map(short, cells)))
    head = ("accounts", "placed by", "processes", "heard by each, a second", "gateways' cores")
    return table((*head, "NATS' cores", "NATS out, Gbit/s"), rows)


def constants_table(constants: dict[str, Constant]) -> str:
    """What the model knows."""
    return table(
        ("", "", ""),
        [
            (name, f"{one.value:,g} {one.unit}".strip(), one.source)
            for name, one in constants.items()
        ],
    )


def report() -> str:
    """All tables, as they stand in the document."""
    return "\n\n".join(
        (
            "### What it takes",
            needs_table(),
            "### Measured",
            constants_table(MEASURED),
            "### Assumed",
            constants_table(ASSUMED),
            "### Prices assumed",
            constants_table(PRICES),
            "### Where devices are sent",
            placement_table(),
        )
    )


def written(document: str) -> str:
    """The document with these tables in it."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{report()}\n\n{END}{after}"


def main() -> None:
    """Print, or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(report())


if __name__ == "__main__":
    main()
