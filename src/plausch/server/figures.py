"""What the operator's monitoring may know: counts, times and sizes; never whose.

The hot paths add to plain numbers on the event loop; Prometheus's format is made of them when
somebody asks, on a port of its own that belongs on the machine or in the operator's network
(`metrics_port`). packaging/grafana.json is a dashboard of them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from plausch.server.errors import cannot_listen

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The bounds of the histograms."""


class Times:
    """A histogram of seconds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(SECONDS) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more that took so long."""
        self._counts[bisect_left(SECONDS, seconds)] += 1
        self._sum_s += seconds

    def family(self, name: str, text: str) -> HistogramMetricFamily:
        """As Prometheus has it: each bucket counts also what is below it."""
        buckets, below = [], 0
        for bound, count in zip((*map(str, SECONDS), "+Inf"), self._counts, strict=True):
            below += count
            buckets.append((bound, below))
        return HistogramMetricFamily(name, text, buckets=buckets, sum_value=self._sum_s)


class Figures:
    """The numbers of one server process."""

    def __init__(self) -> None:
        self.appended = 0
        self.batch_times = Times()
        self.lags = Times()
        self.refused: Counter[str] = Counter()
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        """By name: what it says, and what it is now."""
        self.counters: dict[str, tuple[str, Callable[[], float]]] = {}

    def appended_batch(self, count: int, seconds: float) -> None:
        """A transaction with so many appends is on disk, or was refused, after so long."""
        self.appended += count
        self.batch_times.add(seconds)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for. Called on its own thread; it only reads."""
        yield CounterMetricFamily(
            "plausch_appends", "Appends that were carried out.", value=self.appended
        )
        yield self.batch_times.family(
            "plausch_append_batch_seconds", "From taking a batch of appends to its answers."
        )
        yield self.lags.family(
            "plausch_loop_lag_seconds", "How late the event loop's clock of one second was."
        )
        refused = CounterMetricFamily(
            "plausch_refusals", "Requests that were refused.", labels=["code"]
        )
        for code, count in list(self.refused.items()):
            refused.add_metric([code], count)
        yield refused
        yield from _families(GaugeMetricFamily, self.gauges)
        yield from _families(CounterMetricFamily, self.counters)


def _families(
    kind: type[GaugeMetricFamily] | type[CounterMetricFamily],
    of: dict[str, tuple[str, Callable[[], float]]],
) -> Iterable[Metric]:
    return [kind(f"plausch_{name}", text, value=now()) for name, (text, now) in of.items()]


class Exposition:
    """The port at which the figures can be read, `GET /metrics`."""

    def __init__(self, figures: Figures, host: str, port: int) -> None:
        """Listen. Raises OperatorError when the port is taken."""
        registry = CollectorRegistry()
        registry.register(figures)
        ProcessCollector(registry=registry)
        self._server: WSGIServer
        self._thread: Thread
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise cannot_listen(
                host, port, error, host_by="metrics_host", port_by="--metrics-port"
            ) from error
        self.port: int = self._server.server_port

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
