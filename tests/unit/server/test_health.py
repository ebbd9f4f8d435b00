"""Readiness: the database has to answer, in time, and a stopping server is not ready."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from multidict import CIMultiDict

from plausch.base.http import Request
from plausch.db.interface import StorageUnavailable
from plausch.server import health as health_module
from plausch.server.health import Health


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
