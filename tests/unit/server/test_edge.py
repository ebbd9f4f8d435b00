"""The port's bookkeeping: who is connected, from where, for how long."""

import asyncio
import gc
import logging
from collections.abc import Sequence, Set
from pathlib import Path

import pytest
from picows import WSUpgradeRequest

from plausch.db.interface import StorageUnavailable
from plausch.server import edge as edge_module
from plausch.server.accounts import Accounts
from plausch.server.config import MOST_DRAIN_MS, ServerConfig
from plausch.server.devices import Devices
from plausch.server.edge import BACK_MS, MOST_SPREAD_MS, Edge, _Quiet
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.server.records import AccountRecord
from plausch.wire import frames as f
from plausch.wire.codec import encode
from plausch.wire.session import State
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


def requests() -> list[WSUpgradeRequest]:
    """All that are in memory."""
    return [one for one in gc.get_objects() if type(one) is WSUpgradeRequest]


async def test_the_upgrade_is_not_kept(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    others = requests()  # of tests before this one
    device = await WireDevice.register(url, Person.new("anna"))
    others.append(device.transport.request)  # type: ignore[union-attr]
    kept = [one for one in requests() if all(one is not other for other in others)]
    assert kept
    assert all(len(one.headers) == 0 for one in kept)
    assert all((one.method, one.path, one.version) == (b"", b"", b"") for one in kept)
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


# --- how many from where -------------------------------------------------------------------


async def test_as_many_connections_as_an_address_may_have_and_room_for_who_comes_later(
    tmp_path: Path,
) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(connections_per_address=2)))
    url = await server.start()
    edge = edge_of(server)
    first, second = [await RawSocket.websocket(url) for _ in range(2)]
    assert [(await one.message() or b"")[1] for one in (first, second)] == [1, 1]
    for _ in range(3):  # who is turned away counts only while its connection lasts
        third = await RawSocket.websocket(url)
        (closing,) = await third.frames()
        assert isinstance(closing, f.Closing)
        assert (closing.code, closing.retry_after_ms) == ("too_many_connections", 60_000)
        await third.close()
        await until(lambda: edge.connections == 2)
    await first.close()
    await until(lambda: edge.connections == 1)
    again = await RawSocket.websocket(url)
    assert (await again.message() or b"")[1] == 1
    for one in (second, again):
        await one.close()
    await until(lambda: edge.connections == 0)
    assert edge._addresses._taken == {}
    await server.stop()


async def test_who_was_turned_away_may_not_log_in_all_the_same(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(connections_per_address=1)))
    url = await server.start()
    device = await WireDevice.register(url, Person.new("anna"))
    outside = await RawSocket.websocket(url)
    outside.binary(encode(f.GetAccount(1, "anna")))
    outside.binary(encode(f.Login(1, device.person.device.uri, bytes(64))))
    assert [type(one) for one in await outside.frames()] == [f.Closing]
    await outside.close()
    await device.resume()
    await server.stop()


async def test_only_so_many_wait_for_their_login(tmp_path: Path) -> None:
    """Of one address, and of all together; who has logged in makes room, as who is gone does."""
    limits = Limits(openings_per_address=2, openings=3)
    server = Server(ServerConfig(tmp_path, port=0, behind_proxy=True, limits=limits))
    url = await server.start()
    edge = edge_of(server)

    async def greeted(address: str) -> tuple[RawSocket, int]:
        socket = await RawSocket.websocket(url, f"X-Forwarded-For: {address}\r\n")
        return socket, (await socket.message() or b"")[1]

    person = Person.new("anna")
    for _ in range(5):
        await (await WireDevice.register(url, Person.new("p" + person.device.device))).close()
        person = Person.new("anna")
    found = [await greeted(address) for address in ("1.1.1.1", "1.1.1.1", "1.1.1.1", "2.2.2.2")]
    assert [tag for _, tag in found] == [1, 1, 60, 1]
    found.append(await greeted("3.3.3.3"))
    assert found[-1][1] == 60
    await found[0][0].close()
    await until(lambda: edge.connections == 2)
    device = await WireDevice.register(url, person)  # from the proxy itself
    found.append(await greeted("1.1.1.1"))
    assert found[-1][1] == 1
    for socket, _ in found:
        await socket.close()
    await device.close()
    await until(lambda: edge.connections == 0)
    assert (edge._openings.taken, edge._addresses.taken) == (0, 0)
    await server.stop()


async def test_who_finds_no_place_before_the_login_has_a_turn_of_its_own(tmp_path: Path) -> None:
    """So that a crowd does not come back at once; a very large one is spread over a while."""
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(openings=1)))
    url = await server.start()
    inside = await RawSocket.websocket(url)
    assert (await inside.message() or b"")[1] == 1
    waits = []
    for _ in range(3):
        outside = await RawSocket.websocket(url)
        (closing,) = await outside.frames()
        assert isinstance(closing, f.Closing)
        waits.append(closing.retry_after_ms)
        await outside.close()
    assert all(1_000 <= one <= MOST_SPREAD_MS for one in waits)
    edge = edge_of(server)
    turns = [edge._turn_away() for _ in range(MOST_SPREAD_MS // BACK_MS + 100)]
    assert all(1_000 <= one <= MOST_SPREAD_MS for one in turns)
    assert len(set(turns)) > len(turns) // 2
    await inside.close()
    await server.stop()


async def test_plain_requests_are_no_connections(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(connections_per_address=1)))
    url = await server.start()
    for _ in range(3):
        socket = await RawSocket.tcp(url)
        assert (await socket.http("GET /healthz HTTP/1.1"))[0] == 200
        await socket.close()
    assert edge_of(server).connections == 0
    await server.stop()


# --- the wheel -----------------------------------------------------------------------------


async def test_one_turn_of_the_wheel_visits_each_connection_once(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(silence_ms=4_999)))
    url = await server.start()
    edge = edge_of(server)
    assert len(edge._wheel) == 4
    assert edge._timer is not None
    devices = []
    for number in range(6):  # as they come, second by second
        devices.append(await WireDevice.register(url, Person.new(f"p{number}")))
        turn(edge)
    everybody = [one for bucket in edge._wheel for one in bucket]
    assert len(everybody) == 6
    for one in everybody:
        one.silence = 0
    for _ in range(4):
        turn(edge)
    assert [one.silence for one in everybody] == [1] * 6
    for _ in range(4):
        turn(edge)
    assert [one.silence for one in everybody] == [2] * 6  # asked for a sign of life
    await until(lambda: all(one.silence == 0 for one in everybody))
    for device in devices:
        await device.resume()
    await server.stop()


def turn(edge: Edge) -> None:
    """One second passes."""
    assert edge._timer is not None
    edge._timer.cancel()
    edge._turn_wheel()
    edge._timer.cancel()  # only the test turns it


async def test_who_does_not_log_in_has_one_turn_of_the_wheel(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(silence_ms=3_000)))
    url = await server.start()
    edge = edge_of(server)
    socket = await RawSocket.websocket(url)
    await socket.message()
    for _ in range(2):
        turn(edge)
    (connection,) = [one for bucket in edge._wheel for one in bucket]
    assert connection.session.state is State.OPENING
    turn(edge)
    (closing,) = await socket.frames()
    assert isinstance(closing, f.Closing)
    assert closing.code == "login_timeout"
    await socket.close()
    await server.stop()


async def test_the_time_to_log_in_is_its_own(tmp_path: Path) -> None:
    limits = Limits(login_ms=2_000, silence_ms=5_000)
    server = Server(ServerConfig(tmp_path, port=0, limits=limits))
    url = await server.start()
    edge = edge_of(server)
    assert edge._timer is not None
    edge._timer.cancel()
    device = await WireDevice.register(url, Person.new("anna"))
    socket = await RawSocket.websocket(url)
    await socket.message()
    turn(edge)
    assert edge.connections == 2
    turn(edge)
    (closing,) = await socket.frames()
    assert isinstance(closing, f.Closing)
    assert closing.code == "login_timeout"
    await device.resume()
    await socket.close()
    await server.stop()


async def test_each_turn_compares_its_devices_with_the_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at a time, however long the database takes; a failure is a line in the log."""
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(silence_ms=1_000)))
    url = await server.start()
    edge = edge_of(server)
    device = await WireDevice.register(url, Person.new("anna"))
    begun, gate, listed = 0, asyncio.Event(), Devices.listed

    async def slow(self: Devices, keys: Sequence[int]) -> Set[int]:
        nonlocal begun
        begun += 1
        await gate.wait()
        return await listed(self, keys)

    monkeypatch.setattr(Devices, "listed", slow)
    turn(edge)
    await until(lambda: begun == 1)
    turn(edge)
    gate.set()
    await until(lambda: not edge._tasks)
    assert begun == 1
    await device.resume()

    async def full(self: Devices, keys: Sequence[int]) -> Set[int]:
        raise StorageUnavailable("The disk is full.")

    monkeypatch.setattr(Devices, "listed", full)
    turn(edge)
    await until(lambda: not edge._tasks)
    await device.resume()
    await server.stop()


async def test_a_limit_below_a_second_is_a_second(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=Limits(silence_ms=1)))
    await server.start()
    assert len(edge_of(server)._wheel) == 1
    await server.stop()


# --- the end -------------------------------------------------------------------------------


async def test_what_was_begun_is_answered_before_the_good_bye(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request under way, those behind it, and bytes that come when it is too late."""
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    edge = edge_of(server)
    device = await WireDevice.register(url, Person.new("anna"))
    begun, gate, getting = asyncio.Event(), asyncio.Event(), Accounts.get

    async def slowly(self: Accounts, name: str) -> AccountRecord:
        begun.set()
        await gate.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        return await getting(self, name)

    monkeypatch.setattr(Accounts, "get", slowly)
    answers = [
        device.begin(f.GetAccount(device.session.next_id(), "anna")),
        device.begin(f.Resume(device.session.next_id(), b"")),
        device.begin(f.GetAccount(device.session.next_id(), "anna")),
    ]
    await begun.wait()
    stopping = asyncio.ensure_future(server.stop())
    await until(lambda: edge.draining)
    late = device.begin(f.Resume(device.session.next_id(), b""))
    late.add_done_callback(lambda future: future.exception())
    turned_away = await asyncio.gather(RawSocket.websocket(url), return_exceptions=True)
    assert isinstance(turned_away[0], OSError)
    assert not stopping.done()
    gate.set()
    found = await asyncio.gather(*answers)
    assert [type(one) for one in found] == [f.Account, f.Resumed, f.Account]
    await stopping
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "server_restart"
    assert device.close_code == 1012
    with pytest.raises(ConnectionError):
        await late


async def test_a_request_that_never_ends_does_not_keep_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_module, "DRAIN_TIMEOUT_S", 0.05)
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    device = await WireDevice.register(url, Person.new("anna"))
    begun, never = asyncio.Event(), asyncio.Event()

    async def stuck(self: Accounts, name: str) -> AccountRecord:
        begun.set()
        await never.wait()
        raise AssertionError("nobody set it")

    monkeypatch.setattr(Accounts, "get", stuck)
    unanswered = device.begin(f.GetAccount(device.session.next_id(), "anna"))
    await begun.wait()
    tasks = list(edge_of(server)._tasks)
    await server.stop()
    await device.gone()
    assert device.closing is not None
    with pytest.raises(ConnectionError):
        await unanswered
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_before_it_stops_it_says_so_and_serves_on(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, drain_ms=MOST_DRAIN_MS))
    url = await server.start()
    device = await WireDevice.register(url, Person.new("anna"))
    stopping = asyncio.ensure_future(server.stop())
    await until(lambda: edge_of(server).leaving)
    assert b"503" in await status_line(url, "/readyz")
    assert b"200" in await status_line(url, "/healthz")
    assert b"503" in await status_line(url, "/v1/socket")
    found = await device.ask(f.Account, f.GetAccount(device.session.next_id(), "anna"))
    assert found.name == "anna"
    assert not stopping.done()
    edge_of(server).hurry()
    await stopping
    await device.gone()


async def status_line(url: str, path: str) -> bytes:
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line


async def test_devices_that_do_not_answer_the_good_bye_do_not_keep_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_module, "DRAIN_TIMEOUT_S", 0.05)
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    deaf = await RawSocket.websocket(url)
    await deaf.message()
    await server.stop()
    (closing,) = await deaf.frames()
    assert isinstance(closing, f.Closing)
    assert closing.code == "server_restart"
    assert closing.retry_after_ms > 0
    await deaf.close()


# --- the log -------------------------------------------------------------------------------


def test_only_our_own_bugs_of_a_connection_come_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quiet = _Quiet()
    with caplog.at_level(logging.DEBUG):
        for level in (logging.DEBUG, logging.INFO, logging.ERROR):
            assert not quiet.isEnabledFor(level)
            quiet.log(level, "GET /secret from %s", "192.0.2.1")
        for say in (quiet.debug, quiet.info, quiet.warning, quiet.error):
            say("GET /secret from %s", "192.0.2.1")
        assert caplog.text == ""
        quiet.exception("192.0.2.1 sent %s", "secret")
    assert "A connection failed unexpectedly." in caplog.text
    assert "secret" not in caplog.text
    assert "192.0.2.1" not in caplog.text


async def test_a_task_that_fails_is_an_entry_in_the_log_and_a_cancelled_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    await server.start()
    edge = edge_of(server)

    async def fails() -> None:
        raise ZeroDivisionError

    async def waits() -> None:
        await asyncio.Event().wait()

    edge.run(waits())
    (waiting,) = edge._tasks
    edge.run(fails())
    await until(lambda: len(edge._tasks) == 1)
    waiting.cancel()
    await until(lambda: not edge._tasks)
    assert caplog.text.count("A request failed unexpectedly.") == 1
    await server.stop()
