"""Traces for OpenTelemetry, when the operator switches them on: which step took how long.

A span has the kind of a request, or of a piece of work, and counts; no name, address, conversation
or text is ever given to it. Off by default, and then nothing is paid for it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from typing import TypeVar

from plausch.base.errors import OperatorError
from plausch.db.interface import Body, Database, Transaction

T = TypeVar("T")

EXPORT_TIMEOUT_S = 2

Span = Callable[..., AbstractContextManager[object]]
"""Called with a name and counts; the span lasts as long as its context."""

_NOTHING = nullcontext()


def untraced(name: str, **counts: int) -> AbstractContextManager[object]:
    """The span where nobody traces."""
    return _NOTHING


class TracingMissing(OperatorError):
    """The extra `tracing` is not installed."""

    code = "tracing_missing"


class Traces:
    """Spans on their way to a collector (OTLP over HTTP). What cannot be delivered is dropped.

    The SDK's own environment variables hold (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, ...).
    """

    def __init__(self, url: str) -> None:
        """Raises TracingMissing."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise TracingMissing(
                "Traces need OpenTelemetry, which is not installed: pip install 'plausch[tracing]'."
            ) from None
        exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_TIMEOUT_S)
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "plausch"}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("plausch.server")

    def span(self, name: str, **counts: int) -> AbstractContextManager[object]:
        """A piece of work, within the one that is being done. What it raises is not recorded:
        sentences name accounts."""
        return self._tracer.start_as_current_span(
            name, attributes=counts, record_exception=False, set_status_on_exception=False
        )

    async def close(self) -> None:
        """Deliver what waits, as far as the collector takes it in time."""
        await asyncio.to_thread(self._provider.shutdown)


def _work_of(body: Body[T]) -> str:
    """Where the body stands in our code."""
    return getattr(body, "__qualname__", "").partition(".<locals>")[0]


class TracedDatabase:
    """A database whose units of work are spans."""

    def __init__(self, database: Database, span: Span) -> None:
        self._database, self._span = database, span
        self.engine = database.engine

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        """As `Database.transact`."""
        with self._span(f"transact {_work_of(body)}"):
            return await self._database.transact(body, repeatable=repeatable)

    async def reshape(self, body: Body[T]) -> T:
        """As `Database.reshape`."""
        with self._span(f"reshape {_work_of(body)}"):
            return await self._database.reshape(body)

    async def read(self, body: Body[T]) -> T:
        """As `Database.read`."""
        with self._span(f"read {_work_of(body)}"):
            return await self._database.read(body)

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        """As `Database.snapshot`."""
        return self._database.snapshot()

    async def close(self) -> None:
        """As `Database.close`."""
        await self._database.close()
