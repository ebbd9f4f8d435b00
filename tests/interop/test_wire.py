"""The wire of the web app, under Node: against Python's codec, and against a real server."""

import random
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.conftest import PEER, WEB
from interop.programs import NODE, Node, Program
from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_server, encode
from server_process import ServerProcess
from unit.wire.samples import SERVER
from vectors.plausch_wire import written
from wire_device import Person, WireDevice

DEVICE = "mimi://localhost/d/nobody/0123456789abcdef"
MUTATIONS = 6_000


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """web/src/wire and web/src/sdk."""
    if not (WEB / "node_modules" / "vite").is_dir():
        pytest.fail("vite is not installed: run `make test`, or `npm ci --ignore-scripts` in web")
    folder = tmp_path_factory.mktemp("typescript_wire")
    command = [NODE, PEER / "build.mjs", folder, "wire_peer"]
    subprocess.run(command, cwd=WEB, check=True, timeout=120)
    process = Node("web", PEER / "stdin.mjs", folder / "wire_peer.js")
    yield process
    process.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server")) as process:
        yield process
    assert "Traceback" not in process.log()


# --- the codec ------------------------------------------------------------------------------


def mutated(dice: random.Random) -> bytes:
    """A frame of a server with something wrong in it, or not."""
    raw = bytearray(encode(dice.choice(SERVER)))
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(raw))
        match dice.randrange(4):
            case 0:
                raw[place] = dice.randrange(256)
            case 1:
                raw[place] ^= 1 << dice.randrange(8)
            case 2:
                raw[place:place] = dice.randbytes(dice.randint(1, 9))
            case _:
                del raw[place : place + dice.randint(1, 3)]
        raw = raw or bytearray(b"\x90")
    return bytes(raw)


def test_both_read_the_same_from_the_same_bytes_and_refuse_the_same(web: Program) -> None:
    seed = secrets.randbits(32)
    dice = random.Random(seed)
    read = 0
    for turn in range(MUTATIONS):
        raw = mutated(dice)
        seen = web.ask("decode", "codec", raw=raw.hex())
        where = f"seed {seed}, turn {turn}, {raw.hex()}"
        try:
            frame = decode_server(raw)
        except WireError as error:
            assert "refused" in seen, f"{where}: {error}"
            continue
        read += 1
        name, values = type(frame).__name__, written(frame)
        assert isinstance(values, dict)
        assert seen.get("frame") == {"frame": name, **values}, where
    assert read > MUTATIONS // 20


# --- a real server --------------------------------------------------------------------------


def test_a_device_hears_hello_and_says_goodbye(web: Program, server: ServerProcess) -> None:
    hello = web.ask("connect", "anna", url=server.url)["hello"]
    assert hello["frame"] == "Hello"
    assert (hello["version"], hello["domain"]) == (f.PROTOCOL_VERSION, "localhost")
    assert len(bytes.fromhex(hello["nonce"])) == 32
    assert web.ask("disconnect", "anna")["code"] == 1000
    lost = web.ask("lost", "anna")
    assert (lost["reason"], lost["closing"]) == ("the connection was closed", "")


def test_a_bad_login_is_refused_with_the_servers_sentence(
    web: Program, server: ServerProcess
) -> None:
    web.ask("connect", "ben", url=server.url)
    refusal = web.ask("logIn", "ben", device=DEVICE)
    assert (refusal["code"], refusal["fault"]) == ("unknown_device", "local")
    assert refusal["sentence"].endswith(".")
    web.ask("disconnect", "ben")


def test_the_third_refusal_is_the_end(web: Program, server: ServerProcess) -> None:
    web.ask("connect", "cem", url=server.url)
    for _ in range(3):
        assert web.ask("logIn", "cem", device=DEVICE)["code"] == "unknown_device"
    lost = web.ask("lost", "cem")
    assert lost["closing"] == "too_many_attempts"
    assert lost["reason"].startswith("the server closed the connection: ")
    assert web.ask("logIn", "cem", device=DEVICE)["code"] == "unreachable"


def test_a_transport_is_told_why_it_is_not_online(web: Program, server: ServerProcess) -> None:
    told = web.ask("transport", "dora", url=server.url, domain="localhost", device=DEVICE)
    assert (told["code"], told["generation"]) == ("unknown_device", 0)
    other = web.ask("transport", "dora", url=server.url, domain="example.org", device=DEVICE)
    assert other["code"] == "server_misbehaved"
    assert 'says that it is "localhost"' in other["sentence"]


async def test_a_registered_device_is_online_and_again_after_a_restart(
    web: Program, tmp_path: Path
) -> None:
    person = Person.new("fay")
    server = ServerProcess(tmp_path).start()
    await (await WireDevice.register(server.url, person)).close()
    who = {"device": person.device.uri, "key": person.key.to_bytes().hex(), "account": "fay"}
    first = web.ask("stayOnline", "fay", url=server.url, **who)
    assert bytes.fromhex(first["account"]["deviceList"]) == person.device_list
    server.kill()
    server.start()
    again = web.ask("backOnline", "fay", account="fay")
    assert (first["generation"], again["generation"]) == (1, 2)
    assert again["account"]["identityKey"] == person.identity.public.hex()
    assert web.ask("close", "fay")["isOnline"] is False
    server.stop()
    assert "Traceback" not in server.log()


def test_a_server_that_stops_says_so_and_one_that_is_gone_is_unreachable(
    web: Program, tmp_path: Path
) -> None:
    with ServerProcess(tmp_path) as server:
        url = server.url
        web.ask("connect", "emil", url=url)
        server.stop()
        assert web.ask("lost", "emil")["closing"] == "server_restart"
    told = web.ask("transport", "emil", url=url, domain="localhost", device=DEVICE)
    assert told["code"] == "unreachable"
    assert "cannot be reached" in told["sentence"]
