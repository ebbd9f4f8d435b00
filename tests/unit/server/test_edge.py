"""The port's bookkeeping: who is connected, from where, for how long."""

import asyncio
import gc
from pathlib import Path

import pytest
from picows import WSUpgradeRequest

from plausch.server.config import ServerConfig
from plausch.server.edge import Edge
from plausch.server.limits import Limits
from plausch.server.main import Server
from raw_socket import RawSocket
from wire_device import Person, WireDevice


def edge_of(server: Server) -> Edge:
    assert server.edge is not None
    return server.edge


async def until(condition: object) -> None:
    for _ in range(500):
        if condition():  # type: ignore[operator]
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def test_connections_are_counted_in_and_out(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    edge = edge_of(server)
    person = Person.new("anna")
    device = await WireDevice.register(url, person)
    sockets = [await RawSocket.websocket(url) for _ in range(3)]
    await until(lambda: edge.connections == 4)
    for socket in sockets:
        await socket.close()
    await device.close()
    await until(lambda: edge.connections == 0)
    await server.stop()


async def test_an_address_behind_a_proxy_is_the_one_it_forwards(tmp_path: Path) -> None:
    limits = Limits(connections_per_address=1)
    server = Server(ServerConfig(tmp_path, port=0, behind_proxy=True, limits=limits))
    url = await server.start()
    first = await RawSocket.websocket(url, "X-Forwarded-For: 192.0.2.1\r\n")
    other = await RawSocket.websocket(url, "X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n")
    assert (await first.message() or b"")[1] == 1
    assert (await other.message() or b"")[1] == 1
    again = await RawSocket.websocket(url, "X-Forwarded-For: 192.0.2.2\r\n")
    assert (await again.message() or b"")[1] == 60
    assert await again.message() is None
    assert again.close_code == 1013
    for socket in (first, other, again):
        await socket.close()
    await server.stop()


async def test_the_headers_of_the_upgrade_are_not_kept(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    device = await WireDevice.register(url, Person.new("anna"))
    requests = [one for one in gc.get_objects() if type(one) is WSUpgradeRequest]
    kept = [one for one in requests if one is not device.transport.request]  # type: ignore[union-attr]
    assert kept
    assert all(len(one.headers) == 0 for one in kept)
    await device.close()
    await server.stop()


async def test_a_socket_is_asked_to_wait_for_nothing_while_stopping(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    half = await RawSocket.tcp(url)
    half.write(b"GET /v1/socket HTTP/1.1\r\nHost: localhost\r\n")
    await asyncio.wait_for(server.stop(), 10)
    with pytest.raises(OSError):
        await RawSocket.tcp(url)
    await half.close()
