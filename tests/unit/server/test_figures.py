"""Figures: what Prometheus reads, and that it says nothing of anybody."""

import re
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.request import urlopen

import pytest

from plausch.base.errors import OperatorError
from plausch.server.figures import SECONDS, Exposition, Figures, Times
from plausch.server.main import add_gauges


def read(figures: Figures) -> dict[str, float]:
    """Everything that is exposed, by name and labels."""
    exposition = Exposition(figures, "127.0.0.1", 0)
    try:
        with urlopen(f"http://127.0.0.1:{exposition.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
    finally:
        exposition.close()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_what_was_counted_is_exposed() -> None:
    figures = Figures()
    figures.appended_batch(7, 0.002)
    figures.appended_batch(1, 60.0)
    figures.refused["rate_limited"] += 2
    figures.gauges["connections"] = "Open WebSockets.", lambda: 5
    figures.counters["signals_sent"] = "Signals.", lambda: 9
    seen = read(figures)
    assert seen["plausch_appends_total"] == 8
    assert seen['plausch_refusals_total{code="rate_limited"}'] == 2
    assert seen["plausch_connections"] == 5
    assert seen["plausch_signals_sent_total"] == 9
    assert seen['plausch_append_batch_seconds_bucket{le="0.001"}'] == 0
    assert seen['plausch_append_batch_seconds_bucket{le="0.0025"}'] == 1
    assert seen['plausch_append_batch_seconds_bucket{le="+Inf"}'] == 2
    assert seen["plausch_append_batch_seconds_count"] == 2
    assert seen["process_open_fds"] > 0


def test_a_time_on_a_bound_is_below_it() -> None:
    times = Times()
    for bound in SECONDS:
        times.add(bound)
    samples = times.family("x", "X.").samples
    counts = [one.value for one in samples if one.name == "x_bucket"]
    assert counts == [*range(1, len(SECONDS) + 1), len(SECONDS)]


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"port {port}: .*choose another with --metrics"):
            Exposition(Figures(), "127.0.0.1", port)
    with pytest.raises(OperatorError, match=r"no such address: .* with metrics_host"):
        Exposition(Figures(), "192.0.2.9", 0)


def test_the_dashboard_shows_nothing_that_there_is_not() -> None:
    """packaging/grafana.json, against what a gateway exposes."""
    figures = Figures()
    hub, bus, unread = SimpleNamespace(count=1), SimpleNamespace(), SimpleNamespace(cut=0)
    edge, unread.total_bytes = SimpleNamespace(connections=1, unread=unread), 0
    bus.others = bus.sent = bus.heard = bus.doubts = 0
    add_gauges(figures, cast(Any, edge), cast(Any, hub), cast(Any, bus))
    figures.refused["x"] += 1
    exposed = {name.partition("{")[0] for name in read(figures)}
    board = Path(__file__).parents[3] / "packaging" / "grafana.json"
    wanted = set(re.findall(r"(?:plausch|process)_[a-z_]+", board.read_text()))
    assert wanted - exposed == set()
