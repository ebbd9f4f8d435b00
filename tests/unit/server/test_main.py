"""The wiring: it starts, says where, stops; and each reason not to start is one sentence."""

import resource
from pathlib import Path

import pytest

from plausch.base.errors import OperatorError
from plausch.server.config import ServerConfig
from plausch.server.main import Server, main, make_data_dir, raise_open_files
from raw_socket import RawSocket
from wire_device import Person, WireDevice


async def test_it_starts_answers_and_stops(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path / "data", port=0))
    url = await server.start()
    assert url.startswith("http://127.0.0.1:")
    socket = await RawSocket.tcp(url)
    assert (await socket.http("GET /healthz HTTP/1.1"))[0] == 200
    device = await WireDevice.register(url, Person.new("anna"))
    await server.stop()
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "server_restart"
    with pytest.raises(OSError):
        await RawSocket.tcp(url)


async def test_it_starts_again_on_the_same_data(tmp_path: Path) -> None:
    person = Person.new("anna")
    for turn in range(2):
        server = Server(ServerConfig(tmp_path, port=0))
        url = await server.start()
        if turn == 0:
            await (await WireDevice.register(url, person)).close()
        else:
            await (await WireDevice.open(url, person)).close()
        await server.stop()


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    first = Server(ServerConfig(tmp_path / "one", port=0))
    port = int((await first.start()).rpartition(":")[2])
    second = Server(ServerConfig(tmp_path / "two", port=port))
    with pytest.raises(OperatorError, match=f"Cannot listen on 127.0.0.1 port {port}") as caught:
        await second.start()
    assert caught.value.code == "port_unavailable"
    await first.stop()


async def test_stopping_what_never_started(tmp_path: Path) -> None:
    await Server(ServerConfig(tmp_path, port=0)).stop()


def test_the_data_directory_is_for_its_owner_only(tmp_path: Path) -> None:
    make_data_dir(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot be made"):
        make_data_dir(tmp_path / "file" / "data")


def test_open_files_are_raised_to_what_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        raise_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--domain", "Not A Domain"], "domain"),
        (["--port", "70000"], "70000 is not between 0 and 65535"),
        (["--config", "/nowhere/plausch.toml"], "cannot be read"),
        (["--database", "postgresql://127.0.0.1:1/none"], ""),
    ],
)
def test_a_mistake_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["--data", str(tmp_path / "data"), "--port", "0", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
