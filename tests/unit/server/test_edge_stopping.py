"""What a server that stops owes to those who are told by others."""

import asyncio
from pathlib import Path

import pytest

from plausch.server import edge as edge_module
from plausch.server.config import ServerConfig
from plausch.server.main import Server


async def test_what_outlives_the_end_is_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its database does not answer: it may still write, and then nobody is told."""
    monkeypatch.setattr(edge_module, "DRAIN_TIMEOUT_S", 0.01)
    server = Server(ServerConfig(tmp_path, port=0))
    await server.start()
    edge = server.edge
    assert edge is not None
    never = asyncio.Event()
    calm = edge._hub.doubts
    edge.run(_wait_for(never))
    await edge.stop()
    assert edge._hub.doubts == calm + 1
    never.set()
    await server.stop()


async def test_a_database_that_does_not_answer_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who stops us kills us after a while, and nobody would hear a good-bye."""
    monkeypatch.setattr(edge_module, "DISK_TIMEOUT_S", 0.01)
    server = Server(ServerConfig(tmp_path, port=0))
    await server.start()
    edge = server.edge
    assert edge is not None
    calm, never = edge._hub.doubts, asyncio.Event()
    drain = edge.dispatch.drain
    monkeypatch.setattr(edge.dispatch, "drain", lambda: _wait_for(never))
    async with asyncio.timeout(60):
        await edge.stop()
    assert edge._hub.doubts == calm + 1
    assert "The database does not answer" in caplog.text
    never.set()
    await drain()
    await server.stop()


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()
