"""Logins: a few at a time, and none for a connection that has ended."""

import asyncio
from pathlib import Path

import pytest

from plausch.server import logins
from plausch.server.config import ServerConfig
from plausch.server.devices import Devices
from plausch.server.main import Server
from plausch.server.records import DeviceRecord
from wire_device import Person, WasRefused, WireDevice


async def test_only_so_many_at_the_same_time_and_all_of_them_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, most = 0, 0
    login = Devices.login

    async def counted(self: Devices, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1
        return await login(self, uri, nonce, signature)

    monkeypatch.setattr(logins, "AT_ONCE", 3)
    monkeypatch.setattr(Devices, "login", counted)
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    people = [Person.new(f"p{number}") for number in range(12)]
    devices = [await WireDevice.register(url, one) for one in people]
    for device in devices:
        await device.close()
    most = 0
    devices = [await WireDevice.connect(url, one) for one in people]
    assert server.edge is not None
    room, before = server.edge.dispatch.logins.room, logins.ROOM
    coming = asyncio.gather(*(device.log_in() for device in devices))
    while most < 3:
        await asyncio.sleep(0)
    assert room() < before, "those who wait take room, too"
    await coming
    assert (most, room()) == (3, before)
    await server.stop()


async def test_logins_that_fail_leave_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "AT_ONCE", 1)
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    anna = Person.new("anna")
    await WireDevice.register(url, anna)
    stranger = await WireDevice.connect(url, Person.new("nobody"))
    for _ in range(2):
        with pytest.raises(WasRefused, match="unknown_device"):
            await stranger.log_in()
    await WireDevice.open(url, anna)
    await server.stop()


async def test_who_has_left_while_others_were_logged_in_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()
    looked_for: list[str] = []
    login = Devices.login

    async def slow(self: Devices, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        looked_for.append(uri)
        await may_go_on.wait()
        return await login(self, uri, nonce, signature)

    monkeypatch.setattr(logins, "AT_ONCE", 1)
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    anna, ben = Person.new("anna"), Person.new("ben")
    for one in (anna, ben):
        await (await WireDevice.register(url, one)).close()
    monkeypatch.setattr(Devices, "login", slow)
    edge = server.edge
    assert edge is not None
    first, second = await WireDevice.connect(url, anna), await WireDevice.connect(url, ben)
    logging_in = asyncio.create_task(first.log_in())
    while not looked_for:
        await asyncio.sleep(0.001)
    waiting = asyncio.create_task(second.log_in())
    while len(edge._tasks) < 2:
        await asyncio.sleep(0.001)
    await second.close()
    while edge.connections > 1:
        await asyncio.sleep(0.001)
    may_go_on.set()
    await logging_in
    await asyncio.gather(waiting, return_exceptions=True)
    assert looked_for == [anna.device.uri]
    await server.stop()
