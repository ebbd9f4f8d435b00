"""Who asks to become a WebSocket may have to wait until others are in."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from plausch.base.http import HEAD_BYTES
from plausch.server import door as door_module
from plausch.server import turnstile as turnstile_module
from plausch.server.config import ServerConfig
from plausch.server.door import EARLY_BYTES, Door
from plausch.server.main import Server
from plausch.server.turnstile import FEWEST, Visitor
from plausch.wire import frames as f
from plausch.wire.codec import encode
from wire_device import Person, WireDevice

from .test_door import DOORS, House, house, until, upgrade, upgraded

__all__ = ["house"]


class Shut:
    """A turnstile that nobody passes until somebody opens it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.addresses: list[str] = []
        self.visitors: list[Visitor] = []

    def admit(self, address: str, visitor: Visitor) -> None:
        self.addresses.append(address)
        self.visitors.append(visitor)
        self.waiting.append(visitor.enter)

    def forget(self, address: str, visitor: Visitor) -> None:
        if visitor in self.visitors:
            self.visitors.remove(visitor)


async def test_who_waits_for_the_upgrade_comes_in_later_with_all_that_was_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    client = await house.connect()
    client.write(upgrade())
    await until(lambda: len(shut.waiting) == 1)
    assert (len(house.edge._doors), house.edge.connections) == (1, 0)
    client.binary(encode(f.GetAccount(1, "anna")))  # before its turn
    shut.waiting[0]()
    await upgraded(client)
    assert (await client.message() or b"")[1] == 60, "it was heard: it may not ask yet"
    await client.close()
    await house.empty()


def test_what_has_become_a_websocket_no_longer_has_its_door(tmp_path: Path) -> None:
    async def body() -> None:  # on the server's own loop, whose streams remember protocols
        server = Server(ServerConfig(tmp_path, port=0))
        device = await WireDevice.register(await server.start(), Person.new("anna"))
        edge = server.edge
        left = [one for one in gc.get_objects() if type(one) is Door and one._edge is edge]
        assert left == []
        await device.close()
        await server.stop()

    uvloop.run(body())


async def test_who_leaves_while_it_waits_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    client = await house.connect()
    client.write(upgrade())
    await until(lambda: len(shut.waiting) == 1)
    await client.close()
    await house.empty()  # before its turn: it is noticed by itself
    assert shut.visitors == []
    shut.waiting[0]()
    assert house.edge.connections == 0


async def test_a_server_that_stops_lets_nobody_in_who_waited(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    client = await house.connect()
    client.write(upgrade())
    await until(lambda: len(shut.waiting) == 1)
    monkeypatch.setattr(house.edge, "draining", True)
    shut.waiting[0]()
    await house.empty()
    assert house.edge.connections == 0
    await client.close()


async def test_who_is_turned_away_is_told_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    client = await house.connect()
    client.write(upgrade())
    await until(lambda: len(shut.visitors) == 1)
    shut.visitors[0].turn_away()
    answer = await client.reader.read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 5\r\n" in answer
    await client.close()
    await house.empty()


async def test_who_has_waited_for_too_long_is_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    monkeypatch.setattr(door_module, "ANSWER_TIMEOUT_S", 0.05)
    client = await house.connect()
    client.write(upgrade())
    assert (await client.reader.read()).startswith(b"HTTP/1.1 503 ")
    assert shut.addresses and not shut.visitors, "it would enter after it was turned away"
    await client.close()
    await house.empty()


async def test_who_says_too_much_before_its_turn_is_cut(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.edge, "turnstile", Shut())
    client = await house.connect()
    client.write(upgrade() + b"x" * (HEAD_BYTES + EARLY_BYTES))
    client.write(b"x")
    await house.empty()
    await client.close()


async def test_it_waits_as_the_address_that_the_proxy_says(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    monkeypatch.setattr(house.edge, "_config", replace(house.edge._config, behind_proxy=True))
    client = await house.connect()
    client.write(upgrade("X-Forwarded-For: 192.0.2.7\r\n"))
    await until(lambda: shut.addresses == ["192.0.2.7"])
    await client.close()
    await house.empty()


async def test_a_crowd_before_the_turnstile_keeps_no_question_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load balancer's: it takes a gateway out that does not answer in two seconds."""
    monkeypatch.setattr(turnstile_module, "PAUSE_S", 3600.0)
    crowd = [await house.connect() for _ in range(FEWEST + 3)]
    for one in crowd:
        one.write(upgrade())
    await until(lambda: house.edge.turnstile.waiting == 3)
    asks = await house.connect()
    async with asyncio.timeout(60):
        assert (await asks.http("GET /readyz HTTP/1.1"))[0] == 200
    for one in (asks, *crowd):
        await one.close()
    await house.empty()
    assert house.edge.turnstile.waiting == 0


async def test_a_proxy_may_take_all_doors(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.edge, "_config", replace(house.edge._config, behind_proxy=True))
    waiting = [await house.connect() for _ in range(DOORS)]
    await until(lambda: len(house.edge._doors) == DOORS)
    for connection in waiting:
        await connection.close()
    await house.empty()
