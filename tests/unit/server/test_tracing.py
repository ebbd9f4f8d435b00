"""Traces: where time goes, to a collector that speaks OTLP; nothing about anybody in them."""

import builtins
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from company import did, plausch
from plausch.server.tracing import Traces, TracingMissing, untraced
from server_process import OPEN_LIMITS, ServerProcess


class Collector:
    """What an OpenTelemetry collector was sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []

    def spans(self) -> dict[bytes, tuple[str, bytes]]:
        """By id: name and the parent's id."""
        return {
            span.span_id: (span.name, span.parent_span_id)
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }


@contextmanager
def collecting() -> Iterator[Collector]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}/v1/traces")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def traced(url: str) -> str:
    return f'traces_url = "{url}"\n{OPEN_LIMITS}'


def test_requests_and_their_work_in_the_database_are_spans(tmp_path: Path) -> None:
    with collecting() as collector:
        with ServerProcess(tmp_path / "server", config=traced(collector.url)) as server:
            for name in ("annabelle", "cemaleddin"):
                did("register", name, "--server", server.url, "--home", tmp_path / name)
            did("send", "cemaleddin", "guten Tag", "--home", tmp_path / "annabelle")
            plausch("send", "nobodaddy", "hello", "--home", tmp_path / "annabelle", "--timeout", 5)
            taken = ("register", "annabelle", "--server", server.url, "--home", tmp_path / "x")
            assert plausch(*taken).code != 0
        spans = collector.spans()
        registering = {id for id, (name, _) in spans.items() if name == "Register"}
        assert len(registering) == 3
        within = {name for name, parent in spans.values() if parent in registering}
        assert "transact Accounts.register" in within
        assert "transact Appends._append" in {name for name, _ in spans.values()}
        said = b"".join(collector.bodies)
        assert b"plausch" in said
        for private in (b"annabelle", b"cemaleddin", b"nobodaddy", b"guten Tag", b"localhost"):
            assert private not in said


def test_a_collector_that_is_away_changes_nothing(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "server", config=traced("http://127.0.0.1:9/v1/traces")) as one:
        did("register", "anna", "--server", one.url, "--home", tmp_path / "anna")
    assert "Traceback" not in one.log()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TracingMissing, match=r"plausch\[tracing\]"):
        Traces("http://127.0.0.1:9/v1/traces")


def test_where_nobody_traces_there_is_one_span_for_all() -> None:
    with untraced("Register"), untraced("transact", rows=3) as span:
        assert span is None
