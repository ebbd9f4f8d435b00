"""Who asks to become a WebSocket may have to wait until others are in."""

from collections.abc import Callable

import pytest

from plausch.wire import frames as f
from plausch.wire.codec import encode

from .test_door import House, house, until, upgrade, upgraded

__all__ = ["house"]


class Shut:
    """A turnstile that nobody passes until somebody opens it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def admit(self, enter: Callable[[], None]) -> None:
        self.waiting.append(enter)


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


async def test_who_leaves_while_it_waits_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut()
    monkeypatch.setattr(house.edge, "turnstile", shut)
    client = await house.connect()
    client.write(upgrade())
    await until(lambda: len(shut.waiting) == 1)
    await client.close()
    shut.waiting[0]()
    await house.empty()
    await until(lambda: house.edge.connections == 0)


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
