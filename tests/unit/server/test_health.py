"""Readiness: the database has to answer, in time, and a stopping server is not ready."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest
from multidict import CIMultiDict

from plausch.base.http import Request
from plausch.db.interface import StorageUnavailable
from plausch.server import health as health_module
from plausch.server.config import ServerConfig
from plausch.server.health import Health
from plausch.server.main import Server
from raw_socket import RawSocket


@dataclass
class Store:
    """A database that answers, fails, or is silent."""

    fails: bool = False
    is_silent: bool = False
    asked: int = 0

    async def read(self, body: Any) -> None:
        self.asked += 1
        if self.is_silent:
            await asyncio.Event().wait()
        if self.fails:
            raise StorageUnavailable("gone")


def health_of(store: Store) -> Health:
    return Health(cast(Any, store))


async def test_ready_as_long_as_the_database_answers() -> None:
    answer = await health_of(Store()).answer(draining=False)
    assert (answer.status, answer.body) == (HTTPStatus.OK, b"ready\n")


async def test_not_ready_without_the_database(monkeypatch: Any) -> None:
    answer = await health_of(Store(fails=True)).answer(draining=False)
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert b"database" in answer.body
    monkeypatch.setattr(health_module, "PATIENCE_S", 0.01)
    silent = await health_of(Store(is_silent=True)).answer(draining=False)
    assert silent.status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_a_stopping_server_is_not_ready_and_asks_nobody() -> None:
    store = Store()
    answer = await health_of(store).answer(draining=True)
    assert (answer.status, store.asked) == (HTTPStatus.SERVICE_UNAVAILABLE, 0)


async def test_many_questions_are_one_for_the_database() -> None:
    store = Store()
    health = health_of(store)
    await asyncio.gather(*(health.answer(draining=False) for _ in range(50)))
    await health.answer(draining=False)
    assert store.asked == 1


def test_what_it_is_asked_by() -> None:
    health = health_of(Store())
    wanted = [Request(method, "/readyz", CIMultiDict()) for method in ("GET", "HEAD", "POST")]
    assert [health.wants(one) for one in wanted] == [True, True, False]
    assert not health.wants(Request("GET", "/ready", CIMultiDict()))


async def test_that_it_lives_is_said_without_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    away = Store(fails=True)
    monkeypatch.setattr(server._database, "read", away.read)
    for path, status in (("/healthz", 200), ("/healthz?x=1", 200), ("/readyz", 503)):
        assert away.asked == 0
        socket = await RawSocket.tcp(url)
        assert (await socket.http(f"GET {path} HTTP/1.1"))[0] == status
        await socket.close()
    assert away.asked == 1
    monkeypatch.undo()
    await server.stop()
