"""Who is woken when: gathered, spaced, in bounds; never more often and never in vain."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from plausch.db.interface import StorageUnavailable
from plausch.server import waker as waker_module
from plausch.server.endpoint import Endpoint
from plausch.server.limits import Limits
from plausch.server.push_service import Sent, Verdict
from plausch.server.store.wake_up import WakeUpRow
from plausch.server.waker import ATTEMPTS, Waker

PAUSE_MS = 60
TAKEN, LATER = Sent(Verdict.TAKEN, 201), Sent(Verdict.LATER, 503)


@dataclass
class Table:
    """Endpoints by device URI."""

    endpoints: dict[str, str] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    failing: bool = False

    async def of(self, uris: list[str]) -> list[WakeUpRow]:
        self.asked.append(uris)
        await asyncio.sleep(0)
        if self.failing:
            raise StorageUnavailable("The disk is gone.")
        found = [uri for uri in uris if uri in self.endpoints]
        return [WakeUpRow(1, uri, self.endpoints[uri]) for uri in found]

    async def gone(self, one: WakeUpRow) -> None:
        if self.failing:
            raise StorageUnavailable("The disk is gone.")
        self.forgotten.append(one.uri)


@dataclass
class Services:
    """Push services that answer as told, after a while."""

    answers: list[Sent] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    takes_s: float = 0

    async def wake(self, endpoint: Endpoint) -> Sent:
        self.woken.append(endpoint.target)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes_s)
        self.at_once -= 1
        return self.answers.pop(0) if self.answers else TAKEN


@dataclass
class Made:
    table: Table
    services: Services
    waker: Waker


@pytest.fixture
async def made() -> AsyncIterator[Made]:
    table, services = Table({"anna": "https://push.example/anna"}), Services()
    limits = Limits(wake_up_pause_ms=PAUSE_MS)
    waker = Waker(table, services, limits, first_retry_s=0.005, gather_s=0.01)
    yield Made(table, services, waker)
    await waker.close()


async def until(what: Callable[[], bool], within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while not what():
            await asyncio.sleep(0.005)


async def pauses(count: float) -> None:
    await asyncio.sleep(count * PAUSE_MS / 1000)


async def test_a_device_is_woken_where_it_wants(made: Made) -> None:
    made.waker.wake(["anna"])
    assert made.services.woken == []  # nobody waits for it
    await until(lambda: made.services.woken == ["/anna"])


async def test_what_comes_at_the_same_time_is_one_wake_up(made: Made) -> None:
    for _ in range(100):
        made.waker.wake(["anna", "anna"])
    await pauses(3)
    assert made.services.woken == ["/anna"]
    assert made.table.asked == [["anna"]]


async def test_what_comes_within_the_pause_is_one_more_at_its_end(made: Made) -> None:
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 1)
    for _ in range(100):
        made.waker.wake(["anna"])
    await asyncio.sleep(0)
    assert len(made.services.woken) == 1
    await pauses(3)
    assert len(made.services.woken) == 2
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 3)


async def test_a_flood_is_one_wake_up_in_each_pause(made: Made) -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for _ in range(50):
        made.waker.wake(["anna"])
        await pauses(0.1)
    passed = (loop.time() - began_s) * 1000 / PAUSE_MS  # more on a busy machine
    assert 3 <= len(made.services.woken) <= passed + 1


async def test_who_was_here_meanwhile_is_not_woken_again(made: Made) -> None:
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 1)
    made.waker.wake(["anna"])
    made.waker.came("anna")
    await pauses(3)
    assert len(made.services.woken) == 1


async def test_unless_something_came_after_it_had_left(made: Made) -> None:
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 1)
    made.waker.came("anna")
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 2)


async def test_who_comes_before_it_was_woken_is_not_woken(made: Made) -> None:
    made.waker.wake(["anna"])
    made.waker.came("anna")
    await pauses(2)
    assert made.services.woken == []


async def test_who_does_not_want_it_is_not_looked_up_each_time(made: Made) -> None:
    for _ in range(5):
        made.waker.wake(["ben"])
        await asyncio.sleep(0.008)
    assert made.table.asked == [["ben"]]
    await pauses(3)
    made.waker.wake(["ben"])
    await until(lambda: len(made.table.asked) == 2)
    assert made.services.woken == []


async def test_unless_it_was_here_and_may_have_said_so(made: Made) -> None:
    made.waker.wake(["ben"])
    await until(lambda: made.table.asked == [["ben"]])
    made.waker.came("ben")
    made.table.endpoints["ben"] = "https://push.example/ben"
    made.waker.wake(["ben"])
    await until(lambda: made.services.woken == ["/ben"])


async def test_a_dead_endpoint_is_forgotten(made: Made) -> None:
    made.services.answers = [Sent(Verdict.GONE, 410)]
    made.waker.wake(["anna"])
    await until(lambda: made.table.forgotten == ["anna"])
    assert len(made.services.woken) == 1


async def test_an_endpoint_that_is_allowed_no_more_is_forgotten(made: Made) -> None:
    made.table.endpoints["anna"] = "http://127.0.0.1/anna"
    made.waker.wake(["anna"])
    await until(lambda: made.table.forgotten == ["anna"])
    assert made.services.woken == []


async def test_a_push_service_that_is_away_is_asked_again_and_not_for_ever(made: Made) -> None:
    made.services.answers = [LATER, LATER]
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 3)
    await pauses(1)  # the third attempt has had its answer
    made.services.answers = [LATER] * 100
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 3 + ATTEMPTS)
    await pauses(3)
    assert len(made.services.woken) == 3 + ATTEMPTS
    assert made.table.forgotten == []


async def test_it_is_left_alone_for_as_long_as_it_asks(made: Made) -> None:
    made.services.answers = [Sent(Verdict.LATER, 429, 30)]
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 1)
    await pauses(3)
    assert len(made.services.woken) == 1


async def test_who_comes_while_the_push_service_is_away_is_not_woken(made: Made) -> None:
    made.services.answers = [LATER] * 100
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) == 1)
    made.waker.came("anna")
    await pauses(3)
    assert len(made.services.woken) == 1


async def test_a_refusal_is_told_to_the_operator_once_and_names_nobody(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    made.services.answers = [Sent(Verdict.REFUSED, 403)] * 3
    with caplog.at_level(logging.WARNING):
        for count in (1, 2, 3):
            made.waker.wake(["anna"])
            await until(lambda count=count: len(made.services.woken) == count)  # type: ignore[misc]
            await pauses(2)
    assert len(caplog.records) == 1
    assert "403" in caplog.text
    assert "anna" not in caplog.text
    assert "push.example" not in caplog.text


async def test_a_crowd_is_woken_a_few_at_a_time(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker_module, "AT_ONCE_PER_HOST", 4)
    devices = [f"device{number}" for number in range(100)]
    made.table.endpoints = {one: f"https://push.example/{one}" for one in devices}
    made.services.takes_s = 0.002
    made.waker.wake(devices)
    await until(lambda: len(made.services.woken) == 100)
    assert made.services.most_at_once == 4
    await until(lambda: made.services.at_once == 0)
    await pauses(2)
    assert made.waker._hosts == {}
    assert made.waker._resting == {}


async def test_a_slow_push_service_holds_up_no_other(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker_module, "AT_ONCE_PER_HOST", 2)
    devices = [f"slow{number}" for number in range(20)]
    made.table.endpoints |= {one: f"https://slow.example/{one}" for one in devices}
    made.services.takes_s = 0.5
    made.waker.wake([*devices, "anna"])
    await until(lambda: "/anna" in made.services.woken, within_s=0.4)


async def test_there_is_an_end_to_how_many_are_thought_of(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waker_module, "MOST_DEVICES", 10)
    made.waker.wake(f"device{number}" for number in range(1_000))
    await until(lambda: len(made.table.asked) == 1)
    assert len(made.table.asked[0]) == 10
    await pauses(2)
    made.waker.wake(["anna"])
    await until(lambda: made.services.woken == ["/anna"])


async def test_a_database_that_is_away_stops_nothing(made: Made) -> None:
    made.table.failing = True
    made.waker.wake(["anna"])
    await until(lambda: len(made.table.asked) == 1)
    await pauses(2)
    made.table.failing = False
    made.waker.wake(["anna"])
    await until(lambda: made.services.woken == ["/anna"])


async def test_once_closed_nobody_is_woken(made: Made) -> None:
    made.services.answers = [LATER] * 100
    made.waker.wake(["anna"])
    await until(lambda: len(made.services.woken) >= 1)
    await made.waker.close()
    count = len(made.services.woken)
    made.waker.wake(["ben", "anna"])
    await pauses(2)
    assert len(made.services.woken) == count
